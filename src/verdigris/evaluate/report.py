"""What an evaluation found out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from verdigris.evaluate.metrics import Metrics


@dataclass(frozen=True, slots=True)
class LaneReport:
    """How good one lane is; the lane `fused` is all of them together."""

    lane: str
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of a whole search, the question's embedding included."""

    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class MissingDocument:
    """A relevant document that the index does not have: no lane could find it."""

    query_id: str
    document: str


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """Metrics of each lane and of the fusion over `queries` queries.

    `relevant` counts the relevant documents of all queries, `missing` those of them that the
    index does not have; they count as not found. Without queries there are no lanes.
    """

    queries: int
    relevant: int
    depth: int
    """Documents of each ranking that were looked at."""
    missing: tuple[MissingDocument, ...]
    lanes: tuple[LaneReport, ...]
    latency: Latency


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that `percent` % of all do not exceed (nearest rank); 0 without values."""
    if not values:
        return 0.0
    return sorted(values)[max(math.ceil(percent / 100 * len(values)), 1) - 1]
