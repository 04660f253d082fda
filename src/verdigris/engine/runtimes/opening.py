"""Opens a runtime by name and lets it run only if its vectors are those of the model."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from types import ModuleType

import numpy as np

from verdigris.engine.pooling import Array
from verdigris.engine.runtimes import (
    DEFAULT_PROVIDER,
    DEFAULT_RUNTIME,
    Runtime,
    RuntimeRequest,
)
from verdigris.engine.runtimes.onnxruntime import OnnxRuntime
from verdigris.engine.runtimes.providers import wanted_provider
from verdigris.engine.selfcheck import FLOATS, Golden, Limits, SelfCheck, compare
from verdigris.errors import (
    RuntimeBroken,
    RuntimeFallbackWarning,
    RuntimeUnavailable,
    SelfCheckFailed,
    UnsupportedGraph,
)

RUNTIMES = ("onnxruntime", "openvino", "mlx")
"""Names of the runtimes; all but the first come with the extra of the same name."""

PROBES = (
    "How do I undo the last commit?",
    "def append(self, event: Event) -> None: ...",
    "The soup needs more salt, and the bread should be ready at seven; call the neighbours.",
)
"""Texts for models without golden vectors: the reference is then ONNX Runtime on the CPU."""

_DEFAULT_TEXTS, _DEFAULT_SHARE = 4, 0.6
"""The default pays for its check at every start: few texts, and none of the longest."""
_OTHER_TEXTS = 12

VectorsOf = Callable[[Runtime, Sequence[str]], Array]
"""Embeds passages with a runtime; returns unit vectors (texts, dims) in the model's full length."""


@dataclass(frozen=True, slots=True)
class CheckedModel:
    """What the check must know of the model."""

    name: str
    limits: Limits
    golden: Golden | None
    vectors_of: VectorsOf


@dataclass(frozen=True, slots=True)
class OpenedRuntime:
    """A runtime that passed its check, and what was asked for."""

    runtime: Runtime
    asked: RuntimeRequest
    check: SelfCheck | None
    """None where nothing is known to compare with."""
    fallback: str = ""
    """Why another runtime than the one that was asked for is in use; '' if it is in use."""


def open_checked(request: RuntimeRequest, model: CheckedModel) -> OpenedRuntime:
    """Open a runtime and compare its vectors with golden ones before anybody uses them.

    ONNX Runtime on the CPU embeds a handful of texts, which takes a few milliseconds; every other
    choice embeds more, of all lengths, or, for a model without golden vectors, a few texts that
    ONNX Runtime on the CPU embeds too; `run_selfcheck` embeds them all. What does not start,
    cannot take the graph or gives wrong vectors is replaced by ONNX Runtime on the CPU with a
    RuntimeFallbackWarning; if `request.strict`, its error is raised.
    Raises RuntimeUnavailable for what is not installed, SelfCheckFailed if the CPU fails too.
    """
    try:
        runtime = open_runtime(request)
        check = _checked(runtime, request, model)
        return OpenedRuntime(runtime, request, check)
    except (RuntimeBroken, UnsupportedGraph, SelfCheckFailed) as error:
        if request.strict or _is_default(request):
            raise
        return _fallen_back(request, model, str(error))


def open_runtime(request: RuntimeRequest) -> Runtime:
    """The runtime that was asked for, unchecked. Raises RuntimeUnavailable if it is not here."""
    if request.runtime == DEFAULT_RUNTIME:
        if request.provider != DEFAULT_PROVIDER:
            _try_apart(request)
        return OnnxRuntime(request.weights_file, request.provider)
    if request.runtime not in RUNTIMES:
        known = ", ".join(RUNTIMES)
        raise RuntimeUnavailable(f"no runtime named {request.runtime!r}; known runtimes: {known}")
    door = _door(request.runtime)
    runtime: Runtime = door.open_runtime(request)
    return runtime


def _try_apart(request: RuntimeRequest) -> None:
    """Only a provider that survives a trial in another process is loaded into this one."""
    from verdigris.engine.runtimes.trial import try_apart

    wanted_provider(request.provider)
    try_apart(request.weights_file, request.provider)


def _door(name: str) -> ModuleType:
    """The module of an extra. Raises RuntimeUnavailable that names the extra."""
    try:
        return import_module(f"verdigris.engine.runtimes.{name}")
    except ImportError as error:
        raise RuntimeUnavailable(
            f"runtime {name!r} is not installed ({error}); run: pip install 'verdigris[{name}]'"
        ) from error


def _is_default(request: RuntimeRequest) -> bool:
    return (request.runtime, request.provider) == (DEFAULT_RUNTIME, DEFAULT_PROVIDER)


def _fallen_back(request: RuntimeRequest, model: CheckedModel, why: str) -> OpenedRuntime:
    default = replace(request, runtime=DEFAULT_RUNTIME, provider=DEFAULT_PROVIDER)
    runtime = open_runtime(default)
    check = _checked(runtime, default, model)
    warnings.warn(
        f"{why}; ONNX Runtime on the CPU is used instead", RuntimeFallbackWarning, stacklevel=5
    )
    return OpenedRuntime(runtime, request, check, why)


def _checked(runtime: Runtime, request: RuntimeRequest, model: CheckedModel) -> SelfCheck | None:
    """Compare, and raise SelfCheckFailed if the vectors are not those of the model."""
    what = f"runtime {request.runtime!r} with provider {request.provider!r}"
    reference = _reference(request, model)
    vectors = model.vectors_of(runtime, reference.texts if reference else PROBES[:1])
    if reference is None:
        if not vectors.any() or not np.isfinite(vectors).all():
            raise SelfCheckFailed(f"{what} gives vectors of zeros or NaN for {model.name!r}")
        return None
    limits = model.limits if model.golden else _relative(model.limits)
    check = compare(model.name, reference, vectors, limits)
    if not check.passed:
        raise SelfCheckFailed(f"{what} gives wrong vectors for {model.name!r}: {check.verdict}")
    return check


def _reference(request: RuntimeRequest, model: CheckedModel) -> Golden | None:
    """What to compare with: golden vectors, or those of ONNX Runtime on the CPU if it is not it."""
    if model.golden is not None:
        if _is_default(request):
            return model.golden.spread(_DEFAULT_TEXTS, _DEFAULT_SHARE)
        return model.golden.spread(_OTHER_TEXTS)
    if _is_default(request):
        return None
    default = OnnxRuntime(request.weights_file)
    return Golden(PROBES, model.vectors_of(default, PROBES))


def _relative(limits: Limits) -> Limits:
    """Against another runtime of the same file instead of the original."""
    return limits if limits == FLOATS else Limits(0.99, 0.97)
