"""Retrieval metrics over many queries, by trec_eval's definitions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import log2
from statistics import fmean


@dataclass(frozen=True, slots=True)
class Judged:
    """One query's result beside what was wanted; the ranking is best first, without repetition."""

    relevant: Collection[str]
    ranking: Sequence[str]


@dataclass(frozen=True, slots=True)
class Metrics:
    """Means over all queries, each between 0 and 1; relevance is yes or no."""

    mrr: float
    """Mean reciprocal rank of the first relevant document, 0 where none was found."""
    recall_at_5: float
    """Share of the relevant documents among the first 5."""
    recall_at_10: float
    hit_at_5: float
    """Share of the queries with a relevant document among the first 5 (success)."""
    hit_at_10: float
    ndcg_at_10: float
    """Normalised discounted cumulative gain (Järvelin and Kekäläinen 2002)."""


def compute_metrics(judged: Sequence[Judged]) -> Metrics:
    """Metrics of a list of results; a query without results counts as 0. `judged` is not empty."""
    return Metrics(
        mrr=fmean(map(reciprocal_rank, judged)),
        recall_at_5=fmean(recall_at_k(one, 5) for one in judged),
        recall_at_10=fmean(recall_at_k(one, 10) for one in judged),
        hit_at_5=fmean(recall_at_k(one, 5) > 0 for one in judged),
        hit_at_10=fmean(recall_at_k(one, 10) > 0 for one in judged),
        ndcg_at_10=fmean(ndcg_at_k(one, 10) for one in judged),
    )


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
