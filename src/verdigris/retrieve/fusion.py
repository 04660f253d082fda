"""Fusion: each lane's scores made comparable within and across kinds, then one weighted sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from verdigris.answers import LaneRank
from verdigris.retrieve.lanes import (
    DENSE,
    HISTORY,
    LEXICAL,
    LEXICAL_DOCUMENTS,
    NAMES,
    PROJECTED,
    PROJECTED_PASSAGES,
    Ranking,
)
from verdigris.store.document_chunks import Ids, distinct

LANE_WEIGHTS: Mapping[str, float] = {
    DENSE: 2.0,
    LEXICAL: 1.0,
    LEXICAL_DOCUMENTS: 0.5,
    NAMES: 2.0,
    HISTORY: 1.5,
    PROJECTED: 1.5,
    PROJECTED_PASSAGES: 0.5,
}
"""Cosines lie close together and BM25 falls steeply, so equal weights would leave all to BM25."""

WITHIN_KIND = 0.5
"""Share of a score that is measured against the best of its own kind; the rest against the best
of all kinds. All within, and every kind gets the same say; none, and prose drowns code."""

_NO_IDS, _NO_SHARES = np.empty(0, np.int64), np.empty(0)


@dataclass(frozen=True, slots=True)
class Fused:
    """Documents by fused score (0 to 1), best first; arrays of shape (documents,)."""

    document_ids: Ids
    scores: npt.NDArray[np.float64]

    def first(self, limit: int) -> Fused:
        """The `limit` best."""
        return Fused(self.document_ids[:limit], self.scores[:limit])


def fuse(rankings: Sequence[Ranking]) -> Fused:
    """One list of the documents of all lanes and kinds; equal scores by document id.

    A lane's score counts as a share of the lane's best score, half of it within the kind and
    half over all kinds, times the lane's weight and its confidence. Method: convex combination
    of normalised scores (Bruch et al. 2023, arXiv 2210.11934), which keeps how sure a lane is;
    ranks alone (RRF) lose it. The figures behind the choice are in docs/experiments.md.
    """
    heard = [one for one in rankings if len(one.scores) and one.confidence > 0]
    best = {one.lane: 0.0 for one in heard}
    for one in heard:
        best[one.lane] = max(best[one.lane], float(one.scores[0]))
    weights = {one.lane: LANE_WEIGHTS[one.lane] * one.confidence for one in heard}
    total = sum(weights.values()) or 1.0
    found = [one.document_ids for one in heard]
    shares = [weights[one.lane] / total * _shares(one, best[one.lane]) for one in heard]
    ids, rows = distinct(np.concatenate([_NO_IDS, *found]))
    scores = np.bincount(rows, np.concatenate([_NO_SHARES, *shares]), len(ids)).astype(float)
    return sorted_by_score(ids, scores)


def sorted_by_score(document_ids: Ids, scores: npt.NDArray[np.float64]) -> Fused:
    """These documents, best first; equal scores by document id."""
    order = np.lexsort((document_ids, -scores))
    return Fused(document_ids[order], scores[order])


def _shares(ranking: Ranking, best_of_all: float) -> npt.NDArray[np.float64]:
    """The share of the best score that each document of a ranking has, (documents,)."""
    best = float(ranking.scores[0])
    within = 1 / best if best > 0 else 0.0
    over_all = 1 / best_of_all if best_of_all > 0 else 0.0
    scores = ranking.scores.astype(np.float64)
    return scores * (WITHIN_KIND * within + (1 - WITHIN_KIND) * over_all)


def places_of(document_id: int, rankings: Sequence[Ranking]) -> tuple[LaneRank, ...]:
    """Where each lane puts a document among those of its kind, in the order of the lanes."""
    places = []
    for ranking in rankings:
        for row in (ranking.document_ids == document_id).nonzero()[0].tolist():
            score = round(float(ranking.scores[row]), 4)
            places.append(LaneRank(ranking.lane, row + 1, score))
    return tuple(places)
