"""Names one way to run a model: MODEL, MODEL@PRECISION, a folder, and perhaps +RUNTIME."""

from __future__ import annotations

from dataclasses import dataclass

from verdigris.engine.catalog import model_row
from verdigris.engine.embedder import Embedder
from verdigris.engine.model_store import find_model
from verdigris.engine.runtimes import DEFAULT_PROVIDER, DEFAULT_RUNTIME, RuntimeChoice
from verdigris.engine.runtimes.opening import RUNTIMES
from verdigris.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """A model with its precision, the runtime that runs it, and the provider within that."""

    model: str
    runtime: str = DEFAULT_RUNTIME
    provider: str = DEFAULT_PROVIDER

    def __str__(self) -> str:
        """As parse_choice reads it."""
        provider = "" if self.provider == DEFAULT_PROVIDER else f":{self.provider}"
        if self.runtime == DEFAULT_RUNTIME and not provider:
            return self.model
        return f"{self.model}+{self.runtime}{provider}"

    @property
    def runtime_setting(self) -> str:
        """Runtime and provider as a configuration names them: `openvino`, `onnxruntime:cuda`."""
        return self.runtime + ("" if self.provider == DEFAULT_PROVIDER else f":{self.provider}")

    def open(
        self, threads: int | None = None, strict: bool = True, memory_mb: int | None = None
    ) -> Embedder:
        """Load it.

        strict: no other runtime may take its place, since that would falsify what is measured.
        Raises EngineError where it is not here, cannot run, does not fit, or fails its self-check.
        """
        return Embedder(
            self.model,
            threads,
            runtime=RuntimeChoice(self.runtime, self.provider, strict),
            memory_mb=memory_mb,
        )

    def precision(self) -> str:
        """Precision class of the weights. Raises EngineError."""
        return model_row(self.model).precision

    def bytes_on_disk(self) -> int:
        """Size of the files that this precision needs. Raises EngineError."""
        return find_model(model_row(self.model)).bytes


def configured_choice(model: str, runtime: str) -> EngineChoice:
    """The way that a configuration names: a model, and `RUNTIME` or `RUNTIME:PROVIDER`.

    Raises InvalidInput for a runtime that there is not.
    """
    name, _, provider = runtime.partition(":")
    if name not in RUNTIMES:
        raise InvalidInput(f"no runtime named {runtime!r}; known runtimes: {', '.join(RUNTIMES)}")
    return EngineChoice(model, name, provider or DEFAULT_PROVIDER)


def parse_choice(text: str) -> EngineChoice:
    """Read `MODEL`, `MODEL+RUNTIME` or `MODEL+RUNTIME:PROVIDER`; only known runtimes count.

    A folder may have a plus in its name. Raises InvalidInput for an empty name.
    """
    model, plus, tail = text.rpartition("+")
    runtime, _, provider = tail.partition(":")
    if plus and runtime in RUNTIMES:
        choice = EngineChoice(model, runtime, provider or DEFAULT_PROVIDER)
    else:
        choice = EngineChoice(text)
    if not choice.model:
        raise InvalidInput(f"{text!r} names no model; write MODEL or MODEL+RUNTIME")
    return choice
