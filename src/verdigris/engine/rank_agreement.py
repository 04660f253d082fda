"""How alike two rankings of the same things are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]


def ranks(values: Numbers) -> Numbers:
    """Ranks from 1, the smallest value first; equal values share the mean of their ranks."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    shared: Numbers = (last - (counts - 1) / 2)[inverse]
    return shared


def spearman(one: Numbers, other: Numbers) -> float:
    """Spearman's rank correlation, from -1 to 1; 0 where all values of one are equal."""
    a, b = ranks(one), ranks(other)
    a, b = a - a.mean(), b - b.mean()
    length = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / length if length else 0.0


def kendall_tau(one: Numbers, other: Numbers) -> float:
    """Kendall's tau-b, from -1 to 1: agreeing pairs less disagreeing ones, ties accounted for.

    Takes memory for all pairs: for some thousand values. 0 where all values of one are equal.
    Method: Kendall 1945, The treatment of ties in ranking problems.
    """
    upper = np.triu_indices(len(one), 1)
    a = np.sign(one[:, None] - one[None, :])[upper]
    b = np.sign(other[:, None] - other[None, :])[upper]
    untied = float(np.sqrt(np.abs(a).sum() * np.abs(b).sum()))
    return float((a * b).sum()) / untied if untied else 0.0


def top_k_overlap(one: Numbers, other: Numbers, k: int) -> float:
    """Share of the k largest that both have in common, from 0 to 1; ties go to the first."""
    k = min(k, len(one))
    if not k:
        return 1.0
    tops = [set(np.argsort(-values, kind="stable")[:k].tolist()) for values in (one, other)]
    return len(tops[0] & tops[1]) / k


def ndcg(scores: Numbers, relevant: Sequence[int], k: int) -> float:
    """Normalised discounted cumulative gain of the k largest scores, gains 0 or 1.

    relevant: positions in `scores`. Method: Järvelin & Kekäläinen 2002.
    """
    wanted = set(relevant)
    order = np.argsort(-scores, kind="stable")[:k].tolist()
    discounts = 1 / np.log2(np.arange(2, k + 2))
    gain = sum(discounts[rank] for rank, index in enumerate(order) if index in wanted)
    best = float(discounts[: len(wanted)].sum())
    return float(gain) / best if best else 0.0
