"""What an evaluation found out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from verdigris.evaluate.metrics import Metrics

FUSED = "fused"


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean of paired differences with its 95 % interval, and how likely chance alone gives it."""

    mean: float
    low: float
    high: float
    p: float

    @property
    def is_sure(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class LaneReport:
    """How good one lane is, with the 95 % interval; the lane `fused` is all of them together."""

    lane: str
    metrics: Metrics
    low: Metrics
    high: Metrics


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What the fusion gains by a lane: fused, less fused without it, on the same queries."""

    lane: str
    found: bool
    """Whether the lane found a relevant document at all."""
    mrr: Difference
    recall_at_10: Difference

    @property
    def gains(self) -> bool:
        """Whether the lane contributes anything that can be told from chance."""
        return self.mrr.low > 0 or self.recall_at_10.low > 0


@dataclass(frozen=True, slots=True)
class Rival:
    """The lane of highest MRR besides what users get, and how much better than it that is."""

    lane: str
    mrr: Difference


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
class QueryScores:
    """What one query got, lane by lane."""

    id: str
    text: str
    scores: Mapping[str, Metrics]


@dataclass(frozen=True, slots=True)
class Source:
    """What the queries of a suite were made from, and the state of the repository they ask."""

    about: str = ""
    """What asks for what, in one sentence."""
    commit: str = ""
    """The commit that the index ends at; '' where it is the work tree."""
    time: str = ""
    """Of that commit."""
    learned: bool = False
    """Whether what `oxidize` learned in the repository takes part; else only the package's."""


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """Metrics of each lane and of the fusion over the queries of one suite.

    `relevant` counts the relevant documents of all queries, `missing` those of them that the
    index does not have; they count as not found. Without queries there are no lanes.
    """

    suite: str
    source: Source
    per_query: tuple[QueryScores, ...]
    relevant: int
    depth: int
    """Documents of each ranking that were looked at."""
    missing: tuple[MissingDocument, ...]
    lanes: tuple[LaneReport, ...]
    left_out: tuple[LeftOut, ...]
    rival: Rival | None
    latency: Latency

    @property
    def queries(self) -> int:
        """How many queries were asked."""
        return len(self.per_query)

    @property
    def served(self) -> LaneReport:
        """What users get: the first of the lanes. There is none without queries."""
        return self.lanes[0]


@dataclass(frozen=True, slots=True)
class NotMade:
    """A suite that this repository does not allow, and what is missing."""

    suite: str
    reason: str


@dataclass(frozen=True, slots=True)
class BenchmarkReport:
    """All suites of one run."""

    repository: str
    head: str
    model: str
    seed: int
    suites: tuple[EvaluationReport, ...]
    not_made: tuple[NotMade, ...] = ()


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that `percent` % of all do not exceed (nearest rank); 0 without values."""
    if not values:
        return 0.0
    return sorted(values)[max(math.ceil(percent / 100 * len(values)), 1) - 1]
