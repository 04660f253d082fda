"""Compares two ways to embed on the same texts: do they give the same answers, and at what cost?"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from verdigris.engine.cpus import usable_cpus
from verdigris.engine.embedder import Embedder
from verdigris.engine.engine_choice import EngineChoice
from verdigris.engine.fresh_process import measure_fresh_process
from verdigris.engine.machine import Machine, this_machine
from verdigris.engine.measurements import measure_latency, sample_texts
from verdigris.engine.pooling import Array
from verdigris.engine.rank_agreement import kendall_tau, ndcg, top_k_overlap
from verdigris.engine.similarity_pairs import Quality, measure_quality
from verdigris.errors import InvalidInput

MOST_QUERIES = 100
"""Texts whose rankings of all others are compared in full."""
NEIGHBOURS = 10
_ROUNDS = 3
_LATENCY_RUNS = 100


@dataclass(frozen=True, slots=True)
class LabelledQuery:
    """A question and the positions of the texts that answer it."""

    query: str
    relevant: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RankAgreement:
    """Whether both rank a text's neighbours alike; each text in turn is the question."""

    domain: str
    """`in-domain`: the user's texts; `cross-domain`: the texts that come with the engine."""
    texts: int
    score_difference: float
    """Mean absolute difference of the cosines of all pairs."""
    largest_difference: float
    same_nearest: float
    """Share of texts whose nearest neighbour is the same."""
    top_k_overlap: float
    """Share of the ten nearest that both have in common."""
    kendall_tau: float
    """Mean over texts, of the rankings of all others."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one of the two takes, and how good it is by itself."""

    choice: EngineChoice
    precision: str
    dims: int
    fingerprint: str
    texts_per_second: float
    """On the user's texts."""
    p50: float
    """Milliseconds for one short text."""
    p95: float
    cold_start: float
    peak_rss: int
    bytes_on_disk: int
    quality: Quality
    ndcg: float | None
    """nDCG@10 over the labelled queries; None where there are none."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two ways to embed, side by side."""

    machine: Machine
    threads: int
    a: Cost
    b: Cost
    mean_cosine: float | None
    """Of the two vectors of a text; None where the spaces have different dimensions."""
    min_cosine: float | None
    worst_text: str
    agreements: tuple[RankAgreement, ...]
    """In-domain first, where the user gave texts."""
    verdict: str


@dataclass(frozen=True, slots=True)
class ComparisonPlan:
    """What to compare, on what; without texts those that come with the engine are used."""

    a: EngineChoice
    b: EngineChoice
    texts: tuple[str, ...] = ()
    queries: tuple[LabelledQuery, ...] = ()
    """`relevant` counts positions in `texts`."""
    threads: int = 0
    """0 means all that may be used."""
    starts: int = 3


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two with its vectors (texts, dims) of the plan's texts, and how fast it was."""

    choice: EngineChoice
    embedder: Embedder
    vectors: Array
    texts_per_second: float


def compare_models(plan: ComparisonPlan) -> Comparison:
    """Embed everything with both, and compare. Raises EngineError, InvalidInput."""
    texts = _checked_texts(plan)
    threads = plan.threads or usable_cpus()
    with plan.a.open(threads) as first, plan.b.open(threads) as second:
        a, b = _embed_in_turn(plan, (first, second), texts)
        agreements = [
            _agreement("in-domain" if plan.texts else "cross-domain", a.vectors, b.vectors)
        ]
        if plan.texts:
            foreign = sample_texts()
            matrices = (first.embed_batch(foreign).vectors, second.embed_batch(foreign).vectors)
            agreements.append(_agreement("cross-domain", *matrices))
        cost_a, cost_b = _cost(plan, a), _cost(plan, b)
    cosines = (a.vectors * b.vectors).sum(axis=1) if first.dims == second.dims else None
    return Comparison(
        machine=this_machine(),
        threads=threads,
        a=cost_a,
        b=cost_b,
        mean_cosine=None if cosines is None else float(cosines.mean()),
        min_cosine=None if cosines is None else float(cosines.min()),
        worst_text="" if cosines is None else texts[int(cosines.argmin())],
        agreements=tuple(agreements),
        verdict=verdict(cost_a, cost_b, agreements[0]),
    )


def _checked_texts(plan: ComparisonPlan) -> Sequence[str]:
    """The plan's texts, or the engine's own."""
    if not plan.texts:
        if plan.queries:
            raise InvalidInput("labelled queries need the texts that they are about; give --texts")
        return sample_texts()
    if len(plan.texts) <= NEIGHBOURS:
        raise InvalidInput(
            f"{len(plan.texts)} different texts are too few to compare rankings; give more than "
            f"{NEIGHBOURS}"
        )
    for query in plan.queries:
        if not query.relevant or max(query.relevant) >= len(plan.texts) or min(query.relevant) < 0:
            raise InvalidInput(f"query {query.query!r}: its relevant texts are not among the texts")
    return plan.texts


