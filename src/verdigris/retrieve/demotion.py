"""What stands a little behind: tests and declarations, which say the words of what they stand for;
change logs, which say a word about everything; commits, where the present is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from verdigris.database import storage_errors
from verdigris.records import Kind
from verdigris.retrieve.fusion import Fused, sorted_by_score
from verdigris.retrieve.lanes import Ranking
from verdigris.retrieve.path_kinds import is_change_log, is_declaration, is_test
from verdigris.retrieve.wording import (
    asks_about_changes,
    asks_about_tests,
    asks_for_tests,
    asks_where,
    is_question,
)
from verdigris.store.document_chunks import Ids, is_among
from verdigris.store.index import Index

BEHIND_FOR_QUESTION, BEHIND_FOR_SUBJECT = 0.75, 0.85
"""What the score of such a document is multiplied with (docs/experiments.md). With the second,
which is for texts that read like a commit's subject, the learned fusion's weights were fitted."""


def put_behind(index: Index, text: str, fused: Fused) -> Fused:
    """The same documents, best first, with reduced scores for those that the text hardly means."""
    asks = is_question(text)
    with storage_errors(index.path):
        behind = _behind_question(index, text) if asks else _tests_unless_asked_for(index, text)
    reduced = is_among(fused.document_ids, np.array(behind, np.int64))
    factor = BEHIND_FOR_QUESTION if asks else BEHIND_FOR_SUBJECT
    return sorted_by_score(fused.document_ids, np.where(reduced, factor, 1.0) * fused.scores)


def _behind_question(index: Index, question: str) -> list[int]:
    """Declarations and tests; files that are no tests, if it asks for tests; change logs and
    commits, if it asks for something else than what changed; commits, if it asks for a place."""
    behind = _named(index, "code", is_declaration) + _tests_unless_asked_for(index, question)
    of_the_present = not asks_about_changes(question)
    if asks_for_tests(question):
        behind += _named(index, "code", lambda path: not is_test(path))
        behind += _named(index, "doc", lambda _: True)
    if of_the_present:
        behind += _named(index, "doc", is_change_log)
    if of_the_present or asks_where(question):
        behind += _named(index, "commit", lambda _: True)
    return behind


def _tests_unless_asked_for(index: Index, text: str) -> list[int]:
    return [] if asks_about_tests(text) else _named(index, "code", is_test)


def put_test_passages_behind(
    index: Index, question: str, rankings: Sequence[Ranking]
) -> list[Ranking]:
    """The same rankings, with reduced scores for passages of test code that stand in other code.

    Unless the question asks about tests. Only passages change places: a file's own tests speak
    for it, but what they test is to be shown.
    """
    with storage_errors(index.path):
        rows = index.connection.execute("SELECT id FROM chunks WHERE event_kind = 'code.test'")
        tests = np.array([row[0] for row in rows], np.int64)
    if not len(tests) or asks_about_tests(question):
        return list(rankings)
    return [_with_passages_behind(one, tests) if one.kind == "code" else one for one in rankings]


def _with_passages_behind(ranking: Ranking, behind: Ids) -> Ranking:
    reduced = is_among(ranking.chunk_ids, behind)
    scores = np.where(reduced, np.float32(BEHIND_FOR_SUBJECT), np.float32(1)) * ranking.chunk_scores
    order = np.argsort(-scores, kind="stable")
    return replace(
        ranking,
        chunk_ids=ranking.chunk_ids[order],
        chunk_documents=ranking.chunk_documents[order],
        chunk_scores=scores[order],
    )


def _named(index: Index, kind: Kind, is_meant: Callable[[str], bool]) -> list[int]:
    """Documents of a kind whose name says that they are meant."""
    rows = index.connection.execute("SELECT id, name FROM documents WHERE kind = ?", (kind,))
    return [document for document, name in rows if is_meant(name)]
