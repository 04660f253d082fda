"""What pairs are made from: one repository, read and embedded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from verdigris.database import storage_errors
from verdigris.event_log import EventLog
from verdigris.learn.examples import CommitExample, EmbedTexts, FileVectors
from verdigris.learn.network import Array
from verdigris.records import Event, Kind
from verdigris.store.index import Index
from verdigris.store.vector_search import mean_vectors
from verdigris.views import Facts


@dataclass(frozen=True, slots=True)
class Material:
    """One repository, read and embedded."""

    index: Index
    facts: Facts
    log: EventLog
    files: FileVectors
    commits: Sequence[CommitExample]
    commit_vectors: Array
    """(commits, dims): their subjects as questions."""
    embed: EmbedTexts

    def places(self) -> dict[str, int]:
        """Path → row of `files`."""
        return {path: place for place, path in enumerate(self.files.paths)}

    def first_times(self) -> dict[str, str]:
        """Path → when its first commit was made."""
        return {path: one.first for path, one in self.facts.file_histories().items()}

    def content(self, kind: Kind) -> Iterator[tuple[str, list[Event]]]:
        """Each document of a kind by name, with the content of the version that is indexed."""
        with storage_errors(self.index.path):
            documents = self.index.connection.execute(
                "SELECT name, version FROM documents WHERE kind = ? ORDER BY name", (kind,)
            ).fetchall()
        for name, version in documents:
            yield name, self.log.content(name, version)


@dataclass(frozen=True, slots=True)
class EmbeddedPassage:
    """A passage of the index with its vector, (dims,) float32."""

    document: str
    event_kind: str
    symbol: str
    time: str
    text: str
    vector: Array


def embedded_passages(index: Index, kind: Kind) -> Iterator[EmbeddedPassage]:
    """The passages of a kind of documents, in their order. Raises StorageError."""
    with storage_errors(index.path):
        rows = index.connection.execute(
            "SELECT name, event_kind, symbol, chunks.time, text, vector FROM vectors "
            "JOIN chunks ON chunks.id = chunk_id JOIN documents ON documents.id = document_id "
            "WHERE vectors.kind = ? ORDER BY name, chunks.id",
            (kind,),
        ).fetchall()
    for name, event_kind, symbol, time, text, blob in rows:
        vector = np.frombuffer(blob, "<f2").astype(np.float32)
        yield EmbeddedPassage(name, event_kind, symbol, time, text, vector)


def mean_vector(vectors: Sequence[Array]) -> Array:
    """The mean direction of unit vectors (dims,), again of length 1."""
    _, means = mean_vectors(np.zeros(len(vectors), np.int64), np.stack(vectors))
    mean: Array = means[0]
    return mean


def stacked(vectors: Sequence[Array]) -> Array:
    """Vectors (dims,) as one matrix; (0, 0) where there are none."""
    return np.stack(vectors) if vectors else np.empty((0, 0), np.float32)
