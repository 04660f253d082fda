"""Fitting finds weights under which answers stand first, and moves no further than data carry."""

from __future__ import annotations

import numpy as np
import pytest

from verdigris.learn.fusion_fit import (
    Column,
    FusionExample,
    FusionStart,
    fit_fusion,
    reciprocal_ranks,
)

TRUE = np.array([2.0, -1.0, 0.0, 0.5])


def examples(count: int, weights: Column = TRUE, seed: int = 0) -> list[FusionExample]:
    """Questions with 30 candidates; the one with the best noisy score is the answer."""
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        features = generator.normal(size=(30, len(weights)))
        scores = features @ weights + generator.gumbel(size=30)
        relevant = np.zeros(30, bool)
        relevant[np.argmax(scores)] = True
        found.append(FusionExample(features, np.zeros(30), relevant))
    return found


def start(weights: Column | None = None) -> FusionStart:
    return FusionStart(np.zeros(4) if weights is None else weights, np.ones(4))


def test_many_examples_give_back_the_weights_that_made_them() -> None:
    assert fit_fusion(examples(2_000), start(), penalty=1) == pytest.approx(TRUE, abs=0.15)


def test_few_examples_leave_the_weights_near_their_start() -> None:
    begun = np.array([0.3, 0.3, 0.3, 0.3])
    few = fit_fusion(examples(3), start(begun))
    many = fit_fusion(examples(600), start(begun))
    assert np.abs(few - begun).max() < 0.05
    assert np.abs(many - begun).max() > 0.5
    assert fit_fusion([], start(begun)) == pytest.approx(begun)


def test_the_result_is_a_minimum() -> None:
    """A step in any direction raises the loss, computed here on its own."""
    asked = examples(80)

    def loss(weights: Column) -> float:
        total = 5 / 2 * float(weights @ weights)
        for one in asked:
            scores = one.features @ weights
            total -= scores[one.relevant][0] - np.log(np.exp(scores).sum())
        return total

    fitted = fit_fusion(asked, start(), penalty=5)
    for step in np.vstack([np.eye(4), -np.eye(4)]) * 1e-3:
        assert loss(fitted + step) > loss(fitted)


def test_weights_do_not_depend_on_the_units_of_a_feature() -> None:
    asked = examples(200)
    units = np.array([1.0, 100.0, 0.01, 7.0])
    other = [FusionExample(one.features * units, one.base, one.relevant) for one in asked]
    fitted = fit_fusion(other, FusionStart(np.zeros(4), units))
    assert fitted * units == pytest.approx(fit_fusion(asked, start()), abs=1e-6)


def test_any_answer_in_front_is_enough() -> None:
    """Of two answers one is findable: its feature is learned, the other does not pull back."""
    features = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 0.0]])
    asked = [FusionExample(features, np.zeros(3), np.array([True, True, False]))] * 200
    weights = fit_fusion(asked, FusionStart(np.array([0.5, 0.0]), np.ones(2)), penalty=1)
    assert weights[0] > 2
    assert reciprocal_ranks(asked, weights) == pytest.approx(np.ones(200))


def test_the_base_is_part_of_the_score() -> None:
    one = examples(1)[0]
    based = FusionExample(one.features, np.where(one.relevant, 100.0, 0.0), one.relevant)
    assert reciprocal_ranks([based], np.zeros(4)).tolist() == [1.0]
    assert fit_fusion([based] * 50, start()) == pytest.approx(np.zeros(4), abs=1e-9)
