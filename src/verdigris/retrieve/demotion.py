"""What stands a little behind: tests and declarations, which say the words of what they stand for;
change logs, which say a word about everything; commits, where the present is asked for; code, which
shows what is and not why; prose, where a place is asked for."""

from __future__ import annotations

from datetime import date
from math import prod

import numpy as np

from verdigris.answers import Demoted
from verdigris.database import storage_errors
from verdigris.records import Kind
from verdigris.retrieve.days import days_meant
from verdigris.retrieve.fusion import Fused, sorted_by_score
from verdigris.retrieve.path_kinds import is_change_log, is_declaration, is_test
from verdigris.retrieve.wording import (
    asks_about_changes,
    asks_about_prose,
    asks_about_tests,
    asks_for_tests,
    asks_where,
    asks_why,
    is_question,
)
from verdigris.store.index import Index

FACTOR_FOR_QUESTION, FACTOR_FOR_SUBJECT = 0.75, 0.85
"""What the score of such a document is multiplied with (docs/experiments.md). With the second,
which is for texts that read like a commit's subject, the learned fusion's weights were fitted."""
FACTOR_OF_CODE_FOR_REASON = 0.85


class Demotion:
    """Which documents stand behind for one text, why, and by how much.

    said: whether code says the text word for word: then it asks for what says it.
    """

    def __init__(self, text: str, said: bool = False) -> None:
        self._asks = said or is_question(text)
        self._wants_tests, self._only_tests = asks_about_tests(text), asks_for_tests(text)
        self._of_the_present = not (asks_about_changes(text) or days_meant(text, date.today()))
        self._wants_place = asks_where(text)
        self._wants_reason = is_question(text) and asks_why(text) and not said
        self._wants_code = self._wants_place and self._of_the_present and not asks_about_prose(text)
        self.factor = FACTOR_FOR_QUESTION if self._asks else FACTOR_FOR_SUBJECT

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of files of which some may stand behind, by their names."""
        return ("code", "doc") if self._asks or self._only_tests else ("code",)

    @property
    def of_commits(self) -> bool:
        """Whether commits stand behind, one and all."""
        return self._asks and (self._of_the_present or self._wants_place)

    def of(self, kind: Kind, name: str) -> Demoted | None:
        """For a document of this kind and name; None where the text may well mean it."""
        what = self._what(kind, name)
        factors = {what: self.factor} if what else {}
        if kind == "code" and self._wants_reason:
            factors["code"] = FACTOR_OF_CODE_FOR_REASON
        return Demoted(" and ".join(factors), round(prod(factors.values()), 4)) if factors else None

    def _what(self, kind: Kind, name: str) -> str:
        if kind == "code" and is_test(name):
            return "" if self._wants_tests else "test"
        if kind in ("code", "doc") and self._only_tests:
            return "no test"
        if not self._asks:
            return ""
        if kind == "code" and is_declaration(name):
            return "declaration"
        if kind == "doc" and self._of_the_present and is_change_log(name):
            return "change log"
        if kind == "doc" and self._wants_code:
            return "prose"
        return "commit" if kind == "commit" and self.of_commits else ""


def put_behind(index: Index, demotion: Demotion, fused: Fused) -> Fused:
    """The same documents, best first, with reduced scores for those that the text hardly means."""
    marks = ",".join("?" * len(demotion.kinds))
    with storage_errors(index.path):
        rows = index.connection.execute(
            f"SELECT id, kind, name FROM documents WHERE kind IN ({marks})",
            demotion.kinds,
        )
        behind = {
            document: demoted.factor
            for document, kind, name in rows
            if (demoted := demotion.of(kind, name))
        }
        if demotion.of_commits:  # their names would be many, and tell nothing
            commits = index.connection.execute("SELECT id FROM documents WHERE kind = 'commit'")
            behind |= {document: demotion.factor for (document,) in commits}
    factors = np.array([behind.get(one, 1.0) for one in fused.document_ids.tolist()])
    return sorted_by_score(fused.document_ids, factors * fused.scores)


def test_passages(index: Index, question: str) -> set[int]:
    """Chunks of test code that stands in other code; none where the question asks about tests.

    A file's own tests speak for it, but what they test is to be shown. Raises StorageError.
    """
    if asks_about_tests(question):
        return set()
    with storage_errors(index.path):
        rows = index.connection.execute("SELECT id FROM chunks WHERE event_kind = 'code.test'")
        return {row[0] for row in rows}
