"""Draws horizontal bars as SVG, with nothing but text."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

_WIDTH, _LABELS, _VALUES = 860, 250, 90
_ROW, _BAR, _TITLE, _GAP, _MARGIN = 24, 16, 30, 18, 16
_FOOTER_LINE, _FOOTER_CHARACTERS, _LABEL_CHARACTERS = 15, 130, 36
COLOURS = ("#2f7d6d", "#b0662b", "#4a5fa5", "#8a4a7d")


@dataclass(frozen=True, slots=True)
class Bar:
    """One value; bars of the same series have the same colour."""

    label: str
    value: float
    series: int = 0
    interval: tuple[float, float] | None = None
    """Drawn as a thin line over the bar's end."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Bars that share a unit and a scale."""

    title: str
    bars: tuple[Bar, ...]
    digits: int = 0
    """Decimals of the values."""


def bar_chart(title: str, panels: Sequence[Panel], footer: str) -> str:
    """An SVG document: a title, the panels one below the other, and lines about the source."""
    parts = [_text(_MARGIN, _MARGIN + 14, title, "title")]
    top = _MARGIN + _TITLE
    for panel in panels:
        parts += _panel(panel, top)
        top += _TITLE + _ROW * len(panel.bars) + _GAP
    lines = textwrap.wrap(footer, _FOOTER_CHARACTERS)
    places = range(top + 4, top + 4 + _FOOTER_LINE * len(lines), _FOOTER_LINE)
    parts += [_text(_MARGIN, y, line, "footer") for y, line in zip(places, lines, strict=True)]
    height = top + _FOOTER_LINE * len(lines) + _MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
            f'viewBox="0 0 {_WIDTH} {height}" role="img">',
            f"<title>{escape(title)}</title>",
            "<style>text{font:13px sans-serif;fill:#222}.title{font-size:17px;font-weight:600}"
            ".panel{font-weight:600}.footer{font-size:11px;fill:#666}.label{text-anchor:end}"
            "</style>",
            f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
            *parts,
            "</svg>\n",
        ]
    )


def _panel(panel: Panel, top: int) -> list[str]:
    ends = (bar.interval[1] if bar.interval else bar.value for bar in panel.bars)
    largest = max(ends, default=0.0) or 1.0
    room = _WIDTH - _LABELS - _VALUES - 2 * _MARGIN
    parts = [_text(_MARGIN, top + 14, panel.title, "panel")]
    for row, bar in enumerate(panel.bars):
        y = top + _TITLE + row * _ROW
        length = max(1.0, room * bar.value / largest)
        colour = COLOURS[bar.series % len(COLOURS)]
        end = max(length, room * bar.interval[1] / largest if bar.interval else 0.0)
        parts += [
            _text(_MARGIN + _LABELS - 8, y + 12, _cropped(bar.label), "label"),
            f'<rect x="{_MARGIN + _LABELS}" y="{y}" width="{length:.1f}" height="{_BAR}" '
            f'fill="{colour}"/>',
            _text(_MARGIN + _LABELS + end + 6, y + 12, f"{bar.value:,.{panel.digits}f}", ""),
        ]
        if bar.interval:
            low, high = (_MARGIN + _LABELS + room * one / largest for one in bar.interval)
            parts.append(
                f'<path d="M{low:.1f} {y + 8}H{high:.1f}M{low:.1f} {y + 4}v8M{high:.1f} {y + 4}v8" '
                'stroke="#222" fill="none"/>'
            )
    return parts


def _cropped(label: str) -> str:
    """The end of a label that has no room: folders differ at their ends."""
    if len(label) <= _LABEL_CHARACTERS:
        return label
    return "…" + label[1 - _LABEL_CHARACTERS :]


def _text(x: float, y: float, content: str, kind: str) -> str:
    css = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{css}>{escape(content)}</text>'
