"""A document as the index lists it."""

from __future__ import annotations

from dataclasses import dataclass

from verdigris.database import storage_errors
from verdigris.records import Kind
from verdigris.store.index import Index


@dataclass(frozen=True, slots=True)
class Document:
    """What the index says of a document beside its passages; `time` in UTC."""

    name: str
    kind: Kind
    title: str
    time: str
    session: str

    @property
    def is_file(self) -> bool:
        """Whether its name is a path of the repository."""
        return self.kind not in ("commit", "issue") and not self.name.startswith("transcript:")


def read_document(index: Index, document_id: int) -> Document:
    """The document of that id, which the index has. Raises StorageError."""
    with storage_errors(index.path):
        row = index.connection.execute(
            "SELECT name, kind, title, time, session FROM documents WHERE id = ?", (document_id,)
        ).fetchone()
    return Document(*row)
