"""Pairs to learn from: queries, candidates, and which candidates answer which query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from verdigris.learn.network import Array

Ids = npt.NDArray[np.int64]

NOT_A_CANDIDATE = -1


@dataclass(frozen=True, slots=True)
class PairSet:
    """Queries in the order of their time, and the candidates that answer each.

    queries: (n, dims), candidates: (m, dims), both float32 of norm 1.
    offsets: (n + 1,), positives: rows of `candidates`; those of query i are
    positives[offsets[i]:offsets[i + 1]], at least one.
    weights: (n,) float32, what each pair of a query counts.
    own: (n,) the candidate that is the query itself and must not be ranked, or NOT_A_CANDIDATE.
    times: n times in ascending order, ISO 8601.
    """

    queries: Array
    candidates: Array
    offsets: Ids
    positives: Ids
    weights: Array
    own: Ids
    times: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.queries)

    @property
    def pairs(self) -> int:
        """Pairs of a query and an answer."""
        return len(self.positives)

    def positives_of(self, row: int) -> Ids:
        """The candidates that answer a query."""
        return self.positives[self.offsets[row] : self.offsets[row + 1]]

    def positives_of_all(self, rows: Ids) -> tuple[Ids, Ids]:
        """Places in `rows` and candidates of all their pairs, both of shape (pairs,)."""
        counts = self.offsets[rows + 1] - self.offsets[rows]
        places = np.repeat(np.arange(len(rows)), counts)
        firsts = np.cumsum(counts) - counts
        within = np.arange(len(places)) - firsts[places]
        return places, self.positives[self.offsets[rows][places] + within]

    def part(self, start: int, end: int) -> PairSet:
        """The queries from `start` up to `end`, with all candidates."""
        first, last = self.offsets[start], self.offsets[end]
        return PairSet(
            self.queries[start:end],
            self.candidates,
            self.offsets[start : end + 1] - first,
            self.positives[first:last],
            self.weights[start:end],
            self.own[start:end],
            self.times[start:end],
        )


def make_pairs(
    queries: Array,
    candidates: Array,
    answers: Sequence[Sequence[int]],
    weights: Sequence[float],
    times: Sequence[str],
    own: Sequence[int] = (),
) -> PairSet:
    """A PairSet of queries with their answers (rows of `candidates`), brought into time order.

    Queries without an answer are left out.
    """
    order = sorted((row for row in range(len(answers)) if answers[row]), key=lambda r: times[r])
    counts = [len(answers[row]) for row in order]
    return PairSet(
        np.ascontiguousarray(queries[order], np.float32),
        np.ascontiguousarray(candidates, np.float32),
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        np.array([answer for row in order for answer in answers[row]], np.int64),
        np.array([weights[row] for row in order], np.float32),
        np.array([own[row] if own else NOT_A_CANDIDATE for row in order], np.int64),
        tuple(times[row] for row in order),
    )
