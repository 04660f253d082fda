"""The comparison with the original model."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from verdigris.engine import Embedder, SelfCheck, run_selfcheck
from verdigris.engine.catalog import DEFAULT_MODEL, model_row
from verdigris.engine.model_store import find_model

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
