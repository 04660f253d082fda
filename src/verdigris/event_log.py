"""The event log: append-only SQLite, the only truth besides git and the files themselves."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from verdigris.database import connect_migrated, damaged, quick_check, storage_errors, transaction
from verdigris.frozen_dataclass import dataclass
from verdigris.records import (
    DOCUMENT_GONE,
    DOCUMENT_SEEN,
    RESULT_UNUSED,
    RESULT_USED,
    Details,
    Event,
    Lines,
    ResultDetails,
    SeenDetails,
    SymbolDetails,
)

SHARED = ""
"""The work tree of what all work trees share: commits."""

MIGRATIONS = (
    """
    CREATE TABLE events (
        seq INTEGER PRIMARY KEY,
        id BLOB NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        marker INTEGER NOT NULL,
        worktree TEXT NOT NULL,
        document TEXT NOT NULL,
        version TEXT NOT NULL,
        time TEXT NOT NULL,
        session TEXT NOT NULL,
        branch TEXT NOT NULL,
        commit_sha TEXT NOT NULL,
        line_start INTEGER,
        line_end INTEGER,
        heading TEXT NOT NULL,
        text TEXT NOT NULL,
        details TEXT,
        recorded TEXT NOT NULL
    );
    CREATE INDEX content ON events (document, version) WHERE marker = 0;
    CREATE INDEX markers ON events (document, worktree, seq) WHERE marker = 1;
    CREATE INDEX marker_order ON events (seq) WHERE marker = 1;
    CREATE TRIGGER events_refuse_update BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'the event log is append-only: UPDATE refused'); END;
    CREATE TRIGGER events_refuse_delete BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'the event log is append-only: DELETE refused'); END;
    CREATE TRIGGER events_refuse_replace BEFORE INSERT ON events
    WHEN EXISTS (SELECT 1 FROM events WHERE seq = NEW.seq)
    BEGIN SELECT RAISE(ABORT, 'the event log is append-only: REPLACE refused'); END;
    CREATE TRIGGER events_ignore_known BEFORE INSERT ON events
    WHEN EXISTS (SELECT 1 FROM events WHERE id = NEW.id)
    BEGIN SELECT RAISE(IGNORE); END;
    CREATE TABLE cursors (
        worktree TEXT NOT NULL,
        source TEXT NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (worktree, source, key)
    ) WITHOUT ROWID;
    """,
)

_DETAILS: dict[str, type[SeenDetails] | type[SymbolDetails] | type[ResultDetails]] = {
    DOCUMENT_SEEN: SeenDetails,
    "code.symbol": SymbolDetails,
    "code.test": SymbolDetails,
    RESULT_USED: ResultDetails,
    RESULT_UNUSED: ResultDetails,
}
_COLUMNS = (
    "kind, document, version, text, line_start, line_end, heading, time, session, branch, "
    "commit_sha, details"
)


@dataclass(frozen=True, slots=True)
class Marker:
    """A position of the log at which a document appeared, changed or went."""

    seq: int
    event: Event


@dataclass(frozen=True, slots=True)
class CursorChange:
    """New positions of a source's cursor: keys to set, and keys to forget."""

    source: str
    set: Mapping[str, str]
    forget: tuple[str, ...] = ()


