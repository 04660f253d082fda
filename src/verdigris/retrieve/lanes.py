"""Lanes: each ranks the documents of one kind for a question, by its own score."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from verdigris.database import storage_errors
from verdigris.records import KINDS, Kind
from verdigris.retrieve.past_changes import PastChanges
from verdigris.store.document_chunks import Ids, distinct, is_among, read_document_chunks
from verdigris.store.identifiers import split_identifiers
from verdigris.store.index import Index
from verdigris.store.neighbour_file import Scores
from verdigris.store.vector_search import ProjectedSet, VectorSearch

DENSE, LEXICAL, LEXICAL_DOCUMENTS = "dense", "lexical-passages", "lexical-documents"
NAMES, HISTORY, PROJECTED = "names", "history", "projected"
PROJECTED_PASSAGES = "projected-passages"
LANES = (DENSE, LEXICAL, LEXICAL_DOCUMENTS, NAMES, HISTORY, PROJECTED, PROJECTED_PASSAGES)

MAX_CANDIDATES = 2_000
"""Passages of a kind that the dense lane looks at."""

EVIDENCE = (1.0, 1 / 2, 1 / 3)
"""What a document's best, second and third passage count: one hit may be luck, three are not."""

PASSAGE_WEIGHTS = (1.0, 1.0)
"""BM25 weights of a passage's prefix and body."""
DOCUMENT_WEIGHTS = (2.0, 1.0)
"""BM25 weights of a document's path and title, and of its body."""

_TOKEN = re.compile(r"[^\W_]+")
_STOP_WORDS = frozenset(
    """
    a about after all also an and any are as at be because been before but by can could did do
    does for from had has have how i if in into is it its just like may more most much must not
    of on or our out over should so some such than that the their them then there these they
    this those to up us use used using was we were what when where which while who why will with
    would you your
    """.split()
)


def _no_ids() -> Ids:
    return np.empty(0, np.int64)


def _no_scores() -> Scores:
    return np.empty(0, np.float32)


@dataclass(frozen=True, slots=True)
class Ranking:
    """Documents of one kind as one lane ranks them, best first; arrays of shape (documents,).

    chunk_ids, chunk_documents, chunk_scores: the passages behind it, best first, shape
    (passages,); empty where the lane ranks whole documents.
    confidence: how much the lane trusts itself on this question, 0 to 1.
    commits, past: what the other lanes say of commits, and which files those changed, where this
    lane follows them.
    """

    lane: str
    kind: Kind
    document_ids: Ids
    scores: Scores
    chunk_ids: Ids = field(default_factory=_no_ids)
    chunk_documents: Ids = field(default_factory=_no_ids)
    chunk_scores: Scores = field(default_factory=_no_scores)
    confidence: float = 1.0
    commits: tuple[Ranking, ...] = ()
    past: PastChanges | None = None


@dataclass(frozen=True, slots=True)
class ProjectedQuestion:
    """A question's vector after a projection that was learned from the repository's history.

    vector: (dims,) float32 of norm 1. answers: what it is compared with.
    """

    vector: Scores
    answers: ProjectedSet


@dataclass(frozen=True, slots=True)
class Question:
    """A question as the lanes take it.

    vector: (dims,) float32 of norm 1, None: words alone. projected: the same question as every
    projection that won its gate sees it.
    """

    text: str
    vector: Scores | None = None
    projected: tuple[ProjectedQuestion, ...] = ()


def lanes_of(question: Question) -> tuple[str, ...]:
    """The lanes that can say something: the projected ones only where something was learned."""
    learned = (PROJECTED, PROJECTED_PASSAGES)
    return tuple(lane for lane in LANES if question.projected or lane not in learned)


class ChunkTable:
    """Which document and kind each chunk belongs to, among the allowed documents (None: all)."""

    def __init__(self, index: Index, allowed_documents: frozenset[int] | None) -> None:
        self.filtered = allowed_documents is not None
        self._kinds = {kind: read_document_chunks(index, kind) for kind in KINDS}
        if allowed_documents is not None:
            allowed = np.array(sorted(allowed_documents), np.int64)
            self._kinds = {kind: table.among(allowed) for kind, table in self._kinds.items()}

    def chunk_ids(self, kind: Kind) -> Ids:
        """Sorted ids of the kind's allowed chunks."""
        return self._kinds[kind].chunk_ids()

    def documents_of(self, kind: Kind, chunk_ids: Ids) -> Ids:
        """Document of each chunk; −1 for a chunk that is of another kind or filtered out."""
        return self._kinds[kind].documents_of(chunk_ids)

    def document_ids(self, kind: Kind) -> Ids:
        """Ids of the kind's allowed documents."""
        return self._kinds[kind].document_ids


