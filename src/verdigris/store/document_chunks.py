"""Which document a chunk belongs to, as arrays: joins without SQL."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from verdigris.database import storage_errors
from verdigris.records import Kind
from verdigris.store.index import Index

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DocumentChunks:
    """Documents of a kind, sorted by their chunks, which have consecutive ids. Arrays (documents,).

    A document without chunks is none of them.
    """

    document_ids: Ids
    first_chunks: Ids
    counts: Ids

    def among(self, document_ids: Ids) -> DocumentChunks:
        """Only these documents."""
        keep = is_among(self.document_ids, document_ids)
        return DocumentChunks(self.document_ids[keep], self.first_chunks[keep], self.counts[keep])

    def chunk_ids(self) -> Ids:
        """All their chunks, sorted, (chunks,)."""
        before = np.cumsum(self.counts) - self.counts
        return np.repeat(self.first_chunks - before, self.counts) + np.arange(self.counts.sum())

    def documents_of(self, chunk_ids: Ids) -> Ids:
        """Document of each chunk, (chunks,); −1 for a chunk of none of them."""
        if not len(self.document_ids):
            return np.full(len(chunk_ids), -1, np.int64)
        places = np.maximum(np.searchsorted(self.first_chunks, chunk_ids, side="right") - 1, 0)
        positions = chunk_ids - self.first_chunks[places]
        inside = (positions >= 0) & (positions < self.counts[places])
        return np.where(inside, self.document_ids[places], -1)


def is_among(ids: Ids, wanted: Ids) -> npt.NDArray[np.bool_]:
    """Whether each of the ids is one of the wanted ones, in whatever order, (ids,).

    As numpy.isin, which imports numpy.ma: more than the rest of a search costs.
    """
    if not len(wanted):
        return np.zeros(len(ids), np.bool_)
    known = np.sort(wanted)
    found: npt.NDArray[np.bool_] = known[np.searchsorted(known[:-1], ids)] == ids
    return found


def distinct(ids: Ids) -> tuple[Ids, Ids]:
    """The ids, each once and sorted, and for each element the position of its id among them.

    As numpy.unique, which imports numpy.ma, too.
    """
    order = np.argsort(ids, kind="stable")
    ordered = ids[order]
    first = np.ones(len(ids), np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    positions = np.empty(len(ids), np.int64)
    positions[order] = np.cumsum(first) - 1
    return ordered[first], positions


def read_document_chunks(index: Index, kind: Kind) -> DocumentChunks:
    """The documents of a kind in the index. Raises StorageError."""
    with storage_errors(index.path):
        rows = index.connection.execute(
            "SELECT id, first_chunk, chunks FROM documents "
            "WHERE kind = ? AND chunks > 0 ORDER BY first_chunk",
            (kind,),
        )
        columns = np.fromiter(chain.from_iterable(rows), np.int64).reshape(-1, 3).T
    return DocumentChunks(*columns)
