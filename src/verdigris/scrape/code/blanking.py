"""Puts spaces where a source says what its grammar does not know; every line stays where it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from verdigris.scrape.code.languages import Language

_KEPT = re.compile(rb"[ \t]*(?:#[ \t]*(?:include|define)\b|using [\w.= ]+;)")
_DIRECTIVE = re.compile(rb"[ \t]*#[ \t]*(if|ifdef|ifndef|elif|else|endif)\b")


def blanked(source: bytes, pattern: bytes) -> bytes:
    """Put spaces for the groups of a pattern, one of which each match has."""
    return re.sub(pattern, _blank, source, flags=re.MULTILINE) if pattern else source


def mendings(source: bytes, language: Language) -> Iterator[bytes]:
    """Yield what may parse better: without unknown words, then also with one branch of each #if."""
    if language.unknown:
        source = blanked(source, language.unknown)
        yield source
    if language.has_preprocessor:
        yield _first_branches(source)


def _blank(match: re.Match[bytes]) -> bytes:
    """Return the match without its group's words; a bracket at their end and line ends stay."""
    start, end = (place - match.start() for place in match.span(match.lastindex or 0))
    words = match[0][start:end]
    bracket, breaks = words[-1:] if words.endswith(b"(") else b"", b"\n" * words.count(b"\n")
    spaces = b" " * (len(words) - len(bracket) - len(breaks))
    return match[0][:start] + bracket + spaces + breaks + match[0][end:]


def _first_branches(source: bytes) -> bytes:
    """Blank the lines of conditions and of every branch but the first: `#if` inside a statement.

    What later branches import and define stays: it is no part of a statement.
    """
    kept: list[bytes] = []
    later_branch: list[bool] = []
    stays = False
    for line in source.split(b"\n"):
        directive = _DIRECTIVE.match(line)
        word = directive[1] if directive else b""
        if word.startswith(b"if"):
            later_branch.append(False)
        elif word in (b"else", b"elif") and later_branch:
            later_branch[-1] = True
        stays = (stays and kept[-1].endswith(b"\\")) or _KEPT.match(line) is not None
        blank = bool(word) or (any(later_branch) and not stays)
        kept.append(b" " * len(line) if blank else line)
        if word == b"endif" and later_branch:
            later_branch.pop()
    return b"\n".join(kept)
