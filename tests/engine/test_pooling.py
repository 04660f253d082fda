"""Token vectors to unit vectors."""

from __future__ import annotations

import numpy as np
import pytest

from verdigris.engine.pooling import l2_normalize, mean_pool
from verdigris.errors import EmptyInput


def test_padding_does_not_count() -> None:
    token_vectors = np.array([[[2, 0], [4, 2], [99, 99]], [[1, 1], [3, 5], [5, 0]]], np.float32)
    mask = np.array([[1, 1, 0], [1, 1, 1]])
    np.testing.assert_array_equal(mean_pool(token_vectors, mask), [[3, 1], [3, 2]])


def test_a_row_without_real_tokens_is_named() -> None:
    with pytest.raises(EmptyInput, match="row 1"):
        mean_pool(np.ones((2, 3, 4), np.float32), np.array([[1, 0, 0], [0, 0, 0]]))


def test_vectors_get_length_one_and_keep_their_direction() -> None:
    np.testing.assert_allclose(l2_normalize(np.array([[3, 4]], np.float32)), [[0.6, 0.8]])


def test_a_zero_vector_stays_zero_and_float32() -> None:
    unit = l2_normalize(np.zeros((1, 3), np.float32))
    assert not unit.any()
    assert unit.dtype == np.float32
