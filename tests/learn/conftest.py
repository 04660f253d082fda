"""Made-up vectors in which there is something to learn: a hidden rotation of the space."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from verdigris.learn.network import Array
from verdigris.learn.pairs import PairSet, make_pairs

DIMS, CANDIDATES = 32, 40


def unit(values: Array) -> Array:
    """Rows of length 1, float32."""
    result: Array = (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)
    return result


def rotated_pairs(count: int = 400, rotation: float = 1.0, seed: int = 0) -> PairSet:
    """Queries that lie near their candidate before all candidates were turned in space.

    rotation 0 leaves them where they are: then raw vectors are right, and there is nothing to
    learn.
    """
    generator = np.random.default_rng(seed)
    basis, _ = np.linalg.qr(generator.normal(size=(DIMS, DIMS)))
    turn = rotation * basis + (1 - rotation) * np.eye(DIMS)
    plain = unit(generator.normal(size=(CANDIDATES, DIMS)))
    answers = generator.integers(0, CANDIDATES, count)
    queries = unit(plain[answers] + 0.15 * generator.normal(size=(count, DIMS)))
    times = [f"2024-01-01T{row // 60:02}:{row % 60:02}:00Z" for row in range(count)]
    rows = [[int(answer)] for answer in answers]
    return make_pairs(queries, unit(plain @ turn.T), rows, [1.0] * count, times)


@pytest.fixture
def make_rotated() -> Callable[..., PairSet]:
    """Makes such pairs."""
    return rotated_pairs
