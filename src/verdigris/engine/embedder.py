"""Embeds texts: in order, lazily, in bounded memory, the same vector whatever the neighbours."""

from __future__ import annotations

import os
import warnings
from array import array
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import compress
from types import TracebackType
from typing import Literal, Self, get_args

import numpy as np
import numpy.typing as npt

from verdigris.engine.catalog import DEFAULT_MODEL, InputType, ModelRow, model_row
from verdigris.engine.cpus import usable_cpus
from verdigris.engine.inference import open_inference
from verdigris.engine.memory import MB, MemoryBound, MemoryNeed, loaded_bytes
from verdigris.engine.model_info import HealthReport, ModelInfo, check_health, describe
from verdigris.engine.model_store import StoredModel, find_model
from verdigris.engine.pooling import Array, cut_dims
from verdigris.engine.runtimes import (
    DEFAULT_RUNTIME,
    NodeRun,
    RuntimeChoice,
    RuntimeRequest,
    runtime_choice,
)
from verdigris.engine.tokenizing import Encoding
from verdigris.engine.window import Embedded, Window
from verdigris.errors import (
    EngineError,
    InputTooLong,
    InvalidInput,
    LongInputWarning,
    MemoryExceeded,
)

LongInput = Literal["error", "warn", "truncate", "chunk"]

_INPUT_TYPES: tuple[InputType, ...] = get_args(InputType)
_CLOSED = "this embedder is closed; make another one"
_FORKED = "this embedder was made before the process forked; make another one in the new process"
GROUPS_AHEAD = 3
"""Groups of texts in flight for each thread, so that none waits while results are taken."""


@dataclass(frozen=True, slots=True)
class EmbeddingResult:
    """Vectors (texts, dims) float32 of length 1, with token counts and truncation of each text."""

    vectors: Array
    token_counts: npt.NDArray[np.int64]
    truncated: npt.NDArray[np.bool_]


