"""A bound on memory: what cannot fit is refused, long runs wait for each other, RSS keeps it."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event

import numpy as np
import pytest

from verdigris.engine import Embedder
from verdigris.engine.catalog import model_row
from verdigris.engine.inference import open_inference
from verdigris.engine.memory import MB, MemoryBound, MemoryNeed, loaded_bytes, run_bytes
from verdigris.engine.model_store import find_model
from verdigris.engine.runtimes import RuntimeRequest
from verdigris.engine.runtimes.packing import TOKENS_A_RUN
from verdigris.errors import InvalidInput, MemoryExceeded

NEED = MemoryNeed("m", 10 * MB, 384)
LONG = "memory is bounded and honest " * 100

RSS = """
import sys
import numpy, onnxruntime, tokenizers
from verdigris.engine import Embedder
from verdigris.engine.fresh_process import peak_rss
from verdigris.engine.measurements import texts_of_length
before = peak_rss()
embedder = Embedder(threads=6, memory_mb=int(sys.argv[1]) or None)
for _ in embedder.embed(texts_of_length(embedder, 256, 60)):
    pass
print((peak_rss() - before) / 2**20)
"""

MANY = """
from verdigris.engine import Embedder
from verdigris.engine.fresh_process import peak_rss
with Embedder(threads=2) as embedder:
    warm = sum(1 for _ in embedder.embed(map(str, range(400))))
    before = peak_rss()
    count = sum(1 for _ in embedder.embed(str(number % 400) for number in range(1_000_000)))
    print(count, (peak_rss() - before) / 2**20)
"""


def test_an_attention_twice_as_long_needs_more_than_twice_as_much() -> None:
    assert run_bytes(384, 512) > 2 * run_bytes(384, 256)


def test_other_runtimes_hold_the_weights_as_floats() -> None:
    row = model_row("all-minilm-l6-v2")
    assert loaded_bytes(row, MB, "openvino") > loaded_bytes(row, MB, "onnxruntime")


def test_what_fits_together_runs_together() -> None:
    bound = MemoryBound(NEED.loaded + 2 * run_bytes(384, 256), NEED)
    together = Barrier(2)

    def run() -> None:
        with bound.run(256):
            together.wait(timeout=20)

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(run), pool.submit(run)]:
            future.result()


def test_what_does_not_fit_waits() -> None:
    bound = MemoryBound(NEED.loaded + 2 * run_bytes(384, 256) - 1, NEED)
    entered = Event()

    def run() -> None:
        with bound.run(256):
            entered.set()

    with ThreadPoolExecutor(1) as pool:
        with bound.run(256):
            waiting = pool.submit(run)
            assert not entered.wait(0.1)
        waiting.result()
    assert entered.is_set()


def test_texts_that_may_share_a_run_hold_room_for_all_of_it() -> None:
    stored = find_model(model_row("all-minilm-l6-v2"))
    bound = MemoryBound(NEED.loaded + run_bytes(384, TOKENS_A_RUN), NEED)
    inference, _ = open_inference(stored, RuntimeRequest(stored.weights()), bound)
    encodings = [inference.encode("word " * 40, "passage")] * 5
    with ThreadPoolExecutor(1) as pool:
        with bound.run(16):
            waiting = pool.submit(inference.vectors, encodings)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.3)
        assert waiting.result().shape == (5, 384)


def test_there_are_as_many_threads_as_have_room() -> None:
    bound = MemoryBound(NEED.loaded + 3 * run_bytes(384, 256), NEED)
    assert [bound.threads(asked, 256) for asked in (1, 3, 8)] == [1, 3, 3]
    assert bound.threads(8, 8192) == 1
    assert MemoryBound(0, NEED).threads(8, 8192) == 8


def test_a_run_that_fails_gives_its_room_back() -> None:
    bound = MemoryBound(NEED.loaded + run_bytes(384, 256), NEED)
    with pytest.raises(ZeroDivisionError), bound.run(256):
        raise ZeroDivisionError
    with bound.run(256):
        pass


def test_a_model_that_is_too_large_is_refused_before_it_is_loaded() -> None:
    with pytest.raises(MemoryExceeded, match=r"needs about \d\d MB, more than the 30 MB"):
        Embedder(memory_mb=30)


def test_a_text_that_is_too_long_is_refused_after_those_before_it() -> None:
    with Embedder(threads=2, memory_mb=78) as embedder:
        vectors = embedder.embed(["short", LONG, "short"])
        assert np.linalg.norm(next(vectors)) == pytest.approx(1, abs=1e-5)
        with pytest.raises(MemoryExceeded, match="a text of 256 tokens needs about"):
            list(vectors)
        assert embedder.embed_query("still works").shape == (384,)


def test_the_bound_changes_no_vector() -> None:
    texts = ["one", LONG, "two " * 40]
    with Embedder(threads=2) as free, Embedder(threads=2, memory_mb=90) as bound:
        assert free.fingerprint == bound.fingerprint
        np.testing.assert_array_equal(
            free.embed_batch(texts).vectors, bound.embed_batch(texts).vectors
        )


@pytest.mark.parametrize("memory_mb", [0, -1])
def test_no_memory_is_no_bound_that_makes_sense(memory_mb: int) -> None:
    with pytest.raises(InvalidInput, match="memory_mb"):
        Embedder(memory_mb=memory_mb)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc to read RSS from")
def test_resident_memory_stays_within_the_bound() -> None:
    def megabytes(bound: int) -> float:
        command = [sys.executable, "-c", RSS, str(bound)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return float(done.stdout)

    assert megabytes(90) < 90 < megabytes(0)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell a process's peak")
def test_a_million_short_texts_take_no_more_memory_than_a_few() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MANY], capture_output=True, text=True, check=True, timeout=600
    )
    count, growth = done.stdout.split()
    assert int(count) == 1_000_000
    assert float(growth) < 10
