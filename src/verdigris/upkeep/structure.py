"""Structural questions: who calls, who imports, what is defined, what there is."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path

from verdigris.errors import Busy, QueryError
from verdigris.frozen_dataclass import dataclass
from verdigris.scrape.files import why_not_read
from verdigris.scrape.repository import Repository
from verdigris.store.index import Index
from verdigris.upkeep.locations import Locations
from verdigris.upkeep.locking import refresh_lock
from verdigris.upkeep.resolving import resolve_imports
from verdigris.views import (
    LIKELY,
    Callee,
    Facts,
    ImportTarget,
    LanguageCount,
    Reference,
    Symbol,
)

_NEAR_PATH = 0.85
_WAIT_SECONDS = 5.0
_ALL = 1 << 30
_CONTAINER_SEPARATORS = (".", "::")
_REMEDIES = {
    "too large": "raise max_file_bytes in .verdigris/config.toml, then: verdigris scrape",
    "ignored": "stop .gitignore or .verdigrisignore naming it, then: verdigris scrape",
    "needs verdigris[pdf]": 'pip install "verdigris[pdf]", then: verdigris scrape',
}
"""What has a skipped file read, by the reason; for other reasons nothing does."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a question is about: a file with its symbols, or symbols of one name."""

    path: str
    symbols: tuple[Symbol, ...]
    is_file: bool


