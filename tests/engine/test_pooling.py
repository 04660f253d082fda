"""Token vectors to unit vectors."""

from __future__ import annotations

import numpy as np
import pytest

from verdigris.engine.model_rows import Pooling
from verdigris.engine.pooling import (
    cls_pool,
    cut_dims,
    l2_normalize,
    last_token_pool,
    mean_pool,
    pool,
)
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


MASKS = np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 1, 1, 1]])
STEPS = np.arange(24, dtype=np.float32).reshape(3, 4, 2)


def test_cls_is_the_first_real_token_on_either_side() -> None:
    np.testing.assert_array_equal(cls_pool(STEPS, MASKS), [STEPS[0, 0], STEPS[1, 2], STEPS[2, 0]])


def test_the_last_token_is_a_real_one_on_either_side() -> None:
    np.testing.assert_array_equal(
        last_token_pool(STEPS, MASKS), [STEPS[0, 1], STEPS[1, 3], STEPS[2, 3]]
    )


@pytest.mark.parametrize("pooling", ["mean", "cls", "last_token"])
def test_every_pooling_names_a_row_without_tokens(pooling: Pooling) -> None:
    with pytest.raises(EmptyInput, match="row 2"):
        pool(pooling, STEPS, np.array([[1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]]))


@pytest.mark.parametrize("pooling", ["mean", "cls", "last_token"])
def test_without_a_mask_every_token_is_real(pooling: Pooling) -> None:
    alike = pool(pooling, STEPS, np.ones((3, 4), np.int64))
    np.testing.assert_array_equal(pool(pooling, STEPS), alike)
    with pytest.raises(EmptyInput, match="row 0"):
        pool(pooling, np.empty((1, 0, 2), np.float32))


@pytest.mark.parametrize("pooling", ["mean", "cls", "last_token"])
def test_half_precision_is_pooled_in_single(pooling: Pooling) -> None:
    assert pool(pooling, STEPS.astype(np.float16), MASKS).dtype == np.float32


def test_cut_vectors_have_length_one_again() -> None:
    cut = cut_dims(np.array([[3, 4, 12]], np.float32), 2, layer_norm=False)
    np.testing.assert_allclose(cut, [[0.6, 0.8]], atol=1e-7)


def test_layer_normalisation_comes_before_the_cut() -> None:
    """Numbers of torch.nn.functional.layer_norm and normalize."""
    cut = cut_dims(np.array([[1, 2, 3, 6]], np.float32), 2, layer_norm=True)
    np.testing.assert_allclose(cut, [[-0.8944272, -0.4472136]], atol=1e-6)
