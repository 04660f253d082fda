"""Which nodes of a graph an execution provider can take, by the rules that it publishes.

This tells beforehand, on any machine, why a model will fall back in part. What a provider that is
installed really takes is in the runtime's own report.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from verdigris.engine.onnx_graph import Constant, Node, OnnxGraph

FLOATS = frozenset({"float32", "float16"})
INTEGERS = frozenset({"int32", "int64", "bool"})

_COREML_OPERATORS = frozenset((
    "Add", "ArgMax", "AveragePool", "Cast", "Ceil", "Clip", "Concat", "Conv", "ConvTranspose",
    "Cos", "DepthToSpace", "Div", "Elu", "Erf", "Exp", "Gather", "GatherND", "Gelu", "Gemm",
    "GlobalAveragePool", "GlobalMaxPool", "GridSample", "GroupNormalization", "HardSigmoid",
    "Identity", "InstanceNormalization", "LayerNormalization", "LeakyRelu", "MatMul", "Max",
    "MaxPool", "Mul", "PRelu", "Pow", "Range", "Reciprocal", "ReduceMax", "ReduceMean",
    "ReduceSum", "Relu", "Reshape", "Resize", "Round", "Shape", "Sigmoid", "Sin", "Slice",
    "Softmax", "Softplus", "Split", "Sqrt", "Squeeze", "Sub", "Tanh", "Tile", "Transpose",
    "Unsqueeze", "com.microsoft:FusedConv", "com.microsoft:QuickGelu",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class ProviderRules:
    """What a provider can take."""

    name: str
    operators: frozenset[str]
    constant_types: frozenset[str]
    """Types of constants that its nodes may read."""
    largest_dimension: int
    source: str
    """Where the rules are from."""


PROVIDERS = (
    ProviderRules(
        name="coreml",
        operators=_COREML_OPERATORS,
        constant_types=FLOATS | INTEGERS,
        largest_dimension=16_384,
        source="ONNX Runtime: coreml_supported_mlprogram_ops.md, coreml/builders/helper.cc; "
        "coremltools issue 1003",
    ),
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Nodes that a provider cannot take for one reason."""

    operator: str
    reason: str
    nodes: int
    example: str
    """Name of the first such node."""


@dataclass(frozen=True, slots=True)
class ProviderSupport:
    """How much of a graph a provider can take."""

    provider: str
    nodes: int
    taken: int
    partitions: int
    """Runs of neighbouring nodes that it can take: each is a hand-over there and back."""
    refused: tuple[Refusal, ...]
    source: str


def provider_support(graph: OnnxGraph, rules: ProviderRules) -> ProviderSupport:
    """Apply a provider's rules to every node, in the order of the file."""
    constants = {constant.name: constant for constant in graph.constants}
    reasons = [_reason(node, constants, rules) for node in graph.nodes]
    taken = [not reason for reason in reasons]
    starts = sum(now and not before for before, now in zip([False, *taken], taken, strict=False))
    return ProviderSupport(
        provider=rules.name,
        nodes=len(graph.nodes),
        taken=sum(taken),
        partitions=starts,
        refused=tuple(_refusals(graph.nodes, reasons)),
        source=rules.source,
    )


def _reason(node: Node, constants: dict[str, Constant], rules: ProviderRules) -> str:
    """Why a provider cannot take a node; '' if it can."""
    if node.operator not in rules.operators:
        return "operator not supported"
    for constant in (constants[name] for name in node.inputs if name in constants):
        if (largest := max(constant.shape, default=0)) > rules.largest_dimension:
            return f"a dimension of {largest:,}; at most {rules.largest_dimension:,}"
        if constant.type not in rules.constant_types:
            return f"{constant.type} weights not supported"
    return ""


def _refusals(nodes: tuple[Node, ...], reasons: list[str]) -> Iterator[Refusal]:
    """One refusal for each operator and reason, in the order of the graph."""
    groups: dict[tuple[str, str], list[Node]] = {}
    for node, reason in zip(nodes, reasons, strict=True):
        if reason:
            groups.setdefault((node.operator, reason), []).append(node)
    for (operator, reason), members in groups.items():
        yield Refusal(operator, reason, len(members), members[0].name)
