"""The projected lane: documents by the question as projections learned from history see it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from verdigris.records import KINDS, Kind
from verdigris.retrieve.lanes import (
    MAX_CANDIDATES,
    PROJECTED,
    PROJECTED_PASSAGES,
    ChunkTable,
    ProjectedQuestion,
    Question,
    Ranking,
    by_document,
)
from verdigris.store.document_chunks import Ids, is_among
from verdigris.store.neighbour_file import Neighbours, Scores
from verdigris.store.vector_search import VectorSearch

KINDS_OF_FILES: tuple[Kind, ...] = ("session", "doc", "code")
SHARPNESS = 0.05
"""The temperature that projections are trained with: what a difference of cosines means."""
MOST_DOCUMENTS = 200
MOST_PASSAGES = 500
"""Passages of a kind that are compared again where the projection changes passages, too."""


def projected_lane(
    table: ChunkTable, search: VectorSearch, question: Question, likeness: float
) -> list[Ranking]:
    """Files by their mean vectors' cosine to the question as projections of files see it.

    Scores are exp(cosine / SHARPNESS), as odds against the best file: what it was trained to give.
    likeness: how like a commit message the question is, 0 to 1: what was learned on those counts
    so much.
    """
    asked = [one for one in question.projected if one.answers.target == "files"]
    if not asked or not likeness:
        return []
    found = [_files(table, search, kind, asked) for kind in KINDS_OF_FILES]
    best = max((float(cosines[0]) for _, cosines in found if len(cosines)), default=0.0)
    return [
        Ranking(
            PROJECTED, kind, documents, np.exp((cosines - best) / SHARPNESS), confidence=likeness
        )
        for kind, (documents, cosines) in zip(KINDS_OF_FILES, found, strict=True)
    ]


def projected_passages_lane(
    table: ChunkTable, search: VectorSearch, question: Question
) -> list[Ranking]:
    """Documents by their passages' cosine to the question as a projection of passages sees it."""
    asked = [one for one in question.projected if one.answers.target == "passages"]
    return [_passages(table, search, kind, question, one) for one in asked[:1] for kind in KINDS]


def _passages(
    table: ChunkTable,
    search: VectorSearch,
    kind: Kind,
    question: Question,
    asked: ProjectedQuestion,
) -> Ranking:
    found = _nearest_passages(table, search, kind, question, asked)
    return by_document(PROJECTED_PASSAGES, kind, table, found.ids, found.scores)


def _nearest_passages(
    table: ChunkTable,
    search: VectorSearch,
    kind: Kind,
    question: Question,
    asked: ProjectedQuestion,
) -> Neighbours:
    """Passages by the projection; without a file of its own, the nearest raw ones put in order."""
    allowed, project = table.chunk_ids(kind) if table.filtered else None, asked.answers.project
    if project is None:
        return search.nearest(kind, asked.vector, MAX_CANDIDATES, allowed)
    if allowed is None:
        found = search.nearest_projected(kind, asked.answers, asked.vector, MAX_CANDIDATES)
        if found is not None:
            return found
    assert question.vector is not None
    near = search.nearest(kind, question.vector, MOST_PASSAGES, allowed).ids
    vectors = search.vectors_of(kind, near)
    if not len(vectors):
        return Neighbours(near[:0], vectors.reshape(-1)[:0])
    cosines = project(vectors) @ asked.vector
    order = np.argsort(-cosines, kind="stable")
    return Neighbours(near[order], cosines[order])


def _files(
    table: ChunkTable, search: VectorSearch, kind: Kind, questions: Sequence[ProjectedQuestion]
) -> tuple[Ids, Scores]:
    """The MOST_DOCUMENTS nearest allowed files of a kind and their cosines, best first.

    From a file where one projection is asked and nothing is filtered; else compared one by one.
    """
    if len(questions) == 1 and not table.filtered:
        asked = questions[0]
        found = search.nearest_projected(kind, asked.answers, asked.vector, MOST_DOCUMENTS)
        if found is not None:
            return found.ids, found.scores
    documents, cosines = _cosines(search, kind, questions)
    if table.filtered:
        keep = is_among(documents, table.document_ids(kind))
        documents, cosines = documents[keep], cosines[keep]
    best = np.argsort(-cosines, kind="stable")[:MOST_DOCUMENTS]
    return documents[best], cosines[best]


def _cosines(
    search: VectorSearch, kind: Kind, questions: Sequence[ProjectedQuestion]
) -> tuple[Ids, Scores]:
    """All documents of a kind and their cosines (documents,), averaged over the projections."""
    documents, means = search.document_means(kind)
    total = np.zeros(len(documents), np.float32)
    if not len(documents):
        return documents, total
    for question in questions:
        project = question.answers.project
        vectors = project(means) if project else means
        if vectors.shape[1:] == question.vector.shape:
            total += vectors @ question.vector / len(questions)
    return documents, total
