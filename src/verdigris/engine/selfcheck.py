"""Compares the engine, as it runs on this machine, with vectors of the original fp32 model."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from verdigris.engine.embedder import Embedder
from verdigris.engine.model_store import find_model

GOLDEN_TEXTS = "golden_texts.json"
GOLDEN_VECTORS = "golden_vectors.npy"
LEAST_MEAN_COSINE = 0.99
LEAST_MIN_COSINE = 0.96
LARGEST_NORM_ERROR = 1e-5


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """How near the vectors of this machine are to those of the original."""

    model: str
    texts: int
    mean_cosine: float
    min_cosine: float
    worst_text: str
    """The text with the lowest cosine."""
    norm_error: float
    """Largest distance of a vector's length from 1."""

    @property
    def passed(self) -> bool:
        """Near enough to trust; a vector that is not finite never passes."""
        return (
            self.mean_cosine >= LEAST_MEAN_COSINE
            and self.min_cosine >= LEAST_MIN_COSINE
            and self.norm_error <= LARGEST_NORM_ERROR
        )


def run_selfcheck(embedder: Embedder) -> SelfCheck:
    """Embed the golden texts and compare; every file of the model is verified first.

    Raises CorruptModel if a file is damaged. A provider that computes wrongly does not raise:
    it shows in the report, and `passed` is false.
    """
    stored = find_model(embedder.model)
    stored.verify()
    texts = json.loads((stored.folder / GOLDEN_TEXTS).read_text(encoding="utf-8"))
    golden = np.load(stored.folder / GOLDEN_VECTORS)
    vectors = embedder.embed_batch(texts).vectors
    lengths = np.linalg.norm(vectors, axis=1)
    cosines = (vectors * golden).sum(axis=1) / lengths
    return SelfCheck(
        model=embedder.model.name,
        texts=len(texts),
        mean_cosine=float(cosines.mean()),
        min_cosine=float(cosines.min()),
        worst_text=texts[int(cosines.argmin())],
        norm_error=float(np.abs(lengths - 1).max()),
    )
