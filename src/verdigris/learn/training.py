"""Training a projection: InfoNCE over candidates, AdamW, one projection after each epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

import numpy as np
import numpy.typing as npt

from verdigris.learn.network import (
    Array,
    Projection,
    Weights,
    backward,
    forward,
    identity_start,
)
from verdigris.learn.pairs import NOT_A_CANDIDATE, Ids, PairSet

Side = Literal["query", "shared"]

MOST_CANDIDATES: dict[Side, int] = {"query": 2048, "shared": 1024}
"""Candidates that a batch is scored against; beyond, its answers, hard negatives and a sample."""
HARD_NEGATIVES = 4
"""Nearest candidates in raw space that answer nothing, for each query of a batch."""
SMALLEST_MATRYOSHKA_DIMS = 64
LEAST_STEPS = 4
"""Steps of an epoch at least: one step each, and training stops before it has begun."""
AVERAGE_KEEPS = np.float32(0.7)
"""What each epoch leaves of the running average of the weights."""
OLDEST_COUNTS = 0.3
"""What the oldest query counts beside the newest: habits change."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a projection is trained.

    hidden: width of the inner layer, 0 = one layer only. dims: length of what comes out, 0 = as
    what goes in. side: whether only queries are projected, or candidates with the same network.
    """

    hidden: int = 384
    dims: int = 0
    side: Side = "query"
    batch_size: int = 256
    temperature: float = 0.05
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """Queries and what they are scored against.

    queries: (rows, dims), candidates: (columns, dims), positive and excluded: (rows, columns)
    booleans, weights: (rows,).
    """

    queries: Array
    candidates: Array
    positive: npt.NDArray[np.bool_]
    excluded: npt.NDArray[np.bool_]
    weights: Array


def train(sources: Sequence[PairSet], plan: Plan) -> Iterator[Projection]:
    """Yield the projection after each epoch, without end; the same seed gives the same weights.

    A batch holds pairs of one source. What is yielded is the running average of the weights over
    the epochs (Izmailov et al. 2018; here exponential), which is steadier than the last step. The
    learning rate is constant, so that an epoch is the same whatever follows it.
    """
    dims = sources[0].queries.shape[1]
    start = identity_start(dims, plan.hidden, plan.dims or dims, plan.seed)
    weights = {name: values.copy() for name, values in start.weights.items()}
    average = start.weights
    generator = np.random.default_rng(plan.seed + 1)
    optimizer = AdamW(weights, plan.learning_rate, plan.weight_decay)
    samplers = [_Sampler(pairs, plan) for pairs in sources]
    while True:
        for batch in _epoch(samplers, plan.batch_size, generator):
            optimizer.step(gradients(weights, batch, plan)[1])
        average = {
            name: AVERAGE_KEEPS * values + np.float32(1 - AVERAGE_KEEPS) * weights[name]
            for name, values in average.items()
        }
        yield Projection(average)


def _epoch(
    samplers: Sequence[_Sampler], batch_size: int, generator: np.random.Generator
) -> Iterator[Batch]:
    """Every query once, in batches of one source each, the batches of all sources shuffled."""
    batches = [
        (sampler, rows)
        for sampler in samplers
        for rows in np.array_split(
            generator.permutation(sampler.queries),
            max(ceil(sampler.queries / batch_size), LEAST_STEPS),
        )
    ]
    for place in generator.permutation(len(batches)):
        sampler, rows = batches[place]
        if len(rows):
            yield sampler.batch(rows, generator)


def gradients(weights: Weights, batch: Batch, plan: Plan) -> tuple[float, Weights]:
    """The loss of a batch, and its gradient for each weight.

    With fewer dims out than in the loss is the mean over ever shorter prefixes, so that vectors
    may be cut further (Kusupati et al. 2022, Matryoshka Representation Learning).
    """
    left = forward(weights, batch.queries)
    shared = plan.side == "shared"
    right = forward(weights, batch.candidates) if shared else None
    candidates = right.outputs if right else batch.candidates
    to_left, to_right = np.zeros_like(left.outputs), np.zeros_like(candidates)
    lengths = prefix_lengths(left.outputs.shape[1], plan.dims)
    total = 0.0
    for length in lengths:
        one, other = _Prefix.of(left.outputs, length), _Prefix.of(candidates, length)
        loss, slope = info_nce(one.unit @ other.unit.T, batch, plan.temperature)
        total += loss / len(lengths)
        slope /= len(lengths)
        to_left[:, :length] += one.gradient(slope @ other.unit)
        if shared:
            to_right[:, :length] += other.gradient(slope.T @ one.unit)
    found = backward(weights, left, to_left)
    if right:
        for name, values in backward(weights, right, to_right).items():
            found[name] = found[name] + values
    return total, found


def prefix_lengths(dims: int, wanted: int) -> list[int]:
    """The lengths that the loss looks at: all dims and, where they were reduced, halves of them."""
    lengths = [dims]
    while wanted and lengths[-1] // 2 >= SMALLEST_MATRYOSHKA_DIMS:
        lengths.append(lengths[-1] // 2)
    return lengths


@dataclass(frozen=True, slots=True)
class _Prefix:
    """The first dims of unit vectors, again of length 1."""

    unit: Array
    lengths: Array

    @classmethod
    def of(cls, vectors: Array, length: int) -> _Prefix:
        cut = vectors[:, :length]
        if length == vectors.shape[1]:
            return cls(cut, np.ones((len(cut), 1), np.float32))
        lengths = np.sqrt(np.square(cut).sum(axis=1, keepdims=True))
        lengths = np.maximum(lengths, np.finfo(np.float32).tiny)
        return cls(cut / lengths, lengths)

    def gradient(self, gradient: Array) -> Array:
        """The gradient of the uncut vectors' first dims."""
        along = (self.unit * gradient).sum(axis=1, keepdims=True)
        found: Array = (gradient - self.unit * along) / self.lengths
        return found