def dense_lane(table: ChunkTable, search: VectorSearch, question: Question) -> list[Ranking]:
    """Documents by the cosines of their nearest passages, weighted by EVIDENCE."""
    if question.vector is None:
        return []
    rankings = []
    for kind in KINDS:
        allowed = table.chunk_ids(kind) if table.filtered else None
        found = search.nearest(kind, question.vector, MAX_CANDIDATES, allowed)
        rankings.append(by_document(DENSE, kind, table, found.ids, found.scores))
    return rankings


def lexical_passages_lane(table: ChunkTable, index: Index, question: Question) -> list[Ranking]:
    """Documents by the BM25 of their best passages, weighted by EVIDENCE."""
    found = _bm25(index, "passages", PASSAGE_WEIGHTS, question.text)
    return [by_document(LEXICAL, kind, table, *found) for kind in KINDS]


def lexical_documents_lane(table: ChunkTable, index: Index, question: Question) -> list[Ranking]:
    """Documents by the BM25 of their whole text and path."""
    ids, scores = _bm25(index, "whole_documents", DOCUMENT_WEIGHTS, question.text)
    rankings = []
    for kind in KINDS:
        keep = is_among(ids, table.document_ids(kind))
        rankings.append(Ranking(LEXICAL_DOCUMENTS, kind, ids[keep], scores[keep]))
    return rankings


def by_document(
    lane: str, kind: Kind, table: ChunkTable, chunk_ids: Ids, scores: Scores
) -> Ranking:
    """Rank documents by their passages; `scores` (n,) must come best first."""
    documents = table.documents_of(kind, chunk_ids)
    mine = documents >= 0
    documents, chunk_ids, scores = documents[mine], chunk_ids[mine], scores[mine]
    known, owners = distinct(documents)
    places = _occurrence(owners)
    weights = np.array([*EVIDENCE, 0.0])[np.minimum(places, len(EVIDENCE))]
    totals = np.bincount(owners, weights * np.maximum(scores, 0), len(known)).astype(np.float32)
    order = np.argsort(-totals, kind="stable")
    return Ranking(lane, kind, known[order], totals[order], chunk_ids, documents, scores)


def _occurrence(owners: Ids) -> Ids:
    """For each element, how many equal ones stand before it: [7, 3, 7] gives [0, 0, 1]."""
    order = np.argsort(owners, kind="stable")
    grouped = owners[order]
    starts = np.flatnonzero(np.r_[True, grouped[1:] != grouped[:-1]]) if len(owners) else order
    counts = np.arange(len(owners)) - np.repeat(starts, np.diff(np.r_[starts, len(owners)]))
    places = np.empty(len(owners), np.int64)
    places[order] = counts
    return places


def match_expression(text: str) -> str:
    """An FTS5 expression that matches any of the question's words; '' when it has none.

    Stop words are left out unless the question consists of nothing else.
    """
    words = dict.fromkeys(words_of(text))
    return " OR ".join(f'"{word}"' for word in telling_words(text) or words)


def telling_words(text: str) -> list[str]:
    """A text's words in lower case, each once, identifiers split, without stop words."""
    return [word for word in dict.fromkeys(words_of(text)) if word not in _STOP_WORDS]


def words_of(text: str) -> list[str]:
    """A text's words in lower case, in order, as full text has them: identifiers split."""
    return [token.lower() for token in _TOKEN.findall(split_identifiers(text))]


def _bm25(
    index: Index, table: str, weights: Sequence[float], text: str
) -> tuple[Ids, npt.NDArray[np.float32]]:
    """Rows that match any word with their BM25 (larger is better), best first."""
    expression = match_expression(text)
    if not expression:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    with storage_errors(index.path):
        rows = _match(index.connection, table, weights, expression)
    found = np.array(rows, np.float64).reshape(-1, 2)
    order = np.lexsort((found[:, 0], found[:, 1]))
    return found[order, 0].astype(np.int64), (-found[order, 1]).astype(np.float32)


def _match(
    connection: sqlite3.Connection, table: str, weights: Sequence[float], expression: str
) -> list[tuple[int, float]]:
    marks = ", ".join(str(weight) for weight in weights)
    return connection.execute(
        f"SELECT rowid, bm25({table}, {marks}) FROM {table} WHERE {table} MATCH ?", (expression,)
    ).fetchall()
