"""Puts several texts into one run, in rows, so that little is computed for padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from verdigris.engine.pooling import Array
from verdigris.engine.tokenizing import Encoding

Integers = npt.NDArray[np.int32]

TOKENS_A_RUN = 192
"""Of texts, without filling; products gain little beyond this, and memory grows with it."""
MULTIPLE = 8
"""Tokens of a row are rounded up to this, so that a runtime prepares itself for few shapes."""
WIDTHS = 8
"""How many widths of a row are tried at most."""
ATTENTION_SHARE = 1 / 512
"""What one token's attention to one other costs, as a share of all else that is done for it."""
NO_TEXT = -1
"""Segment of the filling."""

Place = tuple[int, int]
"""A text's row, and its first token in the row."""


@dataclass(frozen=True, slots=True)
class Pack:
    """Texts side by side in rows; arrays are (rows, width) int32, the width a multiple of MULTIPLE.

    A token attends to those of its own segment alone, which gives each text the vectors that it
    has alone, but for rounding. Method: Krell et al. 2021, "Efficient Sequence Packing without
    Cross-contamination".
    """

    input_ids: Integers
    positions: Integers
    segments: Integers
    lengths: tuple[int, ...]
    places: tuple[Place, ...]
    """Of the texts in their order."""

    def split(self, token_vectors: Array) -> Iterator[Array]:
        """(rows, width, dims) of the pack → (1, tokens, dims) of each text."""
        for length, (row, begin) in zip(self.lengths, self.places, strict=True):
            yield token_vectors[row : row + 1, begin : begin + length]


def packs_of(encodings: Sequence[Encoding]) -> Iterator[Pack]:
    """Pack texts in their order; a text that is longer than a run has one of its own."""
    waiting: list[Encoding] = []
    tokens = 0
    for encoding in encodings:
        if waiting and tokens + encoding.token_count > TOKENS_A_RUN:
            yield _pack(waiting)
            waiting, tokens = [], 0
        waiting.append(encoding)
        tokens += encoding.token_count
    if waiting:
        yield _pack(waiting)


def _pack(encodings: list[Encoding]) -> Pack:
    lengths = tuple(encoding.token_count for encoding in encodings)
    layout = _layout(lengths)
    shape = (3, layout.rows, layout.width)
    input_ids, positions, segments = np.zeros(shape, dtype=np.int32)
    segments.fill(NO_TEXT)
    for number, (encoding, (row, begin)) in enumerate(zip(encodings, layout.places, strict=True)):
        text = slice(begin, begin + lengths[number])
        input_ids[row, text] = encoding.ids
        positions[row, text] = np.arange(lengths[number])
        segments[row, text] = number
    return Pack(input_ids, positions, segments, lengths, layout.places)


@dataclass(frozen=True, slots=True)
class _Layout:
    """How texts lie in rows; `places` in the order of the texts."""

    rows: int
    width: int
    places: tuple[Place, ...]

    @property
    def cost(self) -> float:
        """What is computed, in tokens without attention."""
        return self.rows * self.width * (1 + self.width * ATTENTION_SHARE)


def _layout(lengths: Sequence[int]) -> _Layout:
    """The layout for which least is computed.

    Narrow rows compute less attention between tokens of different texts, wide ones less filling.
    """
    longest_first = sorted(range(len(lengths)), key=lambda text: -lengths[text])
    narrowest = -(-max(lengths) // MULTIPLE) * MULTIPLE
    best = _first_fit(lengths, longest_first, narrowest)
    for width in range(narrowest + MULTIPLE, narrowest + WIDTHS * MULTIPLE, MULTIPLE):
        if sum(lengths) * (1 + width * ATTENTION_SHARE) >= best.cost:  # even without filling
            break
        best = min(best, _first_fit(lengths, longest_first, width), key=lambda one: one.cost)
    return best


def _first_fit(lengths: Sequence[int], longest_first: Sequence[int], width: int) -> _Layout:
    """Each text in the first row that has room (first-fit decreasing, Johnson 1973)."""
    ends: list[int] = []
    places = [(0, 0)] * len(lengths)
    for text in longest_first:
        row = 0
        while row < len(ends) and ends[row] + lengths[text] > width:
            row += 1
        if row == len(ends):
            ends.append(0)
        places[text] = row, ends[row]
        ends[row] += lengths[text]
    return _Layout(len(ends), width, tuple(places))
