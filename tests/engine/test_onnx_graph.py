"""Reading ONNX files without a library; small ones are written here byte by byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from verdigris.engine.catalog import DEFAULT_MODEL, model_row
from verdigris.engine.model_store import find_model
from verdigris.engine.onnx_graph import Constant, Node, OnnxGraph, read_onnx
from verdigris.engine.protobuf_wire import MalformedMessage, fields
from verdigris.engine.provider_support import PROVIDERS, provider_support
from verdigris.errors import CorruptModel


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def data(field: int, content: bytes | str) -> bytes:
    raw = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(raw)) + raw


def tensor_info(name: str, kind: int, *dims: int | str) -> bytes:
    shape = b"".join(
        data(1, number(1, one) if isinstance(one, int) else data(2, one)) for one in dims
    )
    return data(1, name) + data(2, data(1, number(1, kind) + data(2, shape)))


def model(graph: bytes) -> bytes:
    opsets = data(8, number(2, 17)) + data(8, data(1, "com.microsoft") + number(2, 1))
    return number(1, 8) + data(2, "a test") + opsets + data(7, graph)


def test_the_bundled_graph_is_read_whole() -> None:
    stored = find_model(model_row(DEFAULT_MODEL))
    graph = read_onnx(stored.folder / stored.row.weights_file)
    assert graph.opsets["ai.onnx"] >= 17
    assert graph.producer == "verdigris"
    (ids,) = graph.inputs
    assert (ids.name, ids.type, ids.shape) == ("input_ids", "int64", (1, "tokens"))
    assert graph.outputs[0].shape == (1, "tokens", 384)
    assert sum(graph.operators.values()) == len(graph.nodes)
    size = (stored.folder / stored.row.weights_file).stat().st_size
    constants = sum(constant.bytes for constant in graph.constants)
    assert 0.99 * size < constants < size
    assert max(graph.constants, key=lambda one: one.bytes).shape == (30522, 384)


def test_shapes_types_nested_graphs_and_external_constants(tmp_path: Path) -> None:
    inner = data(1, data(4, "Erf") + data(1, "x") + data(2, "y"))
    branch = data(5, data(1, "then_branch") + data(6, inner))
    graph = b"".join(
        [
            data(1, data(4, "If") + data(3, "choice") + branch),
            data(1, data(4, "QAttention") + data(7, "com.microsoft")),
            data(5, number(1, 7) + number(1, 3) + number(2, 3) + data(8, "old")),
            data(
                5, data(1, varint(200) + varint(2)) + number(2, 22) + data(8, "q") + number(14, 1)
            ),
            data(11, tensor_info("ids", 7, 1, "tokens")),
            data(11, tensor_info("old", 3, 7, 3)),
            data(12, tensor_info("out", 10, 2**64 - 1, 384)),
        ]
    )
    path = tmp_path / "m.onnx"
    path.write_bytes(model(graph) + varint(99 << 3 | 5) + b"1234" + varint(98 << 3 | 1) + b"8" * 8)
    found = read_onnx(path)
    assert found.operators == {"If": 1, "Erf": 1, "com.microsoft:QAttention": 1}
    assert found.opsets == {"ai.onnx": 17, "com.microsoft": 1}
    assert [one.name for one in found.inputs] == ["ids"]
    assert (found.outputs[0].type, found.outputs[0].shape) == ("float16", ("?", 384))
    assert found.constants == (
        Constant("old", "int8", (7, 3), False), Constant("q", "int4", (200, 2), True),
    )  # fmt: skip
    assert [one.bytes for one in found.constants] == [21, 200]


@pytest.mark.parametrize(
    "content",
    [b"", b"not onnx at all, but a text", b"\xff" * 40, number(1, 8), b"\x3a\xff\x01short"],
)
def test_what_is_no_onnx_is_a_named_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    with pytest.raises(CorruptModel, match="cannot be read as ONNX"):
        read_onnx(path)
    with pytest.raises(CorruptModel):
        read_onnx(tmp_path / "missing.onnx")


@pytest.mark.parametrize("content", [b"\x0b", b"\x0d\x01", b"\x80" * 12, b"\x0a\x05ab"])
def test_broken_messages_are_refused(content: bytes) -> None:
    with pytest.raises(MalformedMessage):
        list(fields(memoryview(content)))


def graph_of(*nodes: Node, constants: tuple[Constant, ...] = ()) -> OnnxGraph:
    return OnnxGraph(8, "", {"ai.onnx": 17}, (), (), nodes, constants)


def test_coreml_refuses_large_tables_unknown_operators_and_int8_weights() -> None:
    graph = graph_of(
        Node("rows", "Gather", ("table", "input_ids"), ("a",)),
        Node("kinds", "Gather", ("small", "kind_ids"), ("b",)),
        Node("sum", "Add", ("a", "b"), ("c",)),
        Node("attend", "com.microsoft:QAttention", ("c",), ("d",)),
        Node("scale", "Mul", ("d", "small"), ("e",)),
        Node("cast", "Cast", ("quantised",), ("f",)),
        constants=(
            Constant("table", "float32", (30522, 384), False),
            Constant("small", "float32", (2, 384), False),
            Constant("quantised", "int8", (16, 16), False),
        ),
    )
    coreml = next(rules for rules in PROVIDERS if rules.name == "coreml")
    support = provider_support(graph, coreml)
    assert (support.nodes, support.taken, support.partitions) == (6, 3, 2)
    assert [(one.example, one.reason) for one in support.refused] == [
        ("rows", "a dimension of 30,522; at most 16,384"),
        ("attend", "operator not supported"),
        ("cast", "int8 weights not supported"),
    ]


def test_a_table_of_exactly_the_limit_is_taken() -> None:
    node = Node("rows", "Gather", ("table", "ids"), ("a",))
    for rows, taken in ((16_384, 1), (16_385, 0)):
        graph = graph_of(node, constants=(Constant("table", "float32", (rows, 8), False),))
        assert provider_support(graph, PROVIDERS[0]).taken == taken
