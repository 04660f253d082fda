"""Facts of code: files and their languages, symbols, packages, calls and imports as written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from verdigris.frozen_dataclass import dataclass
from verdigris.records import Call, Event, FileDetails, Lines, SymbolDetails
from verdigris.views.tables import Tables

SCHEMA = """
CREATE TABLE files (
    document TEXT PRIMARY KEY,
    language TEXT NOT NULL,
    family TEXT NOT NULL,  -- languages that call each other
    parser TEXT NOT NULL,
    lines INTEGER NOT NULL,
    warning TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE symbols (
    document TEXT NOT NULL,
    name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    line_start INTEGER NOT NULL,
    line_end INTEGER NOT NULL,
    signature TEXT NOT NULL,
    is_alias INTEGER NOT NULL
);
CREATE INDEX symbols_of_document ON symbols (document);
CREATE INDEX symbols_by_name ON symbols (last_name);
CREATE TABLE packages (
    document TEXT NOT NULL,
    package TEXT NOT NULL
);
CREATE INDEX packages_of_document ON packages (document);
CREATE INDEX packages_by_name ON packages (package);
CREATE TABLE calls (
    document TEXT NOT NULL,
    caller TEXT NOT NULL,
    callee TEXT NOT NULL,
    receiver TEXT NOT NULL,
    receiver_type TEXT NOT NULL,
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

_FAMILIES = {
    "java": "jvm",
    "kotlin": "jvm",
    "scala": "jvm",
    "c++": "c",
    "javascript": "script",
    "typescript": "script",
    "tsx": "script",
    "vue": "script",
    "svelte": "script",
}
"""Languages that call each other; every other language is a family of its own."""

_CLASSES = tuple("class enum extension impl interface object protocol record struct trait".split())

SYMBOL_COLUMNS = "document, name, kind, line_start, line_end, signature"


@dataclass(frozen=True, slots=True)
class Symbol:
    """A definition."""

    path: str
    name: str
    kind: str
    line_start: int
    line_end: int
    signature: str = ""


@dataclass(frozen=True, slots=True)
class LanguageCount:
    """What there is of one language; `kinds`: symbols by kind, most frequent first."""

    language: str
    files: int
    lines: int
    symbols: int
    kinds: dict[str, int]
    not_parsed: int
    """Files that a grammar should have read and that were cut as text."""


class CodeFacts(Tables):
    """Facts of the code of one work tree, in the tables of SCHEMA."""

    def add_file(self, document: str, details: FileDetails, content: Sequence[Event]) -> None:
        """Put in a file with its imports, packages, symbols and calls."""
        family = _FAMILIES.get(details.language, details.language)
        lines = max((event.lines.end for event in content if event.lines), default=0)
        self._connection.execute(
            "INSERT INTO files VALUES (?,?,?,?,?,?)",
            (document, details.language, family, details.parser, lines, details.warning),
        )
        self._connection.executemany(
            "INSERT INTO imports VALUES (?,?,?,?)",
            [(document, i.module, " ".join(i.names), i.line) for i in details.imports],
        )
        self._connection.executemany(
            "INSERT INTO packages VALUES (?,?)", [(document, name) for name in details.packages]
        )
        self._connection.executemany(
            "INSERT INTO calls VALUES (?,'',?,?,?,?)",
            [(document, *_as_called(call)) for call in details.calls],
        )
        self._add_symbols(content)

    def _add_symbols(self, content: Sequence[Event]) -> None:
        symbols: list[tuple[str, str, str, str, int, int, str, bool]] = []
        calls: list[tuple[str, str, str, str, str, int]] = []
        for event in content:
            details = event.details
            if not isinstance(details, SymbolDetails):
                continue
            lines = event.lines or Lines(0, 0)
            symbols += [
                (event.document, name, last_name(name), details.symbol_kind, lines.start,
                 lines.end, details.signature, name != details.name)
                for name in (details.name, *details.aliases)
            ]  # fmt: skip
            calls += [(event.document, details.name, *_as_called(call)) for call in details.calls]
        self._connection.executemany("INSERT INTO symbols VALUES (?,?,?,?,?,?,?,?)", symbols)
        self._connection.executemany("INSERT INTO calls VALUES (?,?,?,?,?,?)", calls)

    def remove_file(self, path: str) -> None:
        """Forget a file."""
        for table in ("files", "symbols", "packages", "calls", "imports"):
            self._connection.execute(f"DELETE FROM {table} WHERE document = ?", (path,))

    def symbols(self, name: str) -> list[Symbol]:
        """Definitions with this qualified or last name; `::`, `#` and `.` are one separator."""
        rows = self._connection.execute(
            f"SELECT {SYMBOL_COLUMNS} FROM symbols WHERE last_name = ? "
            "ORDER BY document, line_start",
            (last_name(name),),
        ).fetchall()
        found = [Symbol(*row) for row in rows]
        wanted = _plain(name)
        exact = [symbol for symbol in found if _plain(symbol.name) == wanted]
        if exact or wanted == last_name(name):
            return exact or found
        return [symbol for symbol in found if _plain(symbol.name).endswith(f".{wanted}")]

    def symbols_in(self, path: str) -> list[Symbol]:
        """Definitions in a file, from top to bottom."""
        rows = self._connection.execute(
            f"SELECT {SYMBOL_COLUMNS} FROM symbols WHERE document = ? AND NOT is_alias "
            "ORDER BY line_start",
            (path,),
        )
        return [Symbol(*row) for row in rows]

    def symbols_below(self, folder: str) -> list[Symbol]:
        """Definitions in all files below a folder ('' for all), by path and line."""
        rows = self._connection.execute(
            f"SELECT {SYMBOL_COLUMNS} FROM symbols WHERE substr(document, 1, ?) = ? "
            "AND NOT is_alias ORDER BY document, line_start",
            (len(folder), folder),
        )
        return [Symbol(*row) for row in rows]

    def symbol_names(self, length: int) -> list[str]:
        """Last names of about this length: what a mistyped name may have meant."""
        rows = self._connection.execute(
            "SELECT DISTINCT last_name FROM symbols WHERE abs(length(last_name) - ?) <= 2",
            (length,),
        )
        return [row[0] for row in rows]

    def inventory(self, folder: str = "") -> list[LanguageCount]:
        """Files, lines and symbols below a folder by language, most lines first."""
        below = (len(folder), folder)
        kinds: dict[str, dict[str, int]] = {}
        for language, kind, count in self._connection.execute(
            "SELECT language, kind, count(*) FROM symbols JOIN files USING (document) "
            "WHERE substr(document, 1, ?) = ? AND NOT is_alias "
            "GROUP BY language, kind ORDER BY count(*) DESC, kind",
            below,
        ):
            kinds.setdefault(language, {})[kind] = count
        rows = self._connection.execute(
            "SELECT language, count(*), sum(lines), "
            "count(*) FILTER (WHERE parser = 'text' AND warning != '') FROM files "
            "WHERE substr(document, 1, ?) = ? GROUP BY language ORDER BY sum(lines) DESC, language",
            below,
        )
        return [
            LanguageCount(
                language, files, lines, sum(kinds.get(language, {}).values()),
                kinds.get(language, {}), not_parsed,
            )
            for language, files, lines, not_parsed in rows
        ]  # fmt: skip

    def not_parsed(self) -> dict[str, int]:
        """Why files that a grammar should have read were cut as text → how many."""
        rows = self._connection.execute(
            "SELECT warning, count(*) FROM files WHERE parser = 'text' AND warning != '' "
            "GROUP BY warning ORDER BY count(*) DESC, warning"
        )
        return dict(rows.fetchall())

    def packages(self) -> list[tuple[str, str, str]]:
        """(family, package, path) of every file that belongs to a package."""
        rows = self._connection.execute(
            "SELECT family, package, document FROM packages JOIN files USING (document) "
            "ORDER BY document"
        )
        return rows.fetchall()

    def outer_symbols(self) -> list[tuple[str, str]]:
        """(path, name of an outermost symbol) of every file that belongs to a package."""
        rows = self._connection.execute(
            "SELECT DISTINCT document, name FROM symbols "
            "WHERE document IN (SELECT document FROM packages) ORDER BY document, name"
        )
        return list(dict.fromkeys((path, _plain(name).split(".")[0]) for path, name in rows))

    def words_of_signature(self, path: str, name: str) -> frozenset[str]:
        """The words in the signature of a symbol of a file: of a class also its bases."""
        rows = self._connection.execute(
            "SELECT signature FROM symbols WHERE document = ? AND name = ?", (path, name)
        )
        return frozenset(word for row in rows for word in re.findall(r"\w+", row[0]))

    def classes_named(self, name: str) -> list[tuple[str, str]]:
        """(path, qualified name) of what has members and this last name."""
        marks = ",".join("?" * len(_CLASSES))
        rows = self._connection.execute(
            "SELECT DISTINCT document, name FROM symbols "
            f"WHERE last_name = ? AND kind IN ({marks}) ORDER BY document, name",
            (name, *_CLASSES),
        )
        return rows.fetchall()

    def families(self, paths: Iterable[str]) -> dict[str, str]:
        """Path → family of its language."""
        rows = self._connection.execute(
            "SELECT document, family FROM files WHERE document IN (SELECT value FROM json_each(?))",
            (json.dumps(list(paths)),),
        )
        return dict(rows.fetchall())


def _as_called(call: Call) -> tuple[str, str, str, int]:
    return last_name(call.name), call.receiver, call.receiver_type, call.line


def _plain(name: str) -> str:
    """A qualified name with `.` between its parts, whatever its language puts there."""
    return name.replace("::", ".").replace("#", ".").replace("\\", ".")


def last_name(name: str) -> str:
    """`embed` of `Embedder.embed`, `Embedder::embed` and `Embedder#embed`."""
    return _plain(name).rsplit(".", 1)[-1] or name
