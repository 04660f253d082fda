"""Facts of history: when files came and changed, under which names, and what is remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from verdigris.frozen_dataclass import dataclass
from verdigris.records import CommitDetails, Trailer
from verdigris.views.tables import Tables

SCHEMA = """
CREATE TABLE commits (
    position INTEGER PRIMARY KEY,  -- in the order of the history, where times are equal
    sha TEXT NOT NULL UNIQUE,
    time TEXT NOT NULL,
    subject TEXT NOT NULL,
    author TEXT NOT NULL,
    marks TEXT NOT NULL,
    size INTEGER NOT NULL,
    type TEXT NOT NULL,  -- of a conventional commit: 'feat', 'fix' …
    scope TEXT NOT NULL,
    breaking INTEGER NOT NULL
);
CREATE TABLE trailers (
    sha TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL
);
CREATE INDEX trailers_of_commit ON trailers (sha);
CREATE TABLE moments (
    sha TEXT NOT NULL,
    kind TEXT NOT NULL,
    label TEXT NOT NULL
);
CREATE INDEX moments_of_commit ON moments (sha);
CREATE TABLE commit_files (
    sha TEXT NOT NULL,
    path TEXT NOT NULL,
    old_path TEXT NOT NULL,
    status TEXT NOT NULL,
    PRIMARY KEY (sha, path)
) WITHOUT ROWID;
CREATE INDEX commits_of_file ON commit_files (path);
CREATE INDEX renames ON commit_files (path, old_path) WHERE status = 'R';
"""


@dataclass(frozen=True, slots=True)
class FileHistory:
    """When a file came, when it last changed, and in which commit."""

    first: str
    last: str
    commit: str


@dataclass(frozen=True, slots=True)
class DatedMoment:
    """A commit that people remember, with its time."""

    commit: str
    time: str
    kind: str
    label: str
    subject: str


@dataclass(frozen=True, slots=True)
class CommitFacts:
    """One commit, as it was read."""

    sha: str
    time: str
    subject: str
    author: str
    marks: str
    """Any of 'merge', 'bulk', 'bot'."""
    type: str
    """Of a conventional commit; '' for another."""
    scope: str
    breaking: int
    """1 where the message says that it breaks something."""


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file of a commit; status is git's letter, now its present name, '' where it is gone."""

    path: str
    status: str
    old_path: str
    now: str


