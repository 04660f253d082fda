"""The projection: identity at the start, gradients as finite differences say, shapes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from verdigris.learn.network import (
    Array,
    Projection,
    Weights,
    backward,
    forward,
    gelu,
    gelu_slope,
    identity_start,
    random_projection,
)
from verdigris.learn.training import Batch, Plan, gradients

DIMS, HIDDEN, ROWS, COLUMNS = 128, 6, 5, 7


def unit(generator: np.random.Generator, *shape: int) -> Array:
    """In float64: finite differences need the digits."""
    values = generator.normal(size=shape)
    unit_values: Array = values / np.linalg.norm(values, axis=-1, keepdims=True)
    return unit_values


def moved(weights: Weights, generator: np.random.Generator) -> Weights:
    """Weights away from zero, in float64."""
    return {
        name: values.astype(np.float64) + generator.normal(0, 0.05, values.shape)
        for name, values in weights.items()
    }


@pytest.mark.parametrize("hidden", [0, HIDDEN])
def test_a_new_projection_changes_nothing(hidden: int) -> None:
    vectors = unit(np.random.default_rng(1), ROWS, DIMS).astype(np.float32)
    projection = identity_start(DIMS, hidden, DIMS, seed=3)
    np.testing.assert_allclose(projection(vectors), vectors, atol=1e-6)


def test_fewer_dims_begin_as_the_first_ones() -> None:
    vectors = unit(np.random.default_rng(1), ROWS, DIMS).astype(np.float32)
    projection = identity_start(DIMS, HIDDEN, 32, seed=3)
    cut = vectors[:, :32] / np.linalg.norm(vectors[:, :32], axis=1, keepdims=True)
    np.testing.assert_allclose(projection(vectors), cut, atol=1e-6)
    assert (projection.dims_in, projection.dims_out, projection.layers) == (DIMS, 32, 2)


def test_what_comes_out_has_length_one() -> None:
    generator = np.random.default_rng(2)
    projection = random_projection(identity_start(DIMS, HIDDEN, DIMS, seed=0), seed=5)
    lengths = np.linalg.norm(projection(unit(generator, 9, DIMS).astype(np.float32)), axis=1)
    np.testing.assert_allclose(lengths, 1, atol=1e-5)


def test_gelu_slope_is_the_derivative() -> None:
    values = np.linspace(-4, 4, 81)
    step = 1e-6
    slope = (gelu(values + step) - gelu(values - step)) / (2 * step)
    np.testing.assert_allclose(gelu_slope(values), slope, atol=1e-8)


@pytest.mark.parametrize("hidden", [0, HIDDEN])
def test_backward_agrees_with_finite_differences(hidden: int) -> None:
    generator = np.random.default_rng(4)
    weights = moved(identity_start(DIMS, hidden, DIMS, seed=0).weights, generator)
    inputs = unit(generator, ROWS, DIMS)
    wanted: Array = generator.normal(size=(ROWS, DIMS))

    def loss(changed: Weights) -> float:
        return float((forward(changed, inputs).outputs * wanted).sum())

    found = backward(weights, forward(weights, inputs), wanted)
    assert_gradients(loss, weights, found, generator)


@pytest.mark.parametrize("hidden", [0, HIDDEN])
@pytest.mark.parametrize(("side", "dims"), [("query", 0), ("shared", 0), ("shared", 128)])
def test_the_gradient_of_the_loss_agrees_with_finite_differences(
    hidden: int, side: str, dims: int
) -> None:
    """Through InfoNCE with masked answers, an excluded candidate, weights, and Matryoshka cuts."""
    generator = np.random.default_rng(6)
    inputs = 160 if dims else DIMS
    plan = Plan(hidden=hidden, dims=dims, side=side)  # type: ignore[arg-type]
    weights = moved(identity_start(inputs, hidden, dims or inputs, seed=0).weights, generator)
    positive = np.zeros((ROWS, COLUMNS), np.bool_)
    positive[np.arange(ROWS), np.arange(ROWS)] = True
    positive[0, 3] = positive[2, 6] = True
    excluded = np.zeros_like(positive)
    excluded[1, 5] = True
    batch = Batch(
        unit(generator, ROWS, inputs),
        unit(generator, COLUMNS, inputs),
        positive,
        excluded,
        generator.uniform(0.2, 1, ROWS),
    )

    def loss(changed: Weights) -> float:
        return gradients(changed, batch, plan)[0]

    assert_gradients(loss, weights, gradients(weights, batch, plan)[1], generator)


def assert_gradients(
    loss: Callable[[Weights], float],
    weights: Weights,
    found: Weights,
    generator: np.random.Generator,
) -> None:
    """Compare in random directions over all weights of a name at once."""
    step = 1e-6
    for name, values in weights.items():
        for _ in range(3):
            direction = generator.normal(size=values.shape)
            direction /= np.linalg.norm(direction)
            up, down = ({**weights, name: values + sign * step * direction} for sign in (1, -1))
            slope = (loss(up) - loss(down)) / (2 * step)
            along = float((found[name] * direction).sum())
            assert abs(along - slope) <= 1e-6 * max(1.0, abs(slope)), name


def test_only_the_names_of_the_layers_that_are_there() -> None:
    one = identity_start(DIMS, 0, DIMS, seed=0)
    assert sorted(one.weights) == ["w1.bias", "w1.weight"]
    assert isinstance(one, Projection)
    assert one.layers == 1
