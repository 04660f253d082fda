"""Passages that say a question word for word, as the source of an error message does."""

from __future__ import annotations

import re
from math import ceil

from verdigris.database import storage_errors
from verdigris.retrieve.lanes import telling_words, words_of
from verdigris.retrieve.path_kinds import is_test
from verdigris.retrieve.wording import LONG_TEXT, is_question
from verdigris.store.index import Index

LEAST_SHARE = 0.5
"""Of a text's words that must stand in a row; what the program fills in stands between."""
ENOUGH = 6
"""Words in a row that say enough, however long the text: long messages are written in parts."""
FEWEST_TELLING = 3
"""Words without stop words of a row that is not the whole text."""
_MOST_PASSAGES = 500
_QUOTED = re.compile(r"\"[^\"]+\"|`[^`]+`|“[^”]+”")

Passage = tuple[int, int]
"""(document id, chunk id)."""


def passages_saying(index: Index, question: str) -> list[Passage]:
    """Where most words of a text stand in a row: what a question quotes, else a text as it is.

    Raises StorageError.
    """
    texts = _QUOTED.findall(question) if is_question(question) else [question]
    return [passage for text in texts for passage in _longest_rows(index, words_of(text))]


def _longest_rows(index: Index, asked: list[str]) -> list[Passage]:
    """The passages with the longest row of these words that is long enough.

    Tests say a message as it was filled in, with more words in a row than what raises it: where
    all of them are tests, the longest row of other code is taken as well.
    """
    if not 2 <= len(asked) <= LONG_TEXT:
        return []
    tests: list[Passage] = []
    fewest = max(2, min(ceil(LEAST_SHARE * len(asked)), ENOUGH))
    for size in range(len(asked), fewest - 1, -1):
        rows = [" ".join(asked[at : at + size]) for at in range(len(asked) - size + 1)]
        telling = [row for row in rows if len(telling_words(row)) >= FEWEST_TELLING]
        found = _passages_with(index, rows if size == len(asked) else telling)
        tests = tests or [passage for passage, path in found if is_test(path)]
        if others := [passage for passage, path in found if not is_test(path)]:
            return tests + others
    return tests


def _passages_with(index: Index, rows: list[str]) -> list[tuple[Passage, str]]:
    """What says one of these rows of words, with the name of its document."""
    if not rows:
        return []
    phrases = " OR ".join(f'"{row}"' for row in rows)
    with storage_errors(index.path):
        found = index.connection.execute(
            "SELECT document_id, chunks.id, name FROM chunks "
            "JOIN documents ON documents.id = document_id WHERE chunks.id IN "
            "(SELECT rowid FROM passages WHERE passages MATCH ? LIMIT ?)",
            (f"body : ({phrases})", _MOST_PASSAGES),
        )
        return [((document, chunk), name) for document, chunk, name in found]
