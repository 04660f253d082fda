"""Embeds texts: in order, lazily, in bounded memory, the same vector whatever the neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from verdigris.engine.catalog import DEFAULT_MODEL, InputType, ModelRow, model_row
from verdigris.engine.cpus import usable_cpus
from verdigris.engine.model_store import find_model
from verdigris.engine.pooling import Array, l2_normalize, mean_pool
from verdigris.engine.runtimes import Runtime
from verdigris.engine.runtimes.onnxruntime import OnnxRuntime
from verdigris.engine.tokenizing import TextTokenizer
from verdigris.engine.window import Embedded, Window
from verdigris.errors import EngineError, InvalidInput

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
    started by the first `embed`, and end with `close` or with the process.
    """

    def __init__(self, model: str = DEFAULT_MODEL, threads: int | None = None) -> None:
        """Load a model and verify its files.

        threads: how many texts are worked on at once; None means every processor that this
        process may use. Raises ModelNotFound, CorruptModel, or InvalidInput for threads < 1.
        """
        if threads is not None and threads < 1:
            raise InvalidInput(f"threads is {threads}; it must be 1 or more")
        stored = find_model(model_row(model))
        self.model: ModelRow = stored.row
        self._tokenizer = TextTokenizer(
            stored.verified(self.model.tokenizer_file), self.model.max_tokens
        )
        self._runtime: Runtime = OnnxRuntime(stored.verified(self.model.weights_file))
        self.fingerprint: str = stored.fingerprint()
        self.threads: int = threads or usable_cpus()
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="verdigris-embed")

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
        Raises InvalidInput for what is not a text, and whatever `texts` raises, both after the
        vectors of all texts before it.
        """
        for embedded in self._embed(texts, input_type):
            yield embedded.vector.copy()

    def embed_batch(
        self, texts: Iterable[str], input_type: InputType = "passage"
    ) -> EmbeddingResult:
        """Embed all texts at once, and tell how many tokens each had and which were truncated."""
        results = list(self._embed(texts, input_type))
        vectors = [result.vector for result in results]
        return EmbeddingResult(
            vectors=np.stack(vectors) if vectors else np.empty((0, self.dims), dtype=np.float32),
            token_counts=np.array([result.token_count for result in results], dtype=np.int64),
            truncated=np.array([result.truncated for result in results], dtype=np.bool_),
        )

    def embed_query(self, text: str) -> Array:
        """The unit vector (dims,) of a question, with the prefix that the model wants."""
        return self._embed_one(self._prepared(text, 0, "query")).vector

    def embed_passage(self, text: str) -> Array:
        """The unit vector (dims,) of a passage, with the prefix that the model wants."""
        return self._embed_one(self._prepared(text, 0, "passage")).vector

    def count_tokens(self, text: str) -> int:
        """Tokens of the whole text, special tokens included; more than max_tokens are cut."""
        return self._tokenizer.count(_checked(text, 0))

    def close(self) -> None:
        """End the threads; texts that are waiting are dropped. May be called twice."""
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
        """Results in order; whatever ends this, what has not begun is dropped."""
        if isinstance(texts, str | bytes):
            raise InvalidInput("embed takes an iterable of texts, not one text; put it in a list")
        window = Window(self._submit, self.threads * GROUPS_AHEAD)
        try:
            try:
                for position, text in enumerate(texts):
                    yield from window.add(self._prepared(text, position, input_type))
            except Exception:
                yield from window.drain()
                raise
            yield from window.drain()
        finally:
            window.cancel()

    def _submit(self, texts: list[str]) -> Future[list[Embedded]]:
        try:
            return self._pool.submit(self._embed_group, texts)
        except RuntimeError as error:
            raise EngineError("this embedder is closed; make another one") from error

    def _embed_group(self, texts: list[str]) -> list[Embedded]:
        return [self._embed_one(text) for text in texts]

    def _embed_one(self, text: str) -> Embedded:
        encoding = self._tokenizer.encode(text)
        pooled = mean_pool(self._runtime.token_vectors(encoding), encoding.attention_mask)
        return Embedded(l2_normalize(pooled)[0], encoding.token_count, encoding.truncated)

    def _prepared(self, text: str, position: int, input_type: InputType) -> str:
        return self.model.prefix(input_type) + _checked(text, position)


def _checked(text: object, position: int) -> str:
    """The text itself; anything else raises InvalidInput."""
    if isinstance(text, str):
        return text
    raise InvalidInput(f"input {position} is {type(text).__name__}, not a text (str)")
