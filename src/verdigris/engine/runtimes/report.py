"""Tells what really runs a loaded model: nodes by provider, precision, fallback, processor."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from verdigris.engine.cpu_features import CpuCapability, cpu_capability
from verdigris.engine.runtimes import DEFAULT_PROVIDER, DEFAULT_RUNTIME, NodeRun
from verdigris.engine.runtimes.providers import available_providers
from verdigris.engine.runtimes.saturation import ByteProducts, byte_products
from verdigris.engine.selfcheck import FLOATS, SelfCheck, limits_of

if TYPE_CHECKING:
    from verdigris.engine.embedder import Embedder

_SAMPLE = "How do I undo the last commit?"


@dataclass(frozen=True, slots=True)
class OperatorCount:
    """How many nodes of one operator ran."""

    operator: str
    nodes: int


@dataclass(frozen=True, slots=True)
class ProviderShare:
    """The part of the graph that one provider ran."""

    provider: str
    nodes: int
    partitions: int
    """Runs of neighbouring nodes; each change of provider copies tensors."""
    operators: tuple[OperatorCount, ...]
    """The most frequent first."""


@dataclass(frozen=True, slots=True)
class RuntimeReport:
    """What was asked for, what is in use, and how it was found to work."""

    model: str
    asked_runtime: str
    asked_provider: str
    strict: bool
    runtime: str
    version: str
    provider: str
    weights_precision: str
    compute_precision: str
    threads: int
    fallback: str
    """Why another runtime than the one that was asked for is in use; '' if it is in use."""
    check: SelfCheck | None
    """The comparison at load; None for a model on the default runtime without golden vectors."""
    shares: tuple[ProviderShare, ...]
    """The provider with the most nodes first; () where the runtime does not tell."""
    listed_providers: tuple[str, ...]
    """What ONNX Runtime lists; listed does not mean working."""
    cpu: CpuCapability
    byte_products: ByteProducts | None
    """None where products are in floats."""

    @property
    def nodes(self) -> int:
        """Nodes that ran, by all providers."""
        return sum(share.nodes for share in self.shares)

    @property
    def partly_elsewhere(self) -> bool:
        """Whether nodes ran on a provider that was not asked for."""
        return bool(self.fallback) or any(share.provider != self.provider for share in self.shares)

    @property
    def int8_path(self) -> str:
        """How this model's 8-bit products are computed here, in words."""
        found = self.byte_products
        if found is None or self.cpu.dot_product or not self.cpu.known:
            return self.cpu.int8_path
        return (
            f"8-bit products in pairs with 16-bit saturation, which {found.saturating} of "
            f"{found.count} can reach"
            + ("; vectors may be off, prefer a precision in floats" if found.saturating else "")
        )


def runtime_report(embedder: Embedder) -> RuntimeReport:
    """Run one short text with the runtime's profile switched on, and report.

    The nodes are those that really ran, after the runtime's own fusions.
    """
    opened = embedder.opened
    info = opened.runtime.info
    return RuntimeReport(
        model=embedder.model.name,
        asked_runtime=opened.asked.runtime,
        asked_provider=opened.asked.provider,
        strict=opened.asked.strict,
        runtime=info.runtime,
        version=info.version,
        provider=info.provider,
        weights_precision=embedder.model.precision,
        compute_precision=info.precision or embedder.model.precision,
        threads=embedder.threads,
        fallback=opened.fallback,
        check=opened.check,
        shares=shares_of(embedder.profile(_SAMPLE)),
        listed_providers=available_providers(),
        cpu=cpu_capability(),
        byte_products=_byte_products(embedder),
    )


def _byte_products(embedder: Embedder) -> ByteProducts | None:
    """Other runtimes read 8-bit weights as floats; other providers have products of their own."""
    info = embedder.opened.runtime.info
    in_bytes = limits_of(embedder.model.precision) != FLOATS
    if not in_bytes or (info.runtime, info.provider) != (DEFAULT_RUNTIME, DEFAULT_PROVIDER):
        return None
    return byte_products(embedder.opened.asked.weights_file)


def shares_of(nodes: tuple[NodeRun, ...]) -> tuple[ProviderShare, ...]:
    """Nodes in their order → what each provider ran, the largest share first."""
    partitions = Counter(provider for provider, _ in groupby(nodes, key=lambda one: one.provider))
    shares = []
    for provider, count in partitions.items():
        operators = Counter(node.operator for node in nodes if node.provider == provider)
        counted = tuple(OperatorCount(name, times) for name, times in operators.most_common())
        shares.append(ProviderShare(provider, operators.total(), count, counted))
    return tuple(sorted(shares, key=lambda share: -share.nodes))
