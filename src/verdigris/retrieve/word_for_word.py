"""Passages that say a question word for word, as the source of an error message does."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import cache
from math import ceil

from verdigris.database import storage_errors
from verdigris.retrieve.lanes import telling_words, words_of
from verdigris.retrieve.path_kinds import is_test
from verdigris.retrieve.wording import LONG_TEXT, is_question, may_be_message
from verdigris.store.index import Index

LEAST_SHARE = 0.5
"""Of a text's words that must stand in a row; what the program fills in stands between."""
ENOUGH = 6
"""Words in a row that say enough, however long the text: long messages are written in parts."""
FEWEST_TELLING, OF_LONG_ROWS = 3, 2
"""Words without stop words of a row that is no whole text: `CSV contains more than` has two."""
LONG_ROW = 4
_MOST_PASSAGES = 500
_QUOTED = re.compile(r"\"[^\"]+\"|`[^`]+`|“[^”]+”|(?<!\w)'[^']+\s[^']+'(?!\w)")
"""Several words in single quotes: that is how one quotes inside a shell's double ones."""
_BEFORE_MESSAGE = re.compile(
    r".*?(?:^|\s)(?:[\w.:]*(?:Error|Exception|Warning)|(?:[Ee]rror|ERROR)(?:\[[\w-]+\])?|fatal|panic):\s",
    re.DOTALL,
)
"""Up to the name of an error, as it stands before the message in what a program prints."""

Passage = tuple[int, int]
"""(document id, chunk id)."""


def passages_saying(index: Index, question: str) -> list[Passage]:
    """Where most words of a text stand in a row: what a question quotes, else a text as it is.

    What follows the name of an error in it comes before both. Raises StorageError.
    """
    before = _BEFORE_MESSAGE.match(question)
    if before and (found := _longest_rows(index, words_of(question[before.end() :]))):
        return found
    quoted = _QUOTED.findall(question) if is_question(question) else []
    texts = quoted or ([question] if may_be_message(question) else [])
    return [passage for text in texts for passage in _longest_rows(index, words_of(text))]


def _longest_rows(index: Index, asked: list[str]) -> list[Passage]:
    """The passages with the longest row of these words that is long enough.

    Tests say a message as it was filled in, with more words in a row than what raises it: where
    all of them are tests, the longest row of other code is taken as well.
    """
    if not 2 <= len(asked) <= LONG_TEXT:
        return []
    fewest = max(2, min(ceil(LEAST_SHARE * len(asked)), ENOUGH))
    sizes = range(fewest, len(asked) + 1)

    @cache
    def found(size: int) -> list[tuple[Passage, bool]]:
        return _passages_with(index, _rows(asked, size))

    def others(size: int) -> list[Passage]:
        return [passage for passage, in_test in found(size) if not in_test]

    longest, longest_of_others = _last(sizes, found), _last(sizes, others)
    tests = [passage for passage, in_test in found(longest) if in_test] if longest else []
    return tests + (others(longest_of_others) if longest_of_others else [])


def _last(sizes: range, found: Callable[[int], Sequence[object]]) -> int:
    """The last size at which anything is found, 0 if there is none: where a row stands, its part
    stands as well, so that nothing more is found after the first size without."""
    if found(sizes[-1]):  # the whole text, which is looked for much faster than all its parts
        return sizes[-1]
    after = bisect_left(sizes, True, key=lambda size: not found(size))
    return sizes[after - 1] if after else 0


def _rows(asked: list[str], size: int) -> list[str]:
    """All rows of that many words which tell something, or all words."""
    rows = [" ".join(asked[at : at + size]) for at in range(len(asked) - size + 1)]
    if size == len(asked):
        return rows
    fewest = OF_LONG_ROWS if size >= LONG_ROW else FEWEST_TELLING
    return [row for row in rows if len(telling_words(row)) >= fewest]


def _passages_with(index: Index, rows: list[str]) -> list[tuple[Passage, bool]]:
    """What says one of these rows of words, and whether it is test code."""
    if not rows:
        return []
    phrases = " OR ".join(f'"{row}"' for row in rows)
    with storage_errors(index.path):
        found = index.connection.execute(
            "SELECT document_id, chunks.id, name, event_kind FROM chunks "
            "JOIN documents ON documents.id = document_id WHERE chunks.id IN "
            "(SELECT rowid FROM passages WHERE passages MATCH ? LIMIT ?)",
            (f"body : ({phrases})", _MOST_PASSAGES),
        )
        return [
            ((document, chunk), is_test(name) or event_kind == "code.test")
            for document, chunk, name, event_kind in found
        ]
