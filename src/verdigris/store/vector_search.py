"""Nearest vectors of a kind: exact while few; USearch, a verified rebuildable cache, when many."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from verdigris.database import storage_errors
from verdigris.errors import StorageError
from verdigris.records import KINDS, Kind
from verdigris.store.document_chunks import Ids, distinct, read_document_chunks
from verdigris.store.index import EXACT_LIMIT, Index

Scores = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Chunk ids and their cosine similarity to the question, best first; shapes (n,)."""

    chunk_ids: Ids
    scores: Scores


class VectorSearch:
    """Searches the vectors of an index; `folder` keeps a `KIND.usearch` for each large kind."""

    def __init__(self, index: Index, folder: Path, exact_limit: int = EXACT_LIMIT) -> None:
        self._index = index
        self._folder = folder
        self._exact_limit = exact_limit
        self._kept: dict[Kind, tuple[Ids, npt.NDArray[np.floating]]] | None = None

    @contextmanager
    def kept_in_memory(self) -> Iterator[None]:
        """Read each kind's vectors once for all searches within; the index must not change."""
        self._kept = {}
        try:
            yield
        finally:
            self._kept = None

    def read_ahead(self) -> None:
        """Read what unfiltered searches will compare one by one; within `kept_in_memory`."""
        for kind in KINDS:
            if self._count(kind) <= self._exact_limit:
                self._vectors(kind)

    def nearest(self, kind: Kind, query: Scores, limit: int, allowed: Ids | None) -> Neighbours:
        """The `limit` chunks nearest to a unit vector, among `allowed` chunk ids (None: all).

        A filter makes the search exact: it then reads all vectors of the kind.
        """
        if allowed is not None and not len(allowed):
            return Neighbours(np.empty(0, np.int64), np.empty(0, np.float32))
        if allowed is None and self._count(kind) > self._exact_limit:
            found = self._search_usearch(kind, query, limit)
            if found is not None:
                return found
        return self._search_exact(kind, query, limit, allowed)

    def _count(self, kind: Kind) -> int:
        with storage_errors(self._index.path):
            row = self._index.connection.execute(
                "SELECT count(*) FROM vectors WHERE kind = ?", (kind,)
            ).fetchone()
        return int(row[0])

    def _search_exact(
        self, kind: Kind, query: Scores, limit: int, allowed: Ids | None
    ) -> Neighbours:
        chunk_ids, matrix = self._vectors(kind)
        if matrix.shape[1:] != query.shape:
            return Neighbours(np.empty(0, np.int64), np.empty(0, np.float32))
        if allowed is not None:
            keep = np.isin(chunk_ids, allowed)
            chunk_ids, matrix = chunk_ids[keep], matrix[keep]
        scores = matrix.astype(np.float32, copy=False) @ query
        best = _top(scores, limit)
        return Neighbours(chunk_ids[best], scores[best])

    def _vectors(self, kind: Kind) -> tuple[Ids, npt.NDArray[np.floating]]:
        if self._kept is None:
            return self._matrix(kind)
        if kind not in self._kept:
            chunk_ids, matrix = self._matrix(kind)
            self._kept[kind] = (chunk_ids, matrix.astype(np.float32))
        return self._kept[kind]

    def document_means(self, kind: Kind) -> tuple[Ids, Scores]:
        """Documents of a kind, sorted, and the mean of each one's vectors, of norm 1: (n, dims)."""
        chunk_ids, matrix = self._vectors(kind)
        owners = read_document_chunks(self._index, kind).documents_of(chunk_ids)
        return mean_vectors(owners, matrix)

    def vectors_of(self, kind: Kind, chunk_ids: Ids) -> Scores:
        """Vectors (n, dims) of these chunks, which must have one."""
        known, matrix = self._vectors(kind)
        return matrix[np.searchsorted(known, chunk_ids)].astype(np.float32)

    def _matrix(self, kind: Kind) -> tuple[Ids, npt.NDArray[np.float16]]:
        """All chunk ids (n,) and float16 vectors (n, dims) of a kind, by chunk id.

        SQLite joins the rows: fetching them one by one takes three times as long.
        """
        with storage_errors(self._index.path):
            ids, vectors, least, most = self._index.connection.execute(
                "SELECT group_concat(chunk_id), CAST(group_concat(vector, '') AS BLOB), "
                "min(length(vector)), max(length(vector)) "
                "FROM (SELECT chunk_id, vector FROM vectors WHERE kind = ? ORDER BY chunk_id)",
                (kind,),
            ).fetchone()
        if ids is None:
            return np.empty(0, np.int64), np.empty((0, 0), np.float16)
        if least != most or least % 2:
            raise StorageError(f"{self._index.path}: vectors of unequal size; verdigris rebuild")
        matrix = np.frombuffer(vectors, "<f2").reshape(-1, least // 2)
        return np.fromstring(ids, np.int64, sep=","), matrix

    def refresh(self) -> list[Kind]:
        """Rebuild the file of every large kind that is missing, stale or damaged. Returns those."""
        rebuilt: list[Kind] = []
        for kind in KINDS:
            if self._count(kind) <= self._exact_limit:
                self._file(kind).unlink(missing_ok=True)
            elif not self._is_current(kind):
                self._build(kind)
                rebuilt.append(kind)
        return rebuilt

    def _file(self, kind: Kind) -> Path:
        return self._folder / f"{kind}.usearch"

    def _state(self, kind: Kind) -> str:
        """A digest of which chunks have vectors: what the file must have been built from."""
        with storage_errors(self._index.path):
            row = self._index.connection.execute(
                "SELECT count(*), total(chunk_id), max(chunk_id) FROM vectors WHERE kind = ?",
                (kind,),
            ).fetchone()
        return f"{row[0]}:{row[1]:.0f}:{row[2]}:{self._index.meta('fingerprint')}"

    def _is_current(self, kind: Kind) -> bool:
        """Whether the file is the one that was written for today's vectors, byte for byte."""
        state, _, digest = self._index.meta(f"usearch.{kind}").partition(" ")
        return state == self._state(kind) and digest == _sha256(self._file(kind))

    def _build(self, kind: Kind) -> None:

        state = self._state(kind)
        chunk_ids, matrix = self._matrix(kind)
        index = _usearch().Index(ndim=matrix.shape[1], metric="cos", dtype="f16")
        index.add(chunk_ids.astype(np.uint64), matrix)
        handle, temporary = tempfile.mkstemp(dir=self._folder, suffix=".part")
        os.close(handle)
        try:
            index.save(temporary)
            digest = _sha256(Path(temporary))
            with Path(temporary).open("rb") as file:
                os.fsync(file.fileno())
            Path(temporary).replace(self._file(kind))
        finally:
            Path(temporary).unlink(missing_ok=True)
        with self._index.transaction():
            self._index.set_meta(f"usearch.{kind}", f"{state} {digest}")

    def _search_usearch(self, kind: Kind, query: Scores, limit: int) -> Neighbours | None:
        """Approximate search; None where the file may not be opened (`refresh` rebuilds it)."""
        if not self._is_current(kind):
            return None

        index = _usearch().Index.restore(str(self._file(kind)), view=True)
        if index is None:
            return None
        matches = index.search(query, limit)
        keys = np.asarray(matches.keys, np.int64)
        return Neighbours(keys, (1 - np.asarray(matches.distances)).astype(np.float32))


def mean_vectors(owners: Ids, vectors: npt.NDArray[np.floating[Any]]) -> tuple[Ids, Scores]:
    """The owners, sorted, and for each the mean of its vectors, brought to length 1.

    owners: (n,) whose each of `vectors` (n, dims) is. An owner whose mean is zero stays zero.
    """
    known, positions = distinct(owners)
    if not len(known):
        return known, np.empty((0, vectors.shape[1]), np.float32)
    order = np.argsort(positions, kind="stable")
    starts = np.searchsorted(positions[order], np.arange(len(known)))
    sums = np.add.reduceat(vectors[order].astype(np.float32), starts, axis=0)
    lengths = np.sqrt(np.square(sums).sum(axis=1, keepdims=True))
    return known, sums / np.maximum(lengths, np.finfo(np.float32).tiny)


def _top(scores: Scores, limit: int) -> Ids:
    """Positions of the `limit` largest scores, largest first; equal scores by position."""
    if len(scores) > limit:
        part = np.argpartition(-scores, limit - 1)[:limit]
        part.sort()
    else:
        part = np.arange(len(scores))
    return part[np.argsort(-scores[part], kind="stable")]


def _sha256(path: Path) -> str:
    with suppress(FileNotFoundError), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
    return ""


def _usearch() -> ModuleType:
    """USearch's door. ONNX Runtime is imported before it: the other way round it crashes.

    Seen with usearch 2.26 and onnxruntime 1.31 on Linux, each alone being sound.
    """
    import onnxruntime  # noqa: F401
    import usearch.index

    found: ModuleType = usearch.index
    return found
