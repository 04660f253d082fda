"""The readings of a bench as a picture."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType

from verdigris.engine.bench import BenchReport
from verdigris.engine.svg_chart import Bar, Panel, bar_chart
from verdigris.errors import EngineError

CHARTS = (".svg", ".png")


def check_chart(file: Path) -> None:
    """Raise EngineError, before anything is measured, for a chart that cannot be drawn."""
    if file.suffix not in CHARTS:
        raise EngineError(f"cannot draw {file}: name it {' or '.join(CHARTS)}")
    if not file.parent.is_dir():
        raise EngineError(f"cannot write {file}: there is no folder {file.parent}")
    if file.suffix == ".png":
        _png_door()


def _png_door() -> ModuleType:
    """The module that draws with matplotlib. Raises EngineError that names the extra."""
    try:
        return import_module("verdigris.engine.png_chart")
    except ImportError as error:
        raise EngineError(
            f"a PNG needs matplotlib ({error}); run: pip install 'verdigris[chart]', "
            "or write an .svg"
        ) from error


def draw_bench(report: BenchReport, file: Path) -> None:
    """Draw latency, throughput and other engines; the machine below. Raises EngineError."""
    content = f"{report.choice}, {report.precision}", _panels(report), str(report.machine)
    png = file.suffix == ".png"
    picture = _png_door().bar_chart_png(*content) if png else bar_chart(*content).encode()
    try:
        file.write_bytes(picture)
    except OSError as error:
        raise EngineError(f"cannot write {file} ({error.strerror})") from error


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
