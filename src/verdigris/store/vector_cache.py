"""The user's cache of vectors by text hash and fingerprint: no text is embedded twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from verdigris.database import connect_migrated, quick_check, storage_errors, transaction

MIGRATIONS = (
    """
    CREATE TABLE vectors (
        fingerprint TEXT NOT NULL,
        text_hash BLOB NOT NULL,
        vector BLOB NOT NULL,
        PRIMARY KEY (fingerprint, text_hash)
    ) WITHOUT ROWID;
    """,
)
_BATCH = 500


class VectorCache:
    """float16 vectors shared by all of the user's projects, work trees and branches.

    Raises StorageError and its kin.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = connect_migrated(path, MIGRATIONS)

    def close(self) -> None:
        """Close the database; the object cannot be used afterwards."""
        self._connection.close()

    def get(self, fingerprint: str, text_hashes: Sequence[bytes]) -> dict[bytes, bytes]:
        """Those of the hashes that have a vector, with it (float16, little endian)."""
        found: dict[bytes, bytes] = {}
        with storage_errors(self.path):
            for start in range(0, len(text_hashes), _BATCH):
                part = text_hashes[start : start + _BATCH]
                marks = ",".join("?" * len(part))
                found.update(
                    self._connection.execute(
                        "SELECT text_hash, vector FROM vectors WHERE fingerprint = ? "
                        f"AND text_hash IN ({marks})",
                        (fingerprint, *part),
                    ).fetchall()
                )
        return found

    def put(self, fingerprint: str, vectors: Iterable[tuple[bytes, bytes]]) -> None:
        """Remember (text hash, vector) pairs, in one transaction."""
        with storage_errors(self.path), transaction(self._connection):
            self._connection.executemany(
                "INSERT OR IGNORE INTO vectors VALUES (?, ?, ?)",
                ((fingerprint, text_hash, vector) for text_hash, vector in vectors),
            )

    def forget(self, fingerprint: str, text_hashes: Iterable[bytes]) -> None:
        """Drop vectors that turned out to be none."""
        with storage_errors(self.path), transaction(self._connection):
            self._connection.executemany(
                "DELETE FROM vectors WHERE fingerprint = ? AND text_hash = ?",
                ((fingerprint, text_hash) for text_hash in text_hashes),
            )

    def check(self) -> str:
        """SQLite's own integrity check: 'ok', or what is wrong."""
        return quick_check(self._connection)
