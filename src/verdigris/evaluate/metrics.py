"""Retrieval metrics by trec_eval's definitions: of one query, and their means."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass
from math import log2
from statistics import fmean

METRIC_NAMES = ("MRR", "recall@5", "recall@10", "hit@5", "hit@10", "nDCG@10")
"""As people write them, in the order of the fields of Metrics."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One query's result beside what was wanted; the ranking is best first, without repetition."""

    relevant: Collection[str]
    ranking: Sequence[str]


@dataclass(frozen=True, slots=True)
class Metrics:
    """Of one query, or means over many; each between 0 and 1; relevance is yes or no."""

    mrr: float
    """(Mean) reciprocal rank of the first relevant document, 0 where none was found."""
    recall_at_5: float
    """Share of the relevant documents among the first 5."""
    recall_at_10: float
    hit_at_5: float
    """Share of the queries with a relevant document among the first 5 (success)."""
    hit_at_10: float
    ndcg_at_10: float
    """Normalised discounted cumulative gain (Järvelin and Kekäläinen 2002)."""


NOTHING = Metrics(0, 0, 0, 0, 0, 0)
"""Of a query to which a lane had nothing to say."""


def score(judged: Judged) -> Metrics:
    """Metrics of one result."""
    recall_at_5, recall_at_10 = recall_at_k(judged, 5), recall_at_k(judged, 10)
    return Metrics(
        mrr=reciprocal_rank(judged),
        recall_at_5=recall_at_5,
        recall_at_10=recall_at_10,
        hit_at_5=float(recall_at_5 > 0),
        hit_at_10=float(recall_at_10 > 0),
        ndcg_at_10=ndcg_at_k(judged, 10),
    )


def mean(scores: Sequence[Metrics]) -> Metrics:
    """Means over queries; `scores` is not empty."""
    return Metrics(*map(fmean, zip(*map(astuple, scores), strict=True)))


def compute_metrics(judged: Sequence[Judged]) -> Metrics:
    """Means of a list of results; a query without results counts as 0. `judged` is not empty."""
    return mean([score(one) for one in judged])


def reciprocal_rank(judged: Judged) -> float:
    """1/rank of the first relevant document, 0 where there is none."""
    relevant = frozenset(judged.relevant)
    ranks = (rank for rank, name in enumerate(judged.ranking, start=1) if name in relevant)
    return 1 / next(ranks, float("inf"))


def recall_at_k(judged: Judged, k: int) -> float:
    """Share of the relevant documents among the first k."""
    relevant = frozenset(judged.relevant)
    return len(relevant.intersection(judged.ranking[:k])) / len(relevant)


def ndcg_at_k(judged: Judged, k: int) -> float:
    """Gain 1 for each relevant document, discounted by log2(rank + 1), over that of the ideal."""
    relevant = frozenset(judged.relevant)
    discounts = [1 / log2(rank + 1) for rank in range(1, k + 1)]
    gain = sum(d for d, name in zip(discounts, judged.ranking, strict=False) if name in relevant)
    return gain / sum(discounts[: len(relevant)])
