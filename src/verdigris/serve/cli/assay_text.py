"""Structural answers as tables for people: one row an entry, its place first."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import click

from verdigris.serve.cli.console import one_line, plural, wrapped
from verdigris.serve.cli.places import Places

if TYPE_CHECKING:
    from verdigris.views import Callee, ImportTarget, LanguageCount, Reference, Symbol

_GAP = "  "
_WIDEST = 80
"""A wider cell takes its room, but does not push the next column of all rows."""
_INDENT = " " * 4
"""Before what has no room beside a place."""

Cells = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """What an answer is shown on."""

    places: Places
    limit: int
    """Of rows."""
    width: int = 0
    """The terminal's, in columns; 0 for a pipe, where each row is one whole line."""


@dataclass(frozen=True, slots=True)
class _Use:
    """A place that calls or imports something."""

    line: Cells
    """The whole."""
    heading: str
    """What several places have in common."""
    below: Cells
    """The rest."""


def callers_text(rows: Sequence[Reference], page: Page) -> str:
    """Calls: place, who, what, how sure."""
    return _references(rows, page, "nothing in the repository calls it")


def importers_text(rows: Sequence[Reference], page: Page) -> str:
    """Imports: place, what, how sure."""
    return _references(rows, page, "nothing in the repository imports it")


def _references(rows: Sequence[Reference], page: Page, nothing: str) -> str:
    uses = []
    for row in rows[: page.limit]:
        place, sure = page.places.shown(row.path, row.line), _sure(row.confidence)
        line = (place, _arrow(row.symbol, row.target), sure)
        uses.append(_Use(line, row.target, (place, row.symbol, sure)))
    return _uses(uses, page, len(rows)) or nothing


def callees_text(rows: Sequence[Callee], page: Page) -> str:
    """Calls of what is defined here, then the names that are not."""
    shown, limit = page.places.shown, page.limit
    inside = [row for row in rows if row.candidates]
    outside = list(dict.fromkeys(row.name for row in rows if not row.candidates))
    uses = []
    for row in inside[:limit]:
        place, sure, symbol = shown(row.path, row.line), _sure(row.confidence), row.definition
        where = f"{row.candidates} definitions"
        if symbol:
            where = shown(symbol.path, symbol.line_start)
        line = (place, _arrow(row.symbol, row.name), where, sure)
        below = (place, row.name, f"→ {where}", sure)
        uses.append(_Use(line, row.symbol or shown(row.path), below))
    text = _uses(uses, page, len(inside)) or "it calls nothing that is defined in the repository"
    if outside:
        more = f" and {len(outside) - limit} more" if len(outside) > limit else ""
        names = one_line(f"Not defined here: {', '.join(outside[:limit])}{more}")
        text += "\n" + (wrapped(names, page.width) if page.width else names)
    return text


def imports_text(rows: Sequence[ImportTarget], page: Page) -> str:
    """Imports: place, as written, where that leads."""
    shown = page.places.shown
    cells: list[Cells] = [
        (
            shown(row.path, row.line),
            f"{row.module} ({', '.join(row.names)})" if row.names else row.module,
            shown(row.target) if row.target else "not in the repository",
            _sure(row.confidence) if row.target else "",
        )
        for row in rows[: page.limit]
    ]
    if page.width:
        cells = _without_repeats(cells)
    return _table(cells, page.width, len(rows)) or "it imports nothing"


def symbols_text(rows: Sequence[Symbol], page: Page) -> str:
    """Definitions: place, kind, name."""
    shown = page.places.shown
    cells = [(shown(row.path, row.line_start), row.kind, row.name) for row in rows[: page.limit]]
    return _table(cells, page.width, len(rows)) or "no symbols"


