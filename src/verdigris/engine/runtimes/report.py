"""Tells what really runs a loaded model: nodes by provider, precision, fallback, processor."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from verdigris.engine.cpu_features import CpuCapability, cpu_capability
from verdigris.engine.runtimes import NodeRun
from verdigris.engine.runtimes.providers import available_providers
from verdigris.engine.selfcheck import SelfCheck

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

    @property
    def nodes(self) -> int:
        """Nodes that ran, by all providers."""
        return sum(share.nodes for share in self.shares)

    @property
    def partly_elsewhere(self) -> bool:
        """Whether nodes ran on a provider that was not asked for."""
        return bool(self.fallback) or any(share.provider != self.provider for share in self.shares)


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
    )


def shares_of(nodes: tuple[NodeRun, ...]) -> tuple[ProviderShare, ...]:
    """Nodes in their order → what each provider ran, the largest share first."""
    partitions = Counter(provider for provider, _ in groupby(nodes, key=lambda one: one.provider))
    shares = []
    for provider, count in partitions.items():
        operators = Counter(node.operator for node in nodes if node.provider == provider)
        counted = tuple(OperatorCount(name, times) for name, times in operators.most_common())
        shares.append(ProviderShare(provider, operators.total(), count, counted))
    return tuple(sorted(shares, key=lambda share: -share.nodes))
