"""Tells which 8-bit products of a graph can overflow on x86 processors without VNNI.

These multiply unsigned activations with signed weights two at a time and add each pair in 16 bits,
with saturation (`vpmaddubsw`). Where the weights of a pair are small enough, nothing can overflow:
so it is in the bundled model, and in those that were quantised with `reduce_range`.
Source: ONNX Runtime's documentation, "Quantize ONNX Models", and its issues 5849 and 14642.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from verdigris.engine.runtimes.onnx_weights import AnyArray, read_onnx_weights

_WEIGHT_INPUT = {
    "DynamicQuantizeMatMul": 1,
    "MatMulInteger": 1,
    "MatMulIntegerToFloat": 1,
    "QAttention": 1,
    "QLinearMatMul": 3,
}
_LARGEST_ACTIVATION = 255


@dataclass(frozen=True, slots=True)
class ByteProducts:
    """Matrix products with signed 8-bit weights."""

    count: int
    saturating: int
    """Those that can overflow where a processor adds pairs in 16 bits."""


def byte_products(weights_file: Path) -> ByteProducts:
    """Look at every product of an ONNX file. Raises CorruptModel for a file that is not one."""
    graph = read_onnx_weights(weights_file)
    weights = [
        graph.constants.get(node.inputs[_WEIGHT_INPUT[node.operator]])
        for node in graph.nodes
        if node.operator in _WEIGHT_INPUT
    ]
    signed = [one for one in weights if one is not None and one.dtype == np.int8 and one.ndim == 2]
    return ByteProducts(len(signed), sum(_can_saturate(one) for one in signed))


def _can_saturate(weight: AnyArray) -> bool:
    """(inputs, outputs) int8: whether two neighbouring inputs can add up to more than 16 bits."""
    even = weight[: len(weight) // 2 * 2].astype(np.int32)
    pairs = even.reshape(-1, 2, weight.shape[1])
    limits = np.iinfo(np.int16)
    most = int(pairs.clip(min=0).sum(axis=1).max(initial=0))
    least = int(pairs.clip(max=0).sum(axis=1).min(initial=0))
    return not limits.min <= _LARGEST_ACTIVATION * least <= _LARGEST_ACTIVATION * most <= limits.max
