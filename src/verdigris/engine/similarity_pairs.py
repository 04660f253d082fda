"""A small labelled set of sentence pairs, and how well a model's cosines agree with the labels.

The pairs are our own, written for this purpose: half about software, half about daily life; the
unrelated ones include words of two meanings (`branch`, `port`). Grades are those of the STS tasks
(Agirre et al. 2012): 5 the same meaning, 4 nearly so, 3 details differ, 2 the same subject,
1 shared words alone, 0 unrelated.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from verdigris.engine.embedder import Embedder
from verdigris.engine.rank_agreement import Numbers, spearman

PAIRS_FILE = Path(__file__).with_suffix(".jsonl")
SIMILAR, DISSIMILAR = 4, 1
"""From this grade up, and to this grade down."""


@dataclass(frozen=True, slots=True)
class SimilarityPair:
    """Two texts and how alike they are, from 0 to 5."""

    grade: int
    one: str
    other: str


@dataclass(frozen=True, slots=True)
class Quality:
    """How well cosines tell similar pairs from dissimilar ones."""

    pairs: int
    similar: float
    """Mean cosine of the pairs of grade 4 and 5."""
    dissimilar: float
    """Mean cosine of the pairs of grade 0 and 1."""
    separation: float
    """Difference of the two means, in units of their pooled standard deviation (Cohen's d)."""
    auc: float
    """Chance that a similar pair has a larger cosine than a dissimilar one."""
    spearman: float
    """Rank correlation of cosines and grades over all pairs, as in the STS tasks."""


def similarity_pairs() -> list[SimilarityPair]:
    """All pairs, the most similar first."""
    lines = PAIRS_FILE.read_text(encoding="utf-8").splitlines()
    return [SimilarityPair(*json.loads(line)) for line in lines]


def measure_quality(embedder: Embedder) -> Quality:
    """Embed all pairs and compare cosines with grades."""
    pairs = similarity_pairs()
    ones = embedder.embed_batch([pair.one for pair in pairs]).vectors
    others = embedder.embed_batch([pair.other for pair in pairs]).vectors
    grades = np.array([pair.grade for pair in pairs], dtype=np.float64)
    return quality_of((ones * others).sum(axis=1).astype(np.float64), grades)


def quality_of(cosines: Numbers, grades: Numbers) -> Quality:
    """Compare the cosines (pairs,) with the grades (pairs,)."""
    near, far = cosines[grades >= SIMILAR], cosines[grades <= DISSIMILAR]
    spread = float(np.sqrt((near.var(ddof=1) + far.var(ddof=1)) / 2))
    wins = (near[:, None] > far[None, :]).mean() + (near[:, None] == far[None, :]).mean() / 2
    return Quality(
        pairs=len(cosines),
        similar=float(near.mean()),
        dissimilar=float(far.mean()),
        separation=float((near.mean() - far.mean()) / spread) if spread else 0.0,
        auc=float(wins),
        spearman=spearman(cosines, grades),
    )
