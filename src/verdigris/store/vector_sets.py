"""The vectors of an index: the set that serves, and the one that is to take its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from verdigris.database import storage_errors
from verdigris.errors import FingerprintMismatch
from verdigris.frozen_dataclass import dataclass
from verdigris.store.index import Index


@dataclass(frozen=True, slots=True)
class VectorSpace:
    """Vectors that may be compared: a model as it was asked for, and its fingerprint."""

    model: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class PendingChunk:
    """A chunk without a vector: an entry of the anti-join that says what is to do."""

    chunk_id: int
    text_hash: bytes
    embedded_text: str


@dataclass(frozen=True, slots=True)
class ChunkVector:
    """A chunk's vector: float16, little endian."""

    chunk_id: int
    text_hash: bytes
    vector: bytes


class VectorSets:
    """Which vectors serve, which are being made to replace them, and the swap in one step.

    The vectors that answer lie in the table `vectors`. Those of a newly chosen model are gathered
    in `next_vectors`, while the others answer on. Raises StorageError and its kin.
    """

    def __init__(self, index: Index) -> None:
        self._index = index

    @property
    def serving(self) -> VectorSpace | None:
        """What the answering vectors were made with; None before the first vector."""
        return self._space("model", "fingerprint")

    @property
    def building(self) -> VectorSpace | None:
        """What the next set is made with; None where none is being made."""
        return self._space("next_model", "next_fingerprint")

    def _space(self, model: str, fingerprint: str) -> VectorSpace | None:
        known = self._index.meta(fingerprint)
        return VectorSpace(self._index.meta(model), known) if known else None

    def choose(self, wanted: VectorSpace) -> None:
        """Say which vectors are wanted from now on.

        They serve at once where nothing else does. Where others do, a new set is begun or gone
        on with; choosing what serves already ends the making of another set.
        """
        if wanted == (self.building or self.serving):
            return
        with self._index.transaction():
            other_serves = self._serves_another_than(wanted)
            building = self.building
            if not (other_serves and building and building.fingerprint == wanted.fingerprint):
                self._forget_building()
            self._remember("next_" if other_serves else "", wanted)

    def _serves_another_than(self, wanted: VectorSpace) -> bool:
        known = self.serving
        if known is None or known.fingerprint == wanted.fingerprint:
            return False
        row = self._index.connection.execute("SELECT EXISTS (SELECT 1 FROM vectors)").fetchone()
        return bool(row[0])

    def _remember(self, prefix: str, space: VectorSpace | None) -> None:
        self._index.set_meta(f"{prefix}model", space.model if space else "")
        self._index.set_meta(f"{prefix}fingerprint", space.fingerprint if space else "")

    def _forget_building(self) -> None:
        self._index.connection.execute("DELETE FROM next_vectors")
        self._remember("next_", None)

    def swap(self, complete: bool = True) -> bool:
        """Let the next set serve and drop the earlier one, in one transaction.

        complete: only where no chunk lacks a vector of the next set. Returns whether it serves.
        """
        if self.building is None:
            return False
        with self._index.transaction():
            building = self.building
            if building is None or (complete and self._lacks_any("next_vectors")):
                return False
            self._index.connection.execute("DELETE FROM vectors")
            self._index.connection.execute("INSERT INTO vectors SELECT * FROM next_vectors")
            self._remember("", building)
            self._forget_building()
        return True

    def _lacks_any(self, table: str) -> bool:
        row = self._index.connection.execute(f"SELECT EXISTS ({_pending(table)})").fetchone()
        return bool(row[0])

    def missing(self, space: VectorSpace) -> int:
        """Chunks without a vector of this space. Raises FingerprintMismatch."""
        with storage_errors(self._index.path):
            table = self._table(space.fingerprint)
            return self._index.count("chunks") - self._index.count(table)

    def pending(
        self, space: VectorSpace, chunk_ids: Iterable[int] | None = None
    ) -> Iterator[PendingChunk]:
        """Chunks without a vector of this space; or those of `chunk_ids`, in that order.

        Raises FingerprintMismatch.
        """
        query = _pending(self._table(space.fingerprint))
        with storage_errors(self._index.path):
            if chunk_ids is None:
                rows = self._index.connection.execute(query).fetchall()
            else:
                rows = [
                    row
                    for chunk_id in chunk_ids
                    for row in self._index.connection.execute(f"{query} AND id = ?", (chunk_id,))
                ]
        for row in rows:
            yield PendingChunk(*row)

    def add(self, fingerprint: str, vectors: Iterable[ChunkVector]) -> None:
        """Store vectors in the set of that fingerprint.

        Embedding takes long, and others may refresh meanwhile: vectors of chunks that went are
        left out. Raises FingerprintMismatch where neither set has that fingerprint any longer.
        """
        with self._index.transaction():
            table = self._table(fingerprint)
            self._index.connection.executemany(
                f"INSERT OR REPLACE INTO {table} "
                "SELECT kind, id, ? FROM chunks WHERE id = ? AND text_hash = ?",
                ((one.vector, one.chunk_id, one.text_hash) for one in vectors),
            )

    def _table(self, fingerprint: str) -> str:
        if self._index.meta("fingerprint") == fingerprint:
            return "vectors"
        if self._index.meta("next_fingerprint") == fingerprint:
            return "next_vectors"
        raise FingerprintMismatch(
            f"{self._index.path} now has vectors of another model, set by another process; "
            "run: verdigris scrape"
        )

    def drop(self, chunk_ids: Sequence[int]) -> list[bytes]:
        """Take serving vectors of these chunks out. Returns the chunks' text hashes."""
        hashes: list[bytes] = []
        with self._index.transaction():
            for chunk_id in chunk_ids:
                row = self._index.connection.execute(
                    "SELECT kind, text_hash FROM chunks WHERE id = ?", (chunk_id,)
                ).fetchone()
                if row:
                    hashes.append(row[1])
                    self._index.connection.execute(
                        "DELETE FROM vectors WHERE kind = ? AND chunk_id = ?", (row[0], chunk_id)
                    )
        return hashes


def _pending(table: str) -> str:
    """Chunks that have no row in a table of vectors."""
    return (
        f"SELECT id, text_hash, prefix || text FROM chunks LEFT JOIN {table} "
        f"ON {table}.kind = chunks.kind AND chunk_id = id WHERE chunk_id IS NULL"
    )
