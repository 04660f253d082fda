"""The names lane: files and symbols that the question calls by name stand first."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Set
from dataclasses import replace
from datetime import date

import numpy as np

from verdigris.database import storage_errors
from verdigris.records import KINDS
from verdigris.retrieve.days import passages_of_days
from verdigris.retrieve.documents import read_document
from verdigris.retrieve.lanes import NAMES, ChunkTable, Question, Ranking
from verdigris.retrieve.moments import commits_meant
from verdigris.retrieve.path_kinds import is_test
from verdigris.retrieve.word_for_word import passages_saying
from verdigris.retrieve.wording import asks_about_tests
from verdigris.store.index import Index
from verdigris.views import Facts

_NAME = re.compile(r"[\w$][\w$.:/-]*[\w$]")
_LOOKS_LIKE_CODE = re.compile(r"[_$/]|[a-z0-9][A-Z]|\w\.\w|::")
_LONGEST_NAME = 255
_MOST_FILES = 20
"""A name that more documents carry tells nothing."""

SPELT = 0.5
"""How much the lane trusts itself where a name is spelt, and nothing said word for word."""

_Found = tuple[int, int]
"""(document id, chunk id), chunk id 0 where the whole file is meant."""


def names_lane(table: ChunkTable, index: Index, facts: Facts, question: Question) -> list[Ranking]:
    """Documents that define a symbol, or are a file, issue or release, which the question spells
    out; and those that say the question, or what it quotes, word for word.

    A name counts 1/(documents that carry it), so that `main` weighs less than `EventLog`. Tests
    that repeat a name or message make it no less telling of the others.
    """
    scores: dict[int, float] = defaultdict(float)
    passages: list[_Found] = []
    scores.update(dict.fromkeys(_ids(index, facts.issues_called(question.text)), 1.0))
    named = [_documents_named(index, facts, name) for name in names_in(question.text)]
    said = passages_saying(index, question.text)
    for found in [said, *named]:
        documents = {document for document, _ in found}
        telling = documents if asks_about_tests(question.text) else _no_tests(index, documents)
        if len(telling) <= _MOST_FILES:
            passages += [one for one in found if one[1]]
            for document in documents:
                scores[document] += 1 / len(telling if document in telling else documents)
    meant = _ids(index, (f"commit:{sha}" for sha in commits_meant(question.text, facts)))
    for document in meant:
        scores[document] += 1 / len(meant)
    of_days = passages_of_days(index, question.text, date.today())
    passages += of_days
    for document in {document for document, _ in of_days}:
        scores[document] += 1
    confidence = 1.0 if said or of_days else SPELT
    rankings = _rankings(table, scores, passages)
    return [replace(one, confidence=confidence) for one in rankings]


def passages_meant(index: Index, facts: Facts, text: str) -> set[int]:
    """Chunks that are the answer themselves, whatever else is found in their documents: where the
    definition begins that the whole text names, and what says the text, or its quote, in words.

    Raises StorageError.
    """
    named = _documents_named(index, facts, text.strip()) if len(text.split()) == 1 else []
    first: dict[int, int] = {}
    for document, chunk in sorted(named):
        if chunk:
            first.setdefault(document, chunk)
    return {*first.values(), *(chunk for _, chunk in passages_saying(index, text))}


def names_in(text: str) -> list[str]:
    """Words that are spelt like code or paths; a question of one word is taken as a name."""
    found = dict.fromkeys(_NAME.findall(text.replace("()", "")))
    words = [word for word in found if len(word) <= _LONGEST_NAME]
    if len(text.split()) == 1:
        return words
    return [word for word in words if _LOOKS_LIKE_CODE.search(word)]


def _documents_named(index: Index, facts: Facts, name: str) -> list[_Found]:
    """Files of that path or file name, and symbols of that qualified or last name."""
    found: list[_Found] = []
    with storage_errors(index.path):
        found += index.connection.execute(
            "SELECT id, 0 FROM documents WHERE kind != 'commit' AND (name = ? OR name LIKE ? "
            "ESCAPE '!')",
            (name, "%/" + re.sub(r"([%_!])", r"!\1", name)),
        ).fetchall()
        for symbol in facts.symbols(name):
            found += index.connection.execute(
                "SELECT document_id, chunks.id FROM chunks "
                "JOIN documents ON documents.id = document_id WHERE name = ? AND symbol = ?",
                (symbol.path, symbol.name),
            ).fetchall()
    return found


def _no_tests(index: Index, documents: Set[int]) -> Set[int]:
    """Those that are no tests, all where there are none."""
    return {one for one in documents if not is_test(read_document(index, one).name)} or documents


def _ids(index: Index, names: Iterable[str]) -> list[int]:
    with storage_errors(index.path):
        return [
            row[0]
            for name in names
            for row in index.connection.execute("SELECT id FROM documents WHERE name = ?", (name,))
        ]


def _rankings(table: ChunkTable, scores: dict[int, float], passages: list[_Found]) -> list[Ranking]:
    rankings = []
    for kind in KINDS:
        allowed = set(table.document_ids(kind).tolist()) if scores else set()
        mine = sorted(allowed & scores.keys(), key=lambda document: (-scores[document], document))
        shown = [(chunk, document) for document, chunk in passages if document in allowed]
        rankings.append(
            Ranking(
                NAMES,
                kind,
                np.array(mine, np.int64),
                np.array([scores[document] for document in mine], np.float32),
                chunk_ids=np.array([chunk for chunk, _ in shown], np.int64),
                chunk_documents=np.array([document for _, document in shown], np.int64),
                chunk_scores=np.array([scores[document] for _, document in shown], np.float32),
            )
        )
    return rankings
