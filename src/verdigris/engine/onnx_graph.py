"""What an ONNX file says about itself: inputs, outputs, operators, constants. Weights stay unread.

Format: onnx.proto3 of the ONNX specification; field numbers are taken from there.
"""

from __future__ import annotations

import math
import mmap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from verdigris.engine.protobuf_wire import Field, MalformedMessage, fields
from verdigris.errors import CorruptModel

DATA_TYPES = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64",
    8: "string", 9: "bool", 10: "float16", 11: "float64", 12: "uint32", 13: "uint64",
    16: "bfloat16", 17: "float8e4m3fn", 21: "uint4", 22: "int4",
}  # fmt: skip
_BITS = {
    "float32": 32, "uint8": 8, "int8": 8, "uint16": 16, "int16": 16, "int32": 32, "int64": 64,
    "bool": 8, "float16": 16, "float64": 64, "uint32": 32, "uint64": 64, "bfloat16": 16,
    "float8e4m3fn": 8, "uint4": 4, "int4": 4,
}  # fmt: skip
_EXTERNAL = 1
_SIGNED_64 = 2**63


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or an output: sizes are numbers, names of what varies, or '?'."""

    name: str
    type: str
    shape: tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Constant:
    """An initialiser: a tensor whose values are in the file."""

    name: str
    type: str
    shape: tuple[int, ...]
    external: bool
    """Its values lie in another file."""

    @property
    def bytes(self) -> int:
        """Size of the values; 0 for texts."""
        return math.prod(self.shape) * _BITS.get(self.type, 0) // 8


@dataclass(frozen=True, slots=True)
class Node:
    """One operation."""

    name: str
    operator: str
    """With its domain where that is not ONNX's own: `com.microsoft:QAttention`."""
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OnnxGraph:
    """An ONNX file without its weights."""

    ir_version: int
    producer: str
    opsets: dict[str, int]
    """Version of each operator set; ONNX's own is `ai.onnx`."""
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    nodes: tuple[Node, ...]
    """Those of nested graphs follow the node that holds them."""
    constants: tuple[Constant, ...]

    @property
    def operators(self) -> dict[str, int]:
        """How often each operator is there, the most frequent first."""
        return dict(Counter(node.operator for node in self.nodes).most_common())


def read_onnx(path: Path) -> OnnxGraph:
    """Read the structure of an ONNX file. Raises CorruptModel for what is none."""
    try:
        with path.open("rb") as stream:
            # Not closed here: the parts of the file that an exception holds would forbid it.
            mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        return _model(memoryview(mapped))
    except (OSError, ValueError) as error:  # an empty file cannot be mapped; MalformedMessage
        raise CorruptModel(f"{path} cannot be read as ONNX: {error}") from error


def _model(message: memoryview) -> OnnxGraph:
    ir_version, producer = 0, ""
    opsets: dict[str, int] = {}
    graph: memoryview | None = None
    for field in fields(message):
        match field.number:
            case 1:
                ir_version = field.value
            case 2:
                producer = field.text()
            case 7:
                graph = field.data
            case 8:
                domain, version = _opset(field.data)
                opsets[domain] = version
    if graph is None or not opsets:
        raise MalformedMessage("it holds no graph")
    return _graph(graph, ir_version, producer, opsets)


def _graph(
    message: memoryview, ir_version: int, producer: str, opsets: dict[str, int]
) -> OnnxGraph:
    inputs, outputs, constants = [], [], []
    nodes: list[Node] = []
    for field in fields(message):
        match field.number:
            case 1:
                nodes += _nodes(field.data)
            case 5:
                constants.append(_constant(field.data))
            case 11:
                inputs.append(_tensor(field.data))
            case 12:
                outputs.append(_tensor(field.data))
    named = {constant.name for constant in constants}
    return OnnxGraph(
        ir_version=ir_version,
        producer=producer,
        opsets=opsets,
        # Before IR version 4 initialisers were listed as inputs too.
        inputs=tuple(one for one in inputs if one.name not in named),
        outputs=tuple(outputs),
        nodes=tuple(nodes),
        constants=tuple(constants),
    )


def _opset(message: memoryview) -> tuple[str, int]:
    domain, version = "", 0
    for field in fields(message):
        if field.number == 1:
            domain = field.text()
        elif field.number == 2:
            version = field.value
    return domain or "ai.onnx", version


def _nodes(message: memoryview) -> Iterator[Node]:
    """A node, then the nodes of the graphs that it holds (branches and bodies of loops)."""
    found = list(fields(message))
    texts = {number: [f.text() for f in found if f.number == number] for number in (1, 2, 3, 4, 7)}
    kind, domain = "".join(texts[4]), "".join(texts[7])
    yield Node(
        name="".join(texts[3]),
        operator=kind if domain in ("", "ai.onnx") else f"{domain}:{kind}",
        inputs=tuple(texts[1]),
        outputs=tuple(texts[2]),
    )
    for attribute in (field for field in found if field.number == 5):
        for part in fields(attribute.data):
            if part.number in (6, 11):  # g: a graph, graphs: several
                for inner in fields(part.data):
                    if inner.number == 1:
                        yield from _nodes(inner.data)


def _constant(message: memoryview) -> Constant:
    shape: list[int] = []
    kind, name, location = 0, "", 0
    for field in fields(message):
        match field.number:
            case 1:
                shape += field.integers()
            case 2:
                kind = field.value
            case 8:
                name = field.text()
            case 14:
                location = field.value
    return Constant(name, _type_name(kind), tuple(shape), location == _EXTERNAL)


def _tensor(message: memoryview) -> Tensor:
    name, kind = "", 0
    shape: tuple[int | str, ...] = ()
    for field in fields(message):
        if field.number == 1:
            name = field.text()
        elif field.number == 2:
            for tensor_type in (f for f in fields(field.data) if f.number == 1):
                kind, shape = _tensor_type(tensor_type)
    return Tensor(name, _type_name(kind), shape)


def _tensor_type(tensor_type: Field) -> tuple[int, tuple[int | str, ...]]:
    kind = 0
    shape: list[int | str] = []
    for field in fields(tensor_type.data):
        if field.number == 1:
            kind = field.value
        elif field.number == 2:
            shape += [_dimension(one.data) for one in fields(field.data) if one.number == 1]
    return kind, tuple(shape)


def _dimension(message: memoryview) -> int | str:
    """A size, or the name of one that varies; negative sizes stand for unknown ones."""
    for field in fields(message):
        if field.number == 1 and field.value < _SIGNED_64:
            return field.value
        if field.number == 2:
            return field.text()
    return "?"


def _type_name(kind: int) -> str:
    return DATA_TYPES.get(kind, f"type {kind}")
