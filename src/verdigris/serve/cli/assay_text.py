"""Structural answers as tables for people: one row an entry, its place first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from verdigris.serve.cli.console import one_line, plural
from verdigris.serve.cli.places import Places

if TYPE_CHECKING:
    from verdigris.views import Callee, ImportTarget, LanguageCount, Reference, Symbol

_GAP = "  "
_WIDEST = 80
"""A wider cell takes its room, but does not push the next column of all rows."""


def callers_text(rows: Sequence[Reference], places: Places, limit: int) -> str:
    """Calls: place, who, what, how sure."""
    return _references(rows, places, limit, "nothing in the repository calls it")


def importers_text(rows: Sequence[Reference], places: Places, limit: int) -> str:
    """Imports: place, what, how sure."""
    return _references(rows, places, limit, "nothing in the repository imports it")


def _references(rows: Sequence[Reference], places: Places, limit: int, nothing: str) -> str:
    cells = [
        (
            places.shown(row.path, row.line),
            f"{row.symbol} → {row.target}" if row.symbol else row.target,
            _sure(row.confidence),
        )
        for row in rows[:limit]
    ]
    return _table(cells, len(rows), nothing)


def callees_text(rows: Sequence[Callee], places: Places, limit: int) -> str:
    """Calls of what is defined here, then the names that are not."""
    inside = [row for row in rows if row.candidates]
    outside = list(dict.fromkeys(row.name for row in rows if not row.candidates))
    cells = [
        (
            places.shown(row.path, row.line),
            f"{row.symbol} → {row.name}" if row.symbol else row.name,
            places.shown(row.definition.path, row.definition.line_start)
            if row.definition
            else f"{row.candidates} definitions",
            _sure(row.confidence),
        )
        for row in inside[:limit]
    ]
    text = _table(cells, len(inside), "it calls nothing that is defined in the repository")
    if outside:
        text += f"\nNot defined here: {one_line(', '.join(outside[:limit]))}"
        text += f" and {len(outside) - limit} more" if len(outside) > limit else ""
    return text


def imports_text(rows: Sequence[ImportTarget], places: Places, limit: int) -> str:
    """Imports: place, as written, where that leads."""
    cells = [
        (
            places.shown(row.path, row.line),
            f"{row.module} ({', '.join(row.names)})" if row.names else row.module,
            places.shown(row.target) if row.target else "not in the repository",
            _sure(row.confidence) if row.target else "",
        )
        for row in rows[:limit]
    ]
    return _table(cells, len(rows), "it imports nothing")


def symbols_text(rows: Sequence[Symbol], places: Places, limit: int) -> str:
    """Definitions: place, kind, name."""
    cells = [(places.shown(row.path, row.line_start), row.kind, row.name) for row in rows[:limit]]
    return _table(cells, len(rows), "no symbols")


def inventory_text(rows: Sequence[LanguageCount], places: Places, limit: int) -> str:
    """Counts: one row a language, symbols by kind, and what could not be parsed."""
    cells = [("language", "files", "lines", "symbols", "")]
    for row in rows[:limit]:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in row.kinds.items())
        counts = (f"{row.files:7,}", f"{row.lines:9,}", f"{row.symbols:7,}")
        cells.append((row.language or "other text", *counts, kinds))
    header = (
        cells[0][0],
        *(f"{c:>{w}}" for c, w in zip(cells[0][1:4], (7, 9, 7), strict=True)),
        "",
    )
    text = _table([header, *cells[1:]], 0, "") if rows else "no files"
    if len(rows) > limit:
        text += f"\n… and {len(rows) - limit:,} more: -k {len(rows)}"
    failed = sum(row.not_parsed for row in rows)
    if failed:
        text += f"\n{plural(failed, 'file')} could not be parsed and are read as text;"
        text += " why: verdigris status"
    return text


def _sure(confidence: float) -> str:
    return "" if confidence == 1 else f"{100 * confidence:.0f} % sure"


def _table(cells: Sequence[tuple[str, ...]], total: int, nothing: str) -> str:
    """Rows with aligned columns, and how many are not shown."""
    if not cells:
        return nothing
    lined = [tuple(map(one_line_kept, row)) for row in cells]
    widths = [min(max(map(len, column)), _WIDEST) for column in zip(*lined, strict=True)]
    lines = []
    for row in lined:
        padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append(_GAP.join([click.style(padded[0], fg="cyan"), *padded[1:]]).rstrip())
    if total > len(cells):
        lines.append(f"… and {total - len(cells):,} more: -k {total}")
    return "\n".join(lines)


def one_line_kept(text: str) -> str:
    """A cell on one line; spaces in front, which align numbers, stay."""
    return " " * (len(text) - len(text.lstrip(" "))) + one_line(text)
