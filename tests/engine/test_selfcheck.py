"""The comparison with the original model."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from verdigris.engine import Embedder, SelfCheck, run_selfcheck
from verdigris.engine.catalog import DEFAULT_MODEL, model_row
from verdigris.engine.embedder import LongInput
from verdigris.engine.model_store import find_model
from verdigris.engine.selfcheck import (
    FLOATS,
    QUANTISED,
    Golden,
    compare,
    limits_of,
    read_golden,
)
from verdigris.errors import CorruptModel, InvalidModel

GOOD = SelfCheck("m", 50, mean_cosine=0.995, min_cosine=0.98, worst_text="", norm_error=1e-7)


def test_this_machine_agrees_with_the_original() -> None:
    with Embedder() as embedder:
        report = run_selfcheck(embedder)
    assert report.passed
    assert report.texts == 50
    assert report.mean_cosine >= 0.995
    assert report.min_cosine >= 0.985
    assert report.norm_error < 1e-6


@pytest.mark.parametrize(
    "wrong",
    [
        {"mean_cosine": 0.9},
        {"min_cosine": 0.5},
        {"norm_error": 0.1},
        {"mean_cosine": float("nan"), "min_cosine": float("nan")},
    ],
)
def test_a_wrong_result_does_not_pass(wrong: dict[str, float]) -> None:
    assert GOOD.passed
    assert not dataclasses.replace(GOOD, **wrong).passed  # type: ignore[arg-type]


def test_golden_vectors_are_whole_and_tell_their_texts_apart() -> None:
    folder = find_model(model_row(DEFAULT_MODEL)).folder
    texts = json.loads((folder / "golden_texts.json").read_text(encoding="utf-8"))
    vectors = np.load(folder / "golden_vectors.npy")
    assert vectors.shape == (50, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    cats = vectors[texts.index("The cat sat on the mat.")]
    kittens = vectors[texts.index("A kitten is resting on a rug.")]
    pool = vectors[texts.index('Revert "Use a connection pool for the migration runner"')]
    assert cats @ kittens > 0.4 > cats @ pool


def test_the_limits_follow_the_precision() -> None:
    assert limits_of("int8-dynamic") == limits_of("q4") == QUANTISED
    assert limits_of("fp32") == limits_of("bf16") == limits_of("fp16") == FLOATS
    check = dataclasses.replace(GOOD, mean_cosine=0.999, min_cosine=0.999)
    assert check.passed
    assert not dataclasses.replace(check, limits=FLOATS).passed
    assert "0.9990" in check.verdict


@pytest.mark.parametrize("spoilt", ["zeros", "nan", "one row of zeros"])
def test_zeros_and_nan_never_pass(spoilt: str) -> None:
    golden = read_golden(find_model(model_row(DEFAULT_MODEL)).folder)
    assert golden is not None
    assert compare("m", golden, golden.vectors, FLOATS).passed
    vectors = golden.vectors.copy()
    vectors[3 if spoilt == "one row of zeros" else slice(None)] = np.nan if spoilt == "nan" else 0
    assert not compare("m", golden, vectors, QUANTISED).passed


def test_vectors_of_another_size_are_refused() -> None:
    golden = Golden(("a", "b"), np.eye(2, 8, dtype=np.float32))
    with pytest.raises(InvalidModel, match=r"\(2, 4\), its golden vectors are \(2, 8\)"):
        compare("m", golden, np.eye(2, 4, dtype=np.float32), FLOATS)


@pytest.mark.parametrize("long_input", ["error", "chunk"])
def test_what_happens_to_long_input_changes_no_check(tmp_path: Path, long_input: LongInput) -> None:
    """The original's vectors are those of truncated texts."""
    folder = tmp_path / "tiny"
    shutil.copytree(Path(__file__).parent / "models" / "bert-mean", folder)
    texts = json.loads((folder / "golden_texts.json").read_text("utf-8"))
    with Embedder(str(folder)) as embedder:
        long = "the log is read again " * 30
        assert embedder.count_tokens(long) > embedder.max_tokens
        vectors = embedder.embed_batch([*texts, long]).vectors
    (folder / "golden_texts.json").write_text(json.dumps([*texts, long]), "utf-8")
    np.save(folder / "golden_vectors.npy", vectors)
    with Embedder(str(folder), long_input=long_input) as embedder:
        assert run_selfcheck(embedder).passed


def test_a_sample_is_spread_over_the_lengths() -> None:
    texts = tuple("x" * length for length in (9, 1, 5, 3, 7, 2))
    golden = Golden(texts, np.arange(6, dtype=np.float32)[:, None])
    sample = golden.spread(3)
    assert [len(text) for text in sample.texts] == [1, 3, 9]
    assert sample.vectors[:, 0].tolist() == [1, 3, 0]
    assert [len(text) for text in golden.spread(2, 0.6).texts] == [1, 5]
    assert len(golden.spread(50).texts) == 6


def test_golden_files_that_do_not_fit_are_named(tmp_path: Path) -> None:
    assert read_golden(tmp_path) is None
    (tmp_path / "golden_texts.json").write_text('["a", "b"]')
    np.save(tmp_path / "golden_vectors.npy", np.eye(3, dtype=np.float32))
    with pytest.raises(CorruptModel, match=r"2 golden texts for vectors \(3, 3\)"):
        read_golden(tmp_path)
    (tmp_path / "golden_texts.json").write_text("no JSON")
    with pytest.raises(CorruptModel, match="cannot be read"):
        read_golden(tmp_path)


def test_a_model_without_golden_vectors_has_nothing_to_compare(tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    shutil.copytree(Path(__file__).parent / "runtimes" / "models" / "bert", folder)
    (folder / "golden_vectors.npy").unlink()
    with Embedder(str(folder)) as embedder, pytest.raises(InvalidModel, match="no golden vectors"):
        run_selfcheck(embedder)
