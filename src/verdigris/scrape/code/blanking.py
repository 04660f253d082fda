"""Puts spaces where a source says what its grammar does not know; every line stays where it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tree_sitter import Range

_MACRO_CALL = re.compile(rb"\b([A-Z_][A-Z0-9_]{2,})\(")
_DIRECTIVE = re.compile(rb"^[ \t]*#[ \t]*(\w+)(?:\\\r?\n|.)*\n?", re.MULTILINE)
_IF = frozenset({b"if", b"ifdef", b"ifndef"})
_ELSE = frozenset({b"else", b"elif", b"elifdef", b"elifndef", b"endif"})
_KEPT = frozenset({b"include", b"define"})
_SPACES = bytes(byte if byte == ord("\n") else ord(" ") for byte in range(256))

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class FirstBranches:
    """A source without directives and without all branches of `#if` but the first."""

    source: bytes
    directives: bytes
    """Nothing but what the source includes and defines."""
    branches: tuple[Range, ...]
    """Where the other branches are."""


def blanked(source: bytes, pattern: bytes) -> bytes:
    """Put spaces for the groups of a pattern, one of which each match has."""
    return re.sub(pattern, _blank, source, flags=re.MULTILINE) if pattern else source


def _blank(match: re.Match[bytes]) -> bytes:
    """Return the match without its group's words; a bracket at their end and line ends stay."""
    start, end = (place - match.start() for place in match.span(match.lastindex or 0))
    words = match[0][start:end]
    bracket, breaks = words[-1:] if words.endswith(b"(") else b"", b"\n" * words.count(b"\n")
    spaces = b" " * (len(words) - len(bracket) - len(breaks))
    return match[0][:start] + bracket + spaces + breaks + match[0][end:]


def macro_calls(source: bytes, without: bytes) -> tuple[tuple[int, str], ...]:
    """Return the first byte and the name of each macro with arguments that blanking took away."""
    return tuple(
        (match.start(), match[1].decode())
        for match in _MACRO_CALL.finditer(source)
        if without.startswith(b" ", match.start())
    )


def first_branches(source: bytes) -> FirstBranches:
    """Blank directives, which may stand inside a statement, and with `#if` all but one branch."""
    gone: list[Span] = []
    directives: list[Span] = []
    branches: list[Span] = []
    start = depth = later = 0  # later: which of the open conditions is in a later branch
    for match in _DIRECTIVE.finditer(source):
        word = match[1]
        gone.append(match.span())
        if word in _IF:
            depth += 1
        elif word in _ELSE and depth and later in (0, depth):
            if later:
                branches.append((start, match.start()))
            start, later = match.end(), 0 if word == b"endif" else depth
        elif word in _KEPT:
            directives.append(match.span())
        if word == b"endif" and depth:
            depth -= 1
    return FirstBranches(
        _without(source, sorted(gone + branches)),
        _only(source, directives),
        tuple(_ranges(source, branches)),
    )


def _without(source: bytes, spans: Iterable[Span]) -> bytes:
    """Put spaces into parts of a source, which come in its order and may overlap."""
    parts = []
    place = 0
    for start, end in spans:
        if end > place:
            parts += [source[place:start], source[max(start, place) : end].translate(_SPACES)]
            place = end
    return b"".join((*parts, source[place:]))


def _only(source: bytes, spans: Iterable[Span]) -> bytes:
    """Put spaces around parts of a source, which come in its order."""
    parts = []
    place = 0
    for start, end in spans:
        parts += [source[place:start].translate(_SPACES), source[start:end]]
        place = end
    return b"".join((*parts, source[place:].translate(_SPACES)))


def _ranges(source: bytes, spans: Iterable[Span]) -> Iterator[Range]:
    """Say in rows and columns, too, where parts of a source stand that begin with a line."""
    row = place = 0
    for start, end in spans:
        row += source.count(b"\n", place, start)
        last = row + source.count(b"\n", start, end)
        column = end - source.rfind(b"\n", 0, end) - 1
        yield Range((row, 0), (last, column), start, end)
        row, place = last, end
