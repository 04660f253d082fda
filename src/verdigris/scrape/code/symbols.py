"""Definitions of one file → symbols with qualified names, and which symbol owns which line."""

from __future__ import annotations

import inspect
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from operator import attrgetter

from verdigris.scrape.code.languages import GO, RUBY, RUST, Language
from verdigris.scrape.code.syntax import Definition, Rows, Syntax

NO_OWNER = -1
MAX_NESTING = 32
"""A container nested deeper than this is kept whole, so that names stay names."""
MAX_SIGNATURE = 400
MAX_NAME = 300

_CLASSES = frozenset(
    "annotation class enum extension impl interface object protocol record struct trait union"
    " given".split()
)
_LINES_OF_CLASSES = frozenset({"type", "const", "static", "macro"})
_CONTAINERS = _CLASSES | {"module", "namespace"}
_COMMENT_MARKS = re.compile(r"^\s*(?:/\*[*!]?|\*/|\*(?!\*)|//[/!]?|#)? ?|\s*\*/\s*$")
_STRING = re.compile(r"[a-zA-Z]{0,2}(\"\"\"|'''|\"|')(.*)\1", re.DOTALL)
_TYPE_ARGUMENTS = re.compile(r"<[^<>]*>")
_GO_TYPE_ARGUMENTS = re.compile(r"\[[^][]*\]")
_RUST_REFERENCE = re.compile(r"^&\s*(?:'\w+\s+)?(?:mut\s+)?")
_OPERATOR = re.compile(r"\boperator\b(?:\s*\(\)|[^(]*)")


@dataclass(frozen=True, slots=True)
class Symbol:
    """A definition with its place in the file; rows count from 0."""

    index: int
    kind: str
    name: str
    signature: str
    docstring: str
    is_test: bool
    """Whether it is test code, among the code that it tests."""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SymbolTable:
    """The symbols of a file and, for each row, the index of its symbol or NO_OWNER."""

    symbols: tuple[Symbol, ...]
    owners: list[int]
    warning: str = ""


@dataclass(frozen=True, slots=True)
class _Source:
    """What naming and documenting a definition needs of the file."""

    syntax: Syntax
    source: bytes
    lines: Sequence[str]
    language: Language
    leading: dict[int, bool]
    """Rows that hold nothing but a comment (True) or a decorator (False)."""
    remarks: tuple[Rows, ...]
    """Comments and decorators, in the file's order."""
    detached: frozenset[int]
    """Blank rows below a `/** */` comment: many authors keep one before the function."""


@dataclass(frozen=True, slots=True)
class _Open:
    """A definition that is still open where the next one starts."""

    end_byte: int
    kind: str
    name: str
    index: int
    first_row: int
    is_container: bool
    is_test: bool


_OUTSIDE = _Open(1 << 62, "", "", NO_OWNER, -1, True, False)


def symbol_table(
    syntax: Syntax, source: bytes, lines: Sequence[str], language: Language
) -> SymbolTable:
    """Name the definitions, drop those inside functions, and share out the lines."""
    leading = _leading_rows(syntax, lines, language)
    remarks = sorted((*syntax.comments, *syntax.decorators), key=attrgetter("start_byte"))
    detached = _blank_below(syntax, lines)
    file = _Source(syntax, source, lines, language, leading, tuple(remarks), detached)
    symbols: list[Symbol] = []
    owners = [NO_OWNER] * len(lines)
    opened = [_OUTSIDE]
    homeless = 0
    for definition in syntax.definitions:
        while opened[-1].end_byte <= definition.start_byte:
            opened.pop()
        parent = opened[-1]
        if not _is_member(definition, parent):
            continue
        first = _first_row(definition, parent, owners, file)
        if first > definition.last_row:
            homeless += 1
            continue
        symbol = _symbol(definition, parent, file, len(symbols), first)
        symbols.append(symbol)
        count = definition.last_row - first + 1
        owners[first : definition.last_row + 1] = [symbol.index] * count
        opened.append(_open(definition, symbol, len(opened)))
    return SymbolTable(tuple(symbols), owners, _warning(homeless))


def _is_member(definition: Definition, parent: _Open) -> bool:
    """Tell whether a definition stands alone; a class's types and constants are part of it."""
    is_own_line = parent.kind in _CLASSES and definition.kind in _LINES_OF_CLASSES
    is_name = len(definition.name) <= MAX_NAME  # an error can make a function's name of a page
    return parent.is_container and is_name and not is_own_line


def _warning(homeless: int) -> str:
    if not homeless:
        return ""
    return f"{homeless} definitions share their line with another and are not listed alone"


def _open(definition: Definition, symbol: Symbol, nesting: int) -> _Open:
    return _Open(
        end_byte=definition.end_byte,
        kind=symbol.kind,
        name=symbol.name,
        index=symbol.index,
        first_row=definition.first_row,
        is_container=definition.kind in _CONTAINERS and nesting < MAX_NESTING,
        is_test=symbol.is_test,
    )


