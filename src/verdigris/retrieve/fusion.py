"""Fusion: each lane's scores made comparable within and across kinds, then one weighted sum."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from verdigris.records import Kind, LaneRank, Reason
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

LANE_WEIGHTS: Mapping[str, float] = {
    DENSE: 2.0,
    LEXICAL: 1.0,
    LEXICAL_DOCUMENTS: 0.5,
    NAMES: 1.0,
    HISTORY: 1.5,
    PROJECTED: 1.5,
    PROJECTED_PASSAGES: 0.5,
}
"""Cosines lie close together and BM25 falls steeply, so equal weights would leave all to BM25."""

WITHIN_KIND = 0.5
"""Share of a score that is measured against the best of its own kind; the rest against the best
of all kinds. All within, and every kind gets the same say; none, and prose drowns code."""


@dataclass(frozen=True, slots=True)
class Fused:
    """One document with its fused score (0 to 1) and its place in each lane."""

    document_id: int
    kind: Kind
    score: float
    lanes: tuple[LaneRank, ...]
    reasons: tuple[Reason, ...] = ()
    """What the learned fusion found to matter most, where it ranked the document."""


def fuse(rankings: Sequence[Ranking]) -> list[Fused]:
    """One list of the documents of all lanes and kinds, best first; ties by document id.

    A lane's score counts as a share of the lane's best score, half of it within the kind and
    half over all kinds, times the lane's weight and its confidence. Method: convex combination
    of normalised scores (Bruch et al. 2023, arXiv 2210.11934), which keeps how sure a lane is;
    ranks alone (RRF) lose it. The figures behind the choice are in docs/experiments.md.
    """
    scores: dict[tuple[Kind, int], float] = defaultdict(float)
    places: dict[tuple[Kind, int], list[LaneRank]] = defaultdict(list)
    weights = {
        ranking.lane: LANE_WEIGHTS[ranking.lane] * ranking.confidence
        for ranking in rankings
        if len(ranking.scores) and ranking.confidence > 0
    }
    for lane in weights:
        of_lane = [ranking for ranking in rankings if ranking.lane == lane]
        for key, place, share in _shares(of_lane):
            scores[key] += weights[lane] * share
            places[key].append(place)
    total = sum(weights.values()) or 1.0
    ordered = sorted(scores, key=lambda key: (-scores[key], key[1]))
    return [Fused(key[1], key[0], scores[key] / total, tuple(places[key])) for key in ordered]


def _shares(rankings: Sequence[Ranking]) -> Iterator[tuple[tuple[Kind, int], LaneRank, float]]:
    """(kind and document, its place, its share of the best score) for one lane's rankings."""
    best_of_all = max((float(r.scores[0]) for r in rankings if len(r.scores)), default=0.0)
    for ranking in rankings:
        best = float(ranking.scores[0]) if len(ranking.scores) else 0.0
        pairs = zip(ranking.document_ids.tolist(), ranking.scores.tolist(), strict=True)
        for rank, (document, score) in enumerate(pairs, start=1):
            within = score / best if best > 0 else 0.0
            over_all = score / best_of_all if best_of_all > 0 else 0.0
            share = WITHIN_KIND * within + (1 - WITHIN_KIND) * over_all
            place = LaneRank(ranking.lane, rank, round(score, 4))
            yield (ranking.kind, document), place, share
