"""Compares vectors, as a runtime computes them here, with those of the original model."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from verdigris.engine.model_store import find_model
from verdigris.engine.pooling import Array, cut_dims
from verdigris.errors import CorruptModel, InvalidModel

if TYPE_CHECKING:
    from verdigris.engine.embedder import Embedder

GOLDEN_TEXTS = "golden_texts.json"
GOLDEN_VECTORS = "golden_vectors.npy"
LEAST_MEAN_COSINE = 0.99
LEAST_MIN_COSINE = 0.96
LARGEST_NORM_ERROR = 1e-5


@dataclass(frozen=True, slots=True)
class Limits:
    """The least cosine to the original that counts as the same vector space."""

    mean_cosine: float
    min_cosine: float


QUANTISED = Limits(LEAST_MEAN_COSINE, LEAST_MIN_COSINE)
"""For weights of 8 bits and fewer."""
FLOATS = Limits(0.9995, 0.998)
"""For weights in fp32, fp16 or bf16, whatever the products are computed in."""


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """How near the vectors of this machine are to those of the original."""

    model: str
    texts: int
    mean_cosine: float
    min_cosine: float
    worst_text: str
    """The text with the lowest cosine."""
    norm_error: float
    """Largest distance of a vector's length from 1."""
    limits: Limits = QUANTISED

    @property
    def passed(self) -> bool:
        """Near enough to trust; a vector that is not finite never passes."""
        return (
            self.mean_cosine >= self.limits.mean_cosine
            and self.min_cosine >= self.limits.min_cosine
            and self.norm_error <= LARGEST_NORM_ERROR
        )

    @property
    def verdict(self) -> str:
        """One line: the numbers, and what they had to be."""
        return (
            f"cosine to the original {self.mean_cosine:.4f} on average and {self.min_cosine:.4f} "
            f"at worst over {self.texts} texts (at least {self.limits.mean_cosine} and "
            f"{self.limits.min_cosine}), lengths within {self.norm_error:.1g} of 1"
        )


@dataclass(frozen=True, slots=True)
class Golden:
    """Texts with their vectors (texts, dims) by the original implementation."""

    texts: tuple[str, ...]
    vectors: Array

    def spread(self, count: int, share: float = 1.0) -> Golden:
        """`count` texts of growing length, evenly over the shorter `share` of them."""
        order = sorted(range(len(self.texts)), key=lambda index: len(self.texts[index]))
        last = int((len(order) - 1) * share)
        ranks = sorted({round(last * step / max(1, count - 1)) for step in range(count)})
        chosen = [order[rank] for rank in ranks]
        return Golden(tuple(self.texts[index] for index in chosen), self.vectors[chosen])


def limits_of(precision: str) -> Limits:
    """What a model's precision class must reach."""
    return FLOATS if precision.startswith(("fp", "bf", "float")) else QUANTISED


def read_golden(folder: Path) -> Golden | None:
    """The golden texts and vectors in a model's folder; None for a model that has none.

    Raises CorruptModel if they cannot be read or do not fit each other.
    """
    if not (folder / GOLDEN_TEXTS).is_file() or not (folder / GOLDEN_VECTORS).is_file():
        return None
    try:
        texts = tuple(json.loads((folder / GOLDEN_TEXTS).read_text(encoding="utf-8")))
        vectors = np.load(folder / GOLDEN_VECTORS, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise CorruptModel(f"the golden vectors in {folder} cannot be read: {error}") from error
    if vectors.ndim != 2 or len(texts) != len(vectors):
        raise CorruptModel(f"{folder} has {len(texts)} golden texts for vectors {vectors.shape}")
    return Golden(texts, vectors)


def compare(model: str, golden: Golden, vectors: Array, limits: Limits) -> SelfCheck:
    """Compare vectors (texts, dims) with the golden ones over all their dimensions.

    Values that are not finite, and vectors of zeros, make every number NaN, which never passes.
    """
    if vectors.shape != golden.vectors.shape:
        raise InvalidModel(
            f"model {model!r} gives vectors {vectors.shape}, its golden vectors are "
            f"{golden.vectors.shape} (texts, dims)"
        )
    with np.errstate(all="ignore"):
        lengths = np.linalg.norm(vectors, axis=1)
        cosines = (vectors * golden.vectors).sum(axis=1) / lengths
        norm_error = float(np.abs(lengths - 1).max())
    return SelfCheck(
        model=model,
        texts=len(golden.texts),
        mean_cosine=float(cosines.mean()),
        min_cosine=float(cosines.min()),
        worst_text=golden.texts[int(cosines.argmin())],
        norm_error=norm_error,
        limits=limits,
    )


def run_selfcheck(embedder: Embedder) -> SelfCheck:
    """Embed all golden texts and compare; every file of the model is verified first.

    Where the embedder cuts its vectors, the original's are cut in the same way. Raises
    CorruptModel if a file is damaged, InvalidModel for a model without golden vectors. A
    provider that computes wrongly does not raise: it shows in the report, and `passed` is false.
    """
    stored = find_model(embedder.model)
    stored.verify()
    golden = read_golden(stored.folder)
    if golden is None:
        raise InvalidModel(f"model {embedder.model.name!r} has no golden vectors to compare with")
    vectors = embedder.full_vectors(golden.texts)
    if embedder.dims < vectors.shape[1]:
        cut = partial(cut_dims, dims=embedder.dims, layer_norm=embedder.model.matryoshka_layer_norm)
        golden, vectors = Golden(golden.texts, cut(golden.vectors)), cut(vectors)
    return compare(embedder.model.name, golden, vectors, limits_of(embedder.model.precision))