def _leading_rows(syntax: Syntax, lines: Sequence[str], language: Language) -> dict[int, bool]:
    """Find the rows that hold nothing but a comment (True) or a decorator (False)."""
    found: dict[int, bool] = {}
    for runs, is_comment in ((syntax.decorators, False), (syntax.comments, True)):
        for rows in runs:
            if _stands_alone(rows, lines, language):
                found.update(dict.fromkeys(range(rows.first, rows.last + 1), is_comment))
    return found


def _blank_below(syntax: Syntax, lines: Sequence[str]) -> frozenset[int]:
    """Find the blank rows right below a documentation comment that is not the file's first line."""
    below = (
        rows.last + 1
        for rows in syntax.comments
        if rows.first > 0 and lines[rows.first].lstrip().startswith("/**")
    )
    return frozenset(row for row in below if row < len(lines) and not lines[row].strip())


def _stands_alone(rows: Rows, lines: Sequence[str], language: Language) -> bool:
    """Tell a comment or decorator on lines of its own from one that follows code.

    Comments about the enclosing module (Rust's `//!`) do not belong to what follows them.
    """
    line = lines[rows.first]
    first = line.lstrip()
    starts_line = len(line.removesuffix(first).encode()) >= rows.column
    return starts_line and not (language is RUST and first.startswith(("//!", "/*!")))


def _first_row(definition: Definition, parent: _Open, owners: Sequence[int], file: _Source) -> int:
    """Return the first row that a definition can call its own, comments above it included."""
    first = definition.first_row
    if owners[first] != parent.index or first <= parent.first_row:
        return first + 1
    if first - 1 in file.detached:
        first -= 1
    while (
        first - 1 > parent.first_row
        and first - 1 in file.leading
        and owners[first - 1] == parent.index
    ):
        first -= 1
    return first


def _symbol(
    definition: Definition, parent: _Open, file: _Source, index: int, first_row: int
) -> Symbol:
    """Name and document a definition; functions of a class are methods."""
    name = _clean_name(definition.name, file.language)
    is_method = parent.kind in _CLASSES and definition.kind == "function"
    return Symbol(
        index=index,
        kind="method" if is_method else definition.kind,
        name=f"{parent.name}{file.language.separator}{name}" if parent.name else name,
        signature=_signature(definition, file),
        docstring=_docstring(definition, file, first_row),
        is_test=parent.is_test or _is_marked_as_test(definition, first_row, file),
        aliases=definition.aliases,
    )


def _is_marked_as_test(definition: Definition, first_row: int, file: _Source) -> bool:
    """Tell whether a decorator of the definition says that it is compiled for tests only."""
    mark, decorators = file.language.marks_tests, file.syntax.decorators
    if mark is None:
        return False
    before = decorators[
        : bisect_left(decorators, definition.start_byte, key=attrgetter("start_byte"))
    ]
    own = takewhile(lambda rows: rows.first >= first_row, reversed(before))
    return any(mark.match(file.source, rows.start_byte) for rows in own)


def _clean_name(name: str, language: Language) -> str:
    """Return a name without type arguments, pointers, quotes; operators keep their signs."""
    if language is RUBY:
        return name
    operator = _OPERATOR.search(name)
    if operator:
        return " ".join(name[: operator.end()].split())
    bare = name.replace(".prototype", "")
    if language is RUST:
        bare = _RUST_REFERENCE.sub("", bare)
    arguments = _GO_TYPE_ARGUMENTS if language is GO else _TYPE_ARGUMENTS
    while (shorter := arguments.sub("", bare)) != bare:
        bare = shorter
    return bare.strip("&*()\"'` ") or name


def _signature(definition: Definition, file: _Source) -> str:
    """Return what stands before the body (or the first line) on one line, without the bracket."""
    if definition.body_byte >= 0:
        written = _without_remarks(definition.start_byte, definition.body_byte, file)
    else:
        written = file.source[definition.start_byte : definition.end_byte].split(b"\n")[0]
    line_start = file.source.rfind(b"\n", 0, definition.start_byte) + 1
    before = file.source[line_start : definition.start_byte]
    whole = (before + written).decode("utf-8", "replace")
    return " ".join(whole.split()).removesuffix("=>").rstrip(" {(:;=,")[:MAX_SIGNATURE]


def _without_remarks(start: int, end: int, file: _Source) -> bytes:
    """Return a part of the source without the comments and decorators in it."""
    parts = []
    for rows in file.remarks[bisect_left(file.remarks, start, key=attrgetter("start_byte")) :]:
        if rows.start_byte >= end:
            break
        parts.append(file.source[start : max(rows.start_byte, start)])
        start = max(rows.end_byte, start)
    return b"".join((*parts, file.source[start:end]))


def _docstring(definition: Definition, file: _Source, first_row: int) -> str:
    """Return the documentation without quotes or comment marks."""
    literal = _STRING.fullmatch(file.syntax.docstrings.get(definition.start_byte, ""))
    if literal:
        return inspect.cleandoc(literal.group(2))
    if not file.language.comments_document:
        return ""
    rows = range(first_row, definition.first_row)
    comment = [file.lines[row] for row in rows if file.leading.get(row)]
    return "\n".join(_COMMENT_MARKS.sub("", line) for line in comment).strip()
