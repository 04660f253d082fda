"""Exported graphs give the vectors that serve, in a plain ONNX Runtime, for every kind of model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import tokenizers

from verdigris.engine import Embedder
from verdigris.engine.catalog import DEFAULT_MODEL
from verdigris.errors import LearningError
from verdigris.learn.artifacts import ServedProjection
from verdigris.learn.network import Projection, identity_start, random_projection
from verdigris.upkeep.exporting import export_onnx

TINY = Path(__file__).parents[1] / "engine" / "models"


def served(dims: int, hidden: int, dims_out: int) -> ServedProjection:
    drawn: Projection = random_projection(identity_start(dims, hidden, dims_out, 0), seed=3)
    return ServedProjection("mine", ("commit-files",), "query", "f", "s", drawn)


@pytest.mark.parametrize(("hidden", "dims_out"), [(32, 384), (0, 384), (32, 128), (0, 64)])
def test_any_onnx_runtime_gives_the_same_vectors(
    tmp_path: Path, hidden: int, dims_out: int
) -> None:
    one = served(384, hidden, dims_out)
    with Embedder(threads=1) as embedder:
        (exported,) = export_onnx([one], embedder, DEFAULT_MODEL, tmp_path)
        wanted = one.projection(embedder.embed_query("a question")[None])[0]
    assert exported.difference <= 1e-5
    tokenizer = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    tokenizer.no_padding()
    ids = tokenizer.encode("a question").ids
    session = onnxruntime.InferenceSession(str(exported.path))
    raw, projected = session.run(None, {"input_ids": np.array([ids], np.int64)})
    np.testing.assert_allclose(projected[0], wanted, atol=1e-5)
    assert raw.shape == (1, 384)
    about = json.loads((tmp_path / "export.json").read_text(encoding="utf-8"))
    assert about["projections"]["mine"]["tasks"] == ["commit-files"]


@pytest.mark.parametrize("folder", sorted(path.name for path in TINY.iterdir() if path.is_dir()))
def test_other_poolings_and_inputs_work_too(tmp_path: Path, folder: str) -> None:
    with Embedder(str(TINY / folder), threads=1) as embedder:
        one = served(embedder.dims, 8, embedder.dims)
        (exported,) = export_onnx([one], embedder, str(TINY / folder), tmp_path)
    assert exported.difference <= 1e-5


def test_without_a_projection_there_is_nothing_to_export(tmp_path: Path) -> None:
    with (
        Embedder(threads=1) as embedder,
        pytest.raises(LearningError, match="train first: verdigris oxidize"),
    ):
        export_onnx([], embedder, DEFAULT_MODEL, tmp_path / "out")
    assert not (tmp_path / "out").exists()
