"""Facts of code: symbols, calls and imports, and how sure a reference is."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from verdigris.records import Event, FileDetails, Lines, SymbolDetails
from verdigris.views.tables import Tables

SCHEMA = """
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


class CodeFacts(Tables):
    """Facts of the code of one work tree, in the tables of SCHEMA."""

    def add_file(self, document: str, details: FileDetails) -> None:
        """Put in a file's imports, and its calls outside every symbol."""
        self._connection.executemany(
            "INSERT INTO imports VALUES (?,?,?,?)",
            [(document, i.module, " ".join(i.names), i.line) for i in details.imports],
        )
        self._connection.executemany(
            "INSERT INTO calls VALUES (?,'',?,?)",
            [(document, call.name, call.line) for call in details.calls],
        )

    def add_symbols(self, events: Sequence[Event]) -> None:
        """Put in a file's symbols and their calls."""
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

    def remove_file(self, path: str) -> None:
        """Forget a file."""
        for table in ("symbols", "calls", "imports"):
            self._connection.execute(f"DELETE FROM {table} WHERE document = ?", (path,))

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
