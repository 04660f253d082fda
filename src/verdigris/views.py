"""Facts derived from the log: symbols, calls, imports, and which files change together."""

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from verdigris.records import (
    CommitDetails,
    Event,
    FileDetails,
    Lines,
    SeenDetails,
    SymbolDetails,
)

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
CREATE TABLE symbols (
    document TEXT NOT NULL,
    name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    line_start INTEGER NOT NULL,
    line_end INTEGER NOT NULL
);
CREATE INDEX symbols_of_document ON symbols (document);
CREATE INDEX symbols_by_name ON symbols (last_name);
CREATE TABLE calls (
    document TEXT NOT NULL,
    caller TEXT NOT NULL,
    callee TEXT NOT NULL,
    line INTEGER NOT NULL
);
CREATE INDEX calls_of_document ON calls (document);
CREATE INDEX calls_by_callee ON calls (callee);
CREATE TABLE imports (
    document TEXT NOT NULL,
    module TEXT NOT NULL,
    names TEXT NOT NULL,
    line INTEGER NOT NULL
);
CREATE INDEX imports_of_document ON imports (document);
"""

UNRELATED = 0.3
"""How much less certain a call is from a file that does not import what it seems to call."""

ResolveImport = Callable[[str, str, frozenset[str]], str]
"""(importing path, module as spelled, all paths) → path of the imported file, or ''."""

_FOLDER_FILES = frozenset({"__init__", "__main__", "index", "mod", "lib", "main"})
"""Names of files that imports know by their folder."""


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


@dataclass(frozen=True, slots=True)
class Reference:
    """A place that calls or imports something.

    confidence: 1/(definitions of that name), times UNRELATED for a call from a file that neither
    has nor imports the definition: calls are matched by name, and `lock` is a common one.
    """

    path: str
    symbol: str
    line: int
    target: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Symbol:
    """A definition."""

    path: str
    name: str
    kind: str
    line_start: int
    line_end: int


class Facts:
    """Facts of one work tree, in the tables of SCHEMA; the caller opens the transactions."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, seen: Event, content: Sequence[Event]) -> None:
        """Put in the facts of a version of a document that has none here yet."""
        details = seen.details
        if not isinstance(details, SeenDetails):
            return
        if details.commit:
            self._add_commit(details.commit, details.title)
        elif details.file:
            self._add_file(seen.document, details.file)
            self._add_symbols(content)

    def remove(self, document: str) -> None:
        """Forget a document."""
        if document.startswith("commit:"):
            sha = (document.removeprefix("commit:"),)
            self._connection.execute("DELETE FROM commits WHERE sha = ?", sha)
            self._connection.execute("DELETE FROM commit_files WHERE sha = ?", sha)
            return
        for table in ("symbols", "calls", "imports"):
            self._connection.execute(f"DELETE FROM {table} WHERE document = ?", (document,))

    def _add_commit(self, commit: CommitDetails, subject: str) -> None:
        self._connection.execute(
            "INSERT INTO commits (sha, time, subject, author, marks, size) VALUES (?,?,?,?,?,?)",
            (commit.sha, commit.committed, subject, commit.author,
             " ".join(commit.marks), len(commit.files)),
        )  # fmt: skip
        self._connection.executemany(
            "INSERT OR IGNORE INTO commit_files VALUES (?,?,?,?)",
            [(commit.sha, file.path, file.old_path, file.status) for file in commit.files],
        )

    def _add_file(self, document: str, details: FileDetails) -> None:
        self._connection.executemany(
            "INSERT INTO imports VALUES (?,?,?,?)",
            [(document, i.module, " ".join(i.names), i.line) for i in details.imports],
        )
        self._connection.executemany(
            "INSERT INTO calls VALUES (?,'',?,?)",
            [(document, call.name, call.line) for call in details.calls],
        )

    def _add_symbols(self, events: Sequence[Event]) -> None:
        symbols: list[tuple[str, str, str, str, int, int]] = []
        calls: list[tuple[str, str, str, int]] = []
        for event in events:
            if not isinstance(event.details, SymbolDetails):
                continue
            name, lines = event.details.name, event.lines or Lines(0, 0)
            kind, last = event.details.symbol_kind, last_name(name)
            symbols.append((event.document, name, last, kind, lines.start, lines.end))
            calls += [(event.document, name, call.name, call.line) for call in event.details.calls]
        self._connection.executemany("INSERT INTO symbols VALUES (?,?,?,?,?,?)", symbols)
        self._connection.executemany("INSERT INTO calls VALUES (?,?,?,?)", calls)

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

    def paths(self) -> frozenset[str]:
        """Paths of all indexed files."""
        rows = self._connection.execute("SELECT name FROM documents WHERE kind != 'commit'")
        return frozenset(row[0] for row in rows)

    def symbols(self, name: str) -> list[Symbol]:
        """Definitions with this qualified or last name."""
        rows = self._connection.execute(
            "SELECT document, name, kind, line_start, line_end FROM symbols WHERE last_name = ? "
            "ORDER BY document, line_start",
            (last_name(name),),
        ).fetchall()
        found = [Symbol(*row) for row in rows]
        exact = [symbol for symbol in found if symbol.name == name]
        return exact or ([] if last_name(name) != name else found)

    def symbols_in(self, path: str) -> list[Symbol]:
        """Definitions in a file, from top to bottom."""
        rows = self._connection.execute(
            "SELECT document, name, kind, line_start, line_end FROM symbols WHERE document = ? "
            "ORDER BY line_start",
            (path,),
        )
        return [Symbol(*row) for row in rows]

    def callers(
        self, targets: Iterable[Symbol], near: frozenset[str], limit: int = 20
    ) -> list[Reference]:
        """Calls by name of the given symbols, most certain first.

        near: the files that define or import them.
        """
        wanted: dict[str, list[Symbol]] = defaultdict(list)
        for symbol in targets:
            wanted[last_name(symbol.name)].append(symbol)
        references = [
            reference
            for name, symbols in wanted.items()
            for reference in self._calls(name, symbols, near)
        ]
        references.sort(key=lambda r: (-r.confidence, r.path, r.line))
        return references[:limit]

    def _calls(self, name: str, symbols: list[Symbol], near: frozenset[str]) -> list[Reference]:
        definitions = self._connection.execute(
            "SELECT count(*) FROM symbols WHERE last_name = ?", (name,)
        ).fetchone()[0]
        rows = self._connection.execute(
            "SELECT document, caller, line FROM calls WHERE callee = ? ORDER BY document, line",
            (name,),
        )
        share = min(len(symbols) / max(definitions, 1), 1.0)
        return [
            Reference(
                path, caller, line, symbols[0].name,
                round(share if path in near else UNRELATED * share, 3),
            )
            for path, caller, line in rows
        ]  # fmt: skip

    def importers(self, path: str, resolve: ResolveImport, limit: int = 20) -> list[Reference]:
        """Files whose imports resolve to `path`, in the order of their paths.

        Resolving tries many places, so it is only asked where the spelling has a clue to `path`.
        """
        paths = self.paths()
        clue = _import_clue(path)
        rows = self._connection.execute(
            "SELECT document, module, names, line FROM imports WHERE document != ? "
            "ORDER BY document, line",
            (path,),
        )
        found: list[Reference] = []
        for document, module, names, line in rows:
            if not clue(document, f"{module} {names}"):
                continue
            for spelled in (module, *(_submodule(module, name) for name in names.split())):
                if resolve(document, spelled, paths) == path:
                    found.append(Reference(document, "", line, spelled, 1.0))
                    break
            if len(found) == limit:
                break
        return found


