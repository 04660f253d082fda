"""What an embedder tells about itself."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from verdigris.engine import Embedder
from verdigris.engine.model_info import check_health
from verdigris.engine.pooling import Array
from verdigris.errors import CorruptModel

MODELS = Path(__file__).parent / "models"


class Broken(Embedder):
    """A bundled embedder whose single vectors are whatever `change` makes of them."""

    def embed_passage(self, text: str) -> Array:
        good = super().embed_passage(text)
        return self.change(good)

    def change(self, vector: Array) -> Array:
        return vector


def test_facts_of_the_bundled_model() -> None:
    with Embedder(threads=1, long_input="chunk") as embedder:
        info = embedder.model_info()
        assert info.fingerprint == embedder.fingerprint
    assert (info.name, info.precision, info.pooling) == ("all-minilm-l6-v2", "int8-dynamic", "mean")
    assert (info.dims, info.full_dims, info.max_tokens) == (384, 384, 256)
    assert (info.threads, info.long_input, info.licence) == (1, "chunk", "Apache-2.0")
    assert 20_000_000 < info.bytes < 28_000_000
    assert Path(info.folder, "model.onnx").is_file()


def test_a_healthy_model_separates_texts() -> None:
    with Embedder() as embedder:
        report = embedder.health_check()
    assert report.healthy
    assert report.norm_error < 1e-6
    assert report.separation > 0.2


def test_a_damaged_file_is_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from verdigris.engine.archive import export_model, import_model
    from verdigris.engine.catalog import model_row

    monkeypatch.setenv("VERDIGRIS_MODELS_DIR", str(tmp_path / "models"))
    export_model(model_row(str(MODELS / "bert-cls")), tmp_path / "model.tar")
    stored = import_model(tmp_path / "model.tar")
    with Embedder("bert-cls") as embedder:
        assert embedder.health_check().healthy
        shutil.copy(stored.folder / "tokenizer.json", stored.folder / "onnx" / "model.onnx")
        with pytest.raises(CorruptModel, match="damaged"):
            embedder.health_check()


@pytest.mark.parametrize(
    ("factor", "says"),
    [(np.nan, "not finite"), (0.0, "length is off by 1"), (1.1, "length is off by 0.1")],
)
def test_wrong_vectors_are_problems(
    factor: float, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Broken() as embedder:
        monkeypatch.setattr(embedder, "change", lambda vector: vector * np.float32(factor))
        report = check_health(embedder)
    assert not report.healthy
    assert says in " ".join(report.problems)
    assert "the same text had different vectors" in report.problems


def test_a_model_that_says_always_the_same_is_not_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    with Broken() as embedder:
        same = embedder.embed_query("same")
        monkeypatch.setattr(embedder, "change", lambda _: same)
        assert "different texts had the same vector" in check_health(embedder).problems
