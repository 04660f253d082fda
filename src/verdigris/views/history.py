"""Facts of history: when files came and changed, under which names, and which change together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from verdigris.records import CommitDetails
from verdigris.views.tables import Tables

SCHEMA = """
CREATE TABLE commits (
    position INTEGER PRIMARY KEY,  -- in the order of the history, where times are equal
    sha TEXT NOT NULL UNIQUE,
    time TEXT NOT NULL,
    subject TEXT NOT NULL,
    author TEXT NOT NULL,
    marks TEXT NOT NULL,
    size INTEGER NOT NULL
);
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
class CoChange:
    """A file that changed together with another one.

    weight: sum of 1/(files of the commit − 1) over the common commits;
    support: common commits; confidence: support over all commits of the asked file.
    """

    path: str
    weight: float
    support: int
    confidence: float
    examples: tuple[tuple[str, str], ...]
    """(commit hash, subject), newest first."""


class HistoryFacts(Tables):
    """Facts of the commits of one repository, in the tables of SCHEMA."""

    def add_commit(self, commit: CommitDetails, subject: str) -> None:
        """Put in a commit that is not here yet."""
        self._connection.execute(
            "INSERT INTO commits (sha, time, subject, author, marks, size) VALUES (?,?,?,?,?,?)",
            (commit.sha, commit.committed, subject, commit.author,
             " ".join(commit.marks), len(commit.files)),
        )  # fmt: skip
        self._connection.executemany(
            "INSERT OR IGNORE INTO commit_files VALUES (?,?,?,?)",
            [(commit.sha, file.path, file.old_path, file.status) for file in commit.files],
        )

    def remove_commit(self, sha: str) -> None:
        """Forget a commit."""
        self._connection.execute("DELETE FROM commits WHERE sha = ?", (sha,))
        self._connection.execute("DELETE FROM commit_files WHERE sha = ?", (sha,))

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

    def names_of(self, path: str) -> list[str]:
        """The path and the names it had before, following renames back."""
        rows = self._connection.execute(
            "WITH RECURSIVE names(name) AS (SELECT ? UNION SELECT old_path FROM commit_files "
            "JOIN names ON path = name WHERE status = 'R') SELECT name FROM names",
            (path,),
        )
        return [row[0] for row in rows]

    def co_changes(self, path: str, limit: int = 10) -> list[CoChange]:
        """Files that changed together with `path`, strongest first.

        Each common commit counts 1/(its files − 1); merges, bulk and bot commits do not count.
        Method: association rules over commits (Zimmermann et al. 2004), weighted by size.
        """
        names = self.names_of(path)
        rows = self._connection.execute(
            "SELECT DISTINCT sha, subject, size, time, position "
            "FROM commit_files JOIN commits USING (sha) "
            f"WHERE path IN ({','.join('?' * len(names))}) AND marks = '' "
            "ORDER BY time DESC, position DESC",
            names,
        ).fetchall()
        weights: dict[str, float] = defaultdict(float)
        examples: dict[str, list[tuple[str, str]]] = defaultdict(list)
        now_named = self._present_names()
        for sha, subject, size, *_ in rows:
            for current in {now_named(other) for other in self._files_of(sha)}:
                if current and current != path:
                    weights[current] += 1 / max(size - 1, 1)
                    examples[current].append((sha, subject))
        best = sorted(weights, key=lambda other: (-weights[other], other))[:limit]
        return [
            CoChange(
                other, weights[other], len(examples[other]), len(examples[other]) / len(rows),
                tuple(examples[other][:3]),
            )
            for other in best
        ]  # fmt: skip

    def files_of_commits(self, shas: Iterable[str]) -> dict[str, frozenset[str]]:
        """Commit → present paths of the files it changed; merges, bulk and bot commits left out."""
        now_named = self._present_names()
        changed = {}
        for sha in shas:
            row = self._connection.execute("SELECT marks FROM commits WHERE sha = ?", (sha,))
            if row.fetchone() == ("",):
                changed[sha] = frozenset(map(now_named, self._files_of(sha))) - {""}
        return changed

    def _files_of(self, sha: str) -> list[str]:
        rows = self._connection.execute("SELECT path FROM commit_files WHERE sha = ?", (sha,))
        return [row[0] for row in rows]

    def _present_names(self) -> Callable[[str], str]:
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