def _embed_in_turn(
    plan: ComparisonPlan, embedders: tuple[Embedder, Embedder], texts: Sequence[str]
) -> tuple[_Side, _Side]:
    """Both embed the texts in alternating rounds, so that other load hits both; the best counts."""
    vectors = [embedder.embed_batch(texts).vectors for embedder in embedders]
    best = [float("inf"), float("inf")]
    for _ in range(_ROUNDS):
        for side, embedder in enumerate(embedders):
            begin = time.perf_counter()
            embedder.embed_batch(texts)
            best[side] = min(best[side], time.perf_counter() - begin)
    first = _Side(plan.a, embedders[0], vectors[0], len(texts) / best[0])
    return first, _Side(plan.b, embedders[1], vectors[1], len(texts) / best[1])


def _cost(plan: ComparisonPlan, side: _Side) -> Cost:
    embedder = side.embedder
    latency = measure_latency(embedder, _LATENCY_RUNS)
    fresh = measure_fresh_process(side.choice, embedder.threads, plan.starts)
    return Cost(
        choice=side.choice,
        precision=embedder.model.precision,
        dims=embedder.dims,
        fingerprint=embedder.fingerprint,
        texts_per_second=side.texts_per_second,
        p50=latency.p50,
        p95=latency.p95,
        cold_start=fresh.cold_start,
        peak_rss=fresh.peak_rss,
        bytes_on_disk=side.choice.bytes_on_disk(),
        quality=measure_quality(embedder),
        ndcg=_mean_ndcg(side, plan.queries),
    )


def _mean_ndcg(side: _Side, queries: Sequence[LabelledQuery]) -> float | None:
    """nDCG@10 of the exact ranking of all texts, averaged over the queries."""
    if not queries:
        return None
    values = [
        ndcg(
            (side.vectors @ side.embedder.embed_query(query.query)).astype(np.float64),
            query.relevant,
            NEIGHBOURS,
        )
        for query in queries
    ]
    return sum(values) / len(values)


def _agreement(domain: str, a: Array, b: Array) -> RankAgreement:
    """Compare all cosines among the texts (texts, dims), first by value, then by rank."""
    scores_a, scores_b = (a @ a.T).astype(np.float64), (b @ b.T).astype(np.float64)
    pairs = np.triu_indices(len(a), 1)
    differences = np.abs(scores_a - scores_b)[pairs]
    chosen = np.unique(np.linspace(0, len(a) - 1, min(len(a), MOST_QUERIES)).astype(int))
    rows = [(np.delete(scores_a[i], i), np.delete(scores_b[i], i)) for i in chosen]
    return RankAgreement(
        domain=domain,
        texts=len(a),
        score_difference=float(differences.mean()),
        largest_difference=float(differences.max()),
        same_nearest=_mean([float(one.argmax() == other.argmax()) for one, other in rows]),
        top_k_overlap=_mean([top_k_overlap(one, other, NEIGHBOURS) for one, other in rows]),
        kendall_tau=_mean([kendall_tau(one, other) for one, other in rows]),
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def verdict(a: Cost, b: Cost, agreement: RankAgreement) -> str:
    """One sentence: whether B may stand in for A, and what that changes."""
    if a.fingerprint == b.fingerprint and a.choice == b.choice:
        return f"{b.choice} is {a.choice}: there is nothing to choose."
    cost = (
        f"at {b.texts_per_second / a.texts_per_second:.2f} × the speed, "
        f"{_ratio(b.peak_rss, a.peak_rss)} the memory and "
        f"{_ratio(b.bytes_on_disk, a.bytes_on_disk)} the disk space"
    )
    shared = f"{100 * agreement.top_k_overlap:.0f} % of the ten nearest texts"
    if a.ndcg is not None and b.ndcg is not None:
        better = f"nDCG@10 {b.ndcg:.3f} against {a.ndcg:.3f}"
        return f"{b.choice} shares {shared} with {a.choice}, with {better}, {cost}."
    points = 100 * (b.quality.spearman - a.quality.spearman)
    quality = f"{points:+.1f} points of Spearman on the labelled pairs"
    return f"{b.choice} {_judgement(agreement)} {a.choice}: {shared} in common, {quality}, {cost}."


def _judgement(agreement: RankAgreement) -> str:
    if agreement.top_k_overlap >= 0.9 and agreement.kendall_tau >= 0.9:
        return "can stand in for"
    if agreement.top_k_overlap >= 0.75 and agreement.kendall_tau >= 0.75:
        return "gives nearly the answers of"
    return "gives other answers than"


def _ratio(one: int, other: int) -> str:
    return f"{one / other:.2f} ×" if other else "an unknown share of"
