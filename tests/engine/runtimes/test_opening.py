"""A runtime is used only if its vectors are those of the model."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from verdigris.engine import Embedder, RuntimeChoice
from verdigris.engine.catalog import DEFAULT_MODEL
from verdigris.engine.pooling import Array
from verdigris.engine.runtimes import NodeRun, Runtime, RuntimeInfo, RuntimeRequest
from verdigris.engine.runtimes.onnxruntime import OnnxRuntime
from verdigris.engine.tokenizing import Encoding
from verdigris.errors import (
    RuntimeBroken,
    RuntimeFallbackWarning,
    RuntimeUnavailable,
    SelfCheckFailed,
    UnsupportedGraph,
)

TINY = str(Path(__file__).parent / "models" / "bert")


@dataclass
class BadRuntime:
    """Runs the model rightly and then spoils what it found."""

    right: OnnxRuntime
    fault: str
    info = RuntimeInfo("mlx", "1.0", "cpu")

    def token_vectors(self, encoding: Encoding) -> Array:
        vectors = self.right.token_vectors(encoding)
        if self.fault == "raises":
            raise RuntimeError("the device is gone\nand more")
        if self.fault == "unsupported":
            raise UnsupportedGraph("no such operator")
        if self.fault == "NaN":
            return np.full_like(vectors, np.nan)
        if self.fault == "zeros":
            return np.zeros_like(vectors)
        return vectors[:, :, ::-1] if self.fault == "wrong" else vectors

    def token_vectors_of(self, encodings: Sequence[Encoding]) -> Iterator[Array]:
        return (self.token_vectors(encoding) for encoding in encodings)

    def profile(self, encoding: Encoding) -> tuple[NodeRun, ...]:
        return ()


@pytest.fixture
def fault(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Puts a runtime with a fault where the extra `mlx` would be."""
    name = str(request.param)

    def open_runtime(asked: RuntimeRequest) -> Runtime:
        if name == "does not start":
            raise RuntimeBroken("the driver is too old")
        return BadRuntime(OnnxRuntime(asked.weights_file), name)

    module = ModuleType("verdigris.engine.runtimes.mlx")
    module.open_runtime = open_runtime  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return name


FAULTS = ["NaN", "zeros", "wrong", "raises", "unsupported", "does not start"]


@pytest.mark.parametrize("model", [DEFAULT_MODEL, TINY])
@pytest.mark.parametrize("fault", FAULTS, indirect=True)
def test_a_bad_runtime_is_replaced_and_reported(fault: str, model: str) -> None:
    with pytest.warns(RuntimeFallbackWarning, match="ONNX Runtime on the CPU is used instead"):
        embedder = Embedder(model, runtime="mlx")
    with embedder, Embedder(model) as usual:
        assert embedder.opened.runtime.info.runtime == "onnxruntime"
        assert embedder.opened.asked.runtime == "mlx"
        assert embedder.opened.fallback
        assert "\n" not in embedder.opened.fallback
        expected = usual.embed_passage("the log")
        np.testing.assert_array_equal(embedder.embed_passage("the log"), expected)


@pytest.mark.parametrize("fault", FAULTS, indirect=True)
def test_strict_makes_a_bad_runtime_an_error(fault: str) -> None:
    kinds = (SelfCheckFailed, RuntimeBroken, UnsupportedGraph)
    with pytest.raises(kinds) as caught:
        Embedder(runtime=RuntimeChoice("mlx", strict=True))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("fault", ["none"], indirect=True)
def test_a_runtime_that_computes_rightly_is_used(fault: str) -> None:
    with Embedder(runtime=RuntimeChoice("mlx", strict=True)) as embedder:
        assert embedder.opened.runtime.info.runtime == "mlx"
        assert embedder.opened.fallback == ""
        check = embedder.opened.check
        assert check is not None
        assert check.passed
        assert check.texts >= 10


def test_the_default_is_checked_with_a_few_texts() -> None:
    with Embedder() as embedder:
        check = embedder.opened.check
    assert check is not None
    assert 3 <= check.texts <= 5
    assert check.passed


def test_a_default_that_computes_wrongly_is_an_error(tmp_path: Path) -> None:
    """A folder whose golden vectors are those of another model."""
    folder = tmp_path / "model"
    shutil.copytree(TINY, folder)
    golden = np.load(folder / "golden_vectors.npy")
    np.save(folder / "golden_vectors.npy", golden[:, ::-1])
    with pytest.raises(SelfCheckFailed, match="gives wrong vectors for 'model'"):
        Embedder(str(folder))


def test_a_model_without_golden_vectors_is_usable(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(TINY, folder)
    (folder / "golden_vectors.npy").unlink()
    with Embedder(str(folder)) as embedder:
        assert embedder.opened.check is None


@pytest.mark.parametrize("fault", ["wrong"], indirect=True)
def test_without_golden_vectors_the_cpu_is_the_reference(fault: str, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(TINY, folder)
    (folder / "golden_vectors.npy").unlink()
    with pytest.raises(SelfCheckFailed):
        Embedder(str(folder), runtime=RuntimeChoice("mlx", strict=True))


def test_unknown_and_absent_names_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeUnavailable, match="no runtime named 'torch'; known runtimes: onnx"):
        Embedder(runtime="torch")
    with pytest.raises(RuntimeUnavailable, match="no provider named 'gpu'; known providers: cpu"):
        Embedder(runtime="onnxruntime:gpu")
    monkeypatch.setitem(sys.modules, "verdigris.engine.runtimes.openvino", None)
    with pytest.raises(RuntimeUnavailable, match=r"pip install 'verdigris\[openvino\]'"):
        Embedder(runtime="openvino")
