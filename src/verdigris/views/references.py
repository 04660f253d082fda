"""Who calls what: names as written, matched with definitions, and how surely."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from verdigris.frozen_dataclass import dataclass
from verdigris.views.code import SYMBOL_COLUMNS, Symbol, last_name
from verdigris.views.imports import ImportFacts, Reference
from verdigris.views.resolution import Choices, Resolution, Site

_MANY = 5
"""Of more definitions than these none is shown as what a call means."""


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


class ReferenceFacts(ImportFacts):
    """Facts about calls, in the tables of the code's facts."""

    def callers(self, targets: Iterable[Symbol], limit: int = 20) -> list[Reference]:
        """Calls that may mean the given symbols, most certain first."""
        wanted: dict[str, list[Symbol]] = defaultdict(list)
        for symbol in targets:
            wanted[last_name(symbol.name)].append(symbol)
        calls = self._calls_of(wanted)
        sites: dict[str, set[Site]] = defaultdict(set)
        for name, site, _ in calls:
            sites[name].add(site)
        chosen = self._choices(sites)
        best: dict[tuple[str, str, int, str], float] = {}
        for name, site, line in calls:
            target, sure = _meant(wanted[name], chosen[name][site])
            key = (site.path, site.caller, line, target)
            best[key] = max(best.get(key, 0.0), sure)
        references = [
            Reference(path, caller, line, target, round(min(sure, 1.0), 3))
            for (path, caller, line, target), sure in best.items()
            if sure
        ]
        references.sort(key=lambda r: (-r.confidence, r.path, r.line))
        return references[:limit]

    def _calls_of(self, names: Iterable[str]) -> list[tuple[str, Site, int]]:
        """(name, site, line) of all calls of the names."""
        rows = self._connection.execute(
            "SELECT callee, line, document, caller, receiver, receiver_type FROM calls "
            "WHERE callee IN (SELECT value FROM json_each(?)) ORDER BY document, line",
            (json.dumps(list(names)),),
        )
        return [(name, Site(*site), line) for name, line, *site in rows]

    def callees(self, path: str, within: Sequence[Symbol] | None = None) -> list[Callee]:
        """Calls that a file makes (or only those symbols), each name once, in the file's order."""
        names = None if within is None else {symbol.name for symbol in within}
        rows = self._connection.execute(
            "SELECT caller, callee, receiver, receiver_type, min(line) FROM calls "
            "WHERE document = ? GROUP BY caller, callee, receiver, receiver_type "
            "ORDER BY min(line), caller, callee",
            (path,),
        ).fetchall()
        calls = [row for row in rows if names is None or row[0] in names]
        sites: dict[str, set[Site]] = defaultdict(set)
        for caller, callee, *receiver, _ in calls:
            sites[callee].add(Site(path, caller, *receiver))
        chosen = self._choices(sites)
        found: dict[tuple[str, str, Symbol | None], Callee] = {}
        for caller, callee, *receiver, line in calls:
            choices = chosen[callee][Site(path, caller, *receiver)]
            for one in _callees(path, (caller, callee, line), choices):
                key = (caller, callee, one.definition)
                if key not in found or one.confidence > found[key].confidence:
                    found[key] = one
        return list(found.values())

    def all_calls(self, least: float) -> list[tuple[Site, Symbol]]:
        """All calls with the definitions that they mean at least so surely, by path and caller."""
        rows = self._connection.execute(
            "SELECT DISTINCT callee, document, caller, receiver, receiver_type FROM calls"
        )
        sites: dict[str, set[Site]] = defaultdict(set)
        for name, *site in rows:
            sites[name].add(Site(*site))
        chosen = self._choices(sites)
        found = [
            (site, definition)
            for name in sorted(chosen)
            for site, choices in chosen[name].items()
            for definition, sure in choices
            if sure >= least
        ]
        return sorted(found, key=_place)

    def _choices(self, callers: Mapping[str, set[Site]]) -> dict[str, dict[Site, Choices]]:
        """Name → calling site → definitions that a call of the name there may mean, how surely."""
        definitions = {name: self._definitions(name) for name in callers}
        defining = {one.path for found in definitions.values() for one in found}
        calling = {site.path for sites in callers.values() for site in sites}
        resolution = Resolution(self, defining, calling)
        return {
            name: {site: resolution.choices(site, definitions[name]) for site in sites}
            for name, sites in callers.items()
        }

    def _definitions(self, name: str) -> list[Symbol]:
        """Definitions of a last name; overloads, and a class and its constructor, are one."""
        rows = self._connection.execute(
            f"SELECT {SYMBOL_COLUMNS} FROM symbols WHERE last_name = ? "
            "ORDER BY document, line_start",
            (name,),
        )
        found: dict[tuple[str, str], Symbol] = {}
        for row in rows:
            found.setdefault((row[0], _constructed(row[1])), Symbol(*row))
        return list(found.values())


def _meant(targets: Sequence[Symbol], choices: Choices) -> tuple[str, float]:
    """The target that is meant most likely, and how sure it is that one of them is."""
    names = {(one.path, _constructed(one.name)): one.name for one in reversed(targets)}
    found = [
        (sure, names[key])
        for one, sure in choices
        if (key := (one.path, _constructed(one.name))) in names
    ]
    likeliest = max(found, key=lambda one: one[0], default=(0.0, targets[0].name))
    return likeliest[1], sum(sure for sure, _ in found)


def _place(call: tuple[Site, Symbol]) -> tuple[str, ...]:
    """What orders calls always in the same way."""
    site, definition = call
    return (
        site.path,
        site.caller,
        definition.path,
        definition.name,
        site.receiver,
        site.receiver_type,
    )


def _constructed(name: str) -> str:
    """The class of a constructor named like it (`Pot` of `Pot.Pot`), any other name as it is."""
    for separator in (".", "::"):
        outer, _, last = name.rpartition(separator)
        if outer and last_name(outer) == last:
            return outer
    return name


def _callees(path: str, call: tuple[str, str, int], choices: Choices) -> list[Callee]:
    caller, callee, line = call
    if 0 < len(choices) <= _MANY:
        return [
            Callee(path, caller, line, callee, one, len(choices), round(sure, 3))
            for one, sure in choices
        ]
    share = round(1 / len(choices), 3) if choices else 0.0
    return [Callee(path, caller, line, callee, None, len(choices), share)]
