"""Search: run the lanes under the filters, fuse them, and bring the hits with their passages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain, zip_longest

import numpy as np

from verdigris.answers import Filters, Hit, LinkedCommit, Passage
from verdigris.database import storage_errors
from verdigris.records import Lines
from verdigris.retrieve.best_passages import best_passages
from verdigris.retrieve.demotion import Demotion, put_behind, test_passages
from verdigris.retrieve.documents import read_document
from verdigris.retrieve.explaining_commits import explaining_commits, put_forward
from verdigris.retrieve.features import (
    FILE_KINDS,
    Candidates,
    Column,
    Evidence,
    compute_features,
)
from verdigris.retrieve.filtering import NO_FILTERS, allowed_documents, any_below
from verdigris.retrieve.fusion import Fused, fuse, places_of
from verdigris.retrieve.history import history_confidence, history_lane
from verdigris.retrieve.lanes import (
    DENSE,
    HISTORY,
    LANES,
    LEXICAL,
    LEXICAL_DOCUMENTS,
    NAMES,
    PROJECTED,
    PROJECTED_PASSAGES,
    ChunkTable,
    Question,
    Ranking,
    dense_lane,
    lexical_documents_lane,
    lexical_passages_lane,
)
from verdigris.retrieve.learned_fusion import (
    FusionWeights,
    Placed,
    choose_candidates,
    order_files,
    unplaced,
    with_history,
)
from verdigris.retrieve.names import names_lane, passages_meant
from verdigris.retrieve.past_changes import PastChanges, read_past_changes
from verdigris.retrieve.projected import projected_lane, projected_passages_lane
from verdigris.retrieve.session_frames import session_frames
from verdigris.retrieve.similar_commits import Embed, similar_commits
from verdigris.retrieve.subject_likeness import is_said_in_code, subject_likeness
from verdigris.store.index import Index
from verdigris.store.vector_search import VectorSearch
from verdigris.views import Facts

LANES_OF_WORDS = (LEXICAL, LEXICAL_DOCUMENTS, NAMES)
CANDIDATES_PER_KIND = 80
CANDIDATE_DOCUMENTS = 10
CHUNKS_PER_CANDIDATE_DOCUMENT = 4


class Search:
    """Questions on one index. It only reads.

    weights: gives those of the learned fusion, which may change; by default the fixed fusion.
    """

    def __init__(
        self,
        index: Index,
        vectors: VectorSearch,
        facts: Facts,
        weights: Callable[[], FusionWeights] = FusionWeights,
    ) -> None:
        self._index = index
        self._vectors = vectors
        self._facts = facts
        self._weights = weights
        self._past: tuple[int, PastChanges] | None = None
        self._tables: dict[Filters, ChunkTable] | None = None

    @contextmanager
    def for_many_questions(self) -> Iterator[None]:
        """Read what all questions need once; the index must not change within."""
        self._tables = {}
        try:
            with self._vectors.kept_in_memory():
                yield
        finally:
            self._tables = None

    def past_changes(self) -> PastChanges:
        """Which commit changed which files, as the index has it now."""
        position = self._index.position
        if self._past is None or self._past[0] != position:
            self._past = (position, read_past_changes(self._index, self._facts))
        return self._past[1]

    def ahead(self, text: str, filters: Filters, lanes: Sequence[str] = LANES) -> list[Ranking]:
        """What those lanes say that need no vector of the question, to be asked before it is there.

        Within `for_many_questions` the stored vectors and the past are read ahead, too.
        """
        if DENSE in lanes and filters == NO_FILTERS:
            self._vectors.read_ahead()
        if HISTORY in lanes:
            self.past_changes()
        return self._asked(Question(text), filters, [one for one in LANES_OF_WORDS if one in lanes])

    def rankings(
        self,
        question: Question,
        filters: Filters,
        lanes: Sequence[str] = LANES,
        past: PastChanges | None = None,
        known: Sequence[Ranking] = (),
    ) -> list[Ranking]:
        """What each of the lanes says, kind by kind, in the order of LANES.

        past: what history may know; None: all that passes the filters. known: what some of the
        lanes said already.
        """
        told = {ranking.lane for ranking in known}
        found = self._asked(question, filters, [one for one in lanes if one not in told])
        found = sorted([*known, *found], key=lambda ranking: LANES.index(ranking.lane))
        learned = PROJECTED in lanes and bool(question.projected)
        if HISTORY in lanes or learned:
            table = self._chunks(filters)
            commits = self._commits(question, filters, found)
            changes = past or self._known_past(filters)
            if HISTORY in lanes:
                found += history_lane(table, changes, commits)
            if learned:
                likeness = history_confidence(changes, commits)
                found += projected_lane(table, self._vectors, question, likeness)
        return found

    def _asked(self, question: Question, filters: Filters, lanes: Sequence[str]) -> list[Ranking]:
        """What the lanes say that need no other lane."""
        table = self._chunks(filters)
        run = {
            DENSE: lambda: dense_lane(table, self._vectors, question),
            LEXICAL: lambda: lexical_passages_lane(table, self._index, question),
            LEXICAL_DOCUMENTS: lambda: lexical_documents_lane(table, self._index, question),
            NAMES: lambda: names_lane(table, self._index, self._facts, question),
            PROJECTED_PASSAGES: lambda: projected_passages_lane(table, self._vectors, question),
        }
        return [ranking for lane in run if lane in lanes for ranking in run[lane]()]

    def _chunks(self, filters: Filters) -> ChunkTable:
        if self._tables is None:
            return ChunkTable(self._index, self._allowed(filters))
        if filters not in self._tables:
            self._tables[filters] = ChunkTable(self._index, self._allowed(filters))
        return self._tables[filters]

    def _commits(
        self, question: Question, filters: Filters, found: Sequence[Ranking]
    ) -> list[Ranking]:
        """What the dense and lexical lanes say of commits, even where those are filtered out."""
        of_commits = [r for r in found if r.kind == "commit" and r.lane in (DENSE, LEXICAL)]
        if len(of_commits) == 2 and not (filters.kinds or filters.path):
            return of_commits
        wider = replace(filters, kinds=("commit",), path="")
        return [r for r in self.rankings(question, wider, (DENSE, LEXICAL)) if r.kind == "commit"]

    def _known_past(self, filters: Filters) -> PastChanges:
        """The changes by commits that pass the filters, but for those of kind and path."""
        allowed = self._allowed(replace(filters, kinds=(), path=""))
        past = self.past_changes()
        return past if allowed is None else past.among(np.array(sorted(allowed), np.int64))

    def similar_commits(self, title: str, since: str, embed: Embed) -> tuple[LinkedCommit, ...]:
        """Commits after a time whose subject says nearly what a title says."""
        return similar_commits(self._index, self._vectors, title, since, embed)

    def candidates(self, question: Question, filters: Filters) -> list[int]:
        """Chunks that the lexical lanes find worth a vector before all others have one.

        The best of each kind and lane come first, then the second …: time may end anywhere.
        """
        found = [
            ranking.chunk_ids[:CANDIDATES_PER_KIND].tolist() or list(self._first_chunks(ranking))
            for ranking in self.rankings(question, filters, (LEXICAL, LEXICAL_DOCUMENTS, NAMES))
        ]
        by_turns = chain.from_iterable(zip_longest(*found))
        return list(dict.fromkeys(one for one in by_turns if one is not None))

    def _first_chunks(self, ranking: Ranking) -> Iterable[int]:
        for document_id in ranking.document_ids[:CANDIDATE_DOCUMENTS].tolist():
            with storage_errors(self._index.path):
                rows = self._index.connection.execute(
                    "SELECT id FROM chunks WHERE document_id = ? ORDER BY id LIMIT ?",
                    (document_id, CHUNKS_PER_CANDIDATE_DOCUMENT),
                ).fetchall()
            yield from (row[0] for row in rows)

    def search(
        self,
        question: Question,
        filters: Filters,
        limit: int,
        lanes: Sequence[str] = LANES,
        known: Sequence[Ranking] = (),
    ) -> list[Hit]:
        """The `limit` best documents with their best passages; known: as for `rankings`."""
        return self.hits(question, self.rankings(question, filters, lanes, known=known), limit)

    def hits(self, question: Question, rankings: Sequence[Ranking], limit: int) -> list[Hit]:
        """The `limit` best documents of what the lanes said, with their best passages."""
        evidence = Evidence(question.text, rankings)
        placed = self._placed(evidence)
        best = placed.fused.first(limit)
        demotion = Demotion(question.text, is_said_in_code(evidence))
        tests = test_passages(self._index, question.text)
        meant = passages_meant(self._index, self._facts, question.text) - tests
        frames = session_frames(self._index, question.text, best.document_ids.tolist())
        passages = best_passages(rankings, best.document_ids, meant, tests, frames)
        hits = []
        for document, score in zip(best.document_ids.tolist(), best.scores.tolist(), strict=True):
            hit = self._hit(document, passages[document])
            lanes, reasons = places_of(document, rankings), placed.reasons_of(document)
            demoted = demotion.of(hit.kind, hit.document)
            hits.append(replace(hit, score=score, lanes=lanes, reasons=reasons, demoted=demoted))
        return hits

    def ranked(
        self, question: Question, rankings: Sequence[Ranking], depth: int
    ) -> list[tuple[str, float]]:
        """Names and fused scores of the `depth` best documents, as `hits` orders them."""
        evidence = Evidence(question.text, rankings)
        return self._named(self._placed(evidence).fused.first(depth))

    def _placed(self, evidence: Evidence) -> Placed:
        fused = self._put_behind(evidence)
        explaining = explaining_commits(evidence, fused)
        fused = put_forward(fused, explaining)
        weights = self._weights().of(evidence.text, subject_likeness(evidence))
        if weights is None:
            placed = unplaced(fused)
        else:
            placed = order_files(self._index, evidence, fused, weights)
        return replace(placed, put_forward=explaining)

    def _put_behind(self, evidence: Evidence) -> Fused:
        demotion = Demotion(evidence.text, is_said_in_code(evidence))
        return put_behind(self._index, demotion, fuse(evidence.rankings))

    def _named(self, fused: Fused) -> list[tuple[str, float]]:
        names = self.names_of(fused.document_ids.tolist())
        return list(zip(names, fused.scores.tolist(), strict=True))

    def described(self, question: Question, past: PastChanges) -> tuple[Candidates, Column]:
        """The files that may answer and their features, where no more than `past` is known."""
        rankings = self.rankings(question, Filters(), past=past)
        of_files = [ranking for ranking in rankings if ranking.kind in FILE_KINDS]
        evidence = Evidence(question.text, of_files)
        fused = with_history(evidence, self._put_behind(evidence))
        candidates = choose_candidates(evidence, fused)
        return candidates, compute_features(self._index, evidence, candidates)

    def ranked_by(
        self, lane: str, rankings: Sequence[Ranking], depth: int
    ) -> list[tuple[str, float]]:
        """Names and scores of the `depth` best documents by one lane alone."""
        return self._named(fuse([one for one in rankings if one.lane == lane]).first(depth))

    def names_of(self, document_ids: Sequence[int]) -> list[str]:
        """Their names, in order."""
        return [read_document(self._index, document).name for document in document_ids]

    def documents_named(self, name: str) -> list[str]:
        """The document of that name; for `commit:` and part of a hash, all commits it may mean."""
        query = "SELECT name FROM documents WHERE name = ?"
        values: tuple[str, ...] = (name,)
        if name.startswith("commit:"):
            query += " OR (name > ? AND name < ?) ORDER BY name"
            values = (name, name.lower(), name.lower() + "g")
        with storage_errors(self._index.path):
            return [row[0] for row in self._index.connection.execute(query, values)]

    def _hit(self, document_id: int, chunk_scores: Sequence[tuple[int, float]]) -> Hit:
        """A document as an answer shows it, without its score and what speaks for it."""
        document = read_document(self._index, document_id)
        passages = self._passages(document_id, chunk_scores)
        commit, time = "", document.time
        if document.kind == "commit":
            commit = document.name.removeprefix("commit:")
        elif changed := self._facts.last_change(document.name):
            commit = changed.commit
            time = document.time if document.kind == "session" else changed.last
        return Hit(
            document=document.name,
            kind=document.kind,
            title=document.title,
            path=document.name if document.is_file else "",
            lines=passages[0].lines if passages else None,
            symbol=passages[0].symbol if passages else "",
            commit=commit,
            session=document.session,
            time=time,
            score=0.0,
            passages=passages,
            lanes=(),
            author=self._facts.author_of(commit) if document.kind == "commit" else "",
            moments=self._facts.moments_of(commit) if document.kind == "commit" else (),
            files=tuple(self._facts.paths_of(commit)) if document.kind == "commit" else (),
        )

    def _passages(
        self, document_id: int, chunk_scores: Sequence[tuple[int, float]]
    ) -> tuple[Passage, ...]:
        columns = "line_start, line_end, symbol, heading, text"
        with storage_errors(self._index.path):
            if not chunk_scores:
                rows = self._index.connection.execute(
                    f"SELECT {columns} FROM chunks WHERE document_id = ? ORDER BY id LIMIT 1",
                    (document_id,),
                ).fetchall()
                return tuple(_passage(row, 0.0) for row in rows)
            return tuple(
                _passage(row, score)
                for chunk_id, score in chunk_scores
                for row in self._index.connection.execute(
                    f"SELECT {columns} FROM chunks WHERE id = ?", (chunk_id,)
                )
            )

    def any_below(self, path: str) -> bool:
        """Whether some document lies at or below a path, or matches a glob."""
        return any_below(self._index, path)

    def _allowed(self, filters: Filters) -> frozenset[int] | None:
        return allowed_documents(self._index, self._facts, filters)


def _passage(row: Sequence[object], score: float) -> Passage:
    start, end, symbol, heading, text = row
    lines = Lines(start, end) if isinstance(start, int) and isinstance(end, int) else None
    return Passage(lines, str(symbol), str(heading), str(text), round(score, 6))
