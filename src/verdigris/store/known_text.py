"""Looks up whether some words stand in a passage of the index, in their order."""

from __future__ import annotations

import re
from collections.abc import Sequence

from verdigris.database import storage_errors
from verdigris.store.index import Index

_WORD = re.compile(r"[^\W_]+")
_SHINGLE = 5
_ENOUGH = 0.5
_CANDIDATES = 30


class KnownText:
    """The passages of an index as a set of runs of words.

    Method: the three longest words find passages by full text, runs of five words confirm one.
    """

    def __init__(self, index: Index, except_prefix: str) -> None:
        """except_prefix: documents whose names begin so are not looked into."""
        self._index = index
        self._pattern = except_prefix.replace("%", "") + "%"

    def has(self, words: Sequence[str]) -> bool:
        """Whether one passage has at least half of the runs of five of these lower-case words."""
        size = min(_SHINGLE, len(words))
        shingles = {f" {' '.join(words[at : at + size])} " for at in range(len(words) - size + 1)}
        if not words:
            return False
        longest = sorted(dict.fromkeys(words), key=len)[-3:]
        query = " AND ".join(f'"{word}"' for word in longest)
        with storage_errors(self._index.path):
            rows = self._index.connection.execute(
                "SELECT c.heading, c.text FROM passages p JOIN chunks c ON c.id = p.rowid "
                "JOIN documents d ON d.id = c.document_id "
                "WHERE passages MATCH ? AND d.name NOT LIKE ? LIMIT ?",
                (query, self._pattern, _CANDIDATES),
            ).fetchall()
        return any(self._share(shingles, f"{heading}\n{text}") >= _ENOUGH for heading, text in rows)

    @staticmethod
    def _share(shingles: set[str], text: str) -> float:
        line = f" {' '.join(_WORD.findall(text.lower()))} "
        return sum(shingle in line for shingle in shingles) / len(shingles)
