"""Structural questions: who calls, who imports, what is defined, what there is."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from verdigris.errors import Busy, QueryError
from verdigris.store.index import Index
from verdigris.upkeep.locations import Locations
from verdigris.upkeep.locking import refresh_lock
from verdigris.upkeep.resolving import resolve_imports
from verdigris.views import Callee, Facts, ImportTarget, LanguageCount, Reference, Symbol

_WAIT_SECONDS = 5.0
_ALL = 1 << 30
_CONTAINER_SEPARATORS = (".", "::")


@dataclass(frozen=True, slots=True)
class Subject:
    """What a question is about: a file with its symbols, or symbols of one name."""

    path: str
    symbols: tuple[Symbol, ...]
    is_file: bool


class Structure:
    """Answers from the facts of code; where imports lead is worked out when first asked."""

    def __init__(self, index: Index, facts: Facts, root: Path, locations: Locations) -> None:
        self._index, self._facts, self._root, self._locations = index, facts, root, locations

    def prepare(self) -> None:
        """Follow the imports of files that changed. Where another process writes, do without."""
        with suppress(Busy), refresh_lock(self._locations, _WAIT_SECONDS):
            resolve_imports(self._index, self._facts)

    def subject(self, target: str) -> Subject:
        """A path as typed here or from the root, or symbols by their name. Raises QueryError."""
        paths = self._facts.paths()
        for candidate in (target.removeprefix("./"), self.from_here(target)):
            if candidate in paths:
                return Subject(candidate, tuple(self._facts.symbols_in(candidate)), True)
        symbols = self._facts.symbols(target)
        if not symbols:
            raise QueryError(self._unknown(target, paths))
        return Subject(symbols[0].path, tuple(symbols), False)

    def from_here(self, target: str) -> str:
        """A path as typed in the current folder, named from the root; '' outside."""
        try:
            return (Path.cwd() / target).resolve().relative_to(self._root).as_posix()
        except (ValueError, OSError):
            return ""

    def _unknown(self, target: str, paths: frozenset[str]) -> str:
        last = target.replace("::", ".").replace("#", ".").rpartition(".")[2] or target
        names = self._facts.symbol_names(len(last))
        folder, _, name = target.rpartition("/")
        files = [path for path in paths if folder and path.endswith(name[-3:])]
        near = (
            [path for path in sorted(paths) if path.lower() == target.lower()]
            or [one for one in names if one.lower() == last.lower()]
            or get_close_matches(target, files, n=3)
            or get_close_matches(last, names, n=3)
        )
        meant = f"; did you mean {' or '.join(near)}?" if near else ""
        return f"no file or symbol {target!r} in the index{meant}; refresh: verdigris scrape"

    def callers(self, target: str) -> list[Reference]:
        """Calls of a symbol, or of what a file defines from outside it. Raises QueryError."""
        self.prepare()
        with self._index.snapshot():
            subject = self.subject(target)
            return self.callers_of(subject)

    def callers_of(self, subject: Subject) -> list[Reference]:
        """Calls of a subject, most certain first; a file's own calls tell little."""
        found = self._facts.callers(subject.symbols, _ALL)
        if subject.is_file:
            found = [one for one in found if one.path != subject.path]
        return found

    def callees(self, target: str) -> list[Callee]:
        """What a file or a symbol with its members calls. Raises QueryError."""
        self.prepare()
        with self._index.snapshot():
            subject = self.subject(target)
            if subject.is_file:
                return self._facts.callees(subject.path)
            found: list[Callee] = []
            for symbol in subject.symbols:
                within = _with_members(symbol, self._facts.symbols_in(symbol.path))
                found += self._facts.callees(symbol.path, within)
            return list(dict.fromkeys(found))

    def imports(self, target: str) -> list[ImportTarget]:
        """What a file, or the file that defines a symbol, imports. Raises QueryError."""
        self.prepare()
        with self._index.snapshot():
            return self._facts.imports(self.subject(target).path)

    def importers(self, target: str) -> list[Reference]:
        """Imports that lead to a file, or to the files that define a symbol. Raises QueryError."""
        self.prepare()
        with self._index.snapshot():
            subject = self.subject(target)
            paths = dict.fromkeys((subject.path, *(one.path for one in subject.symbols)))
            found = [one for path in paths for one in self._facts.importers(path, _ALL)]
            return sorted(found, key=lambda one: (-one.confidence, one.path, one.line))

    def symbols(self, target: str = "") -> list[Symbol]:
        """Symbols of that name, of a file, below a folder, or all. Raises QueryError."""
        with self._index.snapshot():
            folder = self._folder(target)
            if folder is not None:
                return self._facts.symbols_below(folder)
            return list(self.subject(target).symbols)

    def inventory(self, target: str = "") -> list[LanguageCount]:
        """Files, lines and symbols by language, below a folder or of all. Raises QueryError."""
        with self._index.snapshot():
            folder = self._folder(target)
            if folder is None:
                raise QueryError(f"no indexed files below {target!r}; give a folder, or none")
            return self._facts.inventory(folder)

    def _folder(self, target: str) -> str | None:
        """A folder with indexed files as a prefix of their paths; '' is the root."""
        here = self.from_here(target) if target else "."
        if here == ".":
            return ""
        for folder in (target.removeprefix("./").rstrip("/"), here):
            if folder and any(path.startswith(f"{folder}/") for path in self._facts.paths()):
                return f"{folder}/"
        return None


def _with_members(symbol: Symbol, beside: Sequence[Symbol]) -> list[Symbol]:
    """A symbol with what is inside it."""
    inside = tuple(symbol.name + separator for separator in _CONTAINER_SEPARATORS)
    return [one for one in beside if one.name == symbol.name or one.name.startswith(inside)]
