"""What an embedder tells about itself: the model it loaded, and whether its vectors are sound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from verdigris.engine.model_store import StoredModel
from verdigris.engine.pooling import Array

if TYPE_CHECKING:
    from verdigris.engine.embedder import Embedder

LARGEST_NORM_ERROR = 1e-3
LARGEST_DIFFERENCE = 1e-3
"""Of one number in two vectors of the same text: runtimes that put texts together may round."""
_CLOSE = "How do I undo the last commit?", "git revert makes a commit that undoes an earlier one"
_FAR = "The soup needs salt and a bay leaf."


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Facts of a loaded model; sizes in bytes, lengths in tokens, special tokens included."""

    name: str
    precision: str
    fingerprint: str
    dims: int
    """Length of the vectors that this embedder gives."""
    full_dims: int
    """Length of the vectors that the model gives."""
    matryoshka_dims: tuple[int, ...]
    max_tokens: int
    pooling: str
    query_prefix: str
    passage_prefix: str
    licence: str
    repository: str
    revision: str
    folder: str
    bytes: int
    threads: int
    long_input: str


@dataclass(frozen=True, slots=True)
class HealthReport:
    """What a few texts showed; `problems` is empty when the vectors can be trusted so far."""

    model: str
    texts: int
    norm_error: float
    """Largest distance of a vector's length from 1."""
    separation: float
    """Cosine of two related texts minus that of two unrelated ones."""
    problems: tuple[str, ...]

    @property
    def healthy(self) -> bool:
        """Whether nothing was wrong."""
        return not self.problems


def describe(embedder: Embedder, stored: StoredModel) -> ModelInfo:
    """The facts of an embedder and of the files that it loaded."""
    row = embedder.model
    return ModelInfo(
        name=row.name,
        precision=row.precision,
        fingerprint=embedder.fingerprint,
        dims=embedder.dims,
        full_dims=stored.row.dims,
        matryoshka_dims=row.matryoshka_dims,
        max_tokens=row.max_tokens,
        pooling=row.pooling,
        query_prefix=row.query_prefix,
        passage_prefix=row.passage_prefix,
        licence=row.licence,
        repository=row.repository,
        revision=row.revision,
        folder=str(stored.folder),
        bytes=stored.bytes,
        threads=embedder.threads,
        long_input=embedder.long_input,
    )


def check_health(embedder: Embedder) -> HealthReport:
    """Embed a few texts and look at the vectors; needs no reference, so any model can be checked.

    Found are vectors that are not finite, zero, not of length 1, not the same twice, or the same
    for different texts. Does not compare with the original model; `run_selfcheck` does.
    """
    texts = (_CLOSE[0], _CLOSE[1], _FAR, "", "a")
    vectors = np.stack([embedder.embed_passage(text) for text in texts])
    again = embedder.embed_batch(texts).vectors
    with np.errstate(all="ignore"):
        norm_error = float(np.abs(np.linalg.norm(vectors, axis=1) - 1).max())
        separation = float(vectors[0] @ vectors[1] - vectors[0] @ vectors[2])
    return HealthReport(
        model=embedder.model.reference,
        texts=len(texts),
        norm_error=norm_error,
        separation=separation,
        problems=tuple(_problems(vectors, again, norm_error)),
    )


def _problems(vectors: Array, again: Array, norm_error: float) -> list[str]:
    found = []
    if not np.isfinite(vectors).all():
        found.append("vectors hold values that are not finite")
    elif not norm_error <= LARGEST_NORM_ERROR:
        found.append(f"a vector's length is off by {norm_error:.3g}")
    if not np.abs(vectors - again).max() <= LARGEST_DIFFERENCE:
        found.append("the same text had different vectors")
    if np.array_equal(vectors[0], vectors[2]):
        found.append("different texts had the same vector")
    return found
