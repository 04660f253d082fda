"""The gate: a projection is served only where it beats raw vectors and the count table, later."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from verdigris.learn.network import Array, Projection
from verdigris.learn.pairs import NOT_A_CANDIDATE, Ids, PairSet
from verdigris.learn.training import Side

RECALL_DEPTH = 10
RESAMPLES = 2_000
CONFIDENCE = 0.95
"""One-sided: the chance that the true gain lies above the lower bound."""
LEAST_GAIN = 0.01
"""Smallest gain that is worth serving another vector for."""
_RANKED_AT_ONCE = 256
NEAREST_QUERIES = 50
SHARPNESS = 8
"""Power of the cosine that an earlier query's answers count with: the nearest say nearly all."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Values of each query, shape (queries,): of its first answer, and of all its answers."""

    reciprocal_ranks: Array
    recalls: Array
    """Share of the answers among the first RECALL_DEPTH."""

    @property
    def values(self) -> Array:
        """What the gate compares: the mean of both for each query, steadier than either."""
        return (self.reciprocal_ranks + self.recalls) / 2

    @property
    def mrr(self) -> float:
        """Mean reciprocal rank."""
        return float(self.reciprocal_ranks.mean())

    @property
    def recall(self) -> float:
        """Mean recall at RECALL_DEPTH."""
        return float(self.recalls.mean())


@dataclass(frozen=True, slots=True)
class Gain:
    """How much better one method is than another: the mean over queries, and its lower bound."""

    mean: float
    lower: float

    @property
    def sure(self) -> bool:
        """Whether it is large enough to matter, and not by chance."""
        return self.mean >= LEAST_GAIN and self.lower > 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate saw on later queries, and whether the projection is served."""

    queries: int
    raw: Measured
    random: Measured
    count_table: Measured
    trained: Measured
    over_raw: Gain
    over_count_table: Gain

    @property
    def served(self) -> bool:
        """Surely better than raw vectors and the count table, and in nothing worse than raw."""
        return not self.refusal

    @property
    def refusal(self) -> str:
        """Why it does not serve; '' where it does."""
        for gain, rival in ((self.over_raw, "raw vectors"), (self.over_count_table, "counting")):
            if gain.mean < LEAST_GAIN:
                return f"not better than {rival} by {LEAST_GAIN} or more"
            if gain.lower <= 0:
                return f"what it gains over {rival} may be chance"
        for name, ours, theirs in (
            ("MRR", self.trained.mrr, self.raw.mrr),
            ("recall@10", self.trained.recall, self.raw.recall),
        ):
            if ours < theirs:
                return f"raw vectors have the better {name}"
        return ""


def measure(scores: Array, pairs: PairSet) -> Measured:
    """Ranks by scores (queries, candidates); ties count against the answer."""
    counts = np.diff(pairs.offsets)
    rows = np.repeat(np.arange(len(pairs)), counts)
    own = pairs.own != NOT_A_CANDIDATE
    itself = np.where(own, scores[np.arange(len(pairs)), pairs.own], -np.inf)
    is_itself = pairs.positives == pairs.own[rows]
    answers = np.where(is_itself, -np.inf, scores[rows, pairs.positives])
    ranks = np.empty(len(answers), np.int64)
    for start in range(0, len(answers), _RANKED_AT_ONCE):
        part = slice(start, start + _RANKED_AT_ONCE)
        ranks[part] = (scores[rows[part]] >= answers[part, None]).sum(axis=1)
    ranks -= (itself[rows] >= answers) & ~is_itself  # no query stands before its own answers
    reciprocal = 1 / np.minimum.reduceat(ranks, pairs.offsets[:-1])
    recalls = np.add.reduceat(ranks <= RECALL_DEPTH, pairs.offsets[:-1], dtype=np.int64) / counts
    return Measured(reciprocal.astype(np.float32), recalls.astype(np.float32))


def projected_scores(projection: Projection, side: Side, pairs: PairSet) -> Array:
    """Cosines (queries, candidates) after projecting queries, or both sides."""
    candidates = projection(pairs.candidates) if side == "shared" else pairs.candidates
    return projection(pairs.queries) @ candidates.T


def count_table_scores(known: PairSet, later: PairSet) -> Array:
    """What counting gives, without any training: (later queries, candidates).

    A query that is itself a candidate (a file) gets the answers that the same one had before. Any
    other gets those of the NEAREST_QUERIES earlier ones, each by its cosine, sharpened. Answers
    count by their query's weight; how often one was an answer at all settles the rest.
    """
    cosines = np.maximum(later.queries @ known.queries.T, 0)
    scores = np.zeros((len(later), len(known.candidates)), np.float32)
    for row in range(len(later)):
        earlier = np.flatnonzero(known.own == later.own[row])
        if later.own[row] == NOT_A_CANDIDATE or not len(earlier):
            earlier = np.argsort(-cosines[row], kind="stable")[:NEAREST_QUERIES]
        for one in earlier.tolist():
            share = cosines[row, one] ** SHARPNESS * known.weights[one]
            scores[row, known.positives_of(one)] += share
    return scores + np.float32(1e-6) * popularity(known)


def popularity(known: PairSet) -> Array:
    """(candidates,) how often each was an answer, by weight, as a share of the most frequent."""
    counts = np.zeros(len(known.candidates), np.float32)
    np.add.at(counts, known.positives, np.repeat(known.weights, np.diff(known.offsets)))
    most = float(counts.max(initial=0))
    return counts / most if most else counts


def paired_gain(better: Measured, worse: Measured, seed: int) -> Gain:
    """Gain in `values` with its lower bound, by a paired bootstrap over the queries.

    Method: percentile bootstrap (Efron & Tibshirani 1993) on differences of the same query.
    """
    differences = better.values - worse.values
    generator = np.random.default_rng(seed)
    drawn: Ids = generator.integers(0, len(differences), (RESAMPLES, len(differences)))
    means = differences[drawn].mean(axis=1)
    return Gain(float(differences.mean()), float(np.quantile(means, 1 - CONFIDENCE)))
