"""Several texts in one run."""

from __future__ import annotations

import random

import numpy as np
import pytest

from verdigris.engine.runtimes.packing import MULTIPLE, NO_TEXT, TOKENS_A_RUN, Pack, packs_of
from verdigris.engine.tokenizing import Encoding


def encoding(*ids: int) -> Encoding:
    return Encoding(ids, truncated=False)


def parts(pack: Pack) -> list[list[list[int]]]:
    """What a runtime's result would be split into, with ids in place of vectors."""
    return [part.tolist() for part in pack.split(pack.input_ids.astype(np.float32))]


def test_texts_lie_side_by_side_with_positions_and_segments_of_their_own() -> None:
    (pack,) = packs_of([encoding(5, 6), encoding(7, 8, 9)])
    assert pack.input_ids.tolist() == [[7, 8, 9, 5, 6, 0, 0, 0]]
    assert pack.positions.tolist() == [[0, 1, 2, 0, 1, 0, 0, 0]]
    assert pack.segments.tolist() == [[1, 1, 1, 0, 0, *[NO_TEXT] * 3]]
    assert parts(pack) == [[[5, 6]], [[7, 8, 9]]]


@pytest.mark.parametrize(
    ("lengths", "shape"),
    [
        ([16] * 8, (8, 16)),
        ([30, 18, 40, 12, 30], (3, 48)),
        ([256], (1, 256)),
        ([1], (1, MULTIPLE)),
        ([100, 5, 5, 5], (1, 120)),
    ],
)
def test_rows_are_as_wide_as_computes_least(lengths: list[int], shape: tuple[int, int]) -> None:
    (pack,) = packs_of([encoding(*[1] * length) for length in lengths])
    assert pack.input_ids.shape == shape


def test_no_two_texts_share_a_place() -> None:
    chosen = random.Random(0)
    for _ in range(200):
        lengths = [chosen.randint(1, 60) for _ in range(chosen.randint(1, 8))]
        for pack in packs_of([encoding(*range(1, length + 1)) for length in lengths]):
            for number, (length, part) in enumerate(zip(pack.lengths, parts(pack), strict=True)):
                assert part == [[*range(1, length + 1)]]
                assert (pack.segments == number).sum() == length
            assert pack.input_ids.size < 2 * max(TOKENS_A_RUN, sum(pack.lengths))


@pytest.mark.parametrize("lengths", [[300, 300], [100] * 7, [1] * 600, [256, 1, 255, 2], [40]])
def test_runs_are_bounded_and_keep_the_order(lengths: list[int]) -> None:
    texts = [encoding(*([number + 1] * length)) for number, length in enumerate(lengths)]
    packs = list(packs_of(texts))
    assert [length for pack in packs for length in pack.lengths] == lengths
    assert all(sum(pack.lengths) <= TOKENS_A_RUN or len(pack.lengths) == 1 for pack in packs)
    assert all(pack.input_ids.shape[1] % MULTIPLE == 0 for pack in packs)
    split = [part for pack in packs for part in parts(pack)]
    for number, (part, length) in enumerate(zip(split, lengths, strict=True)):
        assert part == [[number + 1] * length]


def test_no_texts_make_no_run() -> None:
    assert list(packs_of([])) == []
