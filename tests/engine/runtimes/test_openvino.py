"""OpenVINO as the thing that runs a model."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("openvino", reason="the extra is not installed: verdigris[openvino]")

from verdigris.engine import Embedder, RuntimeChoice, run_selfcheck
from verdigris.engine.catalog import DEFAULT_MODEL
from verdigris.engine.cpu_features import cpu_capability
from verdigris.engine.model_store import BUNDLED_MODELS
from verdigris.engine.runtimes.openvino import OpenVinoRuntime
from verdigris.engine.runtimes.report import runtime_report
from verdigris.engine.tokenizing import TextTokenizer
from verdigris.errors import CorruptModel, RuntimeUnavailable

BUNDLED = BUNDLED_MODELS / DEFAULT_MODEL
TINY = Path(__file__).parent / "models" / "bert"
OTHERS = Path(__file__).parents[1] / "models"
LARGEST_BATCH_DIFFERENCE = 1e-3


@pytest.fixture(scope="module")
def embedder() -> Iterator[Embedder]:
    with Embedder(threads=2, runtime=RuntimeChoice("openvino", strict=True)) as shared:
        yield shared


@pytest.fixture(scope="module")
def texts() -> list[str]:
    found: list[str] = json.loads((BUNDLED / "golden_texts.json").read_text(encoding="utf-8"))
    return found


def test_the_bundled_model_agrees_with_the_original(embedder: Embedder) -> None:
    report = run_selfcheck(embedder)
    assert report.passed
    assert embedder.health_check().healthy
    assert report.mean_cosine >= 0.996
    assert report.min_cosine >= 0.99


def test_neighbours_change_a_vector_by_rounding_at_most(
    embedder: Embedder, texts: list[str]
) -> None:
    alone = np.stack([embedder.embed_passage(text) for text in texts])
    together = embedder.embed_batch(texts).vectors
    backwards = embedder.embed_batch(texts[::-1]).vectors[::-1]
    assert np.abs(together - alone).max() <= LARGEST_BATCH_DIFFERENCE
    assert np.abs(backwards - alone).max() <= LARGEST_BATCH_DIFFERENCE


def test_the_same_vector_space_as_the_default(embedder: Embedder, texts: list[str]) -> None:
    with Embedder() as usual:
        assert usual.fingerprint == embedder.fingerprint
        cosines = (usual.embed_batch(texts).vectors * embedder.embed_batch(texts).vectors).sum(1)
    assert cosines.min() >= 0.98


@pytest.mark.parametrize("precision", ["bf16", "fp32"])
def test_an_fp32_export_keeps_its_quality(precision: str) -> None:
    """Packed, from weights that were found by name."""
    runtime = OpenVinoRuntime(TINY / "model.onnx", precision=precision)
    tokenizer = TextTokenizer(TINY / "tokenizer.json", 24)
    golden = np.load(TINY / "golden_vectors.npy")
    encodings = [
        tokenizer.encode(text) for text in json.loads((TINY / "golden_texts.json").read_text())
    ]
    means = np.stack([one[0].mean(axis=0) for one in runtime.token_vectors_of(encodings)])
    cosines = (means * golden).sum(axis=1) / np.linalg.norm(means, axis=1)
    assert cosines.min() >= (0.999 if precision == "bf16" else 0.99999)
    assert runtime.info.precision == precision


@pytest.mark.parametrize("name", ["bert-mean", "bert-cls", "nomic-like", "qwen3-like"])
def test_other_graphs_are_read_as_they_are(name: str) -> None:
    with Embedder(str(OTHERS / name), runtime=RuntimeChoice("openvino", strict=True)) as other:
        check = other.opened.check
        assert check is not None
        assert check.mean_cosine >= 0.9995
        golden = np.load(OTHERS / name / "golden_vectors.npy")
        found = other.embed_batch(json.loads((OTHERS / name / "golden_texts.json").read_text()))
    np.testing.assert_allclose((found.vectors * golden).sum(axis=1), 1, atol=1e-3)


def test_threads_share_one_compiled_model(embedder: Embedder, texts: list[str]) -> None:
    expected = embedder.embed_passage(texts[5])
    found = []
    callers = [
        threading.Thread(target=lambda: found.append(embedder.embed_passage(texts[5])))
        for _ in range(8)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(found) == 8
    assert all(np.array_equal(one, expected) for one in found)


def test_the_report_names_precision_and_nodes(embedder: Embedder) -> None:
    report = runtime_report(embedder)
    assert report.runtime == "openvino"
    assert report.compute_precision == ("bf16" if cpu_capability().bf16 else "fp32")
    assert not report.partly_elsewhere
    operators = {one.operator: one.nodes for share in report.shares for one in share.operators}
    assert operators["FullyConnected"] == 36


def test_other_providers_and_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RuntimeUnavailable, match="'openvino' has the provider cpu, not 'cuda'"):
        Embedder(runtime="openvino:cuda")
    (tmp_path / "model.onnx").write_bytes(b"not a model")
    with pytest.raises(CorruptModel) as caught:
        OpenVinoRuntime(tmp_path / "model.onnx")
    assert "\n" not in str(caught.value)
