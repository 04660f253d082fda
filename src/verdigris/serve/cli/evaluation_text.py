"""Evaluations as people read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from verdigris.evaluate.comparison import ComparedLane, ComparedMetric, ComparedSuite, Comparison
from verdigris.evaluate.report import (
    BenchmarkReport,
    Difference,
    EvaluationReport,
    LaneReport,
    LeftOut,
    MissingDocument,
)
from verdigris.serve.cli.console import plural, wrapped

FEW = 30
"""Below this many questions the intervals are so wide that figures alone mislead."""
LEAST_LOSS = 0.005
"""What leaving a lane out costs at least where it seems to contribute."""
_COLUMNS = ("MRR", "recall@5", "recall@10", "nDCG@10")
_SHOWN_MISSING = 5
_LEGEND = (
    "MRR: mean of 1/rank of the first right answer. recall@10: share of the right answers among "
    "the first 10. ±: half of the 95 % interval (bootstrap over the questions)."
)
_LEARNED = "what `oxidize` learned from this repository takes part"
_NOT_LEARNED = "nothing that `oxidize` learned takes part: the package's own weights serve"
_COMPARISON_LEGEND = (
    "B−A: mean difference on the same questions, with its 95 % interval; p: how often chance alone "
    "gives so large a difference (paired randomisation test)."
)


def benchmark_text(report: BenchmarkReport) -> str:
    """All suites, and what the columns mean."""
    parts = [suite_text(suite) for suite in report.suites]
    parts += [wrapped(f"{one.suite}: not made; {one.reason}") for one in report.not_made]
    if report.suites:
        parts.append(wrapped(_LEGEND))
    return "\n\n".join(parts)


def suite_text(report: EvaluationReport) -> str:
    """A table with one row a lane, what it rests on, and the verdict."""
    return "\n".join([*_heading(report), "", *_table(report.lanes), "", *_notes(report)])


def _heading(report: EvaluationReport) -> Iterator[str]:
    source = report.source
    yield f"{report.suite}: {source.about}" if source.about else report.suite
    asked = f"{plural(report.queries, 'question')}, {plural(report.relevant, 'right answer')}"
    if report.missing:
        asked += f" ({len(report.missing)} not in the index)"
    if source.time:
        asked += f"; the index ends at {source.commit[:10]} of {source.time[:10]}"
    elif source.commit:
        asked += f"; the index is that of {source.commit[:10]}, without what asks"
    yield asked
    yield _LEARNED if source.learned else _NOT_LEARNED
    if report.queries < FEW:
        yield f"fewer than {FEW} questions: believe the intervals, not the figures"


def _table(lanes: Sequence[LaneReport]) -> Iterator[str]:
    width = max(len(one.lane) for one in lanes)
    yield (" " * width + "".join(f"{name:>14}" for name in _COLUMNS)).rstrip()
    for one in lanes:
        values = (
            (one.metrics.mrr, one.low.mrr, one.high.mrr),
            (one.metrics.recall_at_5, one.low.recall_at_5, one.high.recall_at_5),
            (one.metrics.recall_at_10, one.low.recall_at_10, one.high.recall_at_10),
            (one.metrics.ndcg_at_10, one.low.ndcg_at_10, one.high.ndcg_at_10),
        )
        cells = (f"{value:.3f} ±{(high - low) / 2:.3f}" for value, low, high in values)
        yield f"{one.lane:<{width}}" + "".join(f"{cell:>14}" for cell in cells)


def _notes(report: EvaluationReport) -> Iterator[str]:
    yield wrapped(f"verdict: {_verdict(report)}")
    unsure = [one for one in report.left_out if not one.gains]
    if idle := [one for one in unsure if _loss(one) < LEAST_LOSS]:
        yield wrapped("contribute nothing here: " + ", ".join(map(_without, idle)))
    if few := [one for one in unsure if _loss(one) >= LEAST_LOSS]:
        questions = plural(report.queries, "question")
        told = ", ".join(map(_without, few))
        yield wrapped(f"seem to contribute, but {questions} are too few to be sure: {told}")
    latency = report.latency
    yield f"one search: p50 {latency.p50_ms:.0f} ms, p95 {latency.p95_ms:.0f} ms"


def _verdict(report: EvaluationReport) -> str:
    share = f"{100 * report.served.metrics.hit_at_10:.0f} %"
    found = f"{share} of the questions have a right answer among the first 10"
    rival = report.rival
    if rival is None:
        return f"{found}."
    if not is_telling(rival.mrr):
        return f"{found}; {report.served.lane} is as good as {rival.lane} alone, within chance."
    told = "better" if rival.mrr.mean > 0 else "WORSE"
    return (
        f"{found}; {report.served.lane} is {told} than {rival.lane} alone "
        f"(MRR {rival.mrr.mean:+.3f}, p {rival.mrr.p:.4f})."
    )


def is_telling(difference: Difference) -> bool:
    """Whether chance alone would hardly give such a difference."""
    return difference.is_sure and difference.p < 0.05


def _without(one: LeftOut) -> str:
    """A lane and what changes when it is left out of the fusion."""
    if not one.found:
        return f"{one.lane} (finds nothing that is wanted)"
    hurts = ", it hurts" if one.mrr.high < 0 else ""
    recall = f"recall@10 {0 - one.recall_at_10.mean:+.3f}"
    return f"{one.lane} (without it MRR {0 - one.mrr.mean:+.3f}, {recall}{hurts})"


def _loss(one: LeftOut) -> float:
    """What leaving a lane out costs, in the measure that loses more."""
    return max(one.mrr.mean, one.recall_at_10.mean)


def missing_notes(missing: Sequence[MissingDocument]) -> list[str]:
    """The relevant documents that no lane could find."""
    notes = [
        f"{one.document} (query {one.query_id}) is not in the index"
        for one in missing[:_SHOWN_MISSING]
    ]
    if len(missing) > _SHOWN_MISSING:
        more = len(missing) - _SHOWN_MISSING
        notes.append(f"and {more} more relevant documents are not; all of them: --json")
    return notes


def comparison_text(comparison: Comparison) -> str:
    """A table a suite: both runs, B less A with its interval, and p."""
    parts = ["\n".join(_compared(suite)) for suite in comparison.suites]
    parts.append(wrapped(_COMPARISON_LEGEND))
    return "\n\n".join(parts)


def _compared(suite: ComparedSuite) -> Iterator[str]:
    yield f"{suite.suite}: {plural(suite.queries, 'question')} of both runs"
    width = max(len(one.lane) for one in suite.lanes)
    for name in ("MRR", "recall@10"):
        yield ""
        yield f"{name:<{width}}{'A':>8}{'B':>8}{'B−A':>9}  {'95 % interval':<18}{'p':>7}"
        for lane in suite.lanes:
            metric = lane.mrr if name == "MRR" else lane.recall_at_10
            yield f"{lane.lane:<{width}}{_row(metric)}"
    yield ""
    yield wrapped(f"verdict: {_outcome(suite.lanes[0])}")


def _row(metric: ComparedMetric) -> str:
    found = metric.difference
    interval = f"[{found.low:+.3f}, {found.high:+.3f}]"
    return f"{metric.a:>8.3f}{metric.b:>8.3f}{found.mean:>+9.3f}  {interval:<18}{found.p:>7.4f}"


def _outcome(lane: ComparedLane) -> str:
    def told(name: str, difference: Difference) -> str:
        if not is_telling(difference):
            return f"no difference in {name} that can be told from chance"
        better = "better" if difference.mean > 0 else "worse"
        return f"B is {better} in {name} by {abs(difference.mean):.3f} (p {difference.p:.4f})"

    mrr, recall = lane.mrr.difference, lane.recall_at_10.difference
    return f"{lane.lane}: {told('MRR', mrr)}; {told('recall@10', recall)}."
