"""The ways of ranking that are compared, on the same rankings of the same question."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from verdigris.answers import Filters
from verdigris.benchmark import FILE_KINDS
from verdigris.knowledge_base import KnowledgeBase
from verdigris.learn.examples import FileVectors
from verdigris.learn.network import Array
from verdigris.retrieve.lanes import (
    DENSE,
    HISTORY,
    LANES,
    LEXICAL,
    PROJECTED,
    PROJECTED_PASSAGES,
    Question,
    Ranking,
)
from verdigris.retrieve.learned_fusion import FusionWeights
from verdigris.retrieve.search import Search
from verdigris.store.vector_search import VectorSearch

DEPTH = 50
RRF_CONSTANT = 60
RAW, SERVED = "raw vectors of files", "served projection"
RRF = "RRF dense + BM25 + history"
FIXED, PRIOR, LEARNED = "fixed fusion", "weights of other repositories", "learned fusion"
WITH_PROJECTION = "learned fusion with projection"
FUSIONS = (RRF, FIXED, PRIOR, LEARNED, WITH_PROJECTION)
LANES_ALONE = tuple(lane for lane in LANES if lane != PROJECTED_PASSAGES)

Ranked = list[int]
"""Document ids, best first."""


def open_search(knowledge_base: KnowledgeBase, weights: FusionWeights) -> Search:
    """A search with these weights of the learned fusion."""
    vectors = VectorSearch(knowledge_base.index, knowledge_base.locations.folder)
    return Search(knowledge_base.index, vectors, knowledge_base.facts, lambda: weights)


def rank_by_vector(files: FileVectors, question: Question) -> dict[str, list[str]]:
    """Names of files by the cosine of their mean vector to the question: raw, and projected.

    The projected lane itself is silent where no commit resembles the question.
    """
    assert question.vector is not None
    found = {RAW: _nearest(files, files.vectors, question.vector)}
    for asked in question.projected:
        if asked.answers.target == "files":
            project = asked.answers.project
            candidates = project(files.vectors) if project else files.vectors
            found[SERVED] = _nearest(files, candidates, asked.vector)
    return found


def _nearest(files: FileVectors, candidates: Array, vector: Array) -> list[str]:
    order = np.argsort(-(candidates @ vector), kind="stable")[:DEPTH]
    return [files.paths[row] for row in order.tolist()]


def document_names(knowledge_base: KnowledgeBase) -> dict[int, str]:
    """Document id → name."""
    rows = knowledge_base.index.connection.execute("SELECT id, name FROM documents")
    return dict(rows.fetchall())


def rank_all(
    searches: Mapping[str, Search], question: Question, names: Mapping[int, str]
) -> dict[str, list[str]]:
    """Names of files by every lane alone, by equal reciprocal rank fusion, by each search.

    The first search runs the lanes for all; `names`: of every document.
    """
    first = next(iter(searches.values()))
    all_rankings = [r for r in first.rankings(question, Filters()) if r.kind in FILE_KINDS]
    rankings = [r for r in all_rankings if r.lane not in (PROJECTED, PROJECTED_PASSAGES)]
    alone = {lane: _by_score([r for r in all_rankings if r.lane == lane]) for lane in LANES_ALONE}
    alone[RRF] = reciprocal_rank_fusion([alone[lane] for lane in (DENSE, LEXICAL, HISTORY)])
    found = {name: [names[one] for one in ids[:DEPTH]] for name, ids in alone.items()}
    for name, search in searches.items():
        found[name] = [one for one, _ in search.ranked(question, rankings, DEPTH)]
    with_projection = searches[LEARNED].ranked(question, all_rankings, DEPTH)
    return found | {WITH_PROJECTION: [one for one, _ in with_projection]}


def _by_score(rankings: Sequence[Ranking]) -> Ranked:
    """One lane's files of all kinds by its own score, however sure the lane is."""
    scored = [
        (-score, document)
        for one in rankings
        for document, score in zip(one.document_ids.tolist(), one.scores.tolist(), strict=True)
    ]
    return [document for _, document in sorted(scored)]


def reciprocal_rank_fusion(lists: Sequence[Ranked]) -> Ranked:
    """Equal weights, k = 60 (Cormack et al. 2009)."""
    scores: dict[int, float] = defaultdict(float)
    for ranked in lists:
        for rank, document in enumerate(ranked, start=1):
            scores[document] += 1 / (RRF_CONSTANT + rank)
    return sorted(scores, key=lambda document: (-scores[document], document))
