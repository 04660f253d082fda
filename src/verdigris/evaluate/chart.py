"""A run as a picture: MRR and recall@10 of every lane, with their intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from verdigris.engine.chart_file import draw_chart
from verdigris.engine.svg_chart import Bar, Panel
from verdigris.evaluate.metrics import Metrics
from verdigris.evaluate.report import BenchmarkReport, EvaluationReport

_SHOWN: tuple[tuple[str, Callable[[Metrics], float]], ...] = (
    ("MRR", lambda metrics: metrics.mrr),
    ("recall@10", lambda metrics: metrics.recall_at_10),
)


def draw_run(report: BenchmarkReport, file: Path) -> None:
    """Draw into an SVG or PNG file; what users get has another colour than single lanes.

    Raises EngineError.
    """
    panels = [panel for suite in report.suites if suite.queries for panel in _panels(suite)]
    footer = (
        f"Lines show 95 % intervals (bootstrap over the questions). Model {report.model}, "
        f"HEAD {report.head[:10]}, seed {report.seed}."
    )
    draw_chart(file, "How well answers are found", panels, footer)


def _panels(suite: EvaluationReport) -> Iterator[Panel]:
    for name, value in _SHOWN:
        bars = tuple(
            Bar(one.lane, value(one.metrics), int(place > 0), (value(one.low), value(one.high)))
            for place, one in enumerate(suite.lanes)
        )
        yield Panel(f"{suite.suite}, {suite.queries} questions: {name}", bars, digits=3)
