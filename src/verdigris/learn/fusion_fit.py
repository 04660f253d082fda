"""Fits the weights of the learned fusion: a listwise softmax, held near where it starts.

Numpy alone. The problem is small and smooth: Newton's method ends in a dozen steps, the same on
every run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[np.float64]

PENALTY = 300.0
"""What a weight's square distance from its start costs, half of it, in units of examples: with
30 examples little moves, with 300 much. Chosen on four repositories (docs/experiments.md)."""
MOST_STEPS = 50
_TOLERANCE = 1e-7


@dataclass(frozen=True, slots=True)
class FusionExample:
    """A question, the files that might answer it, and those that do.

    features: (files, features); base: (files,), what is added to the weighted features;
    relevant: (files,), true for the answers, at least one.
    """

    features: Column
    base: Column
    relevant: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FusionStart:
    """Where fitting begins and whither it is drawn; both (features,).

    scales: the usual spread of each feature, so that all weights cost the same to move.
    """

    weights: Column
    scales: Column


def fit_fusion(
    examples: Sequence[FusionExample], start: FusionStart, penalty: float = PENALTY
) -> Column:
    """Weights (features,) under which answers stand first, as near to `start` as pays.

    Minimises the sum of −log(share of the softmax that answers get) + penalty/2 · squared
    distance from the start. That any answer stands first is what counts, as for the reciprocal
    rank. Method: ListNet's top-one softmax (Cao et al. 2007) with a Gaussian prior, by damped
    Gauss-Newton steps.
    """
    scaled = [
        FusionExample(one.features / start.scales, one.base, one.relevant) for one in examples
    ]
    centre = start.weights * start.scales
    weights = centre.copy()
    loss, gradient, curvature = _objective(scaled, weights, centre, penalty)
    for _ in range(MOST_STEPS):
        step = np.linalg.solve(curvature, gradient)
        size = 1.0
        while size > _TOLERANCE:
            reached = _objective(scaled, weights - size * step, centre, penalty)
            if reached[0] <= loss - 1e-4 * size * float(gradient @ step):
                break
            size /= 2
        else:
            break
        improved = loss - reached[0]
        weights = weights - size * step
        loss, gradient, curvature = reached
        if improved <= _TOLERANCE * abs(loss):
            break
    return weights / start.scales


def _objective(
    examples: Sequence[FusionExample], weights: Column, centre: Column, penalty: float
) -> tuple[float, Column, Column]:
    """Loss, gradient (features,) and a positive curvature (features, features)."""
    away = weights - centre
    loss = penalty / 2 * float(away @ away)
    gradient = penalty * away
    curvature = penalty * np.eye(len(weights))
    for one in examples:
        chances = _softmax(one.features @ weights + one.base)
        answered = float(chances[one.relevant].sum())
        loss -= float(np.log(answered + np.finfo(float).tiny))
        wanted = np.where(one.relevant, chances, 0.0) / (answered or 1.0)
        mean = chances @ one.features
        gradient += mean - wanted @ one.features
        curvature += (one.features * chances[:, None]).T @ one.features - np.outer(mean, mean)
    return loss, gradient, curvature


def _softmax(scores: Column) -> Column:
    powers = np.exp(scores - scores.max())
    total: Column = powers / powers.sum()
    return total


def reciprocal_ranks(examples: Sequence[FusionExample], weights: Column) -> Column:
    """1/place of the first answer of each example under these weights, (examples,)."""
    return np.array(
        [first_answer(one.features @ weights + one.base, one.relevant) for one in examples]
    )


def first_answer(scores: Column, relevant: npt.NDArray[np.bool_]) -> float:
    """1/place of the best-placed answer; equal scores stand in their order."""
    order = np.argsort(-scores, kind="stable")
    return float(1 / (1 + np.flatnonzero(relevant[order])[0]))
