"""Validation of the bundled model, and of graphs that do not fit their model."""

from __future__ import annotations

import pytest

from verdigris.engine.engine_choice import EngineChoice
from verdigris.engine.onnx_graph import Constant, Node, OnnxGraph, Tensor
from verdigris.engine.validate import embedding_table, validate_model
from verdigris.errors import ModelNotFound


def test_the_bundled_model_is_valid() -> None:
    found = validate_model(EngineChoice("all-minilm-l6-v2"))
    assert found.valid
    assert (found.dims, found.max_tokens, found.vocabulary) == (384, 256, 30522)
    assert {"model.onnx", "tokenizer.json", "output", "vocabulary", "golden vectors"} <= {
        check.what for check in found.checks
    }
    assert found.golden is not None
    assert found.golden.mean_cosine > 0.99
    assert found.graph is not None
    assert found.graph.constants[0].type == "int8"
    assert sum(one.count for one in found.graph.constants) > 50
    (coreml,) = found.providers
    assert 0 < coreml.taken < coreml.nodes == found.graph.nodes
    assert coreml.taken + sum(one.nodes for one in coreml.refused) == coreml.nodes
    assert found.runtime is not None
    assert found.runtime.provider == "cpu"
    assert sum(share.nodes for share in found.runtime.shares) > 50
    assert "30,522" in coreml.refused[0].reason


def test_an_unknown_model_is_an_error() -> None:
    with pytest.raises(ModelNotFound):
        validate_model(EngineChoice("nope"))


def graph(rows: int) -> OnnxGraph:
    return OnnxGraph(
        8, "", {"ai.onnx": 17}, (), (Tensor("out", "float32", (1, "tokens", 8)),),
        (
            Node("kinds", "Gather", ("kinds", "token_type_ids"), ("a",)),
            Node("rows", "Gather", ("table", "input_ids"), ("b",)),
        ),
        (Constant("kinds", "float32", (2, 8), False), Constant("table", "int8", (rows, 8), False)),
    )  # fmt: skip


def test_the_embedding_table_is_what_input_ids_pick_from() -> None:
    table = embedding_table(graph(100))
    assert table is not None
    assert table.name == "table"
    assert embedding_table(OnnxGraph(8, "", {}, (), (), (), ())) is None