class EventLog:
    """The log of one repository, as seen from one of its work trees.

    Events are immutable: triggers refuse UPDATE and DELETE, ids are derived from content, so
    appending the same events again changes nothing. Raises StorageError and its kin.
    """

    def __init__(self, path: Path, worktree: str = ".") -> None:
        self.path = path
        self.worktree = worktree
        self._connection = connect_migrated(path, MIGRATIONS)

    def close(self) -> None:
        """Close the database; the object cannot be used afterwards."""
        self._connection.close()

    def append(
        self, events: Iterable[Event], cursor: CursorChange, worktree: str | None = None
    ) -> int:
        """Append events and move the source's cursor in one transaction; returns how many were new.

        worktree: SHARED for what all work trees have in common; this one's by default.
        """
        tree = self.worktree if worktree is None else worktree
        recorded = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        with storage_errors(self.path), transaction(self._connection):
            before = self._connection.total_changes
            for event in events:
                self._insert(event, tree, recorded)
            added = self._connection.total_changes - before
            self._move(cursor, tree)
        return added

    def _insert(self, event: Event, worktree: str, recorded: str) -> None:
        marker = event.kind in (DOCUMENT_SEEN, DOCUMENT_GONE)
        details = msgspec.json.encode(event.details).decode() if event.details else None
        previous = b""
        if marker:
            last = self._last_marker(event.document, worktree)
            if last is not None and last[1:] == (event.kind, event.version):
                return
            previous = last[0] if last else b""
        lines = (event.lines.start, event.lines.end) if event.lines else (None, None)
        own = worktree if marker else ""
        row = (
            event.kind, marker, own, event.document, event.version, event.time, event.session,
            event.branch, event.commit, *lines, event.heading, event.text, details,
        )  # fmt: skip
        self._connection.execute(
            "INSERT OR IGNORE INTO events (id, kind, marker, worktree, document, version, time, "
            "session, branch, commit_sha, line_start, line_end, heading, text, details, recorded) "
            "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (_identity(row, previous), *row, recorded),
        )

    def _last_marker(self, document: str, worktree: str) -> tuple[bytes, str, str] | None:
        row: tuple[bytes, str, str] | None = self._connection.execute(
            "SELECT id, kind, version FROM events WHERE marker = 1 AND document = ? "
            "AND worktree = ? ORDER BY seq DESC LIMIT 1",
            (document, worktree),
        ).fetchone()
        return row

    def _move(self, cursor: CursorChange, worktree: str) -> None:
        self._connection.executemany(
            "INSERT INTO cursors VALUES (?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET value = excluded.value",
            [(worktree, cursor.source, key, value) for key, value in cursor.set.items()],
        )
        self._connection.executemany(
            "DELETE FROM cursors WHERE worktree = ? AND source = ? AND key = ?",
            [(worktree, cursor.source, key) for key in cursor.forget],
        )

    def cursor(self, source: str, worktree: str | None = None) -> dict[str, str]:
        """Key → value of a source's cursor; empty before the first scrape."""
        tree = self.worktree if worktree is None else worktree
        with storage_errors(self.path):
            rows = self._connection.execute(
                "SELECT key, value FROM cursors WHERE worktree = ? AND source = ?", (tree, source)
            ).fetchall()
        return dict(rows)

    def position(self) -> int:
        """Sequence number of the newest event; 0 for an empty log."""
        with storage_errors(self.path):
            return int(
                self._connection.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0]
            )

    def event_id(self, seq: int) -> str:
        """The id of the event at a position, in hex digits; '' where there is none.

        Ids come from content, so this tells whether a position belongs to this log.
        """
        with storage_errors(self.path):
            row = self._connection.execute("SELECT id FROM events WHERE seq = ?", (seq,)).fetchone()
        return bytes(row[0]).hex() if row else ""

    def markers(self, after: int = 0) -> Iterator[Marker]:
        """Documents that appeared, changed or went since a position, as seen in this work tree."""
        with storage_errors(self.path):
            rows = self._connection.execute(
                f"SELECT seq, {_COLUMNS} FROM events WHERE marker = 1 AND seq > ? "
                "AND worktree IN (?, ?) ORDER BY seq",
                (after, self.worktree, SHARED),
            )
            for row in rows:
                yield Marker(row[0], self._event(row[1:]))

    def content(self, document: str, version: str) -> list[Event]:
        """Content events of one version of a document, in the order in which they were read."""
        with storage_errors(self.path):
            rows = self._connection.execute(
                f"SELECT {_COLUMNS} FROM events WHERE marker = 0 AND document = ? "
                "AND version = ? ORDER BY seq",
                (document, version),
            ).fetchall()
        return [self._event(row) for row in rows]

    def questions(self) -> list[Event]:
        """Questions, and which of their results were used, in the order in which that was said."""
        with storage_errors(self.path):
            rows = self._connection.execute(
                f"SELECT {_COLUMNS} FROM events WHERE marker = 0 AND document >= 'question:' "
                "AND document < 'question;' ORDER BY seq"
            ).fetchall()
        return [self._event(row) for row in rows]

    def _event(self, row: tuple[object, ...]) -> Event:
        try:
            return _event(row)
        except msgspec.MsgspecError as error:
            raise damaged(self.path, error) from error

    def documents(self, worktree: str | None = None) -> list[str]:
        """Names of all documents that the log ever saw in a work tree."""
        tree = self.worktree if worktree is None else worktree
        with storage_errors(self.path):
            rows = self._connection.execute(
                "SELECT DISTINCT document FROM events WHERE marker = 1 AND worktree = ?", (tree,)
            ).fetchall()
        return [row[0] for row in rows]

    def counts(self) -> dict[str, int]:
        """Events by kind."""
        with storage_errors(self.path):
            rows = self._connection.execute("SELECT kind, count(*) FROM events GROUP BY kind")
            return dict(rows.fetchall())

    def check(self) -> str:
        """SQLite's integrity check, and whether each event's id is that of its content.

        Returns 'ok', or what is wrong. Reads the whole log.
        """
        verdict = quick_check(self._connection)
        if verdict != "ok":
            return verdict
        try:
            return self._check_ids()
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            return str(error)

    def _check_ids(self) -> str:
        last: dict[tuple[str, str], bytes] = {}
        rows = self._connection.execute(
            "SELECT seq, id, kind, marker, worktree, document, version, time, session, branch, "
            "commit_sha, line_start, line_end, heading, text, details FROM events ORDER BY seq"
        )
        for seq, known, kind, marker, worktree, document, *rest in rows:
            previous = last.get((worktree, document), b"") if marker else b""
            row = (kind, bool(marker), worktree, document, *rest)
            if _identity(row, previous) != known:
                return f"event {seq} is not what was written"
            if marker:
                last[worktree, document] = known
        return "ok"


def _identity(row: tuple[str | int | None, ...], previous: bytes) -> bytes:
    """An event's id: from its content and, for a marker, from the marker before it.

    The same bytes may be read again with another modification time; that is no new content,
    so time (the sixth column) only counts for markers.
    """
    named = row if row[1] else (*row[:5], "", *row[6:])
    return hashlib.sha256(previous + msgspec.json.encode(named)).digest()[:16]


def _event(row: tuple[object, ...]) -> Event:
    kind, document, version, text, start, end, heading, time, session, branch, commit, details = row
    return Event(
        kind=str(kind),
        document=str(document),
        version=str(version),
        text=str(text),
        lines=Lines(start, end) if isinstance(start, int) and isinstance(end, int) else None,
        heading=str(heading),
        time=str(time),
        session=str(session),
        branch=str(branch),
        commit=str(commit),
        details=_details(str(kind), details),
    )


def _details(kind: str, encoded: object) -> Details:
    if not isinstance(encoded, str) or kind not in _DETAILS:
        return None
    return msgspec.json.decode(encoded, type=_DETAILS[kind])
