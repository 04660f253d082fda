"""Writes a BERT encoder (Devlin et al. 2018) as an OpenVINO graph over packs of texts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import openvino
from openvino import opset13 as ops

from verdigris.engine.pooling import Array
from verdigris.engine.runtimes.bert import BertLayer, BertWeights, Linear

FAR = np.float32(-1e4)
"""Added to the score of a token of another text: its share of attention is then exactly 0."""


def bert_graph(weights: BertWeights) -> openvino.Model:
    """input_ids, positions, segments (rows, width) int32 → token_vectors (rows, width, dims)."""
    inputs = [
        ops.parameter([-1, -1], np.int32, name=name)
        for name in ("input_ids", "positions", "segments")
    ]
    encoder = _Encoder(weights, _separation(inputs[2]))
    hidden = encoder.embeddings(inputs[0], inputs[1])
    for layer in weights.layers:
        hidden = encoder.layer(layer, hidden)
    model = openvino.Model([hidden], inputs, "bert")
    for port, node in zip(model.inputs, inputs, strict=True):
        port.get_tensor().set_names({node.get_friendly_name()})
    model.outputs[0].get_tensor().set_names({"token_vectors"})
    return model


@dataclass(frozen=True, slots=True)
class _Encoder:
    """The parts of the encoder; all values are (rows, width, dims) float32."""

    weights: BertWeights
    separation: openvino.Node

    def embeddings(self, ids: openvino.Node, positions: openvino.Node) -> openvino.Node:
        rows = ops.constant(np.int32(0))
        words = ops.gather(ops.constant(self.weights.words), ids, rows)
        places = ops.gather(ops.constant(self.weights.positions), positions, rows)
        return self.normalise(ops.add(words, places), self.weights.norm)

    def layer(self, layer: BertLayer, hidden: openvino.Node) -> openvino.Node:
        attended = _linear(self.attention(layer.attention, hidden), layer.attention_output)
        hidden = self.normalise(ops.add(attended, hidden), layer.attention_norm)
        widened = ops.gelu(_linear(hidden, layer.intermediate), "erf")
        return self.normalise(ops.add(_linear(widened, layer.output), hidden), layer.output_norm)

    def attention(self, qkv: Linear, hidden: openvino.Node) -> openvino.Node:
        """Multi-head self-attention; each token sees the tokens of its own text.

        Three products and this order of axes, because OpenVINO then reads and writes the heads in
        place: one product and a split were 10 % slower.
        """
        dims, heads = self.weights.dims, self.weights.heads
        shape, by_head = _sizes(0, 0, heads, dims // heads), _sizes(0, 2, 1, 3)
        query, key, value = (
            ops.transpose(ops.reshape(_linear(hidden, part), shape, True), by_head)
            for part in _parts(qkv, dims)
        )
        scale = ops.constant(np.float32(1 / math.sqrt(dims // heads)))
        context = ops.scaled_dot_product_attention(query, key, value, self.separation, scale)
        return ops.reshape(ops.transpose(context, by_head), _sizes(0, 0, dims), True)

    def normalise(self, values: openvino.Node, norm: Linear) -> openvino.Node:
        """Layer normalisation (Ba et al. 2016)."""
        unit = ops.mvn(values, _sizes(-1), True, self.weights.epsilon, "inside_sqrt")
        return ops.add(ops.multiply(unit, ops.constant(norm.weight)), ops.constant(norm.bias))


def _parts(qkv: Linear, dims: int) -> tuple[Linear, ...]:
    """Query, key and value as products of their own."""
    parts = (slice(begin, begin + dims) for begin in range(0, 3 * dims, dims))
    return tuple(Linear(qkv.weight[:, part], qkv.bias[part]) for part in parts)


def _separation(segments: openvino.Node) -> openvino.Node:
    """(rows, 1, width, width): 0 where two tokens are of one text, FAR elsewhere."""
    same = ops.equal(ops.unsqueeze(segments, _sizes(1)), ops.unsqueeze(segments, _sizes(2)))
    bias = ops.select(same, ops.constant(np.float32(0)), ops.constant(FAR))
    return ops.unsqueeze(bias, _sizes(1))


def _linear(values: openvino.Node, linear: Linear) -> openvino.Node:
    transposed: Array = np.ascontiguousarray(linear.weight.T)
    product = ops.matmul(values, ops.constant(transposed), False, True)
    return ops.add(product, ops.constant(np.ascontiguousarray(linear.bias)))


def _sizes(*values: int) -> openvino.Node:
    return ops.constant(np.array(values, dtype=np.int64))
