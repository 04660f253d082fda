"""An embedder that comes and goes with its use."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from verdigris.engine import Embedder, LazyEmbedder
from verdigris.errors import EngineError, InvalidInput, ModelNotFound

TINY = str(Path(__file__).parent / "models" / "bert-mean")


class Counted:
    """Loads a tiny model and counts how often."""

    def __init__(self) -> None:
        self.loads = 0

    def __call__(self) -> Embedder:
        self.loads += 1
        return Embedder(TINY, threads=1)


def is_loaded(lazy: LazyEmbedder) -> bool:
    return lazy.loaded


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_nothing_is_loaded_before_it_is_wanted_and_one_model_serves_all() -> None:
    load = Counted()
    with LazyEmbedder(load) as lazy:
        assert not is_loaded(lazy)
        found: list[bytes] = []

        def work() -> None:
            with lazy.borrowed() as embedder:
                found.append(embedder.embed_query("a log").tobytes())

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert is_loaded(lazy)
    assert load.loads == 1
    assert len(set(found)) == 1 and len(found) == 8
    assert not is_loaded(lazy)


def test_idle_it_is_unloaded_and_comes_back_with_the_same_vectors() -> None:
    load = Counted()
    with LazyEmbedder(load, idle_seconds=0.02) as lazy:
        with lazy.borrowed() as embedder:
            before = embedder.embed_query("a log").tobytes()
        wait_until(lambda: not lazy.loaded)
        with lazy.borrowed() as embedder:
            assert embedder.embed_query("a log").tobytes() == before
    assert load.loads == 2


def test_it_stays_while_somebody_uses_it() -> None:
    load = Counted()
    with LazyEmbedder(load, idle_seconds=0.01) as lazy:
        with lazy.borrowed() as first:
            with lazy.borrowed() as second:
                assert second is first
            time.sleep(0.1)
            assert is_loaded(lazy)
            first.embed_query("still here")
        wait_until(lambda: not lazy.loaded)
    assert load.loads == 1


def test_use_again_in_time_keeps_it() -> None:
    load = Counted()
    with LazyEmbedder(load, idle_seconds=5) as lazy:
        for _ in range(5):
            with lazy.borrowed():
                pass
        assert is_loaded(lazy)
    assert load.loads == 1


def test_zero_unloads_at_once() -> None:
    lazy = LazyEmbedder(Counted(), idle_seconds=0)
    with lazy.borrowed():
        assert is_loaded(lazy)
    assert not is_loaded(lazy)


def test_closing_waits_for_the_borrower_and_lends_no_more() -> None:
    lazy = LazyEmbedder(Counted())
    with lazy.borrowed() as embedder:
        lazy.close()
        embedder.embed_query("goes on")
    assert not is_loaded(lazy)
    lazy.close()
    with pytest.raises(EngineError, match="closed"), lazy.borrowed():
        pass


def test_what_loading_raises_comes_through_and_the_next_try_is_free() -> None:
    names = iter(["no-such-model", TINY])
    lazy = LazyEmbedder(lambda: Embedder(next(names)), idle_seconds=0)
    with pytest.raises(ModelNotFound), lazy.borrowed():
        pass
    with lazy.borrowed() as embedder:
        assert embedder.dims == 32


@pytest.mark.parametrize("wrong", [-1, float("nan")])
def test_nonsense_is_refused(wrong: float) -> None:
    with pytest.raises(InvalidInput, match="idle_seconds"):
        LazyEmbedder(Counted(), idle_seconds=wrong)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_loads_its_own() -> None:
    program = (
        "import os, signal\n"
        "from verdigris.engine import Embedder, LazyEmbedder\n"
        f"lazy = LazyEmbedder(lambda: Embedder({TINY!r}, threads=1))\n"
        "def embed():\n"
        "    with lazy.borrowed() as embedder:\n"
        "        return embedder.embed_query('why?').tobytes()\n"
        "here = embed()\n"
        "if os.fork() == 0:\n"
        "    signal.alarm(60)\n"
        "    os._exit(0 if embed() == here else 1)\n"
        "raise SystemExit(os.wait()[1])\n"
    )
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", program]).returncode == 0
