"""The projection: a small residual network on frozen embeddings, forward and backward in numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]
"""float32; where gradients are checked, float64."""
Weights = dict[str, Array]
"""`w1.weight`, `w1.bias` and, with two layers, `w2.weight`, `w2.bias`; shapes as in torch."""

_GELU_SCALE = float(np.sqrt(2 / np.pi))
_GELU_CUBE = 0.044715


@dataclass(frozen=True, slots=True)
class Projection:
    """z = normalise(x + W2·gelu(W1·x + b1) + b2); with one layer z = normalise(x + W1·x + b1).

    With fewer dims out than in, x stands for its first dims. Shapes: w1.weight (hidden, dims) and
    w2.weight (out, hidden); with one layer w1.weight (out, dims). GELU is the tanh form of
    Hendrycks & Gimpel 2016. It does not know which model made its inputs; artifacts.py does.
    """

    weights: Weights

    @property
    def layers(self) -> int:
        """1 or 2."""
        return 2 if "w2.weight" in self.weights else 1

    @property
    def dims_in(self) -> int:
        """Length of the vectors that go in."""
        return int(self.weights["w1.weight"].shape[1])

    @property
    def dims_out(self) -> int:
        """Length of the vectors that come out."""
        return int(self.weights[f"w{self.layers}.weight"].shape[0])

    def __call__(self, vectors: Array) -> Array:
        """Unit vectors (rows, dims_out) for vectors (rows, dims_in), both float32."""
        return forward(self.weights, vectors).outputs


@dataclass(frozen=True, slots=True)
class Activations:
    """What the backward pass needs of the forward pass; shapes (rows, …)."""

    inputs: Array
    hidden: Array | None
    """Before the GELU; None with one layer."""
    lengths: Array
    """(rows, 1): norms before normalising."""
    outputs: Array


def identity_start(dims: int, hidden: int, dims_out: int, seed: int) -> Projection:
    """A projection that changes nothing yet; hidden 0 makes one layer.

    The first of two layers is drawn as torch draws it (Kaiming uniform: U(−1/√dims, 1/√dims)), the
    last is zero.
    """
    generator = np.random.default_rng(seed)
    bound = dims**-0.5
    if not hidden:
        weight = np.zeros((dims_out, dims), np.float32)
        return Projection({"w1.weight": weight, "w1.bias": np.zeros(dims_out, np.float32)})
    return Projection(
        {
            "w1.weight": generator.uniform(-bound, bound, (hidden, dims)).astype(np.float32),
            "w1.bias": generator.uniform(-bound, bound, hidden).astype(np.float32),
            "w2.weight": np.zeros((dims_out, hidden), np.float32),
            "w2.bias": np.zeros(dims_out, np.float32),
        }
    )


def random_projection(like: Projection, seed: int) -> Projection:
    """Weights drawn at random in the same shapes: what training must beat, beside doing nothing."""
    generator = np.random.default_rng(seed)
    return Projection(
        {
            name: generator.uniform(-bound, bound, values.shape).astype(np.float32)
            for name, values in like.weights.items()
            for bound in [float(values.shape[-1]) ** -0.5]
        }
    )


def forward(weights: Weights, vectors: Array) -> Activations:
    """Project vectors (rows, dims_in); keeps what `backward` needs."""
    before = vectors @ weights["w1.weight"].T + weights["w1.bias"]
    hidden = None
    if "w2.weight" in weights:
        hidden = before
        before = gelu(hidden) @ weights["w2.weight"].T + weights["w2.bias"]
    before = before + vectors[:, : before.shape[1]]
    lengths = np.sqrt(np.square(before).sum(axis=1, keepdims=True))
    lengths = np.maximum(lengths, np.finfo(np.float32).tiny)
    return Activations(vectors, hidden, lengths, before / lengths)


def backward(weights: Weights, seen: Activations, gradient: Array) -> Weights:
    """Gradients of the weights from the gradient of the outputs (rows, dims_out)."""
    along = (seen.outputs * gradient).sum(axis=1, keepdims=True)
    inner = (gradient - seen.outputs * along) / seen.lengths
    if seen.hidden is None:
        return {"w1.weight": inner.T @ seen.inputs, "w1.bias": inner.sum(axis=0)}
    outer = (inner @ weights["w2.weight"]) * gelu_slope(seen.hidden)
    return {
        "w1.weight": outer.T @ seen.inputs,
        "w1.bias": outer.sum(axis=0),
        "w2.weight": inner.T @ gelu(seen.hidden),
        "w2.bias": inner.sum(axis=0),
    }


def gelu(values: Array) -> Array:
    """x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))."""
    result: Array = 0.5 * values * (1 + np.tanh(_inner(values)))
    return result


def gelu_slope(values: Array) -> Array:
    """The derivative of `gelu`."""
    tanh = np.tanh(_inner(values))
    slope_inside = _GELU_SCALE * (1 + 3 * _GELU_CUBE * values * values)
    slope: Array = 0.5 * (1 + tanh) + 0.5 * values * (1 - tanh * tanh) * slope_inside
    return slope


def _inner(values: Array) -> Array:
    inner: Array = _GELU_SCALE * (values + _GELU_CUBE * values * values * values)
    return inner
