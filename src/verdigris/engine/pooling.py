"""Token vectors to one unit vector a text."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from verdigris.errors import EmptyInput

Array = npt.NDArray[np.float32]


def mean_pool(token_vectors: Array, attention_mask: npt.NDArray[np.int64]) -> Array:
    """Average token vectors over real tokens.

    token_vectors: (batch, tokens, dims) float32; attention_mask: (batch, tokens), 1 = real.
    Returns (batch, dims) float32. A row without real tokens raises EmptyInput.
    Method: Reimers & Gurevych 2019, section 3.
    """
    real_tokens = attention_mask.sum(axis=1, keepdims=True)
    if not real_tokens.all():
        row = int(np.flatnonzero(real_tokens == 0)[0])
        raise EmptyInput(f"row {row} has no real token to average over")
    masked = token_vectors * attention_mask[:, :, None].astype(np.float32)
    pooled: Array = masked.sum(axis=1) / real_tokens.astype(np.float32)
    return pooled


def l2_normalize(vectors: Array) -> Array:
    """Scale each row of (rows, dims) float32 to length 1; a row of zeros stays zeros."""
    lengths = np.sqrt(np.square(vectors).sum(axis=1, keepdims=True))
    unit: Array = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
    return unit
