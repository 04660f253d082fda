"""MLX as the thing that runs a model."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("mlx.core", reason="the extra is not installed: verdigris[mlx]")

from verdigris.engine import Embedder, RuntimeChoice
from verdigris.engine.runtimes.mlx import MlxRuntime
from verdigris.engine.runtimes.report import runtime_report
from verdigris.errors import RuntimeFallbackWarning, RuntimeUnavailable, UnsupportedGraph

TINY = Path(__file__).parent / "models" / "bert"
OTHERS = Path(__file__).parents[1] / "models"


def test_an_fp32_export_gives_the_vectors_of_the_original() -> None:
    texts = json.loads((TINY / "golden_texts.json").read_text())
    golden = np.load(TINY / "golden_vectors.npy")
    with Embedder(str(TINY), threads=2, runtime=RuntimeChoice("mlx", strict=True)) as embedder:
        together = embedder.embed_batch(texts).vectors
        alone = np.stack([embedder.embed_passage(text) for text in texts])
    np.testing.assert_allclose((together * golden).sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_the_bundled_model_passes_its_check_and_is_reported() -> None:
    with Embedder(runtime=RuntimeChoice("mlx", strict=True)) as embedder:
        report = runtime_report(embedder)
    assert (report.runtime, report.provider) == ("mlx", "cpu")
    assert (report.weights_precision, report.compute_precision) == ("int8-dynamic", "fp32")
    assert report.check is not None
    assert report.check.mean_cosine >= 0.996
    assert report.shares == ()


def test_many_callers_take_turns() -> None:
    with Embedder(str(TINY), runtime="mlx", threads=3) as embedder:
        expected = embedder.embed_passage("the log")
        found = []
        callers = [
            threading.Thread(target=lambda: found.append(embedder.embed_passage("the log")))
            for _ in range(6)
        ]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
    assert len(found) == 6
    assert all(np.array_equal(one, expected) for one in found)


def test_other_architectures_fall_back_and_say_so() -> None:
    with (
        pytest.warns(RuntimeFallbackWarning, match="is not a BERT encoder"),
        Embedder(str(OTHERS / "nomic-like"), runtime="mlx") as embedder,
    ):
        assert embedder.opened.runtime.info.runtime == "onnxruntime"
    with pytest.raises(UnsupportedGraph):
        Embedder(str(OTHERS / "nomic-like"), runtime=RuntimeChoice("mlx", strict=True))


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(RuntimeUnavailable, match="providers cpu and gpu, not 'cuda'"):
        MlxRuntime(TINY / "model.onnx", "cuda")
