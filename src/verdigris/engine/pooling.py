"""Token vectors to one unit vector a text."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from verdigris.engine.model_rows import Pooling
from verdigris.errors import EmptyInput

Array = npt.NDArray[np.float32]
Mask = npt.NDArray[np.int64]

LAYER_NORM_EPSILON = 1e-5
"""What torch's layer_norm adds to the variance by default."""
_TINY = np.finfo(np.float32).tiny


def pool(pooling: Pooling, token_vectors: Array, attention_mask: Mask | None = None) -> Array:
    """One vector a text, pooled as the model was trained; shapes as in `mean_pool`."""
    floats = token_vectors.astype(np.float32, copy=False)  # graphs in fp16 give halves
    return _POOLINGS[pooling](floats, attention_mask)


def mean_pool(token_vectors: Array, attention_mask: Mask | None = None) -> Array:
    """Average token vectors over real tokens.

    token_vectors: (batch, tokens, dims) float32; attention_mask: (batch, tokens), 1 = real; None
    means that nothing is padded. Returns (batch, dims) float32. A row without real tokens raises
    EmptyInput. Method: Reimers & Gurevych 2019, section 3.
    """
    _check_tokens(token_vectors, attention_mask)
    if attention_mask is None:
        mean: Array = token_vectors.sum(axis=1) / np.float32(token_vectors.shape[1])
        return mean
    masked = token_vectors * attention_mask[:, :, None].astype(np.float32)
    real_tokens = attention_mask.sum(axis=1, keepdims=True)
    pooled: Array = masked.sum(axis=1) / real_tokens.astype(np.float32)
    return pooled


def cls_pool(token_vectors: Array, attention_mask: Mask | None = None) -> Array:
    """The vector of the first real token, whichever side the padding is on; see `mean_pool`.

    Method: Devlin et al. 2018, section 3.
    """
    _check_tokens(token_vectors, attention_mask)
    if attention_mask is None:
        return token_vectors[:, 0]
    first = attention_mask.argmax(axis=1)
    pooled: Array = token_vectors[np.arange(len(token_vectors)), first]
    return pooled


def last_token_pool(token_vectors: Array, attention_mask: Mask | None = None) -> Array:
    """The vector of the last real token, whichever side the padding is on; see `mean_pool`.

    In a decoder only the last token has seen the whole text.
    Method: Zhang et al. 2025, Qwen3 Embedding, section 2.
    """
    _check_tokens(token_vectors, attention_mask)
    if attention_mask is None:
        return token_vectors[:, -1]
    last = attention_mask.shape[1] - 1 - attention_mask[:, ::-1].argmax(axis=1)
    pooled: Array = token_vectors[np.arange(len(token_vectors)), last]
    return pooled


def l2_normalize(vectors: Array) -> Array:
    """Scale each row of (rows, dims) float32 to length 1; a row of zeros stays zeros."""
    lengths = np.sqrt(np.square(vectors).sum(axis=1, keepdims=True))
    unit: Array = vectors / np.maximum(lengths, _TINY)
    return unit


def cut_dims(vectors: Array, dims: int, layer_norm: bool) -> Array:
    """The first `dims` of each row of (rows, more) float32, again of length 1.

    layer_norm: bring each row to mean 0 and variance 1 before, as some models want it.
    Method: Kusupati et al. 2022, Matryoshka Representation Learning.
    """
    if layer_norm:
        centred = vectors - vectors.mean(axis=1, keepdims=True)
        variance = np.square(centred).mean(axis=1, keepdims=True)
        vectors = centred / np.sqrt(variance + np.float32(LAYER_NORM_EPSILON))
    return l2_normalize(vectors[:, :dims])


def _check_tokens(token_vectors: Array, attention_mask: Mask | None) -> None:
    if attention_mask is None:
        empty = [] if token_vectors.shape[1] else [0]
    else:
        empty = np.flatnonzero(~attention_mask.any(axis=1)).tolist()
    if empty:
        raise EmptyInput(f"row {empty[0]} has no real token to pool")


_POOLINGS = {"mean": mean_pool, "cls": cls_pool, "last_token": last_token_pool}
