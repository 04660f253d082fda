"""Several texts in one run."""

from __future__ import annotations

import numpy as np
import pytest

from verdigris.engine.runtimes.packing import MULTIPLE, NO_TEXT, TOKENS_A_RUN, packs_of
from verdigris.engine.tokenizing import Encoding


def encoding(*ids: int) -> Encoding:
    return Encoding(ids, truncated=False)


def test_texts_lie_end_to_end_with_positions_and_segments_of_their_own() -> None:
    (pack,) = packs_of([encoding(7, 8, 9), encoding(5, 6)])
    assert pack.lengths == (3, 2)
    assert pack.input_ids[:5].tolist() == [7, 8, 9, 5, 6]
    assert pack.positions[:5].tolist() == [0, 1, 2, 0, 1]
    assert pack.segments[:5].tolist() == [0, 0, 0, 1, 1]
    assert len(pack.input_ids) == MULTIPLE
    assert set(pack.segments[5:].tolist()) == {NO_TEXT}


def test_the_filling_never_runs_out_of_positions() -> None:
    (pack,) = packs_of([encoding(*range(1, 18))])
    assert pack.positions.max() == 16


@pytest.mark.parametrize("lengths", [[300, 300], [100] * 7, [1] * 600, [256, 1, 255, 2], [40]])
def test_runs_are_bounded_and_keep_the_order(lengths: list[int]) -> None:
    texts = [encoding(*([number + 1] * length)) for number, length in enumerate(lengths)]
    packs = list(packs_of(texts))
    assert [length for pack in packs for length in pack.lengths] == lengths
    assert all(sum(pack.lengths) <= TOKENS_A_RUN or len(pack.lengths) == 1 for pack in packs)
    assert all(len(pack.input_ids) % MULTIPLE == 0 for pack in packs)
    split = [
        part for pack in packs for part in pack.split(pack.input_ids[:, None].astype(np.float32))
    ]
    for number, (part, length) in enumerate(zip(split, lengths, strict=True)):
        assert part.shape == (1, length, 1)
        assert (part == number + 1).all()


def test_no_texts_make_no_run() -> None:
    assert list(packs_of([])) == []
