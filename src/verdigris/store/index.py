"""The index of one work tree: documents, chunks, full text and vectors. Derived, rebuildable."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from verdigris.database import connect, damaged, quick_check, storage_errors, transaction
from verdigris.records import Chunk, Event, SeenDetails
from verdigris.store.identifiers import split_identifiers

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    version TEXT NOT NULL,
    time TEXT NOT NULL,
    session TEXT NOT NULL,
    branch TEXT NOT NULL,
    parser TEXT NOT NULL,
    first_chunk INTEGER NOT NULL,  -- the others follow it
    chunks INTEGER NOT NULL
);
CREATE INDEX documents_of_kind ON documents (kind, first_chunk, chunks);
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used again: vectors arrive later, by id
    document_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    event_kind TEXT NOT NULL,
    heading TEXT NOT NULL,
    symbol TEXT NOT NULL,
    line_start INTEGER,
    line_end INTEGER,
    content_hash TEXT NOT NULL,
    time TEXT NOT NULL,
    text_hash BLOB NOT NULL,
    prefix TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX chunks_of_document ON chunks (document_id);
CREATE INDEX chunks_of_kind ON chunks (kind, document_id);
CREATE INDEX test_chunks ON chunks (id) WHERE event_kind = 'code.test';
CREATE TABLE vectors (
    kind TEXT NOT NULL,
    chunk_id INTEGER NOT NULL,
    vector BLOB NOT NULL,
    PRIMARY KEY (kind, chunk_id)
) WITHOUT ROWID;
CREATE INDEX vectors_counted ON vectors (kind);
CREATE TABLE next_vectors (  -- of the model that is to serve once all of them are there
    kind TEXT NOT NULL,
    chunk_id INTEGER NOT NULL,
    vector BLOB NOT NULL,
    PRIMARY KEY (kind, chunk_id)
) WITHOUT ROWID;
CREATE VIRTUAL TABLE passages USING fts5(
    context, body, tokenize = 'porter unicode61'
);
CREATE VIRTUAL TABLE whole_documents USING fts5(
    name, body, tokenize = 'porter unicode61'
);
"""

# `vectors_counted` holds next to nothing: rows are counted without reading the vectors themselves.
# Full text keeps where each word stands (`detail = 'full'`, the default): without, bm25() splits
# the text of every row that matches, which takes four to nine times as long.

VECTOR_TABLES = ("vectors", "next_vectors")
"""Those that answer, and those that are to take their place (`store/vector_sets.py`)."""
EXACT_LIMIT = 20_000
"""Up to this many vectors of a kind are compared one by one: fast enough, and exact."""
_NAMED_FILES = 50
"""Files of a commit whose paths are searched as its name."""


