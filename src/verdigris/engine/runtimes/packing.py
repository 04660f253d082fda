"""Puts several texts end to end into one run, so that nothing is computed for padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from verdigris.engine.pooling import Array
from verdigris.engine.tokenizing import Encoding

Integers = npt.NDArray[np.int32]

TOKENS_A_RUN = 192
"""Attention grows with the square of a run; the products gain little beyond this."""
MULTIPLE = 16
"""A run's length is rounded up to this, so that a runtime prepares itself for few lengths."""
NO_TEXT = -1
"""Segment of the filling."""


@dataclass(frozen=True, slots=True)
class Pack:
    """Texts end to end; arrays are (tokens,) int32, filled up to a multiple of MULTIPLE.

    A token attends to those of its own segment alone, which gives each text the vectors that it
    has alone, but for rounding. Method: Krell et al. 2021, "Efficient Sequence Packing without
    Cross-contamination".
    """

    input_ids: Integers
    positions: Integers
    segments: Integers
    lengths: tuple[int, ...]

    def split(self, token_vectors: Array) -> Iterator[Array]:
        """(tokens, dims) of the pack → (1, tokens, dims) of each text."""
        begin = 0
        for length in self.lengths:
            yield token_vectors[None, begin : begin + length]
            begin += length


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
    tokens = sum(lengths)
    ids, positions, segments = np.zeros((3, tokens + -tokens % MULTIPLE), dtype=np.int32)
    segments[tokens:] = NO_TEXT
    ids[:tokens] = [token for encoding in encodings for token in encoding.ids]
    begin = 0
    for number, length in enumerate(lengths):
        text = slice(begin, begin + length)
        positions[text] = np.arange(length)
        segments[text] = number
        begin += length
    return Pack(ids, positions, segments, lengths)
