"""The models that a process has loaded for a repository, each once, in the background."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from verdigris.settings import Settings

if TYPE_CHECKING:
    from verdigris.engine import Embedder


class LoadedModels:
    """Embedders by model name, with the runtime and threads of the settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="verdigris-load")
        self._models: dict[str, Future[Embedder]] = {}

    def begin(self, model: str) -> None:
        """Load a model beside what the caller does next; what goes wrong is told by `get`."""
        if model not in self._models:
            self._models[model] = self._thread.submit(self._load, model)

    def _load(self, model: str) -> Embedder:
        from verdigris.engine import Embedder

        settings = self._settings
        return Embedder(model, settings.threads or None, runtime=settings.runtime)

    def get(self, model: str) -> Embedder:
        """The embedder of a model, loaded if it is not. Raises EngineError."""
        self.begin(model)
        return self._models[model].result()

    def close(self) -> None:
        """Unload all models; may be called twice."""
        self._thread.shutdown(wait=True)
        for loading in self._models.values():
            if loading.exception() is None:
                loading.result().close()
        self._models.clear()
