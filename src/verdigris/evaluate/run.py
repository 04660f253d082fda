"""Asks every query once and measures each lane and the fusion on the same rankings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from verdigris.errors import EvaluationError, QueryError
from verdigris.evaluate.metrics import Judged, compute_metrics
from verdigris.evaluate.queries import EvaluationQuery, read_queries
from verdigris.evaluate.report import (
    EvaluationReport,
    LaneReport,
    Latency,
    MissingDocument,
    percentile,
)
from verdigris.evaluate.run_file import RankedList, require_writable, write_run

FUSED = "fused"


@dataclass(frozen=True, slots=True)
class LaneList:
    """What one lane, or the fusion, found for a query: (document, score), best first."""

    lane: str
    documents: Sequence[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Trial:
    """One query as it was answered: how long the search took, and every lane's list."""

    seconds: float
    lists: Sequence[LaneList]


@dataclass(frozen=True, slots=True)
class System:
    """What is measured, as functions, so that nothing here depends on how it searches."""

    prepare: Callable[[int], None]
    """Called once before the first query, with their number."""
    ask: Callable[[str, str], Trial]
    """(question, `before` as written or '') → its trial; raises QueryError for a bad `before`."""
    documents_named: Callable[[str], Sequence[str]]
    """A relevant document as written → the documents of the index that it may mean."""
    answered: Callable[[int], None]
    """Called with 1 after each query."""
    not_counted: frozenset[str] = frozenset()
    """Documents passed over in every list: the query file itself would answer all its queries."""


@dataclass(frozen=True, slots=True)
class _Judgement:
    """A query with its relevant documents by their names in the index."""

    query: EvaluationQuery
    relevant: Sequence[str]
    missing: Sequence[MissingDocument]


def evaluate_file(
    queries: Path, run_file: Path | None, system: System, depth: int
) -> EvaluationReport:
    """Measure the system on a file of queries; write the fused rankings to `run_file`, if any.

    A relevant document that the index does not have stays in the reckoning, as not found.
    Raises EvaluationError for a file that cannot be read or written, and for a query whose
    `before` or commit hash cannot be understood.
    """
    asked = read_queries(queries)
    if run_file:
        require_writable(run_file)
    if asked:
        system.prepare(len(asked))
    judgements = [_judgement(query, system.documents_named) for query in asked]
    trials = [_trial(query, system, depth) for query in asked]
    if run_file:
        write_run(run_file, _fused(asked, trials))
    return EvaluationReport(
        queries=len(asked),
        relevant=sum(len(judgement.relevant) for judgement in judgements),
        depth=depth,
        missing=tuple(missing for judgement in judgements for missing in judgement.missing),
        lanes=_lane_reports(judgements, trials),
        latency=_latency(trials),
    )


def _judgement(
    query: EvaluationQuery, documents_named: Callable[[str], Sequence[str]]
) -> _Judgement:
    relevant: dict[str, None] = {}
    missing: list[MissingDocument] = []
    for name in query.relevant:
        found = documents_named(name)
        if len(found) > 1:
            raise EvaluationError(
                f"query {query.id!r} (line {query.line}): {name} may mean "
                f"{' or '.join(found[:2])}; write more digits"
            )
        relevant[found[0] if found else name] = None
        if not found:
            missing.append(MissingDocument(query.id, name))
    return _Judgement(query, list(relevant), missing)


def _trial(query: EvaluationQuery, system: System, depth: int) -> Trial:
    try:
        trial = system.ask(query.text, query.before)
    except QueryError as error:
        raise EvaluationError(f"query {query.id!r} (line {query.line}): {error}") from error
    system.answered(1)
    lists = [
        LaneList(one.lane, [d for d in one.documents if d[0] not in system.not_counted][:depth])
        for one in trial.lists
    ]
    return Trial(trial.seconds, lists)


def _fused(queries: Sequence[EvaluationQuery], trials: Sequence[Trial]) -> Iterator[RankedList]:
    for query, trial in zip(queries, trials, strict=True):
        for one in trial.lists:
            if one.lane == FUSED:
                yield RankedList(query.id, one.documents)


def _lane_reports(
    judgements: Sequence[_Judgement], trials: Sequence[Trial]
) -> tuple[LaneReport, ...]:
    judged: dict[str, list[Judged]] = {}
    for judgement, trial in zip(judgements, trials, strict=True):
        for one in trial.lists:
            names = [document for document, _ in one.documents]
            judged.setdefault(one.lane, []).append(Judged(judgement.relevant, names))
    return tuple(LaneReport(lane, compute_metrics(results)) for lane, results in judged.items())


def _latency(trials: Sequence[Trial]) -> Latency:
    milliseconds = [1000 * trial.seconds for trial in trials]
    return Latency(percentile(milliseconds, 50), percentile(milliseconds, 95))
