"""Embeds texts: in order, lazily, in bounded memory, the same vector whatever the neighbours."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from types import TracebackType
from typing import Literal, Self, get_args

import numpy as np
import numpy.typing as npt

from verdigris.engine.catalog import DEFAULT_MODEL, InputType, ModelRow, model_row
from verdigris.engine.cpus import usable_cpus
from verdigris.engine.memory import MB, MemoryBound, MemoryNeed, loaded_bytes
from verdigris.engine.model_info import HealthReport, ModelInfo, check_health, describe
from verdigris.engine.model_store import find_model
from verdigris.engine.pooling import Array, cut_dims, l2_normalize, pool
from verdigris.engine.runtimes import (
    DEFAULT_PROVIDER,
    DEFAULT_RUNTIME,
    NodeRun,
    Runtime,
    RuntimeRequest,
)
from verdigris.engine.runtimes.opening import CheckedModel, OpenedRuntime, open_checked
from verdigris.engine.runtimes.packing import TOKENS_A_RUN
from verdigris.engine.selfcheck import limits_of, read_golden
from verdigris.engine.tokenizing import Encoding, TextTokenizer
from verdigris.engine.window import Embedded, Window
from verdigris.errors import (
    EngineError,
    InputTooLong,
    InvalidInput,
    InvalidModel,
    LongInputWarning,
    MemoryExceeded,
    RuntimeBroken,
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

    One session without threads of its own serves all threads of this object. Threads are
    started by the first `embed`, and end with `close` or with the process. A process that was
    forked has none of them, and must make an embedder of its own.
    """

    def __init__(  # noqa: PLR0913 - options, all but two by name
        self,
        model: str = DEFAULT_MODEL,
        threads: int | None = None,
        *,
        runtime: str = DEFAULT_RUNTIME,
        provider: str = DEFAULT_PROVIDER,
        strict: bool = False,
        long_input: LongInput = "truncate",
        dims: int | None = None,
        memory_mb: int | None = None,
    ) -> None:
        """Load a model and verify its files.

        model: a name, `name@precision`, or the path of a folder. threads: how many texts are
        worked on at once; None means every processor that this process may use. runtime:
        `onnxruntime`, `openvino` or `mlx`. provider: `cpu`; for ONNX Runtime also `coreml`,
        `cuda` …, for MLX also `gpu`.
        strict: raise where another runtime would be fallen back to. long_input: what
        happens to a text with more tokens than the model sees: `error`, `warn` (and truncate),
        `truncate`, or `chunk`: its pieces are embedded, and their vectors averaged by their
        tokens. dims: length of the vectors, where the model was trained to be cut; None means
        its own. memory_mb: how much model and runs may take, as estimated, which may mean
        fewer threads; None means no bound. Raises ModelNotFound, CorruptModel, InvalidModel,
        InvalidInput, RuntimeUnavailable for what is not installed, SelfCheckFailed for wrong
        vectors, and MemoryExceeded for a model that is too large.
        """
        _check_number("threads", threads)
        _check_number("memory_mb", memory_mb)
        if long_input not in get_args(LongInput):
            known = ", ".join(get_args(LongInput))
            raise InvalidInput(f"long_input is {long_input!r}; it must be one of {known}")
        self._stored = find_model(model_row(model))
        self.model: ModelRow = _cut(self._stored.row, dims)
        self.long_input: LongInput = long_input
        need = MemoryNeed(
            self.model.name,
            loaded_bytes(self.model, self._stored.bytes, runtime),
            self._stored.row.dims,
        )
        self._memory = MemoryBound((memory_mb or 0) * MB, need)
        self._tokenizer = TextTokenizer(
            self._stored.verified(self.model.tokenizer_file), self.model.max_tokens
        )
        self.threads: int = self._memory.threads(threads or usable_cpus(), self.max_tokens)
        request = RuntimeRequest(self._stored.weights(), runtime, provider, strict, self.threads)
        self.opened: OpenedRuntime = self._open(request)
        self._runtime: Runtime = self.opened.runtime
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
        results = list(self._embed(texts, input_type))
        vectors = [result.vector for result in results]
        return EmbeddingResult(
            vectors=np.stack(vectors) if vectors else np.empty((0, self.dims), dtype=np.float32),
            token_counts=np.array([result.token_count for result in results], dtype=np.int64),
            truncated=np.array([result.truncated for result in results], dtype=np.bool_),
        )

    def embed_query(self, text: str) -> Array:
        """The unit vector (dims,) of a question, with the prefix that the model wants."""
        return self._embed_alone(text, "query")

    def embed_passage(self, text: str) -> Array:
        """The unit vector (dims,) of a passage, with the prefix that the model wants."""
        return self._embed_alone(text, "passage")

    def count_tokens(self, text: str) -> int:
        """Tokens of the whole text, special tokens included; more than max_tokens are cut."""
        return self._tokenizer.count(_checked(text, 0))

    def full_vectors(self, texts: Sequence[str]) -> Array:
        """Passages' unit vectors (texts, full dims) as the runtime gives them.

        Neither cut to fewer dims nor subject to the policy for long input: their ends are left out.
        """
        return self._vectors_with(self._runtime, texts)

    def model_info(self) -> ModelInfo:
        """Facts of the loaded model: dims, limits, prefixes, licence, origin, size, fingerprint."""
        return describe(self, self._stored)

    def profile(self, text: str) -> tuple[NodeRun, ...]:
        """Embed a passage and tell which nodes of the graph ran where, in their order."""
        encoding = self._tokenizer.encode(self.model.prefix("passage") + _checked(text, 0))
        return self._runtime.profile(encoding)

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

    def _check_use(self, input_type: InputType) -> None:
        """Raise for an embedder that is closed or of another process, and for an unknown type."""
        if self._closed:
            raise EngineError(_CLOSED)
        if self._process != os.getpid():
            raise EngineError(_FORKED)
        if input_type not in _INPUT_TYPES:
            known = ", ".join(_INPUT_TYPES)
            raise InvalidInput(f"input_type is {input_type!r}; it must be one of {known}")

    def _submit(self, input_type: InputType, texts: list[str]) -> Future[list[Embedded]]:
        try:
            return self._pool.submit(self._embed_group, input_type, texts)
        except RuntimeError as error:
            raise EngineError(_CLOSED) from error

    def _embed_group(self, input_type: InputType, texts: list[str]) -> list[Embedded]:
        prefix = self.model.prefix(input_type)
        encodings = [self._tokenizer.encode(prefix + text) for text in texts]
        together = self._unit_vectors(self._runtime, [e for e in encodings if self._is_plain(e)])
        return [
            Embedded(self._finish(next(together)), encoding.token_count, encoding.truncated)
            if self._is_plain(encoding)
            else self._embed_apart(text, prefix, encoding)
            for text, encoding in zip(texts, encodings, strict=True)
        ]

    def _is_plain(self, encoding: Encoding) -> bool:
        """Neither to be cut into pieces nor too long for the memory."""
        cut = encoding.truncated and self.long_input == "chunk"
        return not cut and self._memory.fits(encoding.token_count)

    def _embed_apart(self, text: str, prefix: str, encoding: Encoding) -> Embedded:
        try:
            if encoding.truncated and self.long_input == "chunk":
                return self._embed_pieces(text, prefix)
            vector = self._finish(self._unit_vector(encoding))
            return Embedded(vector, encoding.token_count, encoding.truncated)
        except MemoryExceeded as error:
            return Embedded(np.empty(0, np.float32), encoding.token_count, False, error)

    def _embed_alone(self, text: str, input_type: InputType) -> Array:
        """The vector of one text, computed by the caller's thread."""
        self._check_use(input_type)
        prefix = self.model.prefix(input_type)
        encoding = self._tokenizer.encode(prefix + _checked(text, 0))
        embedded = self._embed_apart(text, prefix, encoding)
        self._tell(embedded, 0)
        return embedded.vector

    def _embed_pieces(self, text: str, prefix: str) -> Embedded:
        """The mean of the vectors of all pieces, each weighing as much as it has tokens."""
        total = np.zeros(self._stored.row.dims, dtype=np.float32)
        overhead = self._tokenizer.count(prefix)
        token_count = 0
        for piece in self._tokenizer.pieces(text, prefix):
            encoding = self._tokenizer.encode(prefix + piece)
            if (own_tokens := encoding.token_count - overhead) > 0:
                total += self._unit_vector(encoding) * np.float32(own_tokens)
                token_count += encoding.token_count
        if not token_count:  # nothing but characters that have no tokens
            encoding = self._tokenizer.encode(prefix)
            total, token_count = self._unit_vector(encoding), encoding.token_count
        return Embedded(self._finish(l2_normalize(total[None])[0]), token_count, False)

    def _unit_vector(self, encoding: Encoding) -> Array:
        """The model's own vector (full dims,) of length 1."""
        with self._memory.run(encoding.token_count):
            token_vectors = self._run(self._runtime, lambda: self._runtime.token_vectors(encoding))
        return self._pooled(token_vectors, encoding)

    def _unit_vectors(self, runtime: Runtime, encodings: list[Encoding]) -> Iterator[Array]:
        """The model's own vectors (full dims,) of length 1, in order.

        A runtime may put several short texts into one run: hence the tokens that are reserved.
        """
        counts = [encoding.token_count for encoding in encodings]
        tokens = max(max(counts, default=0), min(sum(counts), TOKENS_A_RUN))
        runs = runtime.token_vectors_of(encodings)
        for encoding in encodings:
            with self._memory.run(tokens):
                token_vectors = self._run(runtime, runs.__next__)
            yield self._pooled(token_vectors, encoding)

    def _run(self, runtime: Runtime, run: Callable[[], Array]) -> Array:
        """Let the runtime run; whatever its library raises becomes RuntimeBroken."""
        try:
            return run()
        except (EngineError, MemoryError):
            raise
        except Exception as error:
            said = (str(error).strip() or type(error).__name__).splitlines()[0]
            info = runtime.info
            raise RuntimeBroken(
                f"runtime {info.runtime!r} with provider {info.provider!r} cannot run model "
                f"{self.model.name!r}: {said}"
            ) from error

    def _pooled(self, token_vectors: Array, encoding: Encoding) -> Array:
        """(1, tokens, full dims) of one text → its vector (full dims,) of length 1."""
        self._check_shape(token_vectors.shape, encoding)
        unit: Array = l2_normalize(pool(self.model.pooling, token_vectors))[0]
        return unit

    def _open(self, request: RuntimeRequest) -> OpenedRuntime:
        """Open the runtime; its vectors are compared with golden ones first."""
        golden = read_golden(self._stored.folder)
        limits = limits_of(self.model.precision)
        return open_checked(
            request, CheckedModel(self.model.name, limits, golden, self._vectors_with)
        )

    def _vectors_with(self, runtime: Runtime, texts: Sequence[str]) -> Array:
        """Passages as a runtime embeds them, before they are cut to fewer dims."""
        prefix = self.model.prefix("passage")
        encodings = [self._tokenizer.encode(prefix + text) for text in texts]
        return np.stack(list(self._unit_vectors(runtime, encodings)))

    def _finish(self, vector: Array) -> Array:
        """The vector in the length that was asked for."""
        if self.dims == len(vector):
            return vector
        cut: Array = cut_dims(vector[None], self.dims, self.model.matryoshka_layer_norm)[0]
        return cut

    def _check_shape(self, shape: tuple[int, ...], encoding: Encoding) -> None:
        """A graph that does not fit its row must not get further than the check at load."""
        wanted = (1, encoding.token_count, self._stored.row.dims)
        if shape != wanted:
            raise InvalidModel(
                f"model {self.model.name!r}: the vectors of {self.model.weights_file} have shape "
                f"{shape}, not {wanted} (batch, tokens, dims)"
            )

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


def _check_number(name: str, value: object) -> None:
    """Raise InvalidInput for what is neither None nor a whole number from 1."""
    if value is not None and (type(value) is not int or value < 1):
        raise InvalidInput(f"{name} is {value!r}; it must be a whole number from 1, or None")


def _checked(text: object, position: int) -> str:
    """The text itself; anything else raises InvalidInput."""
    if isinstance(text, str):
        return text
    raise InvalidInput(f"input {position} is {type(text).__name__}, not a text (str)")
