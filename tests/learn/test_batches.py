"""What a batch is scored against: hard negatives are in it, other answers push nobody away."""

from __future__ import annotations

import numpy as np
import pytest

from verdigris.learn.network import Array
from verdigris.learn.pairs import PairSet, make_pairs
from verdigris.learn.training import (
    HARD_NEGATIVES,
    MOST_CANDIDATES,
    Batch,
    Plan,
    _Sampler,
    info_nce,
)

TEMPERATURE = 0.1


def unit(generator: np.random.Generator, rows: int, dims: int = 16) -> Array:
    vectors = generator.normal(size=(rows, dims))
    found: Array = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return found


def many(queries: int = 40) -> PairSet:
    """More candidates than a batch may hold; two answers for each query, the first is itself."""
    generator = np.random.default_rng(4)
    candidates = unit(generator, MOST_CANDIDATES["query"] + 500)
    answers = [[row, row + 1000] for row in range(queries)]
    return make_pairs(
        candidates[:queries], candidates, answers, [0.5] * queries,
        [f"2025-01-01T00:00:{row:02}Z" for row in range(queries)], range(2000, 2000 + queries),
    )  # fmt: skip


def batch_of(positive: list[list[int]], excluded: list[list[int]], weights: list[float]) -> Batch:
    rows = len(positive)
    return Batch(
        np.zeros((rows, 1), np.float32),
        np.zeros((5, 1), np.float32),
        np.array([[c in one for c in range(5)] for one in positive]),
        np.array([[c in one for c in range(5)] for one in excluded]),
        np.array(weights, np.float32),
    )


def test_a_batch_holds_all_answers_and_the_nearest_candidates_that_are_none() -> None:
    pairs = many()
    batch = _Sampler(pairs, Plan()).batch(np.arange(8), np.random.default_rng(0))
    assert len(batch.candidates) <= MOST_CANDIDATES["query"]
    in_batch = {vector.tobytes() for vector in batch.candidates}
    for row in range(8):
        cosines = pairs.candidates @ pairs.queries[row]
        answers = pairs.positives_of(row).tolist()
        assert batch.positive[row].sum() == len(answers)
        order = [c for c in np.argsort(-cosines).tolist() if c not in (*answers, 2000 + row)]
        for candidate in answers + order[:HARD_NEGATIVES]:
            assert pairs.candidates[candidate].tobytes() in in_batch


def test_the_query_itself_is_no_negative() -> None:
    pairs = many()
    batch = _Sampler(pairs, Plan()).batch(np.arange(40), np.random.default_rng(0))
    itself = [pairs.candidates[2000 + row].tobytes() for row in range(40)]
    for row in range(40):
        excluded = [batch.candidates[c].tobytes() for c in np.flatnonzero(batch.excluded[row])]
        assert set(excluded) <= {itself[row]}
        present = itself[row] in {vector.tobytes() for vector in batch.candidates}
        assert bool(excluded) == present


def test_the_loss_is_that_of_each_pair_against_what_answers_nothing() -> None:
    cosines = np.random.default_rng(1).uniform(-1, 1, (2, 5)).astype(np.float32)
    batch = batch_of([[0, 2], [1]], [[], [3]], [0.5, 1.0])
    loss, _ = info_nce(cosines.copy(), batch, TEMPERATURE)

    def pair(row: int, answer: int, negatives: list[int]) -> float:
        powers = np.exp(cosines[row].astype(float) / TEMPERATURE)
        return -float(np.log(powers[answer] / (powers[answer] + powers[negatives].sum())))

    wanted = 0.5 * pair(0, 0, [1, 3, 4]) + 0.5 * pair(0, 2, [1, 3, 4]) + pair(1, 1, [0, 2, 4])
    assert loss == pytest.approx(wanted / 2.0, rel=1e-5)


def test_no_answer_is_pushed_away_by_another_one_of_the_same_query() -> None:
    cosines = np.array([[0.9, 0.1, -0.2, 0.3, 0.0]], np.float32)
    _, slope = info_nce(cosines.copy(), batch_of([[0, 1]], [[4]], [1.0]), TEMPERATURE)
    assert (slope[0, [0, 1]] < 0).all()
    assert (slope[0, [2, 3]] > 0).all()
    assert slope[0, 4] == 0


def test_a_tangled_commit_weighs_no_more_than_one_of_one_file() -> None:
    cosines = np.zeros((2, 5), np.float32)
    batch = batch_of([[0, 1, 2, 3], [0]], [[], []], [1 / 4, 1.0])
    _, slope = info_nce(cosines, batch, TEMPERATURE)
    assert slope[0, :4].sum() == pytest.approx(-slope[0, 4])
    pulled = [-slope[row][batch.positive[row]].sum() for row in range(2)]
    assert pulled[0] < pulled[1]
