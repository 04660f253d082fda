"""Intervals and p against what can be computed otherwise."""

from __future__ import annotations

from itertools import product
from math import sqrt

import numpy as np
import pytest

from verdigris.evaluate.statistics import bootstrap_interval, paired_difference


def test_the_interval_of_a_large_sample_is_that_of_the_normal_law() -> None:
    values = np.random.default_rng(1).normal(5, 2, (4_000, 1))
    low, high = bootstrap_interval(values)
    half = 1.96 * values.std() / sqrt(4_000)
    assert low[0] == pytest.approx(values.mean() - half, abs=half / 10)
    assert high[0] == pytest.approx(values.mean() + half, abs=half / 10)


def test_intervals_of_columns_are_those_of_each_alone() -> None:
    values = np.random.default_rng(2).random((50, 3))
    low, high = bootstrap_interval(values)
    for column in range(3):
        alone = bootstrap_interval(values[:, column : column + 1])
        assert low[column] == pytest.approx(alone[0][0])
        assert high[column] == pytest.approx(alone[1][0])


def test_one_query_and_equal_values_have_no_width() -> None:
    for values in ([[0.5]], [[0.5]] * 9):
        low, high = bootstrap_interval(np.array(values))
        assert low[0] == high[0] == pytest.approx(0.5)


def test_p_is_that_of_all_sign_changes() -> None:
    ours, theirs = [0.9, 0.7, 1.0, 0.4, 0.8, 0.5], [0.5, 0.5, 0.9, 0.5, 0.2, 0.5]
    differences = np.subtract(ours, theirs)
    observed = abs(differences.mean()) - 1e-9
    signs = product((-1, 1), repeat=len(differences))
    exact = np.mean([abs((differences * one).mean()) >= observed for one in signs])
    found = paired_difference(ours, theirs)
    assert found.mean == pytest.approx(differences.mean())
    assert found.p == pytest.approx(exact, abs=0.02)
    assert found.low <= found.mean <= found.high


def test_the_interval_of_few_values_is_that_of_all_resamples() -> None:
    values = np.array([0.02, 0.1, 0.25, 0.33, 0.58, 0.81])
    means = np.mean(list(product(values, repeat=len(values))), axis=1)
    exact = np.quantile(means, [0.025, 0.975])
    low, high = bootstrap_interval(values[:, None])
    assert [low[0], high[0]] == pytest.approx(exact, abs=0.015)


def test_equal_runs_differ_by_chance_alone() -> None:
    found = paired_difference([0.1, 0.9], [0.1, 0.9])
    assert (found.mean, found.low, found.high, found.p) == (0, 0, 0, 1)
    assert not found.is_sure


def test_a_clear_difference_is_told_and_comes_back_the_same() -> None:
    random = np.random.default_rng(3)
    theirs = random.random(200)
    ours = theirs + random.normal(0.1, 0.1, 200)
    found = paired_difference(ours.tolist(), theirs.tolist())
    assert found.is_sure
    assert found.p < 0.001
    assert found == paired_difference(ours.tolist(), theirs.tolist())
    turned = paired_difference(theirs.tolist(), ours.tolist())
    assert turned.mean == pytest.approx(-found.mean)
    assert turned.p == found.p
