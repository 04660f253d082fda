"""Tokenizer, runtime and pooling in a row: text to the model's own unit vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from verdigris.engine.catalog import InputType, ModelRow
from verdigris.engine.memory import MemoryBound
from verdigris.engine.model_store import StoredModel
from verdigris.engine.pooling import Array, l2_normalize, pool
from verdigris.engine.runtimes import Runtime, RuntimeRequest
from verdigris.engine.runtimes.opening import CheckedModel, OpenedRuntime, open_checked
from verdigris.engine.runtimes.packing import TOKENS_A_RUN
from verdigris.engine.selfcheck import limits_of, read_golden
from verdigris.engine.tokenizing import Encoding, TextTokenizer
from verdigris.errors import InvalidModel, RuntimeBroken


@dataclass(frozen=True, slots=True)
class Inference:
    """One loaded model; may be shared between threads. Vectors have the model's full length.

    Knows of one text at a time, or of a few; threads, order and long input are the embedder's.
    """

    row: ModelRow
    tokenizer: TextTokenizer
    memory: MemoryBound
    runtime: Runtime

    def encode(self, text: str, input_type: InputType) -> Encoding:
        """The text with its prefix as the model sees it, cut to what it sees."""
        return self.tokenizer.encode(self.row.prefix(input_type) + text)

    def vectors(self, encodings: Sequence[Encoding]) -> Array:
        """The unit vectors (texts, dims) of a few texts. Raises MemoryExceeded, RuntimeBroken.

        A runtime may put several short texts into one run: hence the tokens that are reserved.
        """
        counts = [encoding.token_count for encoding in encodings]
        tokens = max(max(counts, default=0), min(sum(counts), TOKENS_A_RUN))
        runs = self.runtime.token_vectors_of(encodings)
        pooled = np.empty((len(encodings), self.row.dims), dtype=np.float32)
        for row, encoding in zip(pooled, encodings, strict=True):
            with self.memory.run(tokens):
                token_vectors = self._run(runs.__next__)
            row[:] = self._pooled(token_vectors, encoding)
        return l2_normalize(pooled)

    def passages(self, texts: Sequence[str]) -> Array:
        """The unit vectors (texts, dims) of passages; their ends are left out where too long."""
        return self.vectors([self.encode(text, "passage") for text in texts])

    def mean_of_pieces(self, text: str, input_type: InputType) -> tuple[Array, int]:
        """The unit vector of a text in pieces, each weighing as much as it has tokens; all tokens.

        Tokens are those of all pieces, with prefix and special tokens.
        """
        prefix = self.row.prefix(input_type)
        total = np.zeros(self.row.dims, dtype=np.float32)
        overhead = self.tokenizer.count(prefix)
        token_count = 0
        for piece in self.tokenizer.pieces(text, prefix):
            encoding = self.encode(piece, input_type)
            if (own_tokens := encoding.token_count - overhead) > 0:
                total += self.vectors([encoding])[0] * np.float32(own_tokens)
                token_count += encoding.token_count
        if not token_count:  # nothing but characters that have no tokens
            encoding = self.encode("", input_type)
            return self.vectors([encoding])[0], encoding.token_count
        return l2_normalize(total[None])[0], token_count

    def _run(self, run: Callable[[], Array]) -> Array:
        """Let the runtime run; whatever its library raises becomes RuntimeBroken."""
        try:
            return run()
        except MemoryError:
            raise
        except Exception as error:
            said = (str(error).strip() or type(error).__name__).splitlines()[0]
            info = self.runtime.info
            raise RuntimeBroken(
                f"runtime {info.runtime!r} with provider {info.provider!r} cannot run model "
                f"{self.row.name!r}: {said}"
            ) from error

    def _pooled(self, token_vectors: Array, encoding: Encoding) -> Array:
        """(1, tokens, dims) of one text → its vector (1, dims), of any length.

        A graph that does not fit its row must not get further than the check at load.
        """
        wanted = (1, encoding.token_count, self.row.dims)
        if token_vectors.shape != wanted:
            raise InvalidModel(
                f"model {self.row.name!r}: the vectors of {self.row.weights_file} have shape "
                f"{token_vectors.shape}, not {wanted} (batch, tokens, dims)"
            )
        return pool(self.row.pooling, token_vectors)


def open_inference(
    stored: StoredModel, request: RuntimeRequest, memory: MemoryBound
) -> tuple[Inference, OpenedRuntime]:
    """Load tokenizer and runtime; vectors are compared with golden ones before anybody gets one.

    Raises what `open_checked` and TextTokenizer raise, and CorruptModel for a damaged file.
    """
    row = stored.row
    tokenizer = TextTokenizer(stored.verified(row.tokenizer_file), row.max_tokens)

    def vectors_of(runtime: Runtime, texts: Sequence[str]) -> Array:
        return Inference(row, tokenizer, memory, runtime).passages(texts)

    golden = read_golden(stored.folder)
    checked = CheckedModel(row.name, limits_of(row.precision), golden, vectors_of)
    opened = open_checked(request, checked)
    return Inference(row, tokenizer, memory, opened.runtime), opened