class HistoryFacts(Tables):
    """Facts of the commits of one repository, in the tables of SCHEMA."""

    def add_commit(self, commit: CommitDetails, subject: str) -> None:
        """Put in a commit that is not here yet."""
        self._connection.execute(
            "INSERT INTO commits (sha, time, subject, author, marks, size, type, scope, breaking) "
            "VALUES (?,?,?,?,?,?,?,?,?)",
            (commit.sha, commit.committed, subject, commit.author,
             " ".join(commit.marks), len(commit.files),
             commit.message.type, commit.message.scope, commit.message.breaking),
        )  # fmt: skip
        self._connection.executemany(
            "INSERT INTO trailers VALUES (?,?,?)",
            [(commit.sha, one.key, one.value) for one in commit.message.trailers],
        )
        self._connection.executemany(
            "INSERT INTO moments VALUES (?,?,?)",
            [(commit.sha, one.kind, one.label) for one in commit.moments],
        )
        self._connection.executemany(
            "INSERT OR IGNORE INTO commit_files VALUES (?,?,?,?)",
            [(commit.sha, file.path, file.old_path, file.status) for file in commit.files],
        )

    def remove_commit(self, sha: str) -> None:
        """Forget a commit."""
        for table in ("commits", "commit_files", "trailers", "moments"):
            self._connection.execute(f"DELETE FROM {table} WHERE sha = ?", (sha,))

    def file_histories(self) -> dict[str, FileHistory]:
        """History of every path that a commit names; a rename hands its first time on.

        Merges list no files in git's log and therefore move nothing.
        """
        rows = self._connection.execute(
            "SELECT path, old_path, status, time, sha FROM commit_files JOIN commits USING (sha) "
            "ORDER BY time, position"
        )
        histories: dict[str, FileHistory] = {}
        for path, old_path, status, time, sha in rows:
            known = histories.get(old_path if status == "R" else path)
            histories[path] = FileHistory(known.first if known else time, time, sha)
        return histories

    def last_change(self, path: str) -> FileHistory | None:
        """Time and hash of the newest commit that lists the path."""
        rows = self._connection.execute(
            "SELECT time, sha FROM commit_files JOIN commits USING (sha) WHERE path = ? "
            "ORDER BY time, position",
            (path,),
        ).fetchall()
        return FileHistory(rows[0][0], *rows[-1]) if rows else None

    def author_of(self, sha: str) -> str:
        """Who wrote a commit; '' where it is not known."""
        row = self._connection.execute(
            "SELECT author FROM commits WHERE sha = ?", (sha,)
        ).fetchone()
        return str(row[0]) if row else ""

    def commits_like(self, prefix: str) -> list[str]:
        """Hashes that begin with some digits, at most two."""
        rows = self._connection.execute(
            "SELECT sha FROM commits WHERE sha >= ? AND sha < ? LIMIT 2", (prefix, prefix + "g")
        )
        return [row[0] for row in rows]

    def commit(self, sha: str) -> CommitFacts | None:
        """What is known of a commit; None where no branch has it."""
        row = self._connection.execute(
            "SELECT sha, time, subject, author, marks, type, scope, breaking FROM commits "
            "WHERE sha = ?",
            (sha,),
        ).fetchone()
        return CommitFacts(*row) if row else None

    def files_changed_by(self, sha: str) -> list[ChangedFile]:
        """The files of a commit, by path."""
        now_named = self.present_names()
        rows = self._connection.execute(
            "SELECT path, status, old_path FROM commit_files WHERE sha = ? ORDER BY path", (sha,)
        )
        return [
            ChangedFile(path, status, old_path, "" if status == "D" else now_named(path))
            for path, status, old_path in rows
        ]

    def time_of(self, sha: str) -> str:
        """When a commit was made; '' where it is not known."""
        row = self._connection.execute("SELECT time FROM commits WHERE sha = ?", (sha,)).fetchone()
        return str(row[0]) if row else ""

    def changes_since(self, path: str, time: str) -> list[tuple[str, str]]:
        """(hash, subject) of the commits after a time that changed a file, newest first.

        The file is followed through its earlier names; merges do not count.
        """
        names = self.names_of(path)
        rows = self._connection.execute(
            "SELECT DISTINCT sha, subject, time, position FROM commit_files "
            f"JOIN commits USING (sha) WHERE path IN ({','.join('?' * len(names))}) "
            "AND time > ? AND marks NOT LIKE '%merge%' ORDER BY time DESC, position DESC",
            (*names, time),
        )
        return [row[:2] for row in rows]

    def names_of(self, path: str) -> list[str]:
        """The path and the names it had before, following renames back."""
        rows = self._connection.execute(
            "WITH RECURSIVE names(name) AS (SELECT ? UNION SELECT old_path FROM commit_files "
            "JOIN names ON path = name WHERE status = 'R') SELECT name FROM names",
            (path,),
        )
        return [row[0] for row in rows]

    def moments(self) -> list[DatedMoment]:
        """What people remember of the history, oldest first: first commits, releases, rewrites."""
        rows = self._connection.execute(
            "SELECT sha, time, kind, label, subject FROM moments JOIN commits USING (sha) "
            "ORDER BY time, position, kind, label"
        )
        return [DatedMoment(*row) for row in rows]

    def moments_of(self, sha: str) -> tuple[str, ...]:
        """`release 4.0.0`, `first commit`: what makes a commit memorable."""
        rows = self._connection.execute("SELECT kind, label FROM moments WHERE sha = ?", (sha,))
        return tuple(f"{kind} {label}".strip() for kind, label in rows)

    def trailers_of(self, sha: str) -> list[Trailer]:
        """The trailers of a commit, in its order."""
        rows = self._connection.execute(
            "SELECT key, value FROM trailers WHERE sha = ? ORDER BY rowid", (sha,)
        )
        return [Trailer(*row) for row in rows]

    def files_of_commits(self, shas: Iterable[str]) -> dict[str, frozenset[str]]:
        """Commit → present paths of the files it changed; merges, bulk and bot commits left out."""
        now_named = self.present_names()
        changed = {}
        for sha in shas:
            row = self._connection.execute("SELECT marks FROM commits WHERE sha = ?", (sha,))
            if row.fetchone() == ("",):
                changed[sha] = frozenset(map(now_named, self.paths_of(sha))) - {""}
        return changed

    def counted_changes(self, limit: int) -> list[tuple[int, int]]:
        """The newest `limit` commits that count, each with every file of today that it changed.

        As document ids, (commit, file), oldest first; a commit's pairs come together. Merges, bulk
        and bot commits do not count, files that went are left out.
        """
        now_named, ids = self.present_names(), self._ids_of_files()
        rows = self._connection.execute(
            "SELECT documents.id, path FROM (SELECT sha, time, position FROM commits "
            "WHERE marks = '' ORDER BY time DESC, position DESC LIMIT ?) AS counted "
            "JOIN documents ON name = 'commit:' || sha JOIN commit_files USING (sha) "
            "ORDER BY counted.time, position, path",
            (limit,),
        ).fetchall()
        files = {path: ids.get(now_named(path)) for path in {path for _, path in rows}}
        pairs = [(commit, file) for commit, path in rows if (file := files[path])]
        return list(dict.fromkeys(pairs))

    def _ids_of_files(self) -> dict[str, int]:
        rows = self._connection.execute(
            "SELECT name, id FROM documents WHERE kind NOT IN ('commit', 'issue')"
        )
        return dict(rows.fetchall())

    def paths_of(self, sha: str) -> list[str]:
        """Paths that a commit changed, sorted, as they were named then."""
        rows = self._connection.execute(
            "SELECT path FROM commit_files WHERE sha = ? ORDER BY path", (sha,)
        )
        return [row[0] for row in rows]

    def present_names(self) -> Callable[[str], str]:
        """A function from a historical path to the present path of that file, '' if it is gone."""
        present = self.paths()
        renamed: dict[str, str] = dict(
            self._connection.execute(
                "SELECT old_path, path FROM commit_files JOIN commits USING (sha) "
                "WHERE status = 'R' ORDER BY time, position"
            ).fetchall()
        )

        def current(path: str) -> str:
            seen: set[str] = set()
            while path not in present and path in renamed and path not in seen:
                seen.add(path)
                path = renamed[path]
            return path if path in present else ""

        return current
