"""Two runs side by side, query by query: is the difference more than chance?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from verdigris.errors import EvaluationError
from verdigris.evaluate.metrics import NOTHING
from verdigris.evaluate.report import (
    BenchmarkReport,
    Difference,
    EvaluationReport,
    QueryScores,
)
from verdigris.evaluate.statistics import paired_difference


@dataclass(frozen=True, slots=True)
class ComparedMetric:
    """Means of both runs over the queries that both asked, and B less A."""

    a: float
    b: float
    difference: Difference


@dataclass(frozen=True, slots=True)
class ComparedLane:
    """One lane of a suite in both runs."""

    lane: str
    mrr: ComparedMetric
    recall_at_10: ComparedMetric


@dataclass(frozen=True, slots=True)
class ComparedSuite:
    """The lanes that both runs have; the first is what users get."""

    suite: str
    queries: int
    """Those that both runs asked."""
    lanes: tuple[ComparedLane, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """All suites that both runs have, and what makes the runs hard to compare."""

    suites: tuple[ComparedSuite, ...]
    notes: tuple[str, ...]


def compare_runs(a: BenchmarkReport, b: BenchmarkReport) -> Comparison:
    """Compare what both runs asked. Raises EvaluationError where that is nothing."""
    theirs = {report.suite: report for report in b.suites}
    pairs = [(ours, theirs[ours.suite]) for ours in a.suites if ours.suite in theirs]
    suites = [_suite(ours, other) for ours, other in pairs]
    compared = tuple(suite for suite in suites if suite.queries)
    if not compared:
        raise EvaluationError(
            "the two runs have no query in common; run both on the same repository with the same "
            "--suite and --seed"
        )
    return Comparison(compared, tuple(_notes(a, b, pairs)))


def _suite(a: EvaluationReport, b: EvaluationReport) -> ComparedSuite:
    theirs = {(query.id, query.text): query for query in b.per_query}
    pairs = [
        (query, theirs[query.id, query.text])
        for query in a.per_query
        if (query.id, query.text) in theirs
    ]
    names = {one.lane for one in b.lanes}
    lanes = tuple(_lane(one.lane, pairs) for one in a.lanes if pairs and one.lane in names)
    return ComparedSuite(a.suite, len(pairs) if lanes else 0, lanes)


def _lane(lane: str, pairs: Sequence[tuple[QueryScores, QueryScores]]) -> ComparedLane:
    both = [(a.scores.get(lane, NOTHING), b.scores.get(lane, NOTHING)) for a, b in pairs]
    return ComparedLane(
        lane,
        _metric([(a.mrr, b.mrr) for a, b in both]),
        _metric([(a.recall_at_10, b.recall_at_10) for a, b in both]),
    )


def _metric(pairs: Sequence[tuple[float, float]]) -> ComparedMetric:
    ours, theirs = [a for a, _ in pairs], [b for _, b in pairs]
    return ComparedMetric(fmean(ours), fmean(theirs), paired_difference(theirs, ours))


def _notes(
    a: BenchmarkReport,
    b: BenchmarkReport,
    pairs: Sequence[tuple[EvaluationReport, EvaluationReport]],
) -> Iterator[str]:
    if a.repository != b.repository:
        yield "the runs are of two repositories"
    if a.model != b.model:
        yield f"the embedding models differ: {a.model} and {b.model}"
    for ours, other in pairs:
        if ours.source.commit != other.source.commit:
            yield f"{ours.suite}: the indexes end at two commits, so more differs than the system"
        asked = {(query.id, query.text) for query in ours.per_query}
        alone = len(asked ^ {(query.id, query.text) for query in other.per_query})
        if alone:
            yield f"{ours.suite}: {alone} queries of one run alone are left out"
