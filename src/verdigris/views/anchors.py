"""Facts of what session statements name: the anchors, and how far their targets have drifted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from verdigris.frozen_dataclass import dataclass
from verdigris.records import Lines, StatementAnchor
from verdigris.views.tables import Tables

SCHEMA = """
CREATE TABLE anchored (
    document TEXT PRIMARY KEY,
    head TEXT NOT NULL,  -- commit of the work tree at the time
    settled INTEGER NOT NULL  -- no later commit will change what the anchors are
) WITHOUT ROWID;
CREATE TABLE anchors (
    id INTEGER PRIMARY KEY,
    document TEXT NOT NULL,
    line INTEGER NOT NULL,
    form TEXT NOT NULL,
    name TEXT NOT NULL,
    sha TEXT NOT NULL,
    path TEXT NOT NULL,
    symbol TEXT NOT NULL,
    line_start INTEGER,
    line_end INTEGER,
    blob TEXT NOT NULL,
    content_hash TEXT NOT NULL
);
CREATE INDEX anchors_of_document ON anchors (document);
CREATE INDEX anchors_of_path ON anchors (path);
CREATE TABLE drifts (
    blob TEXT NOT NULL,
    line_start INTEGER NOT NULL,
    line_end INTEGER NOT NULL,
    against TEXT NOT NULL,  -- hash of what the target is now
    now_start INTEGER,
    now_end INTEGER,
    added INTEGER NOT NULL,
    removed INTEGER NOT NULL,
    PRIMARY KEY (blob, line_start, line_end, against)
) WITHOUT ROWID;
"""
_COLUMNS = (
    "document, line, form, anchors.name, sha, path, symbol, line_start, line_end, blob, "
    "content_hash"
)


@dataclass(frozen=True, slots=True)
class Drift:
    """How lines of an old version differ from what they are now."""

    lines: Lines | None
    added: int
    removed: int


class AnchorFacts(Tables):
    """What sessions name, in the tables of SCHEMA."""

    def sessions_to_anchor(self, head: str) -> list[str]:
        """Session logs without anchors, and those that new commits may anchor in another way."""
        rows = self._connection.execute(
            "SELECT name FROM documents LEFT JOIN anchored ON document = name "
            "WHERE kind = 'session' AND (head IS NULL OR (settled = 0 AND head != ?)) "
            "ORDER BY time DESC, name",
            (head,),
        )
        return [row[0] for row in rows]

    def set_anchors(
        self, document: str, anchors: Iterable[StatementAnchor], head: str, settled: bool
    ) -> None:
        """Replace the anchors of a session log. Inside a transaction."""
        self.remove_anchors(document)
        self._connection.execute("INSERT INTO anchored VALUES (?,?,?)", (document, head, settled))
        self._connection.executemany(
            "INSERT INTO anchors (document, line, form, name, sha, path, symbol, line_start, "
            "line_end, blob, content_hash) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
            [
                (one.document, one.line, one.form, one.name, one.commit, one.path, one.symbol,
                 *((one.lines.start, one.lines.end) if one.lines else (None, None)),
                 one.blob, one.content_hash)
                for one in anchors
            ],
        )  # fmt: skip

    def remove_anchors(self, document: str) -> None:
        """Forget the anchors of a session log. Inside a transaction."""
        self._connection.execute("DELETE FROM anchored WHERE document = ?", (document,))
        self._connection.execute("DELETE FROM anchors WHERE document = ?", (document,))

    def anchors_of(self, document: str) -> list[StatementAnchor]:
        """The anchors of a session log, by line."""
        return self._anchors("WHERE document = ? ORDER BY line, id", (document,))

    def anchors_to_files(self, paths: Sequence[str]) -> list[StatementAnchor]:
        """Statements that name one of the files or what it defines, newest session first."""
        return self._named(f"path IN ({','.join('?' * len(paths))})", paths)

    def anchors_to_commit(self, sha: str) -> list[StatementAnchor]:
        """Statements that name a commit, newest session first."""
        return self._named("form = 'commit' AND sha = ?", (sha,))

    def _named(self, which: str, values: Sequence[str]) -> list[StatementAnchor]:
        return self._anchors(
            f"JOIN documents ON documents.name = document WHERE {which} "
            "ORDER BY time DESC, document, line, anchors.id",
            values,
        )

    def all_anchors(self) -> list[StatementAnchor]:
        """The anchors of all session logs."""
        return self._anchors("ORDER BY document, line, id", ())

    def _anchors(self, where: str, values: Sequence[str]) -> list[StatementAnchor]:
        rows = self._connection.execute(f"SELECT {_COLUMNS} FROM anchors {where}", values)
        return [_anchor(row) for row in rows]

    def known_drift(self, anchor: StatementAnchor, against: str) -> Drift | None:
        """A drift that was measured before."""
        row = self._connection.execute(
            "SELECT now_start, now_end, added, removed FROM drifts "
            "WHERE blob = ? AND line_start = ? AND line_end = ? AND against = ?",
            (anchor.blob, *_span(anchor), against),
        ).fetchone()
        return Drift(Lines(row[0], row[1]) if row[0] else None, row[2], row[3]) if row else None

    def keep_drift(self, anchor: StatementAnchor, against: str, drift: Drift) -> None:
        """Remember a measured drift. Inside a transaction."""
        now = (drift.lines.start, drift.lines.end) if drift.lines else (None, None)
        self._connection.execute(
            "INSERT OR REPLACE INTO drifts VALUES (?,?,?,?,?,?,?,?)",
            (anchor.blob, *_span(anchor), against, *now, drift.added, drift.removed),
        )


def _anchor(row: Sequence[Any]) -> StatementAnchor:
    document, line, form, name, sha, path, symbol, start, end, blob, content_hash = row
    lines = Lines(start, end) if start else None
    return StatementAnchor(document, line, form, name, sha, path, symbol, lines, blob, content_hash)


def _span(anchor: StatementAnchor) -> tuple[int, int]:
    return (anchor.lines.start, anchor.lines.end) if anchor.lines else (0, 0)
