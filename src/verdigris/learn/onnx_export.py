"""One ONNX graph from token ids to a projected vector: the model, pooling, and the projection.

Fields and numbers are those of onnx.proto of the ONNX specification. Only operators of opset 13 and
later are added, so that any ONNX Runtime that runs the model runs the whole.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from verdigris.engine.onnx_graph import read_onnx
from verdigris.engine.protobuf_wire import bytes_field, fields, number_field
from verdigris.errors import UnsupportedGraph
from verdigris.learn.network import Array, Projection

VECTOR, PROJECTED = "vector", "projected"
"""Outputs of the graph: the model's own unit vector, and the projected one."""

OLDEST_OPSET = 13
_MODEL_GRAPH = 7
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_OUTPUT = 1, 5, 12
_FLOAT, _INT64, _ATTRIBUTE_INTEGER = 1, 7, 2
_TOKEN_OUTPUTS = ("token_vectors", "last_hidden_state", "token_embeddings")
_POOLED_TOKEN = {"cls": 0, "last_token": -1}


@dataclass(frozen=True, slots=True)
class _Part:
    """Nodes and constants that are added to a graph, encoded."""

    nodes: list[bytes]
    constants: list[bytes]

    def node(self, operator: str, inputs: Sequence[str], output: str, **integers: int) -> str:
        """Add a node with one output; returns its name, which no model has."""
        output = output if output in (VECTOR, PROJECTED) else f"verdigris/{output}"
        body = b"".join(bytes_field(1, name) for name in inputs) + bytes_field(2, output)
        body += bytes_field(3, output) + bytes_field(4, operator)
        for name, value in integers.items():
            attribute = bytes_field(1, name) + number_field(3, value)
            body += bytes_field(5, attribute + number_field(20, _ATTRIBUTE_INTEGER))
        self.nodes.append(bytes_field(_GRAPH_NODE, body))
        return output

    def constant(self, name: str, values: Array | Sequence[int]) -> str:
        """Add a tensor of floats, or of whole numbers where a list is given; returns its name."""
        name = f"verdigris/{name}"
        whole = not isinstance(values, np.ndarray)
        array = np.asarray(values, "<i8" if whole else "<f4")
        body = b"".join(number_field(1, size) for size in array.shape)
        body += number_field(2, _INT64 if whole else _FLOAT) + bytes_field(8, name)
        body += bytes_field(9, np.ascontiguousarray(array).tobytes())
        self.constants.append(bytes_field(_GRAPH_INITIALIZER, body))
        return name


def export_graph(model: Path, pooling: str, projection: Projection) -> bytes:
    """The model's ONNX file with pooling and projection behind it; one unpadded text a run.

    pooling: mean, cls or last_token. The outputs are VECTOR (1, dims) and PROJECTED (1, dims out),
    both of length 1. Raises CorruptModel for a file that is not ONNX, UnsupportedGraph for an
    operator set that is too old.
    """
    graph = read_onnx(model)
    if graph.opsets.get("ai.onnx", 0) < OLDEST_OPSET:
        raise UnsupportedGraph(
            f"{model} uses ONNX operators older than opset {OLDEST_OPSET}; it cannot be extended"
        )
    names = [output.name for output in graph.outputs]
    tokens = next((name for name in _TOKEN_OUTPUTS if name in names), names[0])
    part = _Part([], [])
    pooled = _pool(part, tokens, pooling)
    vector = _normalise(part, pooled, VECTOR)
    _normalise(part, _project(part, vector, projection), PROJECTED)
    sizes = {VECTOR: projection.dims_in, PROJECTED: projection.dims_out}
    outputs = [_output(name, size) for name, size in sizes.items()]
    message = memoryview(model.read_bytes())
    return b"".join(
        bytes_field(_MODEL_GRAPH, _extended(field.data, part, outputs))
        if field.number == _MODEL_GRAPH
        else _copied(field.number, field.value, field.data)
        for field in fields(message)
    )


