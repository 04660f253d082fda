"""Measuring: the right texts, plausible numbers, fresh processes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from verdigris.engine import Embedder
from verdigris.engine.engine_choice import EngineChoice
from verdigris.engine.fresh_process import measure_fresh_process, peak_rss
from verdigris.engine.machine import this_machine
from verdigris.engine.measurements import measure_latency, measure_throughput, texts_of_length
from verdigris.errors import EngineError


@pytest.fixture(scope="module")
def embedder() -> Iterator[Embedder]:
    with Embedder(threads=1) as shared:
        yield shared


@pytest.mark.parametrize("tokens", [16, 128, 256])
def test_texts_are_all_different_and_as_long_as_asked(embedder: Embedder, tokens: int) -> None:
    texts = texts_of_length(embedder, tokens, 100)
    assert len(set(texts)) == 100
    counts = [embedder.count_tokens(text) for text in texts]
    assert max(counts) <= tokens
    assert sum(counts) / len(counts) > 0.9 * tokens


def test_latency_percentiles_are_in_order(embedder: Embedder) -> None:
    found = measure_latency(embedder, 30)
    assert 0 < found.least <= found.p50 <= found.p95 <= found.p99 <= found.most
    assert found.tokens == embedder.count_tokens(found.text)


def test_short_texts_are_faster(embedder: Embedder) -> None:
    short = measure_throughput(embedder, 16, 0.05)
    long = measure_throughput(embedder, 256, 0.05)
    assert short.texts_per_second > 2 * long.texts_per_second > 0
    assert (short.threads, short.tokens) == (1, 16)


def test_a_fresh_process_tells_its_start_and_memory() -> None:
    found = measure_fresh_process(EngineChoice("all-minilm-l6-v2"), threads=1, starts=1)
    assert 0.02 < found.cold_start < 30
    assert 50e6 < found.peak_rss < 2e9
    assert found.starts == 1
    assert peak_rss() > 20e6


def test_a_fresh_process_that_fails_says_why() -> None:
    with pytest.raises(EngineError, match=r"nope fails in a process of its own: .*no model named"):
        measure_fresh_process(EngineChoice("nope"), threads=1, starts=1)


def test_the_machine_is_named_in_one_line() -> None:
    machine = this_machine()
    assert machine.processors >= machine.usable_processors >= 1
    assert "onnxruntime" in machine.versions
    assert f"Python {machine.python}" in str(machine)
    assert "\n" not in str(machine)
