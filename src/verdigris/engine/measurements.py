"""Times an embedder: one short text many times, and many texts of each length."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice

import numpy as np

from verdigris.engine.embedder import Embedder
from verdigris.engine.similarity_pairs import similarity_pairs

SHORT_TEXT = "how is the event log kept append-only?"
WARM_UP_RUNS = 20
LEAST_RUNS = 20
MOST_MILLISECONDS = 10_000.0
BUCKETS = (16, 64, 128, 256)
"""Tokens of a text, special tokens included."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds for one short text, tokenising included, after a warm-up."""

    text: str
    tokens: int
    runs: int
    p50: float
    p95: float
    p99: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Throughput:
    """How fast different texts of one length are embedded with a number of threads."""

    tokens: int
    """Of each text."""
    threads: int
    texts: int
    seconds: float

    @property
    def texts_per_second(self) -> float:
        """Texts a second."""
        return self.texts / self.seconds


@dataclass(frozen=True, slots=True)
class Batching:
    """What it changes whether texts are embedded one by one or together, with one thread."""

    texts: int
    alone: float
    """Texts a second, each in a call of its own."""
    together: float
    """Texts a second in one call: the runtime may put several into one run."""
    same_bits: bool
    """Every vector is the same in both."""
    largest_difference: float
    """Of a component of a vector."""


def measure_batching(embedder: Embedder) -> Batching:
    """Embed some texts of mixed lengths alone and together; the embedder has one thread."""
    texts = sample_texts()
    embedder.embed_batch(texts)
    begin = time.perf_counter()
    alone = np.stack([embedder.embed_passage(text) for text in texts])
    middle = time.perf_counter()
    together = embedder.embed_batch(texts).vectors
    end = time.perf_counter()
    return Batching(
        texts=len(texts),
        alone=len(texts) / (middle - begin),
        together=len(texts) / (end - middle),
        same_bits=alone.tobytes() == together.tobytes(),
        largest_difference=float(np.abs(alone - together).max()),
    )


def measure_latency(embedder: Embedder, runs: int) -> Latency:
    """Embed one short text again and again, as a question is; nothing is remembered between.

    A slow engine gets fewer runs, as many as fit into ten seconds, but at least twenty.
    """
    for _ in range(WARM_UP_RUNS):
        embedder.embed_query(SHORT_TEXT)
    milliseconds: list[float] = []
    while len(milliseconds) < runs:
        if len(milliseconds) >= LEAST_RUNS and sum(milliseconds) > MOST_MILLISECONDS:
            break
        begin = time.perf_counter()
        embedder.embed_query(SHORT_TEXT)
        milliseconds.append((time.perf_counter() - begin) * 1000)
    p50, p95, p99 = np.percentile(milliseconds, (50, 95, 99)).tolist()
    tokens = embedder.count_tokens(SHORT_TEXT)
    least, most = min(milliseconds), max(milliseconds)
    return Latency(SHORT_TEXT, tokens, len(milliseconds), p50, p95, p99, least, most)


def measure_throughput(embedder: Embedder, tokens: int, seconds: float) -> Throughput:
    """Embed different texts of about `tokens` tokens, as many as take about `seconds`."""
    trial = texts_of_length(embedder, tokens, 4 * embedder.threads)
    expected = _seconds_for(embedder, trial) / len(trial)
    count = max(len(trial), int(seconds / expected))
    texts = texts_of_length(embedder, tokens, count)
    return Throughput(tokens, embedder.threads, count, _seconds_for(embedder, texts))


def _seconds_for(embedder: Embedder, texts: Sequence[str]) -> float:
    begin = time.perf_counter()
    for _ in embedder.embed(texts):
        pass
    return time.perf_counter() - begin


def texts_of_length(embedder: Embedder, tokens: int, count: int) -> list[str]:
    """Different texts of at most `tokens` tokens, and few less: sentences one after the other."""
    special = embedder.count_tokens("")
    words = [word for text in sample_texts() for word in text.split()]
    lengths = [max(1, embedder.count_tokens(word) - special) for word in words]
    room = tokens - special
    texts = []
    for number in range(count):
        start = number % len(words)
        chosen, used = [str(number)], embedder.count_tokens(str(number)) - special
        for word, length in islice(cycle(zip(words, lengths, strict=True)), start, start + room):
            if used + length > room:
                break
            chosen.append(word)
            used += length
        texts.append(" ".join(chosen))
    return texts


def sample_texts() -> list[str]:
    """Short texts of several subjects: those of the labelled pairs."""
    return [text for pair in similarity_pairs() for text in (pair.one, pair.other)]
