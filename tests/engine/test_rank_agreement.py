"""Rank correlations against SciPy, and against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from verdigris.engine.rank_agreement import (
    Numbers,
    kendall_tau,
    ndcg,
    ranks,
    spearman,
    top_k_overlap,
)


def numbers(*values: float) -> Numbers:
    return np.array(values, dtype=np.float64)


def test_equal_values_share_their_rank() -> None:
    assert ranks(numbers(10, 30, 20, 30)).tolist() == [1, 3.5, 2, 3.5]


@pytest.mark.parametrize(
    ("seed", "rho", "tau"),
    [
        (0, 0.867753826432, 0.728539508445),
        (1, 0.868301747279, 0.741491365810),
        (2, 0.889519816281, 0.764865148787),
    ],
)
def test_correlations_with_ties_are_those_of_scipy(seed: int, rho: float, tau: float) -> None:
    """By scipy.stats.spearmanr and kendalltau 1.17.1."""
    generator = np.random.default_rng(seed)
    one = generator.integers(0, 9, 60).astype(np.float64)
    other = one + generator.integers(0, 6, 60)
    assert spearman(one, other) == pytest.approx(rho)
    assert kendall_tau(one, other) == pytest.approx(tau)


def test_order_alone_counts() -> None:
    one = numbers(1, 2, 3, 4)
    assert spearman(one, one**3) == pytest.approx(1)
    assert kendall_tau(one, -one) == pytest.approx(-1)
    assert kendall_tau(one, numbers(1, 2, 4, 3)) == pytest.approx(4 / 6)
    assert spearman(one, numbers(5, 5, 5, 5)) == 0
    assert kendall_tau(one, numbers(5, 5, 5, 5)) == 0


def test_overlap_of_the_largest() -> None:
    one, other = numbers(9, 8, 7, 1, 2), numbers(9, 1, 7, 8, 2)
    assert top_k_overlap(one, other, 1) == 1
    assert top_k_overlap(one, other, 3) == pytest.approx(2 / 3)
    assert top_k_overlap(one, other, 10) == 1
    assert top_k_overlap(numbers(), numbers(), 10) == 1


def test_ndcg_by_hand() -> None:
    scores = numbers(0.9, 0.1, 0.8, 0.7)
    assert ndcg(scores, [0, 2], 10) == pytest.approx(1)
    gain, best = 1 / np.log2(3) + 1 / np.log2(5), 1 + 1 / np.log2(3)
    assert ndcg(scores, [2, 1], 10) == pytest.approx(gain / best)
    assert ndcg(scores, [1], 2) == 0
    assert ndcg(scores, [], 10) == 0
