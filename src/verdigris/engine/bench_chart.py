"""The readings of a bench as a picture."""

from __future__ import annotations

from pathlib import Path

from verdigris.engine.bench import BenchReport
from verdigris.engine.chart_file import draw_chart
from verdigris.engine.svg_chart import Bar, Panel


def draw_bench(report: BenchReport, file: Path) -> None:
    """Draw latency, throughput and other engines; the machine below. Raises EngineError."""
    title = f"{report.choice}, {report.precision}"
    draw_chart(file, title, _panels(report), str(report.machine))


def _panels(report: BenchReport) -> list[Panel]:
    panels = [_latency(report), _throughput(report)]
    if measured := [one for one in report.others if not one.missing]:
        bars = tuple(
            Bar(one.name, one.texts_per_second, int(place > 0))
            for place, one in enumerate(measured)
        )
        title = f"All lengths, {measured[0].threads} threads, texts a second"
        panels.append(Panel(title, bars))
    return panels


def _latency(report: BenchReport) -> Panel:
    latency = report.latency
    title = f"One text of {latency.tokens} tokens, one thread, milliseconds"
    bars = (Bar("p50", latency.p50), Bar("p95", latency.p95), Bar("p99", latency.p99))
    return Panel(title, bars, digits=2)


def _throughput(report: BenchReport) -> Panel:
    counts = sorted({reading.threads for reading in report.throughput})
    bars = tuple(
        Bar(
            f"{one.tokens} tokens, {one.threads} thread{'s' if one.threads > 1 else ''}",
            one.texts_per_second,
            counts.index(one.threads),
        )
        for one in sorted(report.throughput, key=lambda one: (one.tokens, one.threads))
    )
    return Panel("Different texts of one length, texts a second", bars)