def info_nce(cosines: Array, batch: Batch, temperature: float) -> tuple[float, Array]:
    """InfoNCE of each (query, answer) against what answers nothing; and the cosines' gradient.

    Other answers of the same query are masked: they are no negatives. Each pair weighs what its
    query's weight says. cosines: (rows, columns). Method: van den Oord et al. 2018.
    """
    scores = cosines / temperature
    scores[batch.excluded] = -np.inf
    scores -= scores.max(axis=1, keepdims=True)
    powers = np.exp(scores)
    negatives = np.where(batch.positive, 0, powers)
    sums = powers + negatives.sum(axis=1, keepdims=True)
    pair_weights = batch.positive * batch.weights[:, None]
    total = float(pair_weights.sum())
    losses = np.where(batch.positive, np.log(sums) - scores, 0)
    inverse = pair_weights / sums
    slope = negatives * inverse.sum(axis=1, keepdims=True)
    slope += powers * inverse - pair_weights
    loss = float((losses * pair_weights).sum() / total)
    slope /= total * temperature
    return loss, slope


class AdamW:
    """Loshchilov & Hutter 2019; weights are changed in place, biases do not decay."""

    def __init__(self, weights: Weights, learning_rate: float, weight_decay: float) -> None:
        self._weights = weights
        self._rate, self._decay = learning_rate, weight_decay
        self._mean = {name: np.zeros_like(values) for name, values in weights.items()}
        self._square = {name: np.zeros_like(values) for name, values in weights.items()}
        self._steps = 0

    def step(self, found: Weights, beta1: float = 0.9, beta2: float = 0.999) -> None:
        """Move every weight along its gradient."""
        self._steps += 1
        for name, values in self._weights.items():
            mean, square = self._mean[name], self._square[name]
            mean += (1 - beta1) * (found[name] - mean)
            square += (1 - beta2) * (found[name] * found[name] - square)
            step = mean / (1 - beta1**self._steps)
            scale = np.sqrt(square / (1 - beta2**self._steps)) + 1e-8
            if values.ndim > 1:
                values *= 1 - self._rate * self._decay
            values -= self._rate * step / scale


class _Sampler:
    """Makes batches: all candidates where they are few, else those that teach most."""

    def __init__(self, pairs: PairSet, plan: Plan) -> None:
        self._pairs = pairs
        self.queries = len(pairs)
        self._weights = pairs.weights * np.linspace(OLDEST_COUNTS, 1, len(pairs), dtype=np.float32)
        self._limit = MOST_CANDIDATES[plan.side]
        self._all = len(pairs.candidates) <= self._limit
        self._hard = None if self._all else _hard_negatives(pairs)

    def batch(self, rows: Ids, generator: np.random.Generator) -> Batch:
        """A batch of these queries."""
        pairs = self._pairs
        columns = np.arange(len(pairs.candidates)) if self._all else self._columns(rows, generator)
        place = np.full(len(pairs.candidates) + 1, NOT_A_CANDIDATE)
        place[columns] = np.arange(len(columns))
        positive = np.zeros((len(rows), len(columns)), np.bool_)
        excluded = np.zeros_like(positive)
        of_row, answers = pairs.positives_of_all(rows)
        positive[of_row, place[answers]] = True
        own = place[pairs.own[rows]]
        known = np.flatnonzero(own != NOT_A_CANDIDATE)
        excluded[known, own[known]] = ~positive[known, own[known]]
        candidates = pairs.candidates if self._all else pairs.candidates[columns]
        return Batch(pairs.queries[rows], candidates, positive, excluded, self._weights[rows])

    def _columns(self, rows: Ids, generator: np.random.Generator) -> Ids:
        assert self._hard is not None
        _, answers = self._pairs.positives_of_all(rows)
        wanted = np.unique(np.concatenate([answers, self._hard[rows].ravel()]))
        room = self._limit - len(wanted)
        if room <= 0:
            return wanted
        others = generator.choice(len(self._pairs.candidates), room, replace=False)
        return np.unique(np.concatenate([wanted, others]))


def _hard_negatives(pairs: PairSet) -> Ids:
    """(queries, HARD_NEGATIVES) candidates that are near in raw space and answer nothing."""
    found = np.empty((len(pairs), HARD_NEGATIVES), np.int64)
    for start in range(0, len(pairs), 256):
        cosines = pairs.queries[start : start + 256] @ pairs.candidates.T
        for at, row in enumerate(range(start, start + len(cosines))):
            cosines[at, pairs.positives_of(row)] = -np.inf
            if pairs.own[row] != NOT_A_CANDIDATE:
                cosines[at, pairs.own[row]] = -np.inf
        nearest = np.argpartition(-cosines, HARD_NEGATIVES - 1, axis=1)[:, :HARD_NEGATIVES]
        found[start : start + len(cosines)] = nearest
    return found
