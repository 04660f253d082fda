"""Runs a BERT encoder with MLX: on the GPU of a Mac, or on the CPU where MLX has no GPU."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import mlx.core as mx
import numpy as np

from verdigris.engine.pooling import Array
from verdigris.engine.runtimes import DEFAULT_PROVIDER, NodeRun, RuntimeInfo, RuntimeRequest
from verdigris.engine.runtimes.bert import BertLayer, BertWeights, Linear, read_bert
from verdigris.engine.runtimes.packing import Pack, packs_of
from verdigris.engine.tokenizing import Encoding
from verdigris.errors import RuntimeUnavailable

PROVIDERS = ("cpu", "gpu")
FAR = -1e4
"""Added to the score of a token of another text: its share of attention is then exactly 0."""


class MlxRuntime:
    """One encoder in fp32; callers take turns, because MLX keeps one queue a device."""

    def __init__(self, weights_file: Path, provider: str = DEFAULT_PROVIDER) -> None:
        """Load a verified ONNX file of a BERT encoder.

        provider: `cpu` or `gpu`. Raises RuntimeUnavailable for another one and for a GPU that is
        not there, UnsupportedGraph for another architecture, CorruptModel for a file that is not
        ONNX.
        """
        self._device = _device(provider)
        self._lock = threading.Lock()
        self._encoder = _Encoder.of(read_bert(weights_file))
        self.info = RuntimeInfo("mlx", version("mlx"), provider, "fp32")

    def token_vectors(self, encoding: Encoding) -> Array:
        """Run one text; returns (1, tokens, dims) float32."""
        return next(self.token_vectors_of([encoding]))

    def token_vectors_of(self, encodings: Sequence[Encoding]) -> Iterator[Array]:
        """Run a group of texts in packs; yields (1, tokens, dims) float32 for each."""
        for pack in packs_of(encodings):
            yield from pack.split(self._run(pack))

    def profile(self, encoding: Encoding) -> tuple[NodeRun, ...]:
        """MLX does not say which operations ran where: they all run on the chosen device."""
        return ()

    def _run(self, pack: Pack) -> Array:
        with self._lock, mx.stream(self._device):
            vectors: Array = np.array(self._encoder.token_vectors(pack), dtype=np.float32)
            return vectors


def open_runtime(request: RuntimeRequest) -> MlxRuntime:
    """The runtime for a request; raises what its constructor raises."""
    return MlxRuntime(request.weights_file, request.provider)


def _device(provider: str) -> mx.Device:
    if provider not in PROVIDERS:
        known = " and ".join(PROVIDERS)
        raise RuntimeUnavailable(f"runtime 'mlx' has the providers {known}, not {provider!r}")
    device = mx.Device(mx.gpu if provider == "gpu" else mx.cpu)
    if not mx.is_available(device):
        raise RuntimeUnavailable(f"MLX {version('mlx')} finds no {provider} on this machine")
    return device


@dataclass(frozen=True, slots=True)
class _Product:
    weight: mx.array
    bias: mx.array

    @classmethod
    def of(cls, linear: Linear) -> _Product:
        return cls(mx.array(linear.weight), mx.array(linear.bias))

    def __call__(self, values: mx.array) -> mx.array:
        return mx.addmm(self.bias, values, self.weight)


@dataclass(frozen=True, slots=True)
class _Norm:
    """Layer normalisation (Ba et al. 2016)."""

    weight: mx.array
    bias: mx.array
    epsilon: float

    def __call__(self, values: mx.array) -> mx.array:
        return mx.fast.layer_norm(values, self.weight, self.bias, self.epsilon)


@dataclass(frozen=True, slots=True)
class _Layer:
    """One transformer layer; values are (rows, width, dims)."""

    attention: _Product
    attention_output: _Product
    attention_norm: _Norm
    intermediate: _Product
    output: _Product
    output_norm: _Norm
    heads: int

    @classmethod
    def of(cls, layer: BertLayer, weights: BertWeights) -> _Layer:
        norms = (layer.attention_norm, layer.output_norm)
        first, second = (
            _Norm(mx.array(norm.weight), mx.array(norm.bias), weights.epsilon) for norm in norms
        )
        return cls(
            attention=_Product.of(layer.attention),
            attention_output=_Product.of(layer.attention_output),
            attention_norm=first,
            intermediate=_Product.of(layer.intermediate),
            output=_Product.of(layer.output),
            output_norm=second,
            heads=weights.heads,
        )

    def __call__(self, hidden: mx.array, separation: mx.array) -> mx.array:
        attended = self.attention_output(self.attend(hidden, separation))
        hidden = self.attention_norm(attended + hidden)
        return self.output_norm(self.output(_gelu(self.intermediate(hidden))) + hidden)

    def attend(self, hidden: mx.array, separation: mx.array) -> mx.array:
        """Multi-head self-attention; each token sees the tokens of its own text."""
        rows, width, dims = hidden.shape
        query, key, value = (
            part.reshape(rows, width, self.heads, -1).transpose(0, 2, 1, 3)
            for part in mx.split(self.attention(hidden), 3, axis=-1)
        )
        scale = 1 / math.sqrt(dims // self.heads)
        context = mx.fast.scaled_dot_product_attention(
            query, key, value, scale=scale, mask=separation
        )
        return context.transpose(0, 2, 1, 3).reshape(rows, width, dims)


@dataclass(frozen=True, slots=True)
class _Encoder:
    """A BERT encoder over packs of texts (Devlin et al. 2018)."""

    words: mx.array
    positions: mx.array
    norm: _Norm
    layers: tuple[_Layer, ...]

    @classmethod
    def of(cls, weights: BertWeights) -> _Encoder:
        norm = weights.norm
        return cls(
            words=mx.array(weights.words),
            positions=mx.array(weights.positions),
            norm=_Norm(mx.array(norm.weight), mx.array(norm.bias), weights.epsilon),
            layers=tuple(_Layer.of(layer, weights) for layer in weights.layers),
        )

    def token_vectors(self, pack: Pack) -> mx.array:
        """(rows, width, dims) of a pack."""
        segments = mx.array(pack.segments)
        same = segments[:, None, :] == segments[:, :, None]
        separation = mx.where(same, 0.0, FAR)[:, None]
        words = self.words[mx.array(pack.input_ids)]
        hidden = self.norm(words + self.positions[mx.array(pack.positions)])
        for layer in self.layers:
            hidden = layer(hidden, separation)
        return hidden


def _gelu(values: mx.array) -> mx.array:
    """Gaussian error linear unit, exact form (Hendrycks & Gimpel 2016)."""
    return values * (1 + mx.erf(values / math.sqrt(2))) / 2
