"""Keeps a model and its runs within a bound: refuses what cannot fit, lets the rest take turns.

The sizes are estimates for transformers. They were compared with the resident memory of processes
that ran this package's model and its fp32 original (docs/experiments.md), and lie above it. What
Python and its libraries need (60 to 80 MB) is not part of them.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from threading import Condition

from verdigris.engine.model_rows import ModelRow
from verdigris.engine.runtimes import DEFAULT_RUNTIME
from verdigris.engine.runtimes.packing import TOKENS_A_RUN
from verdigris.errors import MemoryExceeded

MB = 1024**2
_TOKENIZER = 12 * MB
_LOADED_ONNXRUNTIME = 2.0
"""Times the file, while loading: weights as they were read, and as the kernels want them."""
_LOADED_OTHERS = 3.2
"""Others rebuild the graph from weights as floats, and hold both for a while."""
_BYTES_AS_FLOATS = {"int8": 4, "uint8": 4, "fp16": 2, "bf16": 2}
_VALUES_A_TOKEN = 40
"""Live values of a run for each token, in multiples of the vector's length."""
_ATTENTION_COPIES = 3
_MANY_TOKENS = 512
_LEAST_HEAD = 32
"""Dims of an attention head; most models have 64, which halves the attention matrices."""


def loaded_bytes(row: ModelRow, weights_bytes: int, runtime: str) -> int:
    """The most that loading a model takes."""
    if runtime == DEFAULT_RUNTIME:
        return int(weights_bytes * _LOADED_ONNXRUNTIME) + _TOKENIZER
    growth = _BYTES_AS_FLOATS.get(row.precision.partition("-")[0], 1)
    return int(weights_bytes * growth * _LOADED_OTHERS) + _TOKENIZER


def run_bytes(dims: int, tokens: int) -> int:
    """What a run over that many tokens needs: some vectors a token, and attention's squares."""
    attention = _ATTENTION_COPIES * max(1, dims // _LEAST_HEAD) * tokens
    return 4 * tokens * (_VALUES_A_TOKEN * dims + attention)


@dataclass(frozen=True, slots=True)
class MemoryNeed:
    """What a model asks for: to be loaded, and for runs of its vectors' length."""

    model: str
    loaded: int
    dims: int


class MemoryBound:
    """Bounds the threads, and lets a long run begin only where it fits beside those under way.

    limit: bytes for the loaded model and all runs; 0 = no bound. Raises MemoryExceeded, at once
    for a model that leaves no room for a run of short texts, and in `run` for one too long.
    """

    def __init__(self, limit: int, need: MemoryNeed) -> None:
        self._need = need
        self._limit = limit
        self._room = limit - need.loaded
        self._used = 0
        self._freed = 0
        self._changed = Condition()
        if limit and not self.fits(TOKENS_A_RUN):
            least = need.loaded + run_bytes(need.dims, TOKENS_A_RUN)
            raise MemoryExceeded(
                f"model {need.model!r} needs about {_mb(least)} MB, more than the "
                f"{_mb(limit)} MB that memory_mb allows; allow more, or use a smaller model"
            )

    def threads(self, asked: int, max_tokens: int) -> int:
        """How many threads may run texts side by side, at least one.

        As many as have room for texts of _MANY_TOKENS, or of the model's limit: an allocator keeps
        what such a run gave back for the thread's next one, whether another thread waits or not.
        """
        if not self._limit:
            return asked
        run = run_bytes(self._need.dims, min(max_tokens, _MANY_TOKENS))
        return max(1, min(asked, self._room // run))

    def fits(self, tokens: int) -> bool:
        """Whether a run over that many tokens has room when no other is under way."""
        return not self._limit or run_bytes(self._need.dims, tokens) <= self._room

    def run(self, tokens: int) -> AbstractContextManager[None]:
        """Wait until a run over that many tokens has room, and hold it for the block."""
        return self._held(tokens) if self._limit else nullcontext()

    @contextmanager
    def _held(self, tokens: int) -> Iterator[None]:
        size = run_bytes(self._need.dims, tokens)
        if not self.fits(tokens):
            raise MemoryExceeded(
                f"a text of {tokens:,} tokens needs about {_mb(self._need.loaded + size)} MB with "
                f"model {self._need.model!r}, more than the {_mb(self._limit)} MB that memory_mb "
                "allows; allow more, or cut the text"
            )
        with self._changed:
            self._changed.wait_for(lambda: self._used + size <= self._room)
            self._used += size
        try:
            yield
        finally:
            self._give_back(size)

    def _give_back(self, size: int) -> None:
        """Let others have the room. An allocator keeps what was freed, in pieces that the next run
        may be unable to use: once runs filled the room, the system gets it back."""
        with self._changed:
            self._used -= size
            self._freed += size
            if self._freed >= self._room:
                self._freed = 0
                return_freed_memory()
            self._changed.notify_all()


def return_freed_memory() -> None:
    """Give what was freed back to the system; glibc keeps much of it otherwise."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim is not None:
            trim(0)


def _mb(size: int) -> str:
    return f"{-(-size // MB):,}"
