"""Reading the constants of ONNX files without the onnx package."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from verdigris.engine.catalog import DEFAULT_MODEL
from verdigris.engine.model_store import BUNDLED_MODELS
from verdigris.engine.runtimes.onnx_weights import producer_of, read_onnx_weights
from verdigris.errors import CorruptModel

BUNDLED = BUNDLED_MODELS / DEFAULT_MODEL / "model.onnx"
EXPORTED = Path(__file__).parent / "models" / "bert" / "model.onnx"


def test_the_bundled_graph_is_read_whole() -> None:
    graph = read_onnx_weights(BUNDLED)
    operators = Counter(node.operator for node in graph.nodes)
    assert operators["QAttention"] == 6
    assert operators["DynamicQuantizeMatMul"] == 18
    assert graph.constants["words"].shape == (30522, 384)
    assert graph.constants["words"].dtype == np.int8
    assert graph.constants["positions"].dtype == np.float32
    attention = next(node for node in graph.nodes if node.operator == "QAttention")
    assert ("num_heads", 12) in attention.numbers
    assert attention.inputs[1] == "encoder.layer.0.attention.weight"


def test_what_makes_and_takes_a_value_is_connected() -> None:
    graph = read_onnx_weights(EXPORTED)
    known = {"input_ids", "attention_mask", "token_type_ids", "", *graph.constants}
    for node in graph.nodes:
        assert node.outputs
        known.update(node.outputs)
    assert all(name in known for node in graph.nodes for name in node.inputs)


def test_the_producer_is_read_from_the_first_bytes(tmp_path: Path) -> None:
    assert producer_of(BUNDLED) == "verdigris"
    assert producer_of(EXPORTED) == "pytorch"
    (tmp_path / "empty").write_bytes(b"")
    assert producer_of(tmp_path / "empty") == ""
    (tmp_path / "noise").write_bytes(b"\xff" * 300)
    assert producer_of(tmp_path / "noise") == ""
    assert producer_of(tmp_path / "missing") == ""


@pytest.mark.parametrize("keep", [1, 100, 5_000, 60_000])
def test_a_cut_file_is_refused(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(EXPORTED.read_bytes()[:keep])
    with pytest.raises(CorruptModel, match=r"model\.onnx is not an ONNX file"):
        read_onnx_weights(path)


@pytest.mark.parametrize("content", [b"\xff" * 64, b"\x0b\x0c", b"not a model at all"])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(CorruptModel):
        read_onnx_weights(path)
    with pytest.raises(CorruptModel, match="cannot read"):
        read_onnx_weights(tmp_path / "missing.onnx")
