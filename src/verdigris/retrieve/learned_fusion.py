"""Learned fusion: a weighted sum of features puts the files of an answer into a better order.

The fixed fusion decides which places of the list files, commits and sessions get; the learned one
decides which file gets which of the files' places. Its weights start as those learned on other
repositories (`fusion_prior.json`) and are fitted to each repository by `learn/fusion_fit.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

import numpy as np

from verdigris.records import LaneRank, Reason
from verdigris.retrieve.features import (
    FEATURES,
    FILE_KINDS,
    Candidates,
    Column,
    Evidence,
    compute_features,
)
from verdigris.retrieve.fusion import Fused
from verdigris.retrieve.lanes import HISTORY
from verdigris.store.index import Index

FIXED_POWER = 2.0
"""Power of the fixed fusion's score; the features multiply what it says."""
SCORE_FLOOR = 0.001
CANDIDATES = 300
"""Files of the fixed fusion that are looked at, and as many of history's."""
REASONS = 4

QUESTION_SHARE = 0.1
"""What the features count for a question. They are learned from subjects of commits, which ask for
what must change; a question also asks for what explains."""
LONG_TEXT = 40
"""Words of a text that is no subject of a commit."""

_ASKS = re.compile(
    r"\?\s*$|^\W*(?:how|why|what|when|where|which|who|whose|is|are|was|were|do|does|did|can|could"
    r"|should|would|will|has|have|tell|explain|show|describe)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """A weight for each of FEATURES."""

    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.weights) != len(FEATURES):
            raise ValueError(f"{len(self.weights)} weights for {len(FEATURES)} features")


@dataclass(frozen=True, slots=True)
class FusionPrior:
    """What other repositories taught: weights, and the usual spread of each feature."""

    weights: tuple[float, ...]
    scales: tuple[float, ...]
    """Standard deviations of the features, which make their weights comparable."""


@cache
def fusion_prior() -> FusionPrior:
    """The weights that come with the package."""
    text = (files("verdigris.retrieve") / "fusion_prior.json").read_text(encoding="utf-8")
    rows = json.loads(text)["features"]
    weights = tuple(float(rows[name]["weight"]) for name in FEATURES)
    return FusionPrior(weights, tuple(float(rows[name]["scale"]) for name in FEATURES))


def prior_weights() -> FusionWeights:
    """The weights that serve until some are fitted to the repository itself."""
    return FusionWeights(fusion_prior().weights)


def order_files(
    index: Index, evidence: Evidence, fused: Sequence[Fused], weights: FusionWeights
) -> list[Fused]:
    """The same list, in which files have changed places; files that only history knows join it.

    Where one lane alone was asked its own order stays.
    """
    if len({ranking.lane for ranking in evidence.rankings}) < 2:
        return list(fused)
    fused = with_history(evidence, fused)
    candidates = choose_candidates(evidence, fused)
    if not len(candidates.document_ids):
        return list(fused)
    features = compute_features(index, evidence, candidates)
    parts = features * np.array(weights.weights) * question_share(evidence.text)
    scores = base_scores(candidates) + parts.sum(axis=1)
    order = candidates.document_ids[np.argsort(-scores, kind="stable")].tolist()
    reasons = dict(zip(candidates.document_ids.tolist(), _reasons(parts), strict=True))
    return _exchanged(fused, order, reasons)


def question_share(text: str) -> float:
    """How far the features may change the order: fully for what reads like a commit's subject."""
    asks = _ASKS.search(text.strip()) is not None or len(text.split()) > LONG_TEXT
    return QUESTION_SHARE if asks else 1.0


def with_history(evidence: Evidence, fused: Sequence[Fused]) -> list[Fused]:
    """The list, and behind it the files that history alone found, however unsure it is."""
    known = {one.document_id for one in fused}
    added = [
        Fused(document, ranking.kind, 0.0, (LaneRank(HISTORY, rank, round(score, 4)),))
        for ranking in evidence.rankings
        if ranking.lane == HISTORY and ranking.kind in FILE_KINDS
        for rank, (document, score) in enumerate(
            zip(ranking.document_ids.tolist(), ranking.scores.tolist(), strict=True), start=1
        )
        if document not in known and rank <= CANDIDATES
    ]
    return [*fused, *added]


def choose_candidates(evidence: Evidence, fused: Sequence[Fused]) -> Candidates:
    """The best files of the list, and the best of history."""
    scores = {one.document_id: one.score for one in fused if one.kind in FILE_KINDS}
    wanted = list(scores)[:CANDIDATES]
    for ranking in evidence.rankings:
        if ranking.lane == HISTORY and ranking.kind in FILE_KINDS:
            wanted += ranking.document_ids[:CANDIDATES].tolist()
    ids = np.unique(np.array(wanted, np.int64))
    return Candidates(ids, np.array([scores[one] for one in ids.tolist()], float))


def base_scores(candidates: Candidates) -> Column:
    """What the fixed fusion says, as the features see it: logarithms."""
    return FIXED_POWER * np.log(candidates.scores + SCORE_FLOOR)


def _reasons(parts: Column) -> list[tuple[Reason, ...]]:
    """For each file the features that set it apart most from the average candidate."""
    apart = parts - parts.mean(axis=0)
    names = list(FEATURES)
    best = np.argsort(-np.abs(apart), axis=1, kind="stable")[:, :REASONS]
    return [
        tuple(Reason(names[column], round(float(row[column]), 3)) for column in columns)
        for row, columns in zip(apart, best, strict=True)
    ]


def _exchanged(
    fused: Sequence[Fused], order: Sequence[int], reasons: dict[int, tuple[Reason, ...]]
) -> list[Fused]:
    """The candidates, in `order`, on the places and with the scores that they had together."""
    known = {one.document_id: one for one in fused}
    places = [place for place, one in enumerate(fused) if one.document_id in reasons]
    result = list(fused)
    for place, document in zip(places, order, strict=True):
        result[place] = replace(
            known[document], score=fused[place].score, reasons=reasons[document]
        )
    return result
