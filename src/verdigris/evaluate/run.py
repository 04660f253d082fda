"""Asks every query once and measures each lane and the fusion on the same rankings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np

from verdigris.errors import EvaluationError, QueryError
from verdigris.evaluate.metrics import NOTHING, Judged, Metrics, mean, score
from verdigris.evaluate.queries import EvaluationQuery, read_queries
from verdigris.evaluate.report import (
    FUSED,
    EvaluationReport,
    LaneReport,
    Latency,
    LeftOut,
    MissingDocument,
    QueryScores,
    Rival,
    Source,
    percentile,
)
from verdigris.evaluate.run_file import RankedList, require_writable, write_run
from verdigris.evaluate.statistics import bootstrap_interval, paired_difference


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
    without: Sequence[LaneList] = ()
    """The fusion without the lane that is named."""


@dataclass(frozen=True, slots=True)
class System:
    """What is measured, as functions, so that nothing here depends on how it searches."""

    prepare: Callable[[int], None]
    """Called once before the first query, with their number."""
    ask: Callable[[EvaluationQuery], Trial]
    """Answers a query; raises QueryError for a bad `before`."""
    documents_named: Callable[[str], Sequence[str]]
    """A relevant document as written → the documents of the index that it may mean."""
    answered: Callable[[int], None]
    """Called with 1 after each query."""
    not_counted: frozenset[str] = frozenset()
    """Documents passed over in every list: the query file itself would answer all its queries."""


@dataclass(frozen=True, slots=True)
class Suite:
    """Queries of one kind, what they were made from, and what is asked."""

    name: str
    source: Source
    queries: Sequence[EvaluationQuery]
    system: System


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

    Raises EvaluationError for a file that cannot be read or written, and as `evaluate`.
    """
    asked = read_queries(queries)
    if run_file:
        require_writable(run_file)
    suite = Suite("queries", Source(f"questions of {queries.name}"), asked, system)
    return evaluate(suite, depth, run_file)


def evaluate(suite: Suite, depth: int, run_file: Path | None = None) -> EvaluationReport:
    """Ask all queries of a suite and measure the first `depth` documents of each list.

    A relevant document that the index does not have stays in the reckoning, as not found.
    Raises EvaluationError for a query whose `before` or commit hash cannot be understood.
    """
    asked, system = suite.queries, suite.system
    if asked:
        system.prepare(len(asked))
    judgements = [_judgement(query, system.documents_named) for query in asked]
    trials = [_trial(query, system, depth) for query in asked]
    if run_file:
        write_run(run_file, _fused(asked, trials))
    per_query = tuple(map(_scores, judgements, [trial.lists for trial in trials]))
    without = tuple(map(_scores, judgements, [trial.without for trial in trials]))
    return EvaluationReport(
        suite=suite.name,
        source=suite.source,
        per_query=per_query,
        relevant=sum(len(judgement.relevant) for judgement in judgements),
        depth=depth,
        missing=tuple(missing for judgement in judgements for missing in judgement.missing),
        lanes=tuple(_lane_report(lane, per_query) for lane in _lanes(per_query)),
        left_out=tuple(_left_out(lane, per_query, without) for lane in _lanes(without)),
        rival=_rival(per_query),
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
        trial = system.ask(query)
    except QueryError as error:
        raise EvaluationError(f"query {query.id!r} (line {query.line}): {error}") from error
    system.answered(1)

    def counted(lists: Sequence[LaneList]) -> list[LaneList]:
        return [
            LaneList(one.lane, [d for d in one.documents if d[0] not in system.not_counted][:depth])
            for one in lists
        ]

    return Trial(trial.seconds, counted(trial.lists), counted(trial.without))


def _fused(queries: Sequence[EvaluationQuery], trials: Sequence[Trial]) -> Iterator[RankedList]:
    for query, trial in zip(queries, trials, strict=True):
        for one in trial.lists:
            if one.lane == FUSED:
                yield RankedList(query.id, one.documents)


def _scores(judgement: _Judgement, lists: Sequence[LaneList]) -> QueryScores:
    scores = {
        one.lane: score(Judged(judgement.relevant, [name for name, _ in one.documents]))
        for one in lists
    }
    return QueryScores(judgement.query.id, judgement.query.text, scores)


def _lanes(per_query: Sequence[QueryScores]) -> list[str]:
    """The names of all lanes, in the order in which they are met."""
    return list(dict.fromkeys(lane for query in per_query for lane in query.scores))


def _of_lane(lane: str, per_query: Sequence[QueryScores]) -> list[Metrics]:
    return [query.scores.get(lane, NOTHING) for query in per_query]


def _lane_report(lane: str, per_query: Sequence[QueryScores]) -> LaneReport:
    scores = _of_lane(lane, per_query)
    low, high = bootstrap_interval(np.array([astuple(one) for one in scores]))
    return LaneReport(lane, mean(scores), Metrics(*low.tolist()), Metrics(*high.tolist()))


def _left_out(
    lane: str, per_query: Sequence[QueryScores], without: Sequence[QueryScores]
) -> LeftOut:
    fused, rest = _of_lane(FUSED, per_query), _of_lane(lane, without)
    alone = _of_lane(lane, per_query)
    return LeftOut(
        lane,
        any(one.mrr for one in alone),
        paired_difference([one.mrr for one in fused], [one.mrr for one in rest]),
        paired_difference([one.recall_at_10 for one in fused], [one.recall_at_10 for one in rest]),
    )


def _rival(per_query: Sequence[QueryScores]) -> Rival | None:
    served, *others = _lanes(per_query) or [""]
    means = {lane: mean(_of_lane(lane, per_query)).mrr for lane in others}
    if not means:
        return None
    best = max(others, key=lambda lane: means[lane])
    ours, theirs = _of_lane(served, per_query), _of_lane(best, per_query)
    difference = paired_difference([one.mrr for one in ours], [one.mrr for one in theirs])
    return Rival(best, difference)


def _latency(trials: Sequence[Trial]) -> Latency:
    milliseconds = [1000 * trial.seconds for trial in trials]
    return Latency(percentile(milliseconds, 50), percentile(milliseconds, 95))
