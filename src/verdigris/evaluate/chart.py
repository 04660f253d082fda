"""A run as a picture: MRR and recall@10 of every lane, with their intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from verdigris.engine.svg_chart import Bar, Panel, bar_chart
from verdigris.evaluate.metrics import Metrics
from verdigris.evaluate.report import BenchmarkReport, EvaluationReport

_SHOWN: tuple[tuple[str, Callable[[Metrics], float]], ...] = (
    ("MRR", lambda metrics: metrics.mrr),
    ("recall@10", lambda metrics: metrics.recall_at_10),
)


def run_svg(title: str, report: BenchmarkReport) -> str:
    """An SVG document; what users get has another colour than single lanes."""
    panels = [panel for suite in report.suites if suite.queries for panel in _panels(suite)]
    footer = (
        f"Lines show 95 % intervals (bootstrap over the questions). Model {report.model}, "
        f"HEAD {report.head[:10]}, seed {report.seed}."
    )
    return bar_chart(title, panels, footer)


def _panels(suite: EvaluationReport) -> Iterator[Panel]:
    for name, value in _SHOWN:
        bars = tuple(
            Bar(one.lane, value(one.metrics), int(place > 0), (value(one.low), value(one.high)))
            for place, one in enumerate(suite.lanes)
        )
        yield Panel(f"{suite.suite}, {suite.queries} questions: {name}", bars, digits=3)