class Embedder:
    """A loaded model: text in, unit vectors out; may be shared between threads.

    model: a name, `name@precision`, or the path of a folder. threads: how many texts are worked on
    at once; None means every processor that this process may use. runtime: what runs the model,
    `onnxruntime`, `openvino`, `mlx` or `onnxruntime:cuda`; a RuntimeChoice can also forbid to fall
    back. long_input: what happens to a text with more tokens than the model sees: `error`, `warn`
    (and truncate), `truncate`, or `chunk`: its pieces are embedded, and their vectors averaged by
    their tokens. dims: length of the vectors, where the model was trained to be cut; None means
    its own. memory_mb: how much model and runs may take, as estimated, which may mean fewer
    threads; None means no bound.

    One session without threads of its own serves all threads of this object. Threads are
    started by the first `embed`, and end with `close` or with the process. A process that was
    forked has none of them, and must make an embedder of its own.
    """

    def __init__(
        self,
        model: str = DEFAULT_MODEL,
        threads: int | None = None,
        *,
        runtime: str | RuntimeChoice = DEFAULT_RUNTIME,
        long_input: LongInput = "truncate",
        dims: int | None = None,
        memory_mb: int | None = None,
    ) -> None:
        """Load the model and verify its files.

        Raises ModelNotFound, CorruptModel, InvalidModel, InvalidInput, RuntimeUnavailable for what
        is not installed, SelfCheckFailed for wrong vectors, and MemoryExceeded for a model that is
        too large.
        """
        _check_options(threads, memory_mb, long_input, runtime)
        self._stored = find_model(model_row(model))
        self.model: ModelRow = _cut(self._stored.row, dims)
        self.long_input: LongInput = long_input
        choice = runtime_choice(runtime)
        memory = _memory_bound(self._stored, choice, memory_mb)
        self.threads: int = memory.threads(threads or usable_cpus(), self.max_tokens)
        request = RuntimeRequest(
            self._stored.weights(), choice.name, choice.provider, choice.strict, self.threads
        )
        self._inference, self.opened = open_inference(self._stored, request, memory)
        self.fingerprint: str = replace(self._stored, row=self.model).fingerprint()
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="verdigris-embed")
        self._closed = False
        self._process = os.getpid()

    @property
    def dims(self) -> int:
        """Length of a vector."""
        return self.model.dims

    @property
    def max_tokens(self) -> int:
        """Tokens of a text that the model sees, special tokens included."""
        return self.model.max_tokens

    @property
    def is_of_this_process(self) -> bool:
        """False in a process that was forked from the one that made it, where it is of no use."""
        return self._process == os.getpid()

    def embed(self, texts: Iterable[str], input_type: InputType = "passage") -> Iterator[Array]:
        """Yield a unit vector (dims,) float32 for each text, in order, while reading `texts`.

        Reads some dozens of texts ahead and never more. Equal texts that are near each other
        are inferred once. Empty and blank texts have a vector too, that of the special tokens.
        Closing the iterator cancels what has not begun. Raises InvalidInput for what is not a
        text, InputTooLong where long input is an error, MemoryExceeded for a text too long for
        the bound, and whatever `texts` raises, all after the vectors of all texts before it.
        """
        for embedded in self._embed(texts, input_type):
            yield embedded.vector.copy()

    def embed_batch(
        self, texts: Iterable[str], input_type: InputType = "passage"
    ) -> EmbeddingResult:
        """Embed all texts at once, and tell how many tokens each had and which were truncated.

        Under `chunk` no text counts as truncated, and its tokens are those of all its pieces.
        """
        rows, token_counts, truncated = bytearray(), array("q"), bytearray()
        for embedded in self._embed(texts, input_type):  # a million texts are held once, not twice
            rows += embedded.vector.tobytes()
            token_counts.append(embedded.token_count)
            truncated.append(embedded.truncated)
        return EmbeddingResult(
            vectors=np.frombuffer(rows, np.float32).reshape(-1, self.dims),
            token_counts=np.frombuffer(token_counts, np.int64),
            truncated=np.frombuffer(truncated, np.bool_),
        )

    def embed_query(self, text: str) -> Array:
        """The unit vector (dims,) of a question, with the prefix that the model wants."""
        return self._embed_alone(text, "query")

    def embed_passage(self, text: str) -> Array:
        """The unit vector (dims,) of a passage, with the prefix that the model wants."""
        return self._embed_alone(text, "passage")

    def count_tokens(self, text: str) -> int:
        """Tokens of the whole text, special tokens included; more than max_tokens are cut."""
        return self._inference.tokenizer.count(_checked(text, 0))

    def full_vectors(self, texts: Sequence[str]) -> Array:
        """Passages' unit vectors (texts, full dims) as the runtime gives them.

        Neither cut to fewer dims nor subject to the policy for long input: their ends are left out.
        """
        self._check_open()
        return self._inference.passages(texts)

    def model_info(self) -> ModelInfo:
        """Facts of the loaded model: dims, limits, prefixes, licence, origin, size, fingerprint."""
        return describe(self, self._stored)

    def profile(self, text: str) -> tuple[NodeRun, ...]:
        """Embed a passage and tell which nodes of the graph ran where, in their order."""
        self._check_open()
        return self.opened.runtime.profile(self._inference.encode(_checked(text, 0), "passage"))

    def health_check(self) -> HealthReport:
        """Verify the model's files, embed a few texts, and report what is wrong with the vectors.

        Raises CorruptModel for a damaged file; a runtime that computes wrongly is in the report.
        """
        self._stored.verify()
        return check_health(self)

    def close(self) -> None:
        """End the threads; texts that are waiting are dropped. May be called twice."""
        self._closed = True
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _embed(self, texts: Iterable[str], input_type: InputType) -> Iterator[Embedded]:
        """Results in order; what was wrong with a text is told here, in its turn."""
        with closing(self._in_order(texts, input_type)) as results:
            for position, embedded in enumerate(results):
                self._tell(embedded, position)
                yield embedded

    def _in_order(
        self, texts: Iterable[str], input_type: InputType
    ) -> Generator[Embedded, None, None]:
        """Results in order; whatever ends this, what has not begun is dropped."""
        self._check_use(input_type)
        if isinstance(texts, str | bytes):
            raise InvalidInput("embed takes an iterable of texts, not one text; put it in a list")
        if not isinstance(texts, Iterable):
            raise InvalidInput(f"embed takes an iterable of texts, not {type(texts).__name__}")
        window = Window(partial(self._submit, input_type), self.threads * GROUPS_AHEAD)
        try:
            try:
                for position, text in enumerate(texts):
                    yield from window.add(_checked(text, position))
            except Exception:
                yield from window.drain()
                raise
            yield from window.drain()
        finally:
            window.cancel()

    def _check_open(self) -> None:
        """Raise for an embedder that is closed, or of another process."""
        if self._closed:
            raise EngineError(_CLOSED)
        if not self.is_of_this_process:
            raise EngineError(_FORKED)

    def _check_use(self, input_type: InputType) -> None:
        """Raise where nothing can be embedded, or not as this type."""
        self._check_open()
        if input_type not in _INPUT_TYPES:
            known = ", ".join(_INPUT_TYPES)
            raise InvalidInput(f"input_type is {input_type!r}; it must be one of {known}")

    def _submit(self, input_type: InputType, texts: list[str]) -> Future[list[Embedded]]:
        """Start a group of texts. The caller's thread gives the room for their vectors.

        Vectors outlive runs. Where each thread allocates for itself, as with glibc, they would lie
        between what runs give back, and every thread's memory would grow (docs/experiments.md).
        """
        vectors = np.empty((len(texts), self.dims), dtype=np.float32)
        try:
            return self._pool.submit(self._embed_group, input_type, texts, vectors)
        except RuntimeError as error:
            raise EngineError(_CLOSED) from error

    def _embed_group(
        self, input_type: InputType, texts: list[str], vectors: Array
    ) -> list[Embedded]:
        """Results whose vectors are rows of `vectors` (texts, dims)."""
        encodings = [self._inference.encode(text, input_type) for text in texts]
        plain = [self._is_plain(encoding) for encoding in encodings]
        vectors[plain] = self._finish(self._inference.vectors([*compress(encodings, plain)]))
        return [
            Embedded(vector, encoding.token_count, encoding.truncated)
            if is_plain
            else self._embed_apart(text, input_type, encoding)
            for text, encoding, is_plain, vector in zip(
                texts, encodings, plain, vectors, strict=True
            )
        ]

    def _is_plain(self, encoding: Encoding) -> bool:
        """Neither to be cut into pieces nor too long for the memory."""
        return not self._is_cut_up(encoding) and self._inference.memory.fits(encoding.token_count)

    def _is_cut_up(self, encoding: Encoding) -> bool:
        return encoding.truncated and self.long_input == "chunk"

    def _embed_apart(self, text: str, input_type: InputType, encoding: Encoding) -> Embedded:
        try:
            if self._is_cut_up(encoding):
                vector, token_count = self._inference.mean_of_pieces(text, input_type)
                return Embedded(self._finish(vector[None])[0], token_count, False)
            vector = self._finish(self._inference.vectors([encoding]))[0]
            return Embedded(vector, encoding.token_count, encoding.truncated)
        except MemoryExceeded as error:
            return Embedded(np.empty(0, np.float32), encoding.token_count, False, error)

    def _embed_alone(self, text: str, input_type: InputType) -> Array:
        """The vector of one text, computed by the caller's thread."""
        self._check_use(input_type)
        encoding = self._inference.encode(_checked(text, 0), input_type)
        embedded = self._embed_apart(text, input_type, encoding)
        self._tell(embedded, 0)
        return embedded.vector

    def _finish(self, vectors: Array) -> Array:
        """(texts, dims) in the length that was asked for."""
        if self.dims == vectors.shape[1]:
            return vectors
        return cut_dims(vectors, self.dims, self.model.matryoshka_layer_norm)

    def _tell(self, embedded: Embedded, position: int) -> None:
        """Raise or warn of what was wrong with one text."""
        if embedded.error:
            raise embedded.error
        if not embedded.truncated or self.long_input not in ("error", "warn"):
            return
        said = f"input {position} has more than the {self.max_tokens} tokens that the model sees"
        if self.long_input == "error":
            raise InputTooLong(f"{said}; shorten it, or use long_input='chunk'")
        warnings.warn(f"{said}; its end was left out", LongInputWarning, stacklevel=4)


