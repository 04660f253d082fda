"""Passages that say a question word for word, as the source of an error message does."""

from __future__ import annotations

import re
from math import ceil

from verdigris.database import storage_errors
from verdigris.retrieve.lanes import STOP_WORDS
from verdigris.retrieve.wording import LONG_TEXT, is_question
from verdigris.store.index import Index

LEAST_SHARE = 0.5
"""Of a text's words that must stand in a row; what the program fills in stands between."""
FEWEST = 3
"""Words of a row that is not the whole text. Stop words count nowhere."""
_MOST_PASSAGES = 500
_WORD = re.compile(r"[^\W_]+")
_QUOTED = re.compile(r"\"[^\"]+\"|`[^`]+`|“[^”]+”")

Passage = tuple[int, int]
"""(document id, chunk id)."""


def passages_saying(index: Index, question: str) -> list[Passage]:
    """Where most words of a text stand in a row: what a question quotes, else a text as it is.

    Raises StorageError.
    """
    texts = _QUOTED.findall(question) if is_question(question) else [question]
    return [passage for text in texts for passage in _longest_rows(index, _words(text))]


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.lower()) if word not in STOP_WORDS]


def _longest_rows(index: Index, asked: list[str]) -> list[Passage]:
    """The passages with the longest row of these words that is long enough."""
    if not 2 <= len(asked) <= LONG_TEXT:
        return []
    fewest = min(len(asked), max(FEWEST, ceil(LEAST_SHARE * len(asked))))
    found: dict[Passage, int] = {}
    for document, chunk, text in _passages_with(index, _rows(asked, fewest)):
        said = f" {' '.join(_words(text))} "
        sizes = range(len(asked), fewest - 1, -1)
        found[document, chunk] = next((n for n in sizes if _says(said, _rows(asked, n))), 0)
    longest = max(found.values(), default=0)
    return [passage for passage, size in found.items() if size == longest > 0]


def _rows(asked: list[str], size: int) -> list[list[str]]:
    return [asked[start : start + size] for start in range(len(asked) - size + 1)]


def _says(said: str, rows: list[list[str]]) -> bool:
    return any(f" {' '.join(row)} " in said for row in rows)


def _passages_with(index: Index, rows: list[list[str]]) -> list[tuple[int, int, str]]:
    """(document id, chunk id, text) of passages that have all words of one of the rows."""
    all_of = (" AND ".join(f'"{word}"' for word in row) for row in rows)
    with storage_errors(index.path):
        return index.connection.execute(
            "SELECT document_id, id, text FROM chunks WHERE id IN "
            "(SELECT rowid FROM passages WHERE passages MATCH ? LIMIT ?)",
            (" OR ".join(f"({words})" for words in all_of), _MOST_PASSAGES),
        ).fetchall()
