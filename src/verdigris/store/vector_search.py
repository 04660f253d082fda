"""Nearest vectors of a kind: exact while few; USearch, a verified rebuildable cache, when many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from verdigris.database import storage_errors
from verdigris.errors import StorageError
from verdigris.records import KINDS, Kind
from verdigris.store.document_chunks import Ids, distinct, is_among, read_document_chunks
from verdigris.store.index import EXACT_LIMIT, Index
from verdigris.store.neighbour_file import (
    SUFFIX,
    NeighbourFile,
    Neighbours,
    OpenNeighbours,
    Scores,
)

_PART = 4096
"""Vectors that are projected at once."""


@dataclass(frozen=True, slots=True)
class ProjectedSet:
    """The vectors of a kind as a projection changes them: those of passages, or means of files.

    name, digest: of the projection, '' where it changes questions alone (project None); a digest
    of '' beside a `project` is that of a projection on trial, which has no files.
    """

    target: Literal["files", "passages"]
    name: str = ""
    digest: str = ""
    project: Callable[[Scores], Scores] | None = None

    @property
    def has_files(self) -> bool:
        """Whether it is not the raw vectors of passages, which have a file anyway, or on trial."""
        return bool(self.digest) if self.project else self.target == "files"

    def file_name(self, kind: Kind) -> str:
        """`code.passages.semantic`, `code.files.raw` …"""
        return f"{kind}.{self.target}.{self.name or 'raw'}"


class VectorSearch:
    """Searches the vectors of an index; `folder` keeps a `KIND.usearch` for each large kind.

    So it does for each set that a projection changes: see `refresh`.
    """

    def __init__(self, index: Index, folder: Path, exact_limit: int = EXACT_LIMIT) -> None:
        self._index = index
        self._folder = folder
        self._exact_limit = exact_limit
        self._kept: _Kept | None = None

    @contextmanager
    def kept_in_memory(self) -> Iterator[None]:
        """Read vectors and open files once for all searches within; the index must not change."""
        self._kept = _Kept()
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
        if allowed is None and (file := self._opened(kind, kind, "")):
            return file.nearest(query, limit)
        return self._search_exact(kind, query, limit, allowed)

    def nearest_projected(
        self, kind: Kind, among: ProjectedSet, query: Scores, limit: int
    ) -> Neighbours | None:
        """Ids of the `limit` nearest passages or files of a set; None where it has no sound file.

        Then the kind is small, or `refresh` has not been here since its vectors changed.
        """
        if not among.has_files:
            return None
        file = self._opened(kind, among.file_name(kind), among.digest)
        return file.nearest(query, limit) if file else None

    def _opened(self, kind: Kind, name: str, digest: str) -> OpenNeighbours | None:
        """The file of a large kind; None for a small kind, and where it may not be opened."""
        if self._kept is not None and name in self._kept.files:
            return self._kept.files[name]
        found = None
        if self._is_large(kind):
            found = self._file(name).open(self._state(kind, digest))
        if self._kept is not None:
            self._kept.files[name] = found
        return found

    def _is_large(self, kind: Kind) -> bool:
        return self._count(kind) > self._exact_limit

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
            keep = is_among(chunk_ids, allowed)
            chunk_ids, matrix = chunk_ids[keep], matrix[keep]
        scores = matrix.astype(np.float32, copy=False) @ query
        best = _top(scores, limit)
        return Neighbours(chunk_ids[best], scores[best])

    def _vectors(self, kind: Kind) -> tuple[Ids, npt.NDArray[np.floating]]:
        if self._kept is None:
            return self._matrix(kind)
        if kind not in self._kept.vectors:
            chunk_ids, matrix = self._matrix(kind)
            self._kept.vectors[kind] = (chunk_ids, matrix.astype(np.float32))
        return self._kept.vectors[kind]

    def document_means(self, kind: Kind) -> tuple[Ids, Scores]:
        """Documents of a kind, sorted, and the mean of each one's vectors, of norm 1: (n, dims)."""
        if self._kept is not None and kind in self._kept.means:
            return self._kept.means[kind]
        chunk_ids, matrix = self._vectors(kind)
        owners = read_document_chunks(self._index, kind).documents_of(chunk_ids)
        means = mean_vectors(owners, matrix)
        if self._kept is not None:
            self._kept.means[kind] = means
        return means

    def vectors_of(self, kind: Kind, chunk_ids: Ids) -> Scores:
        """Vectors (n, dims) of these chunks, which must have one; reads no others."""
        if self._kept is not None:
            known, matrix = self._vectors(kind)
            return matrix[np.searchsorted(known, chunk_ids)].astype(np.float32)
        query = "SELECT vector FROM vectors WHERE kind = ? AND chunk_id = ?"
        with storage_errors(self._index.path):
            found = [
                self._index.connection.execute(query, (kind, chunk)).fetchone()[0]
                for chunk in chunk_ids.tolist()
            ]
        vectors = np.frombuffer(b"".join(found), "<f2").astype(np.float32)
        return vectors.reshape(len(found), -1) if found else vectors.reshape(0, 0)

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

    def refresh(self, projected: Sequence[ProjectedSet] = ()) -> list[str]:
        """Build the files of large kinds that are missing, stale or damaged; returns their names.

        projected: the sets that are asked for; files of others are removed.
        """
        rebuilt = []
        sets = [one for one in projected if one.has_files]
        wanted: set[Path] = set()
        for kind in KINDS:
            if not self._is_large(kind):
                continue
            for name, digest, read in self._files_of(kind, sets):
                file, state = self._file(name), self._state(kind, digest)
                wanted.add(file.path)
                if not file.is_current(state):
                    file.build(state, *read())
                    rebuilt.append(name)
        for path in set(self._folder.glob(f"*{SUFFIX}")) - wanted:
            path.unlink(missing_ok=True)
        return rebuilt

    def _files_of(self, kind: Kind, sets: Sequence[ProjectedSet]) -> Iterator[_Wanted]:
        yield _Wanted(kind, "", partial(self._matrix, kind))
        for name in sorted({one.file_name(kind) for one in sets}):
            one = next(one for one in sets if one.file_name(kind) == name)
            yield _Wanted(name, one.digest, partial(self._projected, kind, one))

    def _projected(self, kind: Kind, one: ProjectedSet) -> tuple[Ids, npt.NDArray[np.floating]]:
        """The ids of a set and its vectors (n, dims) float16, a part at a time."""
        ids, vectors = self.document_means(kind) if one.target == "files" else self._matrix(kind)
        project = one.project or np.asarray
        parts = [
            project(vectors[start : start + _PART].astype(np.float32)).astype(np.float16)
            for start in range(0, len(vectors), _PART)
        ]
        return ids, np.concatenate(parts)

    def _file(self, name: str) -> NeighbourFile:
        return NeighbourFile(self._index, self._folder, name)

    def _state(self, kind: Kind, digest: str = "") -> str:
        """Which chunks have vectors, and which projection changed them: what a file is built of."""
        with storage_errors(self._index.path):
            row = self._index.connection.execute(
                "SELECT count(*), total(chunk_id), max(chunk_id) FROM vectors WHERE kind = ?",
                (kind,),
            ).fetchone()
        fingerprint = self._index.meta("fingerprint")
        return f"{row[0]}:{row[1]:.0f}:{row[2]}:{fingerprint}{digest and ':'}{digest}"


class _Wanted(NamedTuple):
    """A file that is to be there: its name, its projection's digest, and what gives its content."""

    name: str
    digest: str
    read: Callable[[], tuple[Ids, npt.NDArray[np.floating]]]


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was read for many searches."""

    vectors: dict[Kind, tuple[Ids, npt.NDArray[np.floating]]] = field(default_factory=dict)
    means: dict[Kind, tuple[Ids, Scores]] = field(default_factory=dict)
    files: dict[str, OpenNeighbours | None] = field(default_factory=dict)


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