def _cut(row: ModelRow, dims: int | None) -> ModelRow:
    """The row with shorter vectors. Raises InvalidInput where the model was not trained for it."""
    if dims is None or dims == row.dims:
        return row
    if dims not in row.matryoshka_dims:
        allowed = ", ".join(str(one) for one in (row.dims, *row.matryoshka_dims))
        raise InvalidInput(f"model {row.name!r} cannot give {dims} dims; it can give {allowed}")
    return replace(row, dims=dims)


def _memory_bound(
    stored: StoredModel, runtime: RuntimeChoice, memory_mb: int | None
) -> MemoryBound:
    """What the model and its runs may take. Raises MemoryExceeded for a model that is too large."""
    loaded = loaded_bytes(stored.row, stored.bytes, runtime.name)
    need = MemoryNeed(stored.row.name, loaded, stored.row.dims)
    return MemoryBound((memory_mb or 0) * MB, need)


def _check_options(threads: object, memory_mb: object, long_input: object, runtime: object) -> None:
    """Raise InvalidInput for what no embedder can have."""
    for name, value in (("threads", threads), ("memory_mb", memory_mb)):
        if value is not None and (type(value) is not int or value < 1):
            raise InvalidInput(f"{name} is {value!r}; it must be a whole number from 1, or None")
    if long_input not in get_args(LongInput):
        known = ", ".join(get_args(LongInput))
        raise InvalidInput(f"long_input is {long_input!r}; it must be one of {known}")
    if not isinstance(runtime, str | RuntimeChoice):
        raise InvalidInput(f"runtime is {runtime!r}; give its name, or a RuntimeChoice")


def _checked(text: object, position: int) -> str:
    """The text itself; anything else raises InvalidInput."""
    if isinstance(text, str):
        return text
    raise InvalidInput(f"input {position} is {type(text).__name__}, not a text (str)")