@dataclass(frozen=True, slots=True)
class Structure:
    """Answers from the facts of code; where imports lead is worked out when first asked."""

    repository: Repository
    index: Index
    facts: Facts
    locations: Locations
    max_bytes: int
    """Larger files are not read."""

    def prepare(self) -> None:
        """Follow the imports of files that changed. Where another process writes, do without."""
        with suppress(Busy), refresh_lock(self.locations, _WAIT_SECONDS):
            resolve_imports(self.index, self.facts)

    def subject(self, target: str) -> Subject:
        """A path as typed here or from the root, or symbols by their name. Raises QueryError."""
        paths = self.facts.paths()
        candidates = (target.removeprefix("./"), self.from_here(target))
        for candidate in candidates:
            if candidate in paths:
                return Subject(candidate, tuple(self.facts.symbols_in(candidate)), True)
        symbols = self.facts.symbols(target)
        if not symbols:
            skipped = next(filter(None, map(self._skipped, candidates)), "")
            raise QueryError(skipped or self._is_folder(target) or self._unknown(target, paths))
        return Subject(symbols[0].path, tuple(symbols), False)

    def from_here(self, target: str) -> str:
        """A path as typed in the current folder, named from the root; '' outside."""
        try:
            return (Path.cwd() / target).resolve().relative_to(self.repository.root).as_posix()
        except (ValueError, OSError):
            return ""

    def _skipped(self, path: str) -> str:
        """Why a file is not in the index, and what has it read; '' where that is not known."""
        is_inside = bool(path) and not path.startswith(("/", "../"))
        reason = why_not_read(self.repository, path, self.max_bytes) if is_inside else ""
        remedy = _REMEDIES.get(reason, "such files are not read")
        return f"{path} is not in the index: {reason}; {remedy}" if reason else ""

    def _is_folder(self, target: str) -> str:
        """What to do about a folder; '' for what is none."""
        if self._folder(target) is None:
            return ""
        return f"{target} is a folder; name a file or a symbol in it: verdigris assay symbols"

    def _unknown(self, target: str, paths: frozenset[str]) -> str:
        last = target.replace("::", ".").replace("#", ".").rpartition(".")[2] or target
        names = self.facts.symbol_names(len(last))
        folder, _, name = target.rpartition("/")
        files = [path for path in paths if folder and path.endswith(name[-3:])]
        near = (
            [path for path in sorted(paths) if path.lower() == target.lower()]
            or [one for one in names if one.lower() == last.lower()]
            or get_close_matches(target, files, n=3, cutoff=_NEAR_PATH)
            or get_close_matches(last, [] if folder else names, n=3)
        )
        meant = f"did you mean {' or '.join(near)}?" if near else 'ask: verdigris scry "…"'
        return f"no file or symbol {target!r} in the index; {meant}"

    def callers(self, target: str) -> list[Reference]:
        """Calls of a symbol, or of what a file defines from outside it. Raises QueryError."""
        self.prepare()
        with self.index.snapshot():
            subject = self.subject(target)
            return self.callers_of(subject)

    def callers_of(self, subject: Subject) -> list[Reference]:
        """Calls of a subject, most certain first; a file's own calls tell little.

        Of a type that is not called itself, as in Rust and Go: likely calls of its members from
        outside of it.
        """
        found = self.facts.callers(subject.symbols, _ALL)
        if subject.is_file:
            return [one for one in found if one.path != subject.path]
        return found or self._callers_of_members(subject)

    def _callers_of_members(self, subject: Subject) -> list[Reference]:
        members = self._with_members(subject)
        inside = {(one.path, one.name) for one in members}
        found = self.facts.callers(members, _ALL)
        likely = [one for one in found if one.confidence >= LIKELY]
        return [one for one in likely if (one.path, one.symbol) not in inside]

    def callees(self, target: str) -> list[Callee]:
        """What a file or a symbol with its members calls. Raises QueryError."""
        self.prepare()
        with self.index.snapshot():
            subject = self.subject(target)
            if subject.is_file:
                return self.facts.callees(subject.path)
            inside = self._with_members(subject)
            paths = dict.fromkeys(one.path for one in inside)
            return [
                call
                for path in paths
                for call in self.facts.callees(path, [one for one in inside if one.path == path])
            ]

    def _with_members(self, subject: Subject) -> list[Symbol]:
        """The symbols of a subject with what is inside them, each once."""
        found = [
            one
            for symbol in subject.symbols
            for one in _with_members(symbol, self.facts.symbols_in(symbol.path))
        ]
        return list(dict.fromkeys(found))

    def imports(self, target: str) -> list[ImportTarget]:
        """What a file, or the file that defines a symbol, imports. Raises QueryError."""
        self.prepare()
        with self.index.snapshot():
            return self.facts.imports(self.subject(target).path)

    def importers(self, target: str) -> list[Reference]:
        """Imports that lead to a file, or to the files that define a symbol. Raises QueryError."""
        self.prepare()
        with self.index.snapshot():
            subject = self.subject(target)
            paths = dict.fromkeys((subject.path, *(one.path for one in subject.symbols)))
            found = [one for path in paths for one in self.facts.importers(path, _ALL)]
            return sorted(found, key=lambda one: (-one.confidence, one.path, one.line))

    def symbols(self, target: str = "") -> list[Symbol]:
        """Symbols of that name, of a file, below a folder, or all. Raises QueryError."""
        with self.index.snapshot():
            folder = self._folder(target)
            if folder is not None:
                return self.facts.symbols_below(folder)
            return list(self.subject(target).symbols)

    def inventory(self, target: str = "") -> list[LanguageCount]:
        """Files, lines and symbols by language, below a folder or of all. Raises QueryError."""
        with self.index.snapshot():
            folder = self._folder(target)
            if folder is None:
                raise QueryError(f"no indexed files below {target!r}; give a folder, or none")
            return self.facts.inventory(folder)

    def _folder(self, target: str) -> str | None:
        """A folder with indexed files as a prefix of their paths; '' is the root."""
        here = self.from_here(target) if target else "."
        if here == ".":
            return ""
        for folder in (target.removeprefix("./").rstrip("/"), here):
            if folder and any(path.startswith(f"{folder}/") for path in self.facts.paths()):
                return f"{folder}/"
        return None


def _with_members(symbol: Symbol, beside: Sequence[Symbol]) -> list[Symbol]:
    """A symbol with what is inside it."""
    inside = tuple(symbol.name + separator for separator in _CONTAINER_SEPARATORS)
    return [one for one in beside if one.name == symbol.name or one.name.startswith(inside)]
