"""The command that measures retrieval: eval."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from verdigris.errors import EvaluationError
from verdigris.serve.cli import NOTHING_FOUND
from verdigris.serve.cli.answers import state_json
from verdigris.serve.cli.console import open_knowledge_base, warn

if TYPE_CHECKING:
    from verdigris.evaluate.report import BenchmarkReport
    from verdigris.evaluate.threshold import Threshold

BELOW_THRESHOLD = 4
ALL = "all"
OWN_QUERIES = "queries"
_FILE = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True)
class _Run:
    """What is asked, and where the results go."""

    names: Sequence[str]
    queries: Path | None
    run_file: Path | None
    depth: int
    seed: int
    save: Path | None
    chart: Path | None
    as_json: bool
    quiet: bool


@click.command()
@click.option(
    "--suite",
    default=ALL,
    show_default=True,
    metavar="NAME[,NAME]",
    help="What asks: commits, issues, cochanges, docstrings, sessions, or all.",
)
@click.option(
    "--queries",
    type=_FILE,
    metavar="FILE.jsonl",
    help='Your own questions: {"id", "query", "relevant": [path or commit:SHA], "before"} a line.',
)
@click.option(
    "--run-file",
    type=_FILE,
    metavar="FILE",
    help="With --queries: write the fused rankings as a TREC run; white space in names as %20.",
)
@click.option(
    "-k",
    "--k",
    "depth",
    default=100,
    show_default=True,
    type=click.IntRange(10, 1000),
    help="Documents of each ranking.",
)
@click.option(
    "--seed", default=0, show_default=True, metavar="N", help="Which questions are sampled."
)
@click.option("--save", type=_FILE, metavar="FILE.json", help="Keep the result of every question.")
@click.option(
    "--compare",
    nargs=2,
    type=_FILE,
    metavar="RUN_A RUN_B",
    help="Run nothing: compare two saved runs, question by question.",
)
@click.option(
    "--fail-under",
    multiple=True,
    metavar="[SUITE:]METRIC=VALUE",
    help="Exit 4 where the answers' metric is less, for example commits:recall@10=0.5.",
)
@click.option(
    "--chart", type=_FILE, metavar="FILE", help="Draw MRR and recall@10 into an .svg or .png."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, no notes.")
@click.pass_context
def evaluate(
    ctx: click.Context,
    suite: str,
    queries: Path | None,
    run_file: Path | None,
    depth: int,
    seed: int,
    save: Path | None,
    compare: tuple[Path, Path] | None,
    fail_under: tuple[str, ...],
    chart: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Measure how well answers are found, by lane and all together, without letting them leak.

    The repository's own past asks: its history is cut, an index is made of what came before, in a
    temporary folder, and what came after asks. Or your own questions do, with --queries.
    Exit 1 when there is nothing to ask, 4 when a threshold is missed.
    """
    if compare:
        _compare(compare, as_json, quiet)
        return
    from verdigris.evaluate.threshold import missed, parse_threshold

    names = (OWN_QUERIES,) if queries else _suites(suite)
    thresholds = [parse_threshold(text, names) for text in fail_under]
    run = _Run(names, queries, run_file, depth, seed, save, chart, as_json, quiet)
    report = _measure(ctx.obj, run, thresholds)
    if missed(thresholds, report):
        ctx.exit(BELOW_THRESHOLD)
    if not any(one.queries for one in report.suites):
        ctx.exit(NOTHING_FOUND)


def _measure(folder: str, run: _Run, thresholds: Sequence[Threshold]) -> BenchmarkReport:
    """Run, save, draw and show."""
    from verdigris.benchmark import evaluate_queries, run_benchmark
    from verdigris.engine.chart_file import check_chart
    from verdigris.evaluate.chart import draw_run
    from verdigris.evaluate.saved_run import require_savable, save_run
    from verdigris.evaluate.threshold import missed

    if run.save:
        require_savable(run.save)
    if run.chart:
        check_chart(run.chart)
    with open_knowledge_base(folder, run.quiet) as knowledge_base:
        if run.queries:
            report = evaluate_queries(knowledge_base, run.queries, run.run_file, run.depth)
        else:
            report = run_benchmark(knowledge_base, run.names, run.depth, run.seed)
        warnings = list(knowledge_base.warnings)
        index = state_json(knowledge_base.state(current=True))
    if run.save:
        save_run(run.save, report)
    if run.chart:
        draw_run(report, run.chart)
    _show(run, report, missed(thresholds, report), warnings, index)
    return report


def _show(
    run: _Run,
    report: BenchmarkReport,
    below: Sequence[str],
    warnings: Sequence[str],
    index: dict[str, int],
) -> None:
    from verdigris.serve.cli.evaluation_json import benchmark_json, suite_json
    from verdigris.serve.cli.evaluation_text import benchmark_text, missing_notes

    if run.as_json:
        value = {**benchmark_json(report, below), "warnings": list(warnings)}
        if run.queries:
            value = {**value, **suite_json(report.suites[0]), "index": index}
        click.echo(json.dumps(value, ensure_ascii=False, indent=2))
        return
    if run.queries and not report.suites[0].queries:
        click.echo(f"No queries in {run.queries}.")
    else:
        click.echo(benchmark_text(report))
    if not run.quiet:
        missing = [one for suite in report.suites for one in suite.missing]
        for note in [*warnings, *missing_notes(missing)]:
            warn(note)
    for line in below:
        click.echo(f"below the threshold {line}", err=True)


def _compare(runs: tuple[Path, Path], as_json: bool, quiet: bool) -> None:
    from verdigris.evaluate.comparison import compare_runs
    from verdigris.evaluate.saved_run import load_run
    from verdigris.serve.cli.evaluation_json import comparison_json
    from verdigris.serve.cli.evaluation_text import comparison_text

    comparison = compare_runs(*map(load_run, runs))
    if as_json:
        click.echo(json.dumps(comparison_json(comparison), ensure_ascii=False, indent=2))
        return
    click.echo(comparison_text(comparison))
    if not quiet:
        for note in comparison.notes:
            warn(note)


def _suites(text: str) -> tuple[str, ...]:
    """The suites that are named, in the order in which they run. Raises EvaluationError."""
    from verdigris.benchmark import SUITES

    wanted = {name.strip() for name in text.split(",") if name.strip()}
    if unknown := wanted - {ALL, *SUITES}:
        raise EvaluationError(
            f"unknown suite {sorted(unknown)[0]!r}; suites: {', '.join(SUITES)}, {ALL}"
        )
    return tuple(name for name in SUITES if name in wanted or ALL in wanted)
