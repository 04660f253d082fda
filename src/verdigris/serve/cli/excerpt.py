"""The lines of a passage around the words that were asked for."""

from __future__ import annotations

import re
import textwrap

import click

from verdigris.serve.cli.console import printable

SHOWN_LINES = 6
_STEM_LETTERS = (4, 6)
"""Fewest and most letters of a word that count."""
_WORD = re.compile(r"[^\W_]{4,}")
_MAX_WORDS = 40


def excerpt(text: str, question: str, width: int, prose: bool = False) -> list[str]:
    """At most SHOWN_LINES lines of `width` columns, the words of the question marked.

    prose: a line that is too long flows on into the next one of its paragraph.

    The window with most distinct words of the question wins, the earliest of equals; `…` stands
    where something is left out. Words are compared by their first letters, also inside
    identifiers, which needs no language.
    """
    words = _WORD.findall(question.lower())
    stems = list(dict.fromkeys(map(_stem, words)))[:_MAX_WORDS]
    lines = _wrapped(text, width, prose)
    start = _best_window(lines, stems)
    shown = [_marked(line, stems) for line in lines[start : start + SHOWN_LINES]]
    before = ["…"] if start else []
    after = ["…"] if start + SHOWN_LINES < len(lines) else []
    return [*before, *shown, *after]


def _stem(word: str) -> str:
    """`load` of `loading`: a word without the last three letters, which may be its ending."""
    fewest, most = _STEM_LETTERS
    return word[: min(max(len(word) - 3, fewest), most)]


def _wrapped(text: str, width: int, prose: bool) -> list[str]:
    """Lines without the common indent and without empty ones, long ones wrapped."""
    lines: list[str] = []
    source = textwrap.dedent(printable(text).expandtabs(4)).splitlines()
    for line in _flowing(source, width) if prose else source:
        indent = " " * min(_indent(line), width // 2)
        lines += textwrap.wrap(
            line.strip(), width, initial_indent=indent, subsequent_indent=indent,
            break_on_hyphens=False,
        )  # fmt: skip
    return lines


def _flowing(lines: list[str], width: int) -> list[str]:
    """The lines; one that is too long is joined with those that go on in its paragraph."""
    joined: list[str] = []
    for line in lines:
        goes_on = line.strip()[:1].islower() or line.strip()[:1] in ("(", "`")
        if joined and len(joined[-1]) > width and goes_on and _indent(joined[-1]) == _indent(line):
            joined[-1] += f" {line.strip()}"
        else:
            joined.append(line)
    return joined


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _best_window(lines: list[str], stems: list[str]) -> int:
    found = [{stem for stem in stems if stem in line.lower()} for line in lines]
    starts = range(max(len(lines) - SHOWN_LINES, 0) + 1)

    def worth(start: int) -> tuple[int, int, int]:
        window = found[start : start + SHOWN_LINES]
        return len(set().union(*window)), sum(map(len, window)), -start

    return max(starts, key=worth)


def _marked(line: str, stems: list[str]) -> str:
    if not stems:
        return line
    pattern = r"[^\W_]*(?:" + "|".join(map(re.escape, stems)) + r")[^\W_]*"
    return re.sub(pattern, lambda m: click.style(m[0], bold=True), line, flags=re.IGNORECASE)
