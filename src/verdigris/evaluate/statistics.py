"""How sure a measured mean is: bootstrap intervals and a paired randomisation test.

All draws are seeded: the same values give the same intervals and the same p.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from verdigris.evaluate.report import Difference

Values = npt.NDArray[np.float64]

RESAMPLES = 2_000
FLIPS = 10_000
CONFIDENCE = 0.95
_SEED = 20_240_501
_AT_ONCE = 500
"""Draws made together, so that memory does not grow with their number."""


def bootstrap_interval(values: Values) -> tuple[Values, Values]:
    """Ends of the 95 % interval of each column's mean; values: (queries, metrics), not empty.

    Method: percentile bootstrap over queries (Efron 1979; for retrieval, Sakai 2006).
    """
    random = np.random.default_rng(_SEED)
    count = len(values)
    means = np.concatenate(
        [
            random.multinomial(count, np.full(count, 1 / count), _AT_ONCE) @ values / count
            for _ in range(RESAMPLES // _AT_ONCE)
        ]
    )
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(means, [tail, 1 - tail], axis=0)
    return low, high


def paired_difference(ours: Sequence[float], theirs: Sequence[float]) -> Difference:
    """How much better `ours` is than `theirs` on the same queries (not empty).

    p: share of random sign changes of the differences whose mean is as far from zero (two-sided).
    Method: Fisher's randomisation test (Smucker et al. 2007), bootstrap for the interval.
    """
    differences = np.asarray(ours, np.float64) - np.asarray(theirs, np.float64)
    low, high = bootstrap_interval(differences[:, None])
    found = float(differences.mean())
    return Difference(found, float(low[0]), float(high[0]), _chance(differences))


def _chance(differences: Values) -> float:
    changed = differences[differences != 0]
    if not len(changed):
        return 1.0
    random = np.random.default_rng(_SEED)
    observed = abs(changed.sum()) - 1e-12
    as_far = 0
    for _ in range(FLIPS // _AT_ONCE):
        signs = random.choice((-1.0, 1.0), (_AT_ONCE, len(changed)))
        as_far += int(np.count_nonzero(np.abs(signs @ changed) >= observed))
    return (as_far + 1) / (FLIPS + 1)
