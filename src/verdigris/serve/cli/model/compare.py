"""The command that compares two models on the user's own texts: model compare."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from verdigris.serve.cli.answers import envelope
from verdigris.serve.cli.console import crop, one_line, plural, printable
from verdigris.serve.cli.model.options import THREADS
from verdigris.serve.cli.options import JSON

if TYPE_CHECKING:
    from verdigris.engine.compare import Comparison, ComparisonPlan, Cost, RankAgreement

_MB = 1024**2
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("a")
@click.argument("b")
@click.option(
    "--texts",
    type=_FILE,
    metavar="FILE",
    help="Your texts: one a line, or JSON lines (FILE.jsonl); at most 1,000 are used.",
)
@click.option(
    "--queries",
    type=_FILE,
    metavar="FILE.jsonl",
    help='Questions to them: {"query": "…", "relevant": [id or line from 0, …]}; adds nDCG.',
)
@THREADS
@JSON
def compare(
    a: str, b: str, texts: Path | None, queries: Path | None, threads: int | None, as_json: bool
) -> None:
    """Compare model B with model A on your own texts.

    Do they rank texts alike, how fast are they, what do they cost? One sentence sums it up.
    A and B are MODEL, MODEL@PRECISION or a folder, each perhaps with +RUNTIME.
    """
    from verdigris.engine.compare import compare_models

    found = compare_models(_plan((a, b), texts, queries, threads or 0))
    click.echo(envelope(**asdict(found)) if as_json else "\n".join(_lines(found)))


def _plan(
    models: tuple[str, str], texts: Path | None, queries: Path | None, threads: int
) -> ComparisonPlan:
    from verdigris.engine.compare import ComparisonPlan
    from verdigris.engine.comparison_texts import (
        ComparedTexts,
        read_queries,
        read_texts,
        thinned_out,
    )
    from verdigris.engine.engine_choice import parse_choice

    if queries and not texts:
        raise click.UsageError("--queries needs --texts, the texts that they are about")
    a, b = map(parse_choice, models)
    own = read_texts(texts) if texts else ComparedTexts((), {})
    labelled = read_queries(queries, own) if queries else ()
    return ComparisonPlan(a, b, *thinned_out(own.texts, labelled), threads)


def _lines(found: Comparison) -> list[str]:
    lines = [
        f"A  {found.a.choice}, {found.a.precision}, {found.a.dims} dims",
        f"B  {found.b.choice}, {found.b.precision}, {found.b.dims} dims",
        f"on {found.machine}; {plural(found.threads, 'thread')} each",
        "",
        *_cost_table(found.a, found.b),
        "",
    ]
    if found.mean_cosine is None or found.min_cosine is None:
        lines.append("vectors of different lengths: cosines of A with B mean nothing")
    else:
        worst = crop(one_line(found.worst_text), 50)
        lines.append(
            f"cosine of A with B: mean {found.mean_cosine:.5f}, least {found.min_cosine:.5f} "
            f"({worst})"
        )
    lines += [_agreement_line(one) for one in found.agreements]
    return [printable(line) for line in [*lines, "", found.verdict]]


def _cost_table(a: Cost, b: Cost) -> list[str]:
    rows = [
        ("texts a second", a.texts_per_second, b.texts_per_second, 0),
        ("short text p50, ms", a.p50, b.p50, 2),
        ("short text p95, ms", a.p95, b.p95, 2),
        ("cold start, s", a.cold_start, b.cold_start, 2),
        ("memory, MB", a.peak_rss / _MB, b.peak_rss / _MB, 0),
        ("disk, MB", a.bytes_on_disk / _MB, b.bytes_on_disk / _MB, 1),
        ("Spearman, pairs", a.quality.spearman, b.quality.spearman, 4),
        ("separation, pairs", a.quality.separation, b.quality.separation, 2),
    ]
    if a.ndcg is not None and b.ndcg is not None:
        rows.append(("nDCG@10, queries", a.ndcg, b.ndcg, 4))
    lines = [f"{'':<20}{'A':>12}{'B':>12}{'B / A':>10}"]
    for name, one, other, digits in rows:
        ratio = f"{other / one:.2f}" if one else "?"
        lines.append(f"{name:<20}{one:>12,.{digits}f}{other:>12,.{digits}f}{ratio:>10}")
    return lines


def _agreement_line(one: RankAgreement) -> str:
    return (
        f"{one.domain}, {plural(one.texts, 'text')}: top-10 overlap {one.top_k_overlap:.3f}, "
        f"Kendall's tau {one.kendall_tau:.3f}, same nearest {one.same_nearest:.3f}, scores differ "
        f"by {one.score_difference:.4f} (at most {one.largest_difference:.4f})"
    )
