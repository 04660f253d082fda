"""Source code → events: one for each symbol, and the lines between symbols as text.

How lines are shared out: every line belongs to the innermost definition that covers it, with
the comments, decorators and attributes right above a definition. Functions inside functions
are part of the outer one. A class (trait, impl, module …) is one event for its head, from its
start to its first member; its later lines between members are `code.text` events under its
name. A line that two definitions share belongs to the first; a definition left without a line
of its own is counted in the warning. Lines of closing brackets join the event before them.
Both are `code.test` where the language marks the definition as test code, as Rust does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import PurePosixPath

from verdigris.records import (
    DOCUMENT_SEEN,
    Call,
    Event,
    FileDetails,
    Lines,
    SeenDetails,
    SourceFile,
    SymbolDetails,
)
from verdigris.scrape.code.declared_types import DeclaredTypes
from verdigris.scrape.code.import_statements import imports_of, packages_of
from verdigris.scrape.code.languages import language_of
from verdigris.scrape.code.symbols import NO_OWNER, Symbol, SymbolTable, symbol_table
from verdigris.scrape.code.syntax import read_syntax
from verdigris.scrape.documents.plain_text import parse_text
from verdigris.scrape.line_spans import blocks, split_lines, text_of, trim

MAX_CHARACTERS = 1_000_000
"""Longer files are cut as text."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A run of lines for one event; `symbol` is set on the head of a definition."""

    span: Lines
    heading: str = ""
    symbol: Symbol | None = None
    is_test: bool = False


def parse_code(file: SourceFile) -> list[Event]:
    """Read a source file into `document.seen`, `code.symbol`, `code.text`, `code.test` events.

    Every non-blank line is in exactly one content event, and the events follow the lines. What
    cannot be parsed (too long, no grammar) is cut as text, and the warning says why; a syntax
    error is a warning too, and everything around it is still read.
    """
    lines = split_lines(file.text)
    language = language_of(file.path, lines[0], file.text)
    if language is None:
        return parse_text(file)
    if len(file.text) > MAX_CHARACTERS:
        return parse_text(file, f"longer than {MAX_CHARACTERS} characters; cut as text")
    source = file.text.encode("utf-8", "replace")
    syntax = read_syntax(source, language)
    if isinstance(syntax, str):
        return parse_text(file, syntax)
    table = symbol_table(syntax, source, lines, language)
    types = DeclaredTypes(syntax.variables, table, language.separator)
    calls = _calls_by_owner(syntax.calls, table.owners, types)
    details = FileDetails(
        language=language.name,
        parser="tree-sitter",
        imports=imports_of(syntax.imports, source),
        calls=calls.get(NO_OWNER, ()),
        packages=packages_of(file.path, syntax.packages, language),
        warning="; ".join(filter(None, (syntax.warning, table.warning))),
    )
    pieces = _join_closing(lines, _pieces(lines, table))
    return [_seen(file, details), *(_content(file, lines, piece, calls) for piece in pieces)]


def _calls_by_owner(
    calls: Sequence[Call], owners: Sequence[int], types: DeclaredTypes
) -> dict[int, tuple[Call, ...]]:
    """Give every call to the symbol that owns its line; equal calls of a line count once."""
    found: dict[int, list[Call]] = defaultdict(list)
    for call in calls:
        if call.receiver and (receiver_type := types.of(call.receiver, call.line - 1)):
            call = replace(call, receiver_type=receiver_type)
        found[owners[call.line - 1]].append(call)
    return {owner: tuple(dict.fromkeys(repeated)) for owner, repeated in found.items()}


def _pieces(lines: Sequence[str], table: SymbolTable) -> Iterator[_Piece]:
    """Cut the file where the owner of the lines changes."""
    seen: set[int] = {NO_OWNER}
    end = 0
    for owner, run in groupby(table.owners):
        span = Lines(end + 1, end + len(list(run)))
        end = span.end
        symbol = None if owner == NO_OWNER else table.symbols[owner]
        is_test = symbol is not None and symbol.is_test
        if owner not in seen:
            seen.add(owner)
            yield _Piece(trim(lines, span) or span, symbol=symbol, is_test=is_test)
            continue
        for block in blocks(lines, span):
            yield _Piece(block, heading=symbol.name if symbol else "", is_test=is_test)


def _join_closing(lines: Sequence[str], pieces: Iterator[_Piece]) -> list[_Piece]:
    """Let text of nothing but closing brackets end the piece before it."""
    joined: list[_Piece] = []
    for piece in pieces:
        if joined and piece.symbol is None and _only_closes(lines, piece.span):
            before = joined.pop()
            span = Lines(before.span.start, piece.span.end)
            piece = replace(before, span=span)
        joined.append(piece)
    return joined


def _only_closes(lines: Sequence[str], span: Lines) -> bool:
    return not text_of(lines, span).strip(")]};, \t\n\f")


def _seen(file: SourceFile, details: FileDetails) -> Event:
    title = PurePosixPath(file.path).name
    return Event(
        DOCUMENT_SEEN,
        file.path,
        file.version,
        time=file.time,
        details=SeenDetails(kind="code", title=title, file=details),
    )


def _content(
    file: SourceFile,
    lines: Sequence[str],
    piece: _Piece,
    calls: dict[int, tuple[Call, ...]],
) -> Event:
    """Make the event of a piece."""
    symbol = piece.symbol
    details = None
    if symbol is not None:
        details = SymbolDetails(
            name=symbol.name,
            symbol_kind=symbol.kind,
            signature=symbol.signature,
            docstring=symbol.docstring,
            calls=calls.get(symbol.index, ()),
            aliases=symbol.aliases,
        )
    return Event(
        _kind(piece),
        file.path,
        file.version,
        text=text_of(lines, piece.span),
        lines=piece.span,
        heading=symbol.name if symbol else piece.heading,
        time=file.time,
        details=details,
    )


def _kind(piece: _Piece) -> str:
    if piece.is_test:
        return "code.test"
    return "code.symbol" if piece.symbol else "code.text"
