"""What all facts are read from: the tables of one index."""

from __future__ import annotations

import sqlite3


class Tables:
    """A connection to the index of one work tree; the caller opens the transactions."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def paths(self) -> frozenset[str]:
        """Paths of all indexed files."""
        rows = self._connection.execute(
            "SELECT name FROM documents WHERE kind NOT IN ('commit', 'issue')"
        )
        return frozenset(row[0] for row in rows)
