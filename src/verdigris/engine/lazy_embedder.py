"""An embedder that is loaded when it is first wanted, and let go when nobody has wanted it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from verdigris.engine.embedder import Embedder
from verdigris.engine.memory import return_freed_memory
from verdigris.errors import EngineError, InvalidInput

IDLE_SECONDS = 300.0


class LazyEmbedder:
    """Lends one embedder to many threads; unloads it `idle_seconds` after the last one is done.

    For processes that live long and embed now and then: an editor's plug-in, a server. A process
    that is forked loads a model of its own.

        lazy = LazyEmbedder(lambda: Embedder("all-minilm-l6-v2"))
        with lazy.borrowed() as embedder:
            vector = embedder.embed_query("why?")
    """

    def __init__(self, load: Callable[[], Embedder], idle_seconds: float = IDLE_SECONDS) -> None:
        """load: makes the embedder, now and after each unloading; what it raises comes through."""
        if not idle_seconds >= 0:
            raise InvalidInput(f"idle_seconds is {idle_seconds}; it must be 0 or more")
        self._load, self._idle_seconds = load, idle_seconds
        self._lock = threading.Lock()
        self._embedder: Embedder | None = None
        self._borrowers = 0
        self._timer: threading.Timer | None = None
        self._closed = False

    @property
    def loaded(self) -> bool:
        """Whether a model is in memory now."""
        return self._embedder is not None

    @contextmanager
    def borrowed(self) -> Iterator[Embedder]:
        """The embedder, loaded if it is not; it stays loaded until the block ends.

        Do not keep it, or an iterator of its `embed`, beyond the block: what is still held stays
        in memory. Raises EngineError after `close`, and whatever loading raises.
        """
        embedder = self._take()
        try:
            yield embedder
        finally:
            del embedder  # or it would still be held while its memory is given back
            self._give_back()

    def close(self) -> None:
        """Unload now, or when the last borrower is done, and lend no more. May be called twice."""
        with self._lock:
            self._closed = True
            self._stop_timer()
            if not self._borrowers:
                self._unload()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _take(self) -> Embedder:
        with self._lock:  # held while loading, so that two threads do not load two models
            if self._closed:
                raise EngineError("this embedder is closed; make another one")
            self._stop_timer()
            if self._embedder and not self._embedder.is_of_this_process:  # forked since
                self._embedder, self._borrowers = None, 0
            if self._embedder is None:
                self._embedder = self._load()
            self._borrowers += 1
            return self._embedder

    def _give_back(self) -> None:
        with self._lock:
            self._borrowers -= 1
            if self._borrowers:
                return
            if self._closed or not self._idle_seconds:
                self._unload()
                return
            self._timer = threading.Timer(self._idle_seconds, self._unload_if_idle)
            self._timer.daemon = True  # a process must not live on for it
            self._timer.start()

    def _unload_if_idle(self) -> None:
        with self._lock:
            if not self._borrowers and self._timer is threading.current_thread():
                self._timer = None
                self._unload()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _unload(self) -> None:
        if self._embedder is not None:
            self._embedder.close()
            self._embedder = None
            return_freed_memory()
