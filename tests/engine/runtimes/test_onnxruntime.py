"""ONNX Runtime as the thing that runs a model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from verdigris.engine.catalog import DEFAULT_MODEL, model_row
from verdigris.engine.model_store import find_model
from verdigris.engine.runtimes.onnxruntime import OnnxRuntime
from verdigris.engine.tokenizing import TextTokenizer
from verdigris.errors import CorruptModel


def test_one_vector_a_token() -> None:
    stored = find_model(model_row(DEFAULT_MODEL))
    encoding = TextTokenizer(stored.folder / "tokenizer.json", 256).encode("three more words")
    vectors = OnnxRuntime(stored.folder / "model.onnx").token_vectors(encoding)
    assert vectors.shape == (1, encoding.token_count, 384)
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x09" * 100])
def test_a_file_that_is_no_model_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(CorruptModel, match=r"cannot load .*model\.onnx") as caught:
        OnnxRuntime(path)
    assert "\n" not in str(caught.value)