def inventory_text(rows: Sequence[LanguageCount], page: Page) -> str:
    """Counts: one row a language, symbols by kind, and what could not be parsed."""
    cells = [("language", "  files", "    lines", "symbols", "")]
    for row in rows[: page.limit]:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in row.kinds.items())
        counts = (f"{row.files:7,}", f"{row.lines:9,}", f"{row.symbols:7,}")
        cells.append((row.language or "other text", *counts, kinds))
    lines = [*_lines(cells, page.width), *_more(len(cells) - 1, len(rows))]
    text = "\n".join(lines) if rows else "no files"
    failed = sum(row.not_parsed for row in rows)
    if failed:
        text += f"\n{plural(failed, 'file')} could not be parsed and are read as text;"
        text += " why: verdigris status"
    return text


def _sure(confidence: float) -> str:
    return "" if confidence == 1 else f"{100 * confidence:.0f} % sure"


def _arrow(user: str, used: str) -> str:
    return f"{user} → {used}" if user else used


def _uses(uses: Sequence[_Use], page: Page, total: int) -> str:
    """One use a line; on a terminal below what it has in common with others."""
    if not page.width:
        return _table([use.line for use in uses], 0, total)
    groups: dict[str, list[Cells]] = {}
    for use in uses:
        groups.setdefault(use.heading, []).append(use.below)
    cells = [row for group in groups.values() for row in _without_repeats(group)]
    rows = _aligned(cells, page.width - len(_GAP))
    text = []
    for heading, group in groups.items():
        text.append(click.style(one_line(heading), bold=True))
        text += [_GAP + line for row in islice(rows, len(group)) for line in row]
    return "\n".join([*text, *_more(len(uses), total)])


def _without_repeats(rows: Sequence[Cells]) -> list[Cells]:
    """Rows without the first two cells where these are those of the row above."""
    pairs = zip(rows, [(), *rows], strict=False)
    return [("", "", *row[2:]) if row[:2] == above[:2] else row for row, above in pairs]


def _table(cells: Sequence[Cells], width: int, total: int) -> str:
    """Rows with aligned columns, and how many are not shown; '' for none."""
    return "\n".join([*_lines(cells, width), *_more(len(cells), total)])


def _lines(cells: Sequence[Cells], width: int) -> list[str]:
    return [line for row in _aligned(cells, width) for line in row]


def _more(shown: int, total: int) -> list[str]:
    return [f"… and {total - shown:,} more: -k {total}"] if total > shown else []


def _aligned(cells: Sequence[Cells], width: int) -> Iterator[list[str]]:
    """The lines of each row; width: that of the page, 0 for any."""
    rows = [tuple(map(one_line_kept, row)) for row in cells]
    widths = [min(max(map(len, column)), _WIDEST) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (cell.ljust(column) for cell, column in zip(row, widths, strict=True))
        line = _GAP.join(padded).rstrip()
        fits = not width or len(line) <= width
        first, *below = [line] if fits else _folded(row, widths[0] + len(_GAP), width)
        end = len(row[0])
        yield [click.style(first[:end], fg="cyan") + first[end:], *below]


def _folded(row: Cells, margin: int, width: int) -> list[str]:
    """A row in several lines, beside its place where there is room, else below it."""
    place, *cells = row
    beside = _wrapped(cells, width - margin)
    if max(map(len, beside)) <= width - margin:
        return [place.ljust(margin) + beside[0], *(" " * margin + part for part in beside[1:])]
    return [place, *(_INDENT + part for part in _wrapped(cells, width - len(_INDENT)))]


def _wrapped(cells: Sequence[str], room: int) -> list[str]:
    """Cells in lines of at most so many columns, where they can be broken so."""
    kept = [cell.replace(" ", "\0") if len(cell) <= room else cell for cell in cells if cell]
    lines = textwrap.wrap(
        _GAP.join(kept), max(room, 1), break_long_words=False, break_on_hyphens=False
    )
    return [line.replace("\0", " ") for line in lines]


def one_line_kept(text: str) -> str:
    """A cell on one line; spaces in front, which align numbers, stay."""
    return " " * (len(text) - len(text.lstrip(" "))) + one_line(text)
