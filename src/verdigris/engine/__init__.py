"""The embedding engine: text to unit vectors, on this machine, without a network.

    from verdigris.engine import Embedder

    with Embedder() as embedder:
        for vector in embedder.embed(["a text", "another"]):
            ...

Knows nothing of projects. Names are loaded when first used, so that importing is free.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verdigris.engine.cpus import usable_cpus
    from verdigris.engine.embedder import Embedder, EmbeddingResult
    from verdigris.engine.lazy_embedder import LazyEmbedder
    from verdigris.engine.model_info import HealthReport, ModelInfo
    from verdigris.engine.runtimes import RuntimeChoice
    from verdigris.engine.selfcheck import SelfCheck, run_selfcheck

__all__ = [
    "Embedder",
    "EmbeddingResult",
    "HealthReport",
    "LazyEmbedder",
    "ModelInfo",
    "RuntimeChoice",
    "SelfCheck",
    "run_selfcheck",
    "usable_cpus",
]

_HOMES = {
    "Embedder": "embedder",
    "EmbeddingResult": "embedder",
    "HealthReport": "model_info",
    "LazyEmbedder": "lazy_embedder",
    "ModelInfo": "model_info",
    "RuntimeChoice": "runtimes",
    "SelfCheck": "selfcheck",
    "run_selfcheck": "selfcheck",
    "usable_cpus": "cpus",
}


def __getattr__(name: str) -> object:
    """Load a public name from its module (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
