"""How near each runtime and precision is to the fp32 original, and what that costs in quality."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.engine.engines import Array, onnx_fp32, sentence_transformers

FLOATS, QUANTISED = 0.9999, 0.992
"""The mean cosine that is owed."""


@dataclass(frozen=True)
class Way:
    """One way to run the model."""

    title: str
    owed: float
    model: str
    """'' is the fp32 original."""
    runtime: str
    every: int = 1
    """It gets each so-manieth passage: MLX without a GPU takes minutes for all."""


BUNDLED = "all-minilm-l6-v2"
WAYS = (
    Way("ONNX Runtime, bundled int8", QUANTISED, BUNDLED, "onnxruntime"),
    Way("ONNX Runtime, fp32 original", FLOATS, "", "onnxruntime"),
    Way("OpenVINO, fp32 original (bf16 where the processor has it)", FLOATS, "", "openvino"),
    Way("OpenVINO, bundled weights", QUANTISED, BUNDLED, "openvino"),
    Way("MLX, fp32 original", FLOATS, "", "mlx", every=5),
    Way("MLX, bundled weights", QUANTISED, BUNDLED, "mlx", every=5),
)


@dataclass(frozen=True)
class Parity:
    """Cosines (texts,) of one way with the reference; `missing` says why there are none."""

    way: Way
    cosines: Array
    missing: str = ""


@dataclass(frozen=True)
class Fidelity:
    """All that is compared with the original."""

    reference: str
    parities: list[Parity]
    spearman_int8: float
    spearman_fp32: float
    pairs: int

    @property
    def points_lost(self) -> float:
        """Spearman times 100, fp32 less int8."""
        return 100 * (self.spearman_fp32 - self.spearman_int8)


def measure_fidelity(original: Path, passages: Sequence[str]) -> Fidelity | None:
    """Compare every runtime that is installed; None without the original."""
    if not (original / "model.onnx").exists():
        return None
    from verdigris.engine import Embedder
    from verdigris.engine.similarity_pairs import measure_quality

    reference, expected = reference_vectors(original, passages)
    parities = [parity(way, original, passages, expected) for way in WAYS]
    with Embedder() as bundled, Embedder(str(original)) as whole:
        int8, fp32 = measure_quality(bundled), measure_quality(whole)
    return Fidelity(reference, parities, int8.spearman, fp32.spearman, int8.pairs)


def reference_vectors(original: Path, passages: Sequence[str]) -> tuple[str, Array]:
    """Those of torch if it is installed, else of the fp32 graph."""
    with suppress(ImportError):
        return "sentence-transformers on torch, fp32", sentence_transformers(original, 2)(passages)
    return "the fp32 graph on ONNX Runtime (torch is not installed)", onnx_fp32(original, 2)(
        passages
    )


def parity(way: Way, original: Path, passages: Sequence[str], expected: Array) -> Parity:
    """Embed what the way gets, and compare; what cannot run says why."""
    from verdigris.engine import Embedder, RuntimeChoice
    from verdigris.errors import EngineError

    runtime = RuntimeChoice(way.runtime, strict=True)
    try:
        with Embedder(way.model or str(original), runtime=runtime) as embedder:
            vectors = embedder.embed_batch(passages[:: way.every]).vectors
    except EngineError as error:
        return Parity(way, np.empty(0, np.float32), str(error).splitlines()[0])
    return Parity(way, (vectors * expected[:: way.every]).sum(axis=1))