def _submodule(module: str, name: str) -> str:
    """`from tea import pot` may mean `tea.pot`, `from . import pot` `.pot`; Rust has `tea::pot`."""
    joint = "::" if "::" in module else "" if module.endswith(".") else "."
    return f"{module}{joint}{name}"


def _import_clue(path: str) -> Callable[[str, str], bool]:
    """A cheap predicate on (importer, spelling): false where the import cannot lead to `path`.

    An import names the file, or the folder that the file stands for; one that is relative may
    name neither, but then it leads to a folder above the importer.
    """
    *folders, file = path.split("/")
    name = re.split(r"\W", file, maxsplit=1)[0]
    for_folder = name in _FOLDER_FILES or file.endswith(".go")
    names = {name, *folders[-2:]} if for_folder else {name}
    words = "|".join(_spellings(one) for one in sorted(names))
    named = re.compile(rf"(?<![^\W_])(?:{words})\b").search
    relative = re.compile(r"\b(?:crate|super|self)\b|^[./]*(?:\s|$)").search
    below = "".join(f"{folder}/" for folder in folders)

    def clue(importer: str, spelling: str) -> bool:
        if named(spelling):
            return True
        return importer.startswith(below) and relative(spelling) is not None

    return clue


def _spellings(name: str) -> str:
    """A name as an import may spell it: a crate `my-lib` is imported as `my_lib`."""
    return re.sub(r"\\?[-_]", "[-_]", re.escape(name))


def last_name(name: str) -> str:
    """`embed` of `Embedder.embed` and of `Embedder::embed`."""
    return name.replace("::", ".").rsplit(".", 1)[-1]


@dataclass(frozen=True, slots=True)
class Related:
    """What belongs to a path or a symbol."""

    target: str
    path: str
    symbols: tuple[Symbol, ...]
    co_changes: tuple[CoChange, ...]
    callers: tuple[Reference, ...]
    importers: tuple[Reference, ...]
