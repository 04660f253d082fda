"""Learned fusion: a weighted sum of features puts the files of an answer into a better order.

The fixed fusion decides which places of the list files, commits and sessions get; the learned one
decides which file gets which of the files' places. Its weights start as those learned on other
repositories (`fusion_prior.json`) and are fitted to each repository by `learn/fusion_fit.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

import numpy as np

from verdigris.answers import Reason
from verdigris.retrieve.features import (
    FEATURES,
    FILE_KINDS,
    Candidates,
    Column,
    Evidence,
    compute_features,
)
from verdigris.retrieve.fusion import Fused
from verdigris.retrieve.lanes import HISTORY, Ranking
from verdigris.retrieve.wording import is_question
from verdigris.store.document_chunks import Ids, is_among
from verdigris.store.index import Index

FIXED_POWER = 2.0
"""Power of the fixed fusion's score; the features multiply what it says."""
SCORE_FLOOR = 0.001
CANDIDATES = 300
"""Files of the fixed fusion that are looked at, and as many of history's."""
REASONS = 4

QUESTION_SHARE = 0.1
"""What the features count for a question, unless results that were used taught otherwise, and for
other texts that are no subjects of commits. They are learned from such subjects, which ask for
what must change; a question also asks for what explains."""


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """A weight for each of FEATURES, for each kind of text that asks.

    weights: for what reads like a commit's subject; () = the fixed fusion alone. questions: for
    what reads like a question; () = QUESTION_SHARE of the others.
    """

    weights: tuple[float, ...] = ()
    questions: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for row in (self.weights, self.questions):
            if len(row) not in (0, len(FEATURES)):
                raise ValueError(f"{len(row)} weights for {len(FEATURES)} features")

    def of(self, text: str, likeness: float) -> Column | None:
        """The weights for a text, (features,); None where the fixed fusion alone is to serve.

        likeness: how much it reads like a commit's subject if it does not ask, 0 to 1.
        """
        asks = is_question(text)
        if asks and self.questions:
            return np.array(self.questions)
        share = QUESTION_SHARE if asks else QUESTION_SHARE + (1 - QUESTION_SHARE) * likeness
        return share * np.array(self.weights) if self.weights else None


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


@dataclass(frozen=True, slots=True)
class Placed:
    """A list of documents in which features have ordered the files, and what moved each.

    candidates: (files,) sorted document ids; parts: (files, features), what each adds to a score;
    put_forward: commits by document id, and by what share their scores were raised.
    """

    fused: Fused
    candidates: Ids
    parts: Column
    put_forward: Mapping[int, float] = field(default_factory=dict)

    def reasons_of(self, document_id: int) -> tuple[Reason, ...]:
        """The features that set a file apart most from the average candidate; a commit's raise."""
        if share := self.put_forward.get(document_id):
            return (Reason("changed the best files", round(share, 3)),)
        rows = np.flatnonzero(self.candidates == document_id)
        if not len(rows):
            return ()
        apart = (self.parts[rows[0]] - self.parts.mean(axis=0)).tolist()
        named = sorted(zip(FEATURES, apart, strict=True), key=lambda one: -abs(one[1]))
        return tuple(Reason(name, round(weight, 3)) for name, weight in named[:REASONS])


def order_files(index: Index, evidence: Evidence, fused: Fused, weights: Column) -> Placed:
    """The same list, in which files have changed places; files that only history knows join it.

    weights: (features,).

    Where one lane alone was asked its own order stays.
    """
    if len({ranking.lane for ranking in evidence.rankings}) < 2:
        return unplaced(fused)
    fused = with_history(evidence, fused)
    candidates = choose_candidates(evidence, fused)
    if not len(candidates.document_ids):
        return unplaced(fused)
    features = compute_features(index, evidence, candidates)
    parts = features * weights
    scores = base_scores(candidates) + parts.sum(axis=1)
    ordered = candidates.document_ids[np.argsort(-scores, kind="stable")]
    ids = fused.document_ids.copy()
    ids[is_among(ids, ordered)] = ordered  # on the places that they had together
    return Placed(Fused(ids, fused.scores), candidates.document_ids, parts)


def unplaced(fused: Fused) -> Placed:
    """A list as the fixed fusion made it."""
    return Placed(fused, np.empty(0, np.int64), np.empty((0, len(FEATURES))))


def with_history(evidence: Evidence, fused: Fused) -> Fused:
    """The list, and behind it the files that history alone found, however unsure it is."""
    files = [ranking.document_ids[:CANDIDATES] for ranking in _history_of_files(evidence)]
    found = np.concatenate([fused.document_ids[:0], *files])
    added = found[~is_among(found, fused.document_ids)]
    return Fused(
        np.concatenate([fused.document_ids, added]),
        np.concatenate([fused.scores, np.zeros(len(added))]),
    )


def choose_candidates(evidence: Evidence, fused: Fused) -> Candidates:
    """The best files of the list, and the best of history."""
    files = [one.document_ids for one in evidence.rankings if one.kind in FILE_KINDS]
    known = is_among(fused.document_ids, np.concatenate([fused.document_ids[:0], *files]))
    ids, scores = fused.document_ids[known], fused.scores[known]
    of_history = [ranking.document_ids[:CANDIDATES] for ranking in _history_of_files(evidence)]
    chosen = is_among(ids, np.concatenate([ids[:CANDIDATES], *of_history]))
    order = np.argsort(ids[chosen])
    return Candidates(ids[chosen][order], scores[chosen][order])


def _history_of_files(evidence: Evidence) -> list[Ranking]:
    return [r for r in evidence.rankings if r.lane == HISTORY and r.kind in FILE_KINDS]


def base_scores(candidates: Candidates) -> Column:
    """What the fixed fusion says, as the features see it: logarithms."""
    return FIXED_POWER * np.log(candidates.scores + SCORE_FLOOR)
