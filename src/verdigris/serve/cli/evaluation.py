"""The command that measures retrieval: eval."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from verdigris.evaluate.metrics import Metrics
from verdigris.evaluate.report import EvaluationReport
from verdigris.records import IndexState
from verdigris.serve.cli import NOTHING_FOUND
from verdigris.serve.cli.answers import SCHEMA_VERSION, state_json
from verdigris.serve.cli.console import open_knowledge_base, plural, warn

_SHOWN_MISSING = 5
_COLUMNS = ("MRR", "recall@5", "recall@10", "hit@5", "hit@10", "nDCG@10")


@click.command()
@click.option(
    "--queries",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE.jsonl",
    help='One query a line: {"id", "query", "relevant": [path or commit:SHA], "before"}.',
)
@click.option(
    "--run-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the fused rankings as a TREC run; white space in names as %20.",
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
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, no notes.")
@click.pass_context
def evaluate(
    ctx: click.Context, queries: Path, run_file: Path | None, depth: int, as_json: bool, quiet: bool
) -> None:  # fmt: skip
    """Measure how well each lane, and all together, find what FILE says is relevant.

    Reads and embeds what changed first. Exit 1 when the file holds no queries.
    """
    with open_knowledge_base(ctx.obj, quiet) as knowledge_base:
        report = knowledge_base.evaluate(queries, run_file, depth)
        warnings = list(knowledge_base.warnings)
        state = knowledge_base.state(current=True)
    if as_json:
        click.echo(json.dumps(_json(report, state, warnings), ensure_ascii=False, indent=2))
    else:
        click.echo(_text(report) if report.queries else f"No queries in {queries}.")
    if not quiet and not as_json:
        for warning in [*warnings, *_missing(report)]:
            warn(warning)
    if not report.queries:
        ctx.exit(NOTHING_FOUND)


def _json(report: EvaluationReport, state: IndexState, warnings: list[str]) -> dict[str, Any]:
    """The envelope that programs read."""
    return {
        "schema_version": SCHEMA_VERSION,
        "queries": report.queries,
        "relevant": report.relevant,
        "missing": [{"query": m.query_id, "doc": m.document} for m in report.missing],
        "depth": report.depth,
        "lanes": {
            one.lane: {
                name: round(value, 6)
                for name, value in zip(_COLUMNS, _values(one.metrics), strict=True)
            }
            for one in report.lanes
        },
        "latency_ms": {
            "p50": round(report.latency.p50_ms, 2),
            "p95": round(report.latency.p95_ms, 2),
        },
        "index": state_json(state),
        "warnings": warnings,
    }


def _values(metrics: Metrics) -> tuple[float, ...]:
    """The metrics in the order of _COLUMNS."""
    return (
        metrics.mrr, metrics.recall_at_5, metrics.recall_at_10,
        metrics.hit_at_5, metrics.hit_at_10, metrics.ndcg_at_10,
    )  # fmt: skip


def _text(report: EvaluationReport) -> str:
    """A table with one row a lane, and what it rests on."""
    width = max(len(one.lane) for one in report.lanes)
    rows = [" " * width + "".join(f"{name:>11}" for name in _COLUMNS)]
    rows += [
        f"{one.lane:<{width}}" + "".join(f"{value:11.3f}" for value in _values(one.metrics))
        for one in report.lanes
    ]
    rows.append("")
    rows.append(
        f"{plural(report.queries, 'query')}, {plural(report.relevant, 'relevant document')}"
        f" ({len(report.missing)} not in the index), first {report.depth} of each ranking"
    )
    latency = report.latency
    rows.append(f"latency of a search: p50 {latency.p50_ms:.1f} ms, p95 {latency.p95_ms:.1f} ms")
    return "\n".join(rows)


def _missing(report: EvaluationReport) -> list[str]:
    """The relevant documents that no lane could find."""
    notes = [f"{m.document} (query {m.query_id}) is not in the index"
             for m in report.missing[:_SHOWN_MISSING]]  # fmt: skip
    if len(report.missing) > _SHOWN_MISSING:
        more = len(report.missing) - _SHOWN_MISSING
        notes.append(f"and {more} more relevant documents are not; all of them: --json")
    return notes
