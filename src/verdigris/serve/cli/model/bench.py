"""The command that measures a model on this machine: model bench."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from verdigris.serve.cli.answers import envelope
from verdigris.serve.cli.console import plural, printable, warn
from verdigris.serve.cli.model.options import choice_here
from verdigris.serve.cli.options import JSON, QUIET

if TYPE_CHECKING:
    from verdigris.engine.bench import BenchReport
    from verdigris.engine.measurements import Batching, Throughput
    from verdigris.engine.other_engines import OtherEngine

_MB = 1024**2


@click.command()
@click.argument("name", required=False, metavar="[MODEL[+RUNTIME]]")
@click.option(
    "--threads",
    multiple=True,
    type=click.IntRange(1, 1024),
    help="For throughput; may be given again (default: 1, and all that may be used).",
)
@click.option(
    "--seconds",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0.05, 600),
    help="Time for each length and number of threads.",
)
@click.option("--compare", is_flag=True, help="Measure other engines that are installed, too.")
@click.option(
    "--original",
    type=click.Path(exists=True, file_okay=False),
    metavar="FOLDER",
    help="The original fp32 model, which the other engines need.",
)
@click.option(
    "--chart",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.svg|FILE.png",
    help="Draw the readings; PNG needs the extra `chart`.",
)
@JSON
@QUIET
def bench(  # noqa: PLR0913 - one parameter an option
    name: str | None, threads: tuple[int, ...], seconds: float, compare: bool,
    original: str | None, chart: Path | None, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Measure how fast, large and good a model is here.

    Latency of a short text, throughput by length and threads, cold start, memory, and how well it
    tells similar from dissimilar texts, with the machine that it was measured on.
    Takes some twenty seconds; readings of a busy machine are worth little.
    """
    from verdigris.engine.bench import BenchPlan, bench_model
    from verdigris.engine.bench_chart import draw_bench
    from verdigris.engine.chart_file import check_chart

    choice = choice_here(name)
    if chart:
        check_chart(chart)
    if not quiet and not as_json:
        warn("measuring; let nothing else run meanwhile")
    report = bench_model(
        BenchPlan(choice, threads, seconds=seconds, compare=compare, original=original or "")
    )
    if chart:
        draw_bench(report, chart)
    click.echo(_json(report) if as_json else "\n".join(_lines(report)))


def _json(report: BenchReport) -> str:
    throughput = [
        asdict(one) | {"texts_per_second": one.texts_per_second} for one in report.throughput
    ]
    content: dict[str, Any] = asdict(report) | {"throughput": throughput}
    return envelope(**content)


def _lines(report: BenchReport) -> list[str]:
    latency, fresh, quality = report.latency, report.fresh, report.quality
    rss = f"{fresh.peak_rss / _MB:.0f} MB at most" if fresh.peak_rss else "not told by the system"
    lines = [
        f"{report.choice}, {report.precision}: {report.dims} dims, {report.max_tokens} tokens, "
        f"{report.bytes_on_disk / _MB:.1f} MB, fingerprint {report.fingerprint}",
        f"on {report.machine}",
        f"8-bit: {report.machine.int8_path}",
        "",
        f"one text of {latency.tokens} tokens, one thread, {latency.runs} runs: "
        f"p50 {latency.p50:.2f} ms, p95 {latency.p95:.2f}, p99 {latency.p99:.2f}, "
        f"min {latency.least:.2f}, max {latency.most:.2f}",
        f"cold start to the first vector: {fresh.cold_start:.2f} s "
        f"(median of {fresh.starts}); memory: {rss}",
        f"quality over {quality.pairs} pairs: similar {quality.similar:.3f}, dissimilar "
        f"{quality.dissimilar:.3f}, separation {quality.separation:.2f} deviations, "
        f"AUC {quality.auc:.4f}, Spearman {quality.spearman:.4f}",
        "",
        *_throughput_table(report.throughput),
        _batching_line(report.batching),
    ]
    if report.others:
        lines += ["", *_other_lines(report.others)]
    return [printable(line) for line in lines]


def _throughput_table(readings: tuple[Throughput, ...]) -> list[str]:
    """Rows by length, columns by threads."""
    counts = list(dict.fromkeys(one.threads for one in readings))
    rows = [f"{'texts a second':<16}" + "".join(f"{plural(n, 'thread'):>14}" for n in counts)]
    for tokens in dict.fromkeys(one.tokens for one in readings):
        cells = [one.texts_per_second for one in readings if one.tokens == tokens]
        rows.append(f"{tokens:>5} tokens    " + "".join(f"{cell:>14,.0f}" for cell in cells))
    return rows


def _batching_line(found: Batching) -> str:
    bits = (
        "the same bits" if found.same_bits else f"differ by {found.largest_difference:.2g} at most"
    )
    return (
        f"{found.texts} mixed texts, one thread: {found.alone:,.0f} a second one by one, "
        f"{found.together:,.0f} together; vectors {bits}"
    )


def _other_lines(others: tuple[OtherEngine, ...]) -> list[str]:
    own = others[0].texts_per_second
    lines = [f"all lengths, {plural(others[0].threads, 'thread')} each:"]
    for one in others:
        if one.missing:
            lines.append(f"  {one.name}: not measured: {one.missing}")
        else:
            speed = f"{one.texts_per_second:,.0f} texts/s, {one.texts_per_second / own:.2f} ×"
            lines.append(f"  {one.name}: {speed}, cosine to this model {one.mean_cosine:.4f}")
    return lines
