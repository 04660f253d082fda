"""How far the index has vectors, by kind, and what the user's cache of vectors holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from verdigris.database import connect, storage_errors
from verdigris.store.index import Index


@dataclass(frozen=True, slots=True)
class KindCoverage:
    """Chunks of one kind, and how many of them have a vector."""

    kind: str
    chunks: int
    vectors: int

    @property
    def missing(self) -> int:
        """Chunks without a vector."""
        return self.chunks - self.vectors


@dataclass(frozen=True, slots=True)
class CacheSize:
    """The user's cache of vectors, shared by all projects."""

    path: Path
    bytes: int
    """Size of the file with its write-ahead log."""
    vectors: int
    of_this_model: int
    """Vectors with the fingerprint that was asked for."""


def coverage(index: Index) -> list[KindCoverage]:
    """Chunks and vectors of each kind, the most chunks first. Raises StorageError."""
    query = (
        "SELECT chunks.kind, count(*), count(chunk_id) FROM chunks LEFT JOIN vectors "
        "ON vectors.kind = chunks.kind AND chunk_id = id GROUP BY chunks.kind ORDER BY 2 DESC, 1"
    )
    with storage_errors(index.path):
        return [KindCoverage(*row) for row in index.connection.execute(query)]


def cache_size(path: Path, fingerprint: str) -> CacheSize:
    """What the cache in `path` holds; a cache that is not there is empty. Raises StorageError."""
    if not path.exists():
        return CacheSize(path, 0, 0, 0)
    files = (path, path.with_name(f"{path.name}-wal"))
    size = sum(file.stat().st_size for file in files if file.exists())
    with storage_errors(path):
        connection = connect(path)
        try:
            total, own = connection.execute(
                "SELECT count(*), count(*) FILTER (WHERE fingerprint = ?) FROM vectors",
                (fingerprint,),
            ).fetchone()
        finally:
            connection.close()
    return CacheSize(path, size, total, own)
