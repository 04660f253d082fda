"""The history lane: files that earlier commits with a similar message changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from verdigris.database import storage_errors
from verdigris.records import KINDS
from verdigris.retrieve.lanes import DENSE, HISTORY, ChunkTable, Ranking
from verdigris.store.index import Index
from verdigris.views import Facts

NEAREST_COMMITS = 50
SHARPNESS = 4
"""Power of a commit's share of the best: the nearest few say nearly all."""
LANE_SHARES = {DENSE: 2 / 3}
"""What the dense lane counts in finding commits; the lexical one counts the rest."""
DOUBTFUL_COSINE, CERTAIN_COSINE = 0.5, 0.8
"""Cosine of the nearest commit below which the lane is silent, and from which it is sure."""


def history_lane(
    table: ChunkTable, index: Index, facts: Facts, commits: Sequence[Ranking]
) -> list[Ranking]:
    """Documents by the commits that changed them, nearest messages weighing most.

    commits: the dense and lexical rankings of commits for the question. A commit hands its
    share of the best score, sharpened, to each of its files over the square root of their
    number. The lane trusts itself as far as some commit says nearly the same as the question.
    Method: nearest neighbours over commit messages; figures in docs/experiments.md.
    """
    confidence = _confidence(commits)
    if not confidence:
        return []
    shares = _commit_shares(commits)
    nearest = sorted(shares, key=lambda document: (-shares[document], document))[:NEAREST_COMMITS]
    shas = _hashes(index, nearest)
    changed = facts.files_of_commits(shas.values())
    scores: dict[str, float] = defaultdict(float)
    for document in nearest:
        files = changed.get(shas.get(document, ""), frozenset())
        for path in files:
            scores[path] += shares[document] ** SHARPNESS / len(files) ** 0.5
    return _rankings(table, index, scores, confidence)


def _confidence(commits: Sequence[Ranking]) -> float:
    """0 to 1, by the cosine of the nearest commit message."""
    nearest = max(
        (float(r.chunk_scores[0]) for r in commits if r.lane == DENSE and len(r.chunk_scores)),
        default=0.0,
    )
    reach = (nearest - DOUBTFUL_COSINE) / (CERTAIN_COSINE - DOUBTFUL_COSINE)
    return min(max(reach, 0.0), 1.0)


def _commit_shares(commits: Sequence[Ranking]) -> dict[int, float]:
    """Commit document → its share of the best score, over both lanes."""
    shares: dict[int, float] = defaultdict(float)
    for ranking in commits:
        weight = LANE_SHARES.get(ranking.lane, 1 - LANE_SHARES[DENSE])
        for document, score in zip(ranking.document_ids, ranking.scores, strict=True):
            shares[int(document)] += weight * float(score) / (float(ranking.scores[0]) or 1.0)
    return shares


def _hashes(index: Index, documents: Sequence[int]) -> dict[int, str]:
    marks = ",".join("?" * len(documents))
    with storage_errors(index.path):
        rows = index.connection.execute(
            f"SELECT id, name FROM documents WHERE id IN ({marks})", documents
        ).fetchall()
    return {document: name.removeprefix("commit:") for document, name in rows}


def _rankings(
    table: ChunkTable, index: Index, scores: dict[str, float], confidence: float
) -> list[Ranking]:
    by_id: dict[int, float] = {}
    with storage_errors(index.path):
        for path, score in scores.items():
            for (document,) in index.connection.execute(
                "SELECT id FROM documents WHERE name = ?", (path,)
            ):
                by_id[document] = score
    rankings = []
    for kind in KINDS:
        mine = [document for document in table.document_ids(kind).tolist() if document in by_id]
        mine.sort(key=lambda document: (-by_id[document], document))
        found = np.array([by_id[document] for document in mine], np.float32)
        rankings.append(
            Ranking(HISTORY, kind, np.array(mine, np.int64), found, confidence=confidence)
        )
    return rankings
