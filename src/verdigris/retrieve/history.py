"""The history lane: files that earlier commits with a similar message changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from verdigris.records import KINDS
from verdigris.retrieve.lanes import DENSE, HISTORY, ChunkTable, Ranking
from verdigris.retrieve.past_changes import PastChanges, Weights
from verdigris.store.document_chunks import Ids, is_among

NEAREST_COMMITS = 50
SHARPNESS = 4
"""Power of a commit's share of the best: the nearest few say nearly all."""
DENSE_SHARE = 2 / 3
"""What the dense lane counts in finding commits; the lexical one counts the rest."""
DOUBTFUL_COSINE, CERTAIN_COSINE = 0.5, 0.8
"""Cosine of the nearest commit below which the lane is silent, and from which it is sure."""


def history_lane(table: ChunkTable, past: PastChanges, commits: Sequence[Ranking]) -> list[Ranking]:
    """Documents by the commits that changed them, nearest messages weighing most.

    commits: the dense and lexical rankings of commits for the question. A commit hands its
    share of the best score, sharpened, to each of its files over the square root of their
    number. The lane trusts itself as far as some commit says nearly the same as the question.
    Method: nearest neighbours over commit messages; figures in docs/experiments.md.
    """
    shares = _commit_shares(past, commits)
    shares[np.argsort(-shares, kind="stable")[NEAREST_COMMITS:]] = 0
    scores = past.per_file(shares**SHARPNESS / np.sqrt(np.maximum(past.sizes, 1)))
    confidence = history_confidence(past, commits)
    found = scores > 0
    rankings = _rankings(table, past.files[found], scores[found])
    return [
        replace(one, confidence=confidence, commits=tuple(commits), past=past) for one in rankings
    ]


def history_confidence(past: PastChanges, commits: Sequence[Ranking]) -> float:
    """0 to 1, by the cosine of the nearest commit message."""
    nearest = max(
        (
            float(past.per_commit(r.chunk_documents, r.chunk_scores).max(initial=0.0))
            for r in commits
            if r.lane == DENSE
        ),
        default=0.0,
    )
    reach = (nearest - DOUBTFUL_COSINE) / (CERTAIN_COSINE - DOUBTFUL_COSINE)
    return min(max(reach, 0.0), 1.0)


def _commit_shares(past: PastChanges, commits: Sequence[Ranking]) -> Weights:
    """Each commit's share of the best score, over both lanes, (commits,)."""
    shares = np.zeros(len(past.commits))
    for ranking in commits:
        weight = DENSE_SHARE if ranking.lane == DENSE else 1 - DENSE_SHARE
        scores = past.per_commit(ranking.document_ids, ranking.scores)
        shares += weight * scores / (scores.max(initial=0.0) or 1.0)
    return shares


def _rankings(table: ChunkTable, documents: Ids, scores: Weights) -> list[Ranking]:
    rankings = []
    for kind in KINDS:
        mine = is_among(documents, table.document_ids(kind))
        order = np.lexsort((documents[mine], -scores[mine]))
        best = scores[mine][order].astype(np.float32)
        rankings.append(Ranking(HISTORY, kind, documents[mine][order], best))
    return rankings
