"""The weights of a BERT encoder, read out of ONNX files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from verdigris.engine.catalog import DEFAULT_MODEL
from verdigris.engine.model_store import BUNDLED_MODELS
from verdigris.engine.runtimes.bert import read_bert
from verdigris.errors import UnsupportedGraph

BUNDLED = BUNDLED_MODELS / DEFAULT_MODEL / "model.onnx"
TINY = Path(__file__).parent / "models" / "bert"
OTHERS = Path(__file__).parents[1] / "models"


def test_the_bundled_model_is_read_as_plain_numbers() -> None:
    weights = read_bert(BUNDLED)
    assert (weights.dims, weights.heads, len(weights.layers)) == (384, 12, 6)
    assert weights.words.shape == (30522, 384)
    assert weights.positions.shape == (256, 384)
    layer = weights.layers[0]
    assert layer.attention.weight.shape == (384, 1152)
    assert layer.intermediate.weight.shape == (384, 1536)
    assert layer.output.weight.shape == (1536, 384)
    assert all(array.dtype == np.float32 for array in (weights.words, layer.output.weight))


def test_an_fp32_export_is_read_by_the_names_of_its_biases() -> None:
    weights = read_bert(TINY / "model.onnx")
    assert (weights.dims, weights.heads, len(weights.layers)) == (32, 4, 2)
    layer = weights.layers[1]
    assert layer.attention.weight.shape == (32, 96)
    assert layer.attention.bias.shape == (96,)
    assert layer.intermediate.weight.shape == (32, 64)
    assert layer.output.weight.shape == (64, 32)


@pytest.mark.parametrize("folder", ["nomic-like", "qwen3-like", "bert-mean"])
def test_other_graphs_are_refused(folder: str) -> None:
    """Other architectures, and a BERT whose biases were merged, cannot be read by name."""
    with pytest.raises(UnsupportedGraph, match="an exporter that merged or renamed them"):
        read_bert(OTHERS / folder / "model.onnx")


def test_heads_and_epsilon_are_those_of_the_configuration() -> None:
    config = json.loads((TINY / "config.json").read_text())
    weights = read_bert(TINY / "model.onnx")
    assert weights.heads == config["num_attention_heads"]
    assert weights.epsilon == pytest.approx(config["layer_norm_eps"])
