"""The labelled pairs, and what the bundled model makes of them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from verdigris.engine import Embedder
from verdigris.engine.similarity_pairs import measure_quality, quality_of, similarity_pairs


def test_there_are_enough_pairs_of_every_grade_and_none_twice() -> None:
    pairs = similarity_pairs()
    assert len(pairs) >= 60
    counts = Counter(pair.grade for pair in pairs)
    assert set(counts) == {0, 1, 2, 3, 4, 5}
    assert min(counts.values()) >= 10
    texts = [text for pair in pairs for text in (pair.one, pair.other)]
    assert len(set(texts)) == len(texts)
    assert all(text.strip() == text and text for text in texts)


def test_the_bundled_model_tells_similar_from_dissimilar() -> None:
    with Embedder(threads=2) as embedder:
        quality = measure_quality(embedder)
    assert quality.pairs == len(similarity_pairs())
    assert quality.auc > 0.99
    assert quality.spearman > 0.88
    assert quality.similar > quality.dissimilar + 0.5
    assert quality.separation > 3


def test_quality_by_hand() -> None:
    grades = np.array([5, 4, 1, 0], dtype=np.float64)
    found = quality_of(np.array([0.9, 0.5, 0.6, 0.1]), grades)
    assert found.auc == pytest.approx(3 / 4)
    assert (found.similar, found.dissimilar) == pytest.approx((0.7, 0.35))
    assert found.spearman == pytest.approx(0.8)
    constant = quality_of(np.ones(4), grades)
    assert (constant.auc, constant.spearman, constant.separation) == (0.5, 0, 0)
