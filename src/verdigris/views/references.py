"""Who calls and who imports what: names as written, matched with definitions, and how surely."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from verdigris.records import Import
from verdigris.views.code import CodeFacts, Symbol, last_name

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

UNRELATED = 0.3
"""How much less certain a call is from a file that does not see what it seems to call."""
_ONE_NAMESPACE = frozenset({"c", "shell"})
"""Families in which every file sees every function, imported or not."""
_MANY = 5
"""Of more definitions than these none is shown as what a call means."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A place that calls or imports something.

    confidence of a call, which is matched by name: 1/(definitions of that name that the calling
    file sees: its own, those that it imports, those of its package); where it does not see this
    one, UNRELATED/(all definitions of that name in languages that it can call).
    confidence of an import: 1 as the path is spelled, 0.9 where it was found by name, 1/n for
    each of n files of an imported package.
    """

    path: str
    symbol: str
    line: int
    target: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Callee:
    """A call and a definition that it may mean; confidence as in Reference.

    Without a definition: `candidates` is their number, 0 for a name that is not defined here.
    """

    path: str
    symbol: str
    line: int
    name: str
    definition: Symbol | None
    candidates: int
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


class ReferenceFacts(CodeFacts):
    """Facts about references, in the tables of SCHEMA and of the code's facts."""

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

    def callers(self, targets: Iterable[Symbol], limit: int = 20) -> list[Reference]:
        """Calls by name of the given symbols, most certain first."""
        wanted: dict[str, list[Symbol]] = defaultdict(list)
        for symbol in targets:
            wanted[last_name(symbol.name)].append(symbol)
        references = [
            reference
            for name, symbols in wanted.items()
            for reference in self._calls_of(name, symbols)
        ]
        references.sort(key=lambda r: (-r.confidence, r.path, r.line))
        return references[:limit]

    def _calls_of(self, name: str, symbols: list[Symbol]) -> list[Reference]:
        rows = self._connection.execute(
            "SELECT document, caller, line FROM calls WHERE callee = ? ORDER BY document, line",
            (name,),
        ).fetchall()
        chosen = self._choices({name: {row[0] for row in rows}})[name]
        wanted = {(symbol.path, _constructed(symbol.name)) for symbol in symbols}
        sure = {
            path: sum(
                confidence
                for definition, confidence in choices
                if (definition.path, _constructed(definition.name)) in wanted
            )
            for path, choices in chosen.items()
        }
        return [
            Reference(path, caller, line, symbols[0].name, round(min(sure[path], 1.0), 3))
            for path, caller, line in rows
            if sure.get(path)
        ]

    def callees(self, path: str, within: Sequence[Symbol] | None = None) -> list[Callee]:
        """Calls that a file makes (or only those symbols), each name once, in the file's order."""
        names = None if within is None else {symbol.name for symbol in within}
        rows = self._connection.execute(
            "SELECT caller, callee, min(line) FROM calls WHERE document = ? "
            "GROUP BY caller, callee ORDER BY min(line), caller, callee",
            (path,),
        ).fetchall()
        calls = [row for row in rows if names is None or row[0] in names]
        chosen = self._choices({callee: {path} for _, callee, _ in calls})
        found: list[Callee] = []
        for caller, callee, line in calls:
            choices = chosen[callee].get(path, [])
            if 0 < len(choices) <= _MANY:
                found += [
                    Callee(path, caller, line, callee, one, len(choices), round(sure, 3))
                    for one, sure in choices
                ]
            else:
                share = round(1 / len(choices), 3) if choices else 0.0
                found.append(Callee(path, caller, line, callee, None, len(choices), share))
        return found

    def _choices(
        self, callers: Mapping[str, set[str]]
    ) -> dict[str, dict[str, list[tuple[Symbol, float]]]]:
        """Name → calling file → definitions that a call of the name there may mean, how surely.

        Where the file sees none of the seen ones, all of that name come into question; and those
        that it does not see, beside ones that it does, are unlikely but not ruled out.
        """
        definitions = {name: self._definitions(name) for name in callers}
        paths = {one.path for found in definitions.values() for one in found}
        sight = _Sight(self, paths, set().union(*callers.values()) if callers else set())
        return {
            name: {path: sight.choices(path, definitions[name]) for path in files}
            for name, files in callers.items()
        }

    def _definitions(self, name: str) -> list[Symbol]:
        """Definitions of a last name; overloads, and a class and its constructor, are one."""
        rows = self._connection.execute(
            "SELECT document, name, kind, line_start, line_end FROM symbols WHERE last_name = ? "
            "ORDER BY document, line_start",
            (name,),
        )
        found: dict[tuple[str, str], Symbol] = {}
        for row in rows:
            found.setdefault((row[0], _constructed(row[1])), Symbol(*row))
        return list(found.values())

    def package_mates(self, paths: Iterable[str]) -> list[tuple[str, str]]:
        """(path, file of the same package) for the given paths."""
        rows = self._connection.execute(
            "SELECT a.document, b.document FROM packages a JOIN packages b USING (package) "
            "WHERE a.document IN (SELECT value FROM json_each(?))",
            (json.dumps(list(paths)),),
        )
        return rows.fetchall()

    def importing(self, paths: Iterable[str]) -> list[tuple[str, str]]:
        """(path, file that imports it) for the given paths."""
        rows = self._connection.execute(
            "SELECT target, document FROM import_targets "
            "WHERE target IN (SELECT value FROM json_each(?))",
            (json.dumps(list(paths)),),
        )
        return rows.fetchall()


def _constructed(name: str) -> str:
    """The class of a constructor named like it (`Pot` of `Pot.Pot`), any other name as it is."""
    for separator in (".", "::"):
        outer, _, last = name.rpartition(separator)
        if outer and last_name(outer) == last:
            return outer
    return name


class _Sight:
    """Which calling files see which defining files."""

    def __init__(self, facts: ReferenceFacts, defining: set[str], calling: set[str]) -> None:
        self._families = facts.families(defining | calling)
        self._seen: set[tuple[str, str]] = {
            *facts.importing(defining),
            *facts.package_mates(defining),
        }

    def choices(self, path: str, definitions: Sequence[Symbol]) -> list[tuple[Symbol, float]]:
        """Definitions that a call in `path` may mean, surest first."""
        family = self._families.get(path, "")
        rivals = [one for one in definitions if self._families.get(one.path, "") == family]
        own = [one for one in rivals if one.path == path]
        if family in _ONE_NAMESPACE:
            seen = own or rivals
        else:
            seen = [one for one in rivals if one.path == path or (one.path, path) in self._seen]
        sure = [(one, 1 / len(seen)) for one in seen]
        known = {id(one) for one in seen}
        return sure + [(o, UNRELATED / len(rivals)) for o in rivals if id(o) not in known]
