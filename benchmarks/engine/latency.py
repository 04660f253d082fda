"""One short text, again and again: the engine beside the bare session on the same file."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.engine.engines import MAX_TOKENS, bare_session, plain_tokenizer

TEXT = "how is the event log kept append-only?"
TURN = 20
"""Runs in a row before the next one's turn; the first turn of all is a warm-up."""


@dataclass(frozen=True)
class Latency:
    """Milliseconds for one text, one thread."""

    title: str
    p50: float
    p95: float
    p99: float


def short_text_latency(runs: int) -> list[Latency]:
    """The engine, tokenise and run, and `session.run` alone; taking turns, so that what disturbs
    the machine disturbs all of them alike."""
    import tokenizers

    from verdigris.engine import Embedder

    session, folder = bare_session()
    tokenizer = plain_tokenizer(tokenizers, folder)
    ids = np.array([tokenizer.encode(TEXT).ids], dtype=np.int64)
    assert ids.shape[1] < MAX_TOKENS

    def tokenise_and_run() -> object:
        fresh = np.array([tokenizer.encode(TEXT).ids], dtype=np.int64)
        return session.run(None, {"input_ids": fresh})

    with Embedder(threads=1) as embedder:
        ways: dict[str, Callable[[], object]] = {
            "verdigris: `embed_query`": lambda: embedder.embed_query(TEXT),
            "bare: tokenise + `session.run`": tokenise_and_run,
            "bare: `session.run` alone": lambda: session.run(None, {"input_ids": ids}),
        }
        taken: dict[str, list[float]] = {title: [] for title in ways}
        for turn in range(1 + -(-runs // TURN)):
            for title, way in ways.items():
                way()  # each has a session of its own, whose weights the others have displaced
                milliseconds = [timed(way) for _ in range(TURN)]
                taken[title] += milliseconds if turn else []
    return [
        Latency(title, *np.percentile(ms, (50, 95, 99)).tolist()) for title, ms in taken.items()
    ]


def timed(way: Callable[[], object]) -> float:
    """Milliseconds of one run."""
    begin = time.perf_counter()
    way()
    return (time.perf_counter() - begin) * 1000
