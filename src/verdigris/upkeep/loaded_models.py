"""The models that a process has loaded for a repository, each once, in the background."""

from __future__ import annotations

import warnings
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import import_module
from typing import TYPE_CHECKING

from verdigris.errors import RuntimeFallbackWarning, VerdigrisError
from verdigris.settings import Settings

if TYPE_CHECKING:
    from verdigris.engine import Embedder


class LoadedModels:
    """Embedders by model name, with the runtime and threads of the settings.

    warnings: is told where another runtime had to take the place of the configured one.
    """

    def __init__(self, settings: Settings, warnings: list[str]) -> None:
        self._settings = settings
        self._warnings = warnings
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="verdigris-load")
        self._models: dict[str, Future[Embedder]] = {}

    def begin(self, model: str) -> None:
        """Load a model beside what the caller does next; what goes wrong is told by `get`."""
        if model not in self._models:
            # By the caller: no library is first imported by two threads at once.
            import_module("verdigris.engine.embedder")
            self._models[model] = self._thread.submit(self._load, model)

    def _load(self, model: str) -> Embedder:
        from verdigris.engine.engine_choice import configured_choice

        choice = configured_choice(model, self._settings.runtime)
        # Told below, not by Python. For good: catch_warnings would undo what other threads set.
        warnings.simplefilter("ignore", RuntimeFallbackWarning)
        embedder = choice.open(
            self._settings.threads or None,
            strict=False,
            memory_mb=self._settings.memory_mb or None,
        )
        if why := embedder.opened.fallback:
            self._warnings.append(f"{why}; ONNX Runtime on the CPU is used instead")
        return embedder

    def get(self, model: str) -> Embedder:
        """The embedder of a model, loaded if it is not. Raises EngineError.

        Under a bound of memory the others are unloaded first.
        """
        if self._settings.memory_mb:
            for other in self._models.keys() - {model}:
                self._unload(other)
        self.begin(model)
        try:
            return self._models[model].result()
        except VerdigrisError:  # it may be here the next time: a process may live long
            del self._models[model]
            raise

    def close(self) -> None:
        """Unload all models; may be called twice."""
        self._thread.shutdown(wait=True)
        for model in list(self._models):
            self._unload(model)

    def _unload(self, model: str) -> None:
        loading = self._models.pop(model)
        if loading.exception() is None:
            loading.result().close()
