"""Who imports what: names as written, and the files of the repository to which they lead."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable

from verdigris.frozen_dataclass import dataclass
from verdigris.records import Import
from verdigris.views.code import CodeFacts

SCHEMA = """
CREATE TABLE import_targets (
    document TEXT NOT NULL,
    line INTEGER NOT NULL,
    module TEXT NOT NULL,
    target TEXT NOT NULL,
    confidence REAL NOT NULL
);
CREATE INDEX targets_of_document ON import_targets (document);
CREATE INDEX importers_of_target ON import_targets (target);
CREATE TABLE resolved (document TEXT PRIMARY KEY) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Reference:
    """A place that calls or imports something.

    confidence of a call: how sure it is that this definition is meant (see resolution.py).
    confidence of an import: 1 as the path is spelled, 0.9 where it was found by name, 1/n for
    each of n files of an imported package.
    """

    path: str
    symbol: str
    line: int
    target: str
    confidence: float


@dataclass(frozen=True, slots=True)
class ImportTarget:
    """An import as written and a file that it leads to; '' where that is not in the repository."""

    path: str
    line: int
    module: str
    names: tuple[str, ...]
    target: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Binding:
    """What an import makes known in a file."""

    module: str
    names: frozenset[str]
    target: str
    """A file of the repository, '' where the import leads out of it."""


class ImportFacts(CodeFacts):
    """Facts about imports, in the tables of SCHEMA and of the code's facts."""

    def remove_file(self, path: str) -> None:
        """Forget a file and where its imports lead."""
        super().remove_file(path)
        self._connection.execute("DELETE FROM import_targets WHERE document = ?", (path,))
        self._connection.execute("DELETE FROM resolved WHERE document = ?", (path,))

    def forget_targets(self) -> None:
        """Forget where imports lead."""
        self._connection.execute("DELETE FROM import_targets")
        self._connection.execute("DELETE FROM resolved")

    def unresolved(self) -> dict[str, list[Import]]:
        """Files whose imports were not followed yet, with their imports."""
        rows = self._connection.execute(
            "SELECT document, module, line, names FROM imports "
            "WHERE document NOT IN (SELECT document FROM resolved) ORDER BY document, line"
        )
        found: dict[str, list[Import]] = defaultdict(list)
        for document, module, line, names in rows:
            found[document].append(Import(module, line, tuple(names.split())))
        return found

    def add_targets(self, document: str, targets: Iterable[tuple[Import, str, float]]) -> None:
        """Put in where the imports of a file lead: (import, path, confidence)."""
        self._connection.executemany(
            "INSERT INTO import_targets VALUES (?,?,?,?,?)",
            [(document, one.line, one.module, path, sure) for one, path, sure in targets],
        )
        self._connection.execute("INSERT OR IGNORE INTO resolved VALUES (?)", (document,))

    def importers(self, path: str, limit: int = 20) -> list[Reference]:
        """Imports that lead to `path`, the surest of each file's line, by path and line."""
        rows = self._connection.execute(
            "SELECT document, line, module, max(confidence) FROM import_targets "
            "WHERE target = ? GROUP BY document, line ORDER BY document, line LIMIT ?",
            (path, limit),
        )
        return [
            Reference(document, "", line, module, round(sure, 3))
            for document, line, module, sure in rows
        ]

    def imports(self, path: str) -> list[ImportTarget]:
        """Imports of a file with each file that they lead to, in the order of the lines."""
        rows = self._connection.execute(
            "SELECT i.line, i.module, i.names, coalesce(t.target, ''), coalesce(t.confidence, 0) "
            "FROM imports i LEFT JOIN import_targets t "
            "ON t.document = i.document AND t.line = i.line AND t.module = i.module "
            "WHERE i.document = ? ORDER BY i.line, i.module, t.confidence DESC, t.target",
            (path,),
        )
        return [
            ImportTarget(path, line, module, tuple(names.split()), target, round(sure, 3))
            for line, module, names, target, sure in rows
        ]

    def all_imports(self, least: float) -> list[tuple[str, str]]:
        """(importing file, imported file) of all imports that are at least so sure, by path."""
        rows = self._connection.execute(
            "SELECT DISTINCT document, target FROM import_targets WHERE confidence >= ? "
            "ORDER BY document, target",
            (least,),
        )
        return rows.fetchall()

    def bindings(self, paths: Iterable[str], hops: int) -> dict[str, list[Binding]]:
        """What imports make known in each of the files, and in those that they import.

        hops: how many steps from one file to the next are taken.
        """
        found: dict[str, list[Binding]] = {}
        waiting = set(paths)
        for _ in range(hops):
            found.update({path: [] for path in waiting})
            rows = self._connection.execute(
                "SELECT i.document, i.module, i.names, coalesce(t.target, '') FROM imports i "
                "LEFT JOIN import_targets t "
                "ON t.document = i.document AND t.line = i.line AND t.module = i.module "
                "WHERE i.document IN (SELECT value FROM json_each(?))",
                (json.dumps(list(waiting)),),
            ).fetchall()
            for path, module, names, target in rows:
                found[path].append(Binding(module, frozenset(names.split()), target))
            waiting = {row[3] for row in rows} - found.keys() - {""}
        return found

    def package_mates(self, paths: Iterable[str]) -> list[tuple[str, str]]:
        """(path, file of the same package) for the given paths."""
        rows = self._connection.execute(
            "SELECT a.document, b.document FROM packages a JOIN packages b USING (package) "
            "WHERE a.document IN (SELECT value FROM json_each(?))",
            (json.dumps(list(paths)),),
        )
        return rows.fetchall()
