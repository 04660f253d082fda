"""Reads the constants of an ONNX file as arrays, and the nodes that use them, without onnx.

Fields and numbers are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
For what a graph looks like, without its numbers, see `verdigris.engine.onnx_graph`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from verdigris.engine.protobuf_wire import MalformedMessage, fields
from verdigris.errors import CorruptModel

AnyArray = npt.NDArray[Any]

_MODEL_PRODUCER, _MODEL_GRAPH = 2, 7
_GRAPH_NODE, _GRAPH_INITIALIZER = 1, 5
_NODE_INPUT, _NODE_OUTPUT, _NODE_OPERATOR, _NODE_ATTRIBUTE = 1, 2, 4, 5
_ATTRIBUTE_NAME, _ATTRIBUTE_FLOAT, _ATTRIBUTE_INTEGER, _ATTRIBUTE_TENSOR = 1, 2, 3, 5
_TENSOR_DIMS, _TENSOR_TYPE, _TENSOR_NAME, _TENSOR_RAW = 1, 2, 8, 9
_DTYPES: dict[int, np.dtype[Any]] = {
    1: np.dtype("<f4"),
    2: np.dtype("u1"),
    3: np.dtype("i1"),
    6: np.dtype("<i4"),
    7: np.dtype("<i8"),
    9: np.dtype("?"),
    10: np.dtype("<f2"),
    11: np.dtype("<f8"),
}
"""NumPy types of TensorProto.DataType; what is not here is left out."""
_HEAD_BYTES = 256
"""The producer's name lies within these."""


@dataclass(frozen=True, slots=True)
class WeightNode:
    """One node: operator, inputs, outputs, and the attributes that are single numbers."""

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    numbers: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class OnnxWeights:
    """Nodes in their order, and constants by name as views of the file's bytes.

    Constants of other types, and those that lie in another file, are left out.
    """

    nodes: tuple[WeightNode, ...]
    constants: dict[str, AnyArray]


def read_onnx_weights(path: Path) -> OnnxWeights:
    """Read an ONNX file. Raises CorruptModel for a file that is not one or cannot be read."""
    try:
        model = memoryview(path.read_bytes())
        graphs = [field.data for field in fields(model) if field.number == _MODEL_GRAPH]
        if not graphs:
            raise MalformedMessage("there is no graph in it")
        nodes, constants = [], {}
        for field in fields(graphs[0]):
            if field.number == _GRAPH_NODE:
                nodes.append(_node(field.data))
                constants.update(_constant_node(field.data, nodes[-1]))
            elif field.number == _GRAPH_INITIALIZER:
                constants.update(_constant(field.data))
        return OnnxWeights(tuple(nodes), constants)
    except OSError as error:
        raise CorruptModel(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise CorruptModel(f"{path} is not an ONNX file: {error}") from error


def producer_of(path: Path) -> str:
    """Who wrote an ONNX file, from its first bytes; '' for a file that does not say."""
    try:
        with path.open("rb") as stream:
            head = memoryview(stream.read(_HEAD_BYTES))
        for field in fields(head):
            if field.number == _MODEL_PRODUCER:
                return field.text()
    except (OSError, MalformedMessage):
        return ""
    return ""


def _node(node: memoryview) -> WeightNode:
    inputs, outputs, numbers, operator = [], [], [], ""
    for field in fields(node):
        if field.number == _NODE_INPUT:
            inputs.append(field.text())
        elif field.number == _NODE_OUTPUT:
            outputs.append(field.text())
        elif field.number == _NODE_OPERATOR:
            operator = field.text()
        elif field.number == _NODE_ATTRIBUTE:
            numbers += _number_attribute(field.data)
    return WeightNode(operator, tuple(inputs), tuple(outputs), tuple(numbers))


def _number_attribute(attribute: memoryview) -> list[tuple[str, float]]:
    name, found = "", []
    for field in fields(attribute):
        if field.number == _ATTRIBUTE_NAME:
            name = field.text()
        elif field.number == _ATTRIBUTE_INTEGER:
            found.append(float(field.value))
        elif field.number == _ATTRIBUTE_FLOAT:
            found.append(float(np.uint32(field.value).view(np.float32)))
    return [(name, value) for value in found]


def _constant_node(node: memoryview, read: WeightNode) -> dict[str, AnyArray]:
    """The tensor that a Constant node holds, by the node's output; {} for other nodes."""
    if read.operator != "Constant":
        return {}
    for attribute in (field.data for field in fields(node) if field.number == _NODE_ATTRIBUTE):
        for field in fields(attribute):
            if field.number == _ATTRIBUTE_TENSOR:
                arrays = list(_constant(field.data).values())
                return {read.outputs[0]: arrays[0]} if arrays else {}
    return {}


def _constant(tensor: memoryview) -> dict[str, AnyArray]:
    """The tensor by its name; {} if its numbers are not in the file as raw bytes."""
    shape: list[int] = []
    kind, name, raw = 0, "", None
    for field in fields(tensor):
        if field.number == _TENSOR_DIMS:
            shape += field.integers()
        elif field.number == _TENSOR_TYPE:
            kind = field.value
        elif field.number == _TENSOR_NAME:
            name = field.text()
        elif field.number == _TENSOR_RAW:
            raw = field.data
    if raw is None or kind not in _DTYPES:
        return {}
    return {name: np.frombuffer(raw, dtype=_DTYPES[kind]).reshape(shape)}