def _extended(graph: memoryview, part: _Part, outputs: list[bytes]) -> bytes:
    """The graph with further nodes and constants, and other outputs."""
    kept = [
        _copied(field.number, field.value, field.data)
        for field in fields(graph)
        if field.number != _GRAPH_OUTPUT
    ]
    return b"".join([*kept, *part.nodes, *part.constants, *outputs])


def _copied(number: int, value: int, data: memoryview) -> bytes:
    """A field as it was; models and graphs have no fields of fixed width."""
    return number_field(number, value) if value or not data else bytes_field(number, data)


def _output(name: str, size: int) -> bytes:
    shape = b"".join(bytes_field(1, number_field(1, one)) for one in (1, size))
    kind = bytes_field(1, number_field(1, _FLOAT) + bytes_field(2, shape))
    return bytes_field(_GRAPH_OUTPUT, bytes_field(1, name) + bytes_field(2, kind))


def _pool(part: _Part, tokens: str, pooling: str) -> str:
    """(1, tokens, dims) → (1, dims); the sum stands for the mean, since lengths become 1 next."""
    if pooling == "mean":
        axes = part.constant("pooling.axes", [1])
        return part.node("ReduceSum", [tokens, axes], "pooled", keepdims=0)
    place = part.constant("pooling.token", [_POOLED_TOKEN[pooling]])
    token = part.node("Gather", [tokens, place], "pooled.token", axis=1)
    return part.node("Squeeze", [token, part.constant("pooling.axes", [1])], "pooled")


def _normalise(part: _Part, values: str, output: str) -> str:
    squares = part.node("Mul", [values, values], f"{output}.squares")
    axes = part.constant(f"{output}.axes", [1])
    total = part.node("ReduceSum", [squares, axes], f"{output}.total", keepdims=1)
    length = part.node("Sqrt", [total], f"{output}.length")
    least = part.constant(f"{output}.least", np.array([np.finfo(np.float32).tiny], np.float32))
    return part.node("Div", [values, part.node("Max", [length, least], f"{output}.by")], output)


def _project(part: _Part, vector: str, projection: Projection) -> str:
    """x + W1·x + b1, or x + W2·gelu(W1·x + b1) + b2, before normalising."""
    moved = _linear(part, vector, "w1", projection)
    if projection.layers == 2:
        moved = _linear(part, _gelu(part, moved), "w2", projection)
    if projection.dims_out < projection.dims_in:
        ends = [part.constant(f"cut.{name}", [value]) for name, value in
                (("start", 0), ("end", projection.dims_out), ("axis", 1))]  # fmt: skip
        vector = part.node("Slice", [vector, *ends], "cut")
    return part.node("Add", [vector, moved], "moved")


def _linear(part: _Part, values: str, name: str, projection: Projection) -> str:
    matrix = part.constant(f"{name}.matrix", projection.weights[f"{name}.weight"].T)
    product = part.node("MatMul", [values, matrix], f"{name}.product")
    bias = part.constant(f"{name}.bias", projection.weights[f"{name}.bias"])
    return part.node("Add", [product, bias], f"{name}.sum")


def _gelu(part: _Part, values: str) -> str:
    """As network.gelu: x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))."""
    one, half, cube, scale = (
        part.constant(f"gelu.{name}", np.array([value], np.float32))
        for name, value in
        (("one", 1), ("half", 0.5), ("cube", 0.044715), ("scale", math.sqrt(2 / math.pi)))
    )  # fmt: skip
    squared = part.node("Mul", [values, values], "gelu.squared")
    cubed = part.node("Mul", [squared, values], "gelu.cubed")
    bent = part.node("Add", [values, part.node("Mul", [cubed, cube], "gelu.bent")], "gelu.inner")
    tanh = part.node("Tanh", [part.node("Mul", [bent, scale], "gelu.scaled")], "gelu.tanh")
    gate = part.node("Add", [tanh, one], "gelu.gate")
    return part.node("Mul", [part.node("Mul", [values, half], "gelu.halved"), gate], "gelu")
