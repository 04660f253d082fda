"""Draws horizontal bars as PNG with matplotlib, which the extra `chart` brings."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from verdigris.engine.svg_chart import COLOURS, Panel

_WIDTH, _ROW, _PANEL, _ENDS = 9.0, 0.27, 0.55, 1.1
"""Inches."""
_DOTS_AN_INCH = 150
_FOOTER_CHARACTERS = 130


def bar_chart_png(title: str, panels: Sequence[Panel], footer: str) -> bytes:
    """A PNG: a title, the panels one below the other, and lines about the source."""
    rows = [max(len(panel.bars), 1) for panel in panels]
    height = _ENDS + sum(_PANEL + _ROW * count for count in rows)
    figure = Figure((_WIDTH, height), dpi=_DOTS_AN_INCH, layout="constrained")
    figure.suptitle(_plain(title), x=0.01, ha="left", fontweight="bold")
    axes = figure.subplots(len(panels), 1, squeeze=False, height_ratios=rows)[:, 0]
    for panel, area in zip(panels, axes, strict=True):
        _draw(panel, area)
    figure.supxlabel(
        _plain("\n".join(textwrap.wrap(footer, _FOOTER_CHARACTERS))),
        x=0.01, ha="left", fontsize=7, color="#666",
    )  # fmt: skip
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()


def _draw(panel: Panel, area: Axes) -> None:
    places = range(len(panel.bars))
    values = [bar.value for bar in panel.bars]
    ends = [max(bar.value, bar.interval[1]) if bar.interval else bar.value for bar in panel.bars]
    area.barh(places, values, color=[COLOURS[bar.series % len(COLOURS)] for bar in panel.bars])
    if any(bar.interval for bar in panel.bars):
        area.errorbar(values, places, xerr=_reach(panel), fmt="none", ecolor="#222", capsize=3)
    # An invisible bar up to the interval's end holds the label, which would lie on the line.
    labelled = area.barh(places, ends, color="none")
    area.bar_label(labelled, [f"{bar.value:,.{panel.digits}f}" for bar in panel.bars], padding=4)
    area.set_yticks(places, [_plain(bar.label) for bar in panel.bars])
    area.invert_yaxis()
    area.set_title(_plain(panel.title), loc="left", fontsize=10)
    area.margins(x=0.12)
    area.xaxis.set_visible(False)
    area.spines[:].set_visible(False)
    area.tick_params(length=0)


def _reach(panel: Panel) -> list[list[float]]:
    """How far the intervals reach below and above the values."""
    intervals = [bar.interval or (bar.value, bar.value) for bar in panel.bars]
    below = [bar.value - low for bar, (low, _) in zip(panel.bars, intervals, strict=True)]
    above = [high - bar.value for bar, (_, high) in zip(panel.bars, intervals, strict=True)]
    return [below, above]


def _plain(text: str) -> str:
    """Text in which a dollar begins no formula."""
    return text.replace("$", r"\$")