class Index:
    """Documents, chunks, full text and vectors of one work tree in `path`.

    schema: further tables that live in the same file (the facts). A file with another schema
    is dropped and made anew, since everything in it comes back from the log.
    Raises StorageError and its kin.
    """

    def __init__(self, path: Path, schema: str = "") -> None:
        self.path = path
        self._script = SCHEMA + schema
        self._digest = hashlib.sha256(self._script.encode()).hexdigest()
        self.connection = connect(path)
        try:
            with storage_errors(path):
                if self._meta_or_none("schema") != self._digest:
                    self._create()
        except BaseException:
            self.connection.close()
            raise

    def _create(self) -> None:
        with transaction(self.connection):
            if self._meta_or_none("schema") != self._digest:  # another process was not faster
                self._make_tables()

    def clear(self) -> None:
        """Drop everything and begin anew, in one transaction."""
        with self.transaction():
            self._make_tables()

    def _make_tables(self) -> None:
        tables = self.connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL "
            "AND name NOT LIKE 'sqlite_%' ORDER BY sql NOT LIKE 'CREATE VIRTUAL%'"
        ).fetchall()
        for (name,) in tables:
            quoted = name.replace('"', '""')
            self.connection.execute(f'DROP TABLE IF EXISTS "{quoted}"')
        for statement in self._script.split(";\n"):
            if statement.strip():
                self.connection.execute(statement)
        self.set_meta("schema", self._digest)

    def close(self) -> None:
        """Close the database; the object cannot be used afterwards."""
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One write transaction over documents, chunks, facts and position."""
        with storage_errors(self.path), transaction(self.connection):
            yield

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read one state of the index, whatever other processes write meanwhile."""
        with storage_errors(self.path):
            self.connection.execute("BEGIN")
            try:
                yield
            finally:
                self.connection.rollback()

    def _meta_or_none(self, key: str) -> str | None:
        try:
            row = self.connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return None
            raise
        return row[0] if row else None

    def meta(self, key: str) -> str:
        """A remembered value, '' where there is none."""
        with storage_errors(self.path):
            return self._meta_or_none(key) or ""

    def set_meta(self, key: str, value: str) -> None:
        """Remember a value."""
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    @property
    def position(self) -> int:
        """The log position up to which this index is complete."""
        position = self.meta("position") or "0"
        if not position.isdecimal():
            raise damaged(self.path, f"position {position!r}")
        return int(position)

    @property
    def position_event(self) -> str:
        """The id of the event at that position: tells whether a log is the one indexed."""
        return self.meta("position_event")

    def move_to(self, position: int, event_id: str) -> None:
        """Remember up to where in the log this index is complete. Inside a transaction."""
        self.set_meta("position", str(position))
        self.set_meta("position_event", event_id)

    def add_document(self, seen: Event, chunks: Sequence[Chunk]) -> None:
        """Put in a document that is not there. Inside a transaction."""
        details = seen.details
        if not isinstance(details, SeenDetails):
            raise TypeError(f"{seen.document}: the first event of a document carries SeenDetails")
        first_chunk = self._next_chunk_id()
        document_id = self.connection.execute(
            "INSERT INTO documents (name, kind, title, version, time, session, branch, parser, "
            "first_chunk, chunks) VALUES (?,?,?,?,?,?,?,?,?,?)",
            (
                seen.document, details.kind, details.title, seen.version, seen.time, seen.session,
                seen.branch, details.file.parser if details.file else "", first_chunk, len(chunks),
            ),
        ).lastrowid  # fmt: skip
        numbered = list(enumerate(chunks, start=first_chunk))
        bodies = [split_identifiers(chunk.text) for chunk in chunks]
        self._insert_chunks(document_id, numbered, bodies)
        # A session's account of the session before it describes another document.
        told = (b for b, c in zip(bodies, chunks, strict=True) if c.event_kind != "session.context")
        self.connection.execute(
            "INSERT INTO whole_documents (rowid, name, body) VALUES (?, ?, ?)",
            (document_id, split_identifiers(_names(seen, details)), "\n".join(told)),
        )

    def _next_chunk_id(self) -> int:
        row = self.connection.execute(
            "SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'chunks'"
        ).fetchone()
        return int(row[0])

    def _insert_chunks(
        self, document_id: int | None, numbered: Sequence[tuple[int, Chunk]], bodies: Sequence[str]
    ) -> None:
        """Insert chunks by id and their full text; `bodies` are the texts, identifiers split."""
        self.connection.executemany(
            "INSERT INTO chunks (id, document_id, kind, event_kind, heading, symbol, line_start, "
            "line_end, content_hash, time, text_hash, prefix, text) "
            "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
            [(chunk_id, document_id, *_columns(chunk)) for chunk_id, chunk in numbered],
        )
        self.connection.executemany(
            "INSERT INTO passages (rowid, context, body) VALUES (?, ?, ?)",
            [
                (chunk_id, split_identifiers(_prefix(chunk)), body)
                for (chunk_id, chunk), body in zip(numbered, bodies, strict=True)
            ],
        )

    def remove_document(self, name: str) -> bool:
        """Take a document with its chunks and vectors out; tells whether it was there.

        Inside a transaction.
        """
        row = self.connection.execute("SELECT id FROM documents WHERE name = ?", (name,)).fetchone()
        if row is None:
            return False
        chunks = "(SELECT id FROM chunks WHERE document_id = ?)"
        self.connection.execute(f"DELETE FROM passages WHERE rowid IN {chunks}", row)
        for table in VECTOR_TABLES:
            self.connection.execute(
                f"DELETE FROM {table} WHERE kind = (SELECT kind FROM documents WHERE id = ?) "
                f"AND chunk_id IN {chunks}",
                (*row, *row),
            )
        self.connection.execute("DELETE FROM chunks WHERE document_id = ?", row)
        self.connection.execute("DELETE FROM whole_documents WHERE rowid = ?", row)
        self.connection.execute("DELETE FROM documents WHERE id = ?", row)
        return True

    def version_of(self, name: str) -> str:
        """The version of a document that is here; '' where it is not."""
        with storage_errors(self.path):
            row = self.connection.execute(
                "SELECT version FROM documents WHERE name = ?", (name,)
            ).fetchone()
        return str(row[0]) if row else ""

    def count(self, table: str) -> int:
        """Rows of `documents`, `chunks` or `vectors`."""
        with storage_errors(self.path):
            return int(self.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    def counts_by(self, column: str) -> dict[str, int]:
        """Documents by `kind` or `parser`."""
        with storage_errors(self.path):
            rows = self.connection.execute(
                f"SELECT {column}, count(*) FROM documents GROUP BY {column} ORDER BY 2 DESC"
            )
            return dict(rows.fetchall())

    def check(self) -> str:
        """Integrity of the file and of the full-text indexes: 'ok', or what is wrong."""
        verdict = quick_check(self.connection)
        if verdict != "ok":
            return verdict
        try:
            for table in ("passages", "whole_documents"):
                self.connection.execute(f"INSERT INTO {table}({table}) VALUES ('integrity-check')")
            for table, full_text in (("chunks", "passages"), ("documents", "whole_documents")):
                if lacking := self._lacking(table, full_text):
                    return f"{lacking:,} rows of {table} and {full_text} do not match"
        except sqlite3.DatabaseError as error:
            return str(error)
        return "ok"

    def _lacking(self, table: str, full_text: str) -> int:
        """How many rows have no row in the full-text index, or the other way round."""
        ids, rows = f"SELECT id FROM {table}", f"SELECT rowid FROM {full_text}"
        differences = (f"{ids} EXCEPT {rows}", f"{rows} EXCEPT {ids}")
        return sum(
            self.connection.execute(f"SELECT count(*) FROM ({difference})").fetchone()[0]
            for difference in differences
        )


def _columns(chunk: Chunk) -> tuple[str | int | bytes | None, ...]:
    anchor = chunk.anchor
    lines = (anchor.lines.start, anchor.lines.end) if anchor.lines else (None, None)
    return (
        chunk.kind, chunk.event_kind, chunk.heading, anchor.symbol, *lines,
        anchor.content_hash, anchor.time, chunk.text_hash, _prefix(chunk), chunk.text,
    )  # fmt: skip


def _prefix(chunk: Chunk) -> str:
    """What stands before the text when it is embedded."""
    return chunk.embedded_text[: len(chunk.embedded_text) - len(chunk.text)]


def _names(seen: Event, details: SeenDetails) -> str:
    """What the lexical lane over whole documents takes as a document's name."""
    if details.commit:
        return " ".join(change.path for change in details.commit.files[:_NAMED_FILES])
    if details.issue:
        return " ".join([details.title, *details.issue.labels, *details.issue.files[:_NAMED_FILES]])
    return f"{seen.document} {details.title}"
