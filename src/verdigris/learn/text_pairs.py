"""Pairs from code and documents: what describes a passage → the passage without it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from verdigris.learn.material import Material
from verdigris.learn.pairs import PairSet, make_pairs
from verdigris.learn.selection import LEAST_QUERIES, cut_times
from verdigris.records import Event, SymbolDetails

MOST_TEXTS = 400
"""Texts of a source that must be embedded anew, with their answers; a second or two."""
LONGEST_ANSWER = 800
"""Characters of an answer that are embedded, about what a passage has."""
LEAST_DOCSTRING_WORDS = 5
LEAST_HEADING_WORDS, LEAST_SECTION_WORDS = 2, 20
_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True, order=True)
class _Pair:
    """A text that asks, and the text that answers; both are to be embedded."""

    time: str
    asks: str
    answers: str


def docstrings(material: Material) -> PairSet:
    """Docstring → the definition without it, both embedded anew; the newest files' definitions."""
    return _embedded(material, list(_documented(material)))


def _documented(material: Material) -> Iterator[_Pair]:
    first = material.first_times()
    for name, content in material.content("code"):
        for event in content:
            details = event.details
            if isinstance(details, SymbolDetails) and details.docstring:
                body = without_docstring(event.text, details.docstring)
                if len(details.docstring.split()) >= LEAST_DOCSTRING_WORDS and body:
                    answer = f"{name} {body}"[:LONGEST_ANSWER]
                    yield _Pair(first.get(name, ""), details.docstring, answer)


def without_docstring(text: str, docstring: str) -> str:
    """A definition's text without the lines of its docstring; '' where they are not found."""
    lines = {line.strip() for line in docstring.splitlines() if line.strip()}
    kept = [line for line in text.splitlines() if not _is_docstring_line(line, lines)]
    body = "\n".join(kept).strip()
    return body if len(kept) < len(text.splitlines()) else ""


def _is_docstring_line(line: str, lines: set[str]) -> bool:
    bare = line.strip().strip("\"'/*#!").strip()
    return bool(bare) and bare in lines


def headings(material: Material) -> PairSet:
    """Headings above a section → its text without them, both embedded anew.

    Headings that stand over several sections (`Changes` in a change log) do not ask.
    """
    pairs = list(_sections(material))
    spelled = Counter(pair.asks for pair in pairs)
    return _embedded(material, [pair for pair in pairs if spelled[pair.asks] == 1])


def _sections(material: Material) -> Iterator[_Pair]:
    first = material.first_times()
    for name, content in material.content("doc"):
        for event in content:
            asks = event.heading.replace(" > ", ": ")
            body = _without_title(event)
            telling = len(_WORD.findall(asks)) >= LEAST_HEADING_WORDS
            if telling and len(_WORD.findall(body)) >= LEAST_SECTION_WORDS:
                yield _Pair(first.get(name, ""), asks, body[:LONGEST_ANSWER])


def _without_title(section: Event) -> str:
    """A section's text without the line that has its heading; '' where that is not found."""
    title = _WORD.findall(section.heading.rsplit(" > ", 1)[-1])
    lines = section.text.splitlines()
    kept = [line for line in lines if not title or _WORD.findall(line) != title]
    return "\n".join(kept).strip() if len(kept) < len(lines) else ""


def _embedded(material: Material, pairs: list[_Pair]) -> PairSet:
    """The newest MOST_TEXTS pairs; every text has one answer.

    Raises NothingToLearn where they are not spread over time.
    """
    newest = sorted(pairs)[-MOST_TEXTS:]
    if len(newest) >= LEAST_QUERIES:
        cut_times([pair.time for pair in newest])  # embedding takes long, and would be for nothing
    asking = material.embed([pair.asks for pair in newest])
    answering = material.embed([pair.answers for pair in newest])
    answers = [[row] for row in range(len(newest))]
    return make_pairs(
        asking, answering, answers, [1.0] * len(newest), [pair.time for pair in newest]
    )
