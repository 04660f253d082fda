"""What runs a model: one small protocol, one module for each library that fulfils it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from verdigris.engine.pooling import Array
    from verdigris.engine.tokenizing import Encoding

DEFAULT_RUNTIME = "onnxruntime"
DEFAULT_PROVIDER = "cpu"


@dataclass(frozen=True, slots=True)
class RuntimeChoice:
    """What is to run a model, and whether something else may do it instead."""

    name: str = DEFAULT_RUNTIME
    """`onnxruntime`, `openvino` or `mlx`."""
    provider: str = DEFAULT_PROVIDER
    """`cpu`; for ONNX Runtime also `coreml`, `cuda` …, for MLX also `gpu`."""
    strict: bool = False
    """An error where ONNX Runtime on the CPU would be fallen back to."""


def runtime_choice(runtime: str | RuntimeChoice) -> RuntimeChoice:
    """Read `NAME` or `NAME:PROVIDER`; whether there are such ones is found out on opening."""
    if isinstance(runtime, RuntimeChoice):
        return runtime
    name, _, provider = runtime.partition(":")
    return RuntimeChoice(name, provider or DEFAULT_PROVIDER)


@dataclass(frozen=True, slots=True)
class RuntimeRequest:
    """Which model is to be run by what; `strict` makes every fallback an error."""

    weights_file: Path
    """The ONNX file, already verified."""
    runtime: str = DEFAULT_RUNTIME
    provider: str = DEFAULT_PROVIDER
    strict: bool = False
    threads: int = 1
    """How many texts or groups are run at once."""


@dataclass(frozen=True, slots=True)
class RuntimeInfo:
    """What a loaded runtime says of itself."""

    runtime: str
    version: str
    provider: str
    """The provider that is in use, by the name that a user asks for it."""
    precision: str = ""
    """How matrix products are computed; '' where the graph's own precision is kept."""


@dataclass(frozen=True, slots=True)
class NodeRun:
    """One node of the graph that really ran, in the order of execution."""

    operator: str
    provider: str
    kernel: str = ""
    """What computed it, where the library says so; it ends with the precision."""


class Runtime(Protocol):
    """A loaded model that may be called from many threads at once."""

    @property
    def info(self) -> RuntimeInfo:
        """Library, version, provider and precision in use."""

    def token_vectors(self, encoding: Encoding) -> Array:
        """Run one text; returns (1, tokens, dims) float32."""

    def token_vectors_of(self, encodings: Sequence[Encoding]) -> Iterator[Array]:
        """Run a group of texts; yields (1, tokens, dims) float32 for each, in order.

        A runtime may put several texts into one run where that does not change their vectors
        by more than rounding; ONNX Runtime runs them one by one.
        """

    def profile(self, encoding: Encoding) -> tuple[NodeRun, ...]:
        """Run one text and tell which nodes ran where; () where the library does not say."""
