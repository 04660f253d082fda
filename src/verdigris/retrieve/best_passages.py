"""The passages that stand for a document in an answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence, Set

import numpy as np

from verdigris.retrieve.lanes import Ranking
from verdigris.store.document_chunks import Ids, is_among

PASSAGES_SHOWN = 3
FACTOR_BEHIND = 0.85


def best_passages(
    rankings: Sequence[Ranking],
    document_ids: Ids,
    meant: Set[int] = frozenset(),
    behind: Set[int] = frozenset(),
    last: Set[int] = frozenset(),
) -> dict[int, list[tuple[int, float]]]:
    """For each document its best (chunk id, score): shares of each lane's best score, summed.

    meant: chunk ids that stand before all others; behind: those that count less; last: those that
    stand behind all others.
    """

    def place(found: tuple[int, float]) -> tuple[bool, bool, float, int]:
        chunk, score = found
        return chunk in last, chunk not in meant, -score, chunk

    scores: dict[int, dict[int, float]] = {one: defaultdict(float) for one in document_ids.tolist()}
    for ranking in rankings:
        best = max(ranking.chunk_scores[:1], default=0)
        shares = ranking.chunk_scores / best if best > 0 else np.zeros(len(ranking.chunk_scores))
        for row in np.flatnonzero(is_among(ranking.chunk_documents, document_ids)).tolist():
            chunk_id, document_id = ranking.chunk_ids[row], ranking.chunk_documents[row]
            factor = FACTOR_BEHIND if int(chunk_id) in behind else 1.0
            scores[int(document_id)][int(chunk_id)] += factor * float(shares[row])
    return {
        document: sorted(found.items(), key=place)[:PASSAGES_SHOWN]
        for document, found in scores.items()
    }
