"""The embedder as a user meets it."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from verdigris.engine import Embedder
from verdigris.engine.pooling import Array
from verdigris.errors import EngineError, InvalidInput, ModelNotFound

TEXTS = [
    "The log is append-only.",
    "def append(self, event): ...",
    "日本語のテキスト",
    "",
    "word " * 300,
    "🚀 launch",
    "The log is append-only.",
    "مرحبا بالعالم",
]


@pytest.fixture(scope="module")
def embedder() -> Iterator[Embedder]:
    with Embedder(threads=2) as shared:
        yield shared


def embedding_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if "verdigris-embed" in thread.name]


def test_similar_texts_are_nearer(embedder: Embedder) -> None:
    query = embedder.embed_query("How do I undo a commit?")
    near = embedder.embed_passage("git revert creates a commit that reverses an earlier one")
    far = embedder.embed_passage("The soup needs more salt and a bay leaf")
    assert query @ near > query @ far + 0.2


def test_vectors_are_unit_float32_one_for_each_text(embedder: Embedder) -> None:
    result = embedder.embed_batch(TEXTS)
    assert result.vectors.shape == (len(TEXTS), embedder.dims) == (8, 384)
    assert result.vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(result.vectors, axis=1), 1, atol=1e-6)


def test_counts_and_truncation_are_told(embedder: Embedder) -> None:
    result = embedder.embed_batch(["hello world", "", "word " * 300])
    assert result.token_counts.tolist() == [4, 2, embedder.max_tokens]
    assert result.truncated.tolist() == [False, False, True]
    assert embedder.count_tokens("word " * 300) == 302


def test_no_texts_give_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed_batch([]).vectors.shape == (0, 384)
    assert list(embedder.embed(iter(()))) == []


def test_the_same_text_has_the_same_bits_everywhere(embedder: Embedder) -> None:
    alone = [embedder.embed_passage(text).tobytes() for text in TEXTS]
    assert [vector.tobytes() for vector in embedder.embed(TEXTS)] == alone
    assert [row.tobytes() for row in embedder.embed_batch(TEXTS[::-1]).vectors] == alone[::-1]
    for threads in (1, 3, 5):
        with Embedder(threads=threads) as other:
            among = [vector.tobytes() for vector in other.embed([*TEXTS, "more"] * 9)]
        assert among[: len(TEXTS)] == alone
        assert among[-9:-1] == alone


def test_many_callers_share_one_embedder(embedder: Embedder) -> None:
    expected = embedder.embed_batch(TEXTS).vectors.tobytes()
    found: list[bytes] = []
    callers = [
        threading.Thread(target=lambda: found.append(embedder.embed_batch(TEXTS).vectors.tobytes()))
        for _ in range(6)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert found == [expected] * 6


def test_an_endless_source_is_read_only_a_little_ahead(embedder: Embedder) -> None:
    read: list[int] = []

    def endless() -> Iterator[str]:
        for number in itertools.count():
            read.append(number)
            yield f"text {number}"

    vectors = embedder.embed(endless())
    first = list(itertools.islice(vectors, 3))
    cast(Any, vectors).close()
    np.testing.assert_array_equal(first[2], embedder.embed_passage("text 2"))
    assert len(read) <= 100


def test_changing_a_result_does_not_change_that_of_an_equal_text(embedder: Embedder) -> None:
    first, second = embedder.embed(["same", "same"])
    first[:] = 0
    assert np.linalg.norm(second) == pytest.approx(1)


@pytest.mark.parametrize("wrong", [None, b"bytes", 3, 1.5, ["a"]])
def test_what_is_not_a_text_is_named_after_the_vectors_before_it(
    embedder: Embedder, wrong: object
) -> None:
    seen: list[Array] = []
    with pytest.raises(InvalidInput, match=f"input 2 is {type(wrong).__name__}"):
        seen.extend(embedder.embed(cast(Any, ["a", "b", wrong, "c"])))
    assert len(seen) == 2
    with pytest.raises(InvalidInput):
        embedder.embed_query(cast(Any, wrong))
    with pytest.raises(InvalidInput):
        embedder.count_tokens(cast(Any, wrong))


@pytest.mark.parametrize("text", ["one text", b"bytes"])
def test_one_text_in_place_of_a_list_is_refused(embedder: Embedder, text: object) -> None:
    with pytest.raises(InvalidInput, match="put it in a list"):
        list(embedder.embed(cast(Any, text)))


def test_an_exception_of_the_source_comes_through_and_the_embedder_goes_on(
    embedder: Embedder,
) -> None:
    def breaks() -> Iterator[str]:
        yield from map(str, range(60))
        raise OSError("the disk is gone")

    seen: list[Array] = []
    with pytest.raises(OSError, match="the disk is gone"):
        seen.extend(embedder.embed(breaks()))
    assert len(seen) == 60
    assert len(list(embedder.embed(["still", "works"]))) == 2


def test_huge_and_broken_texts_are_quick(embedder: Embedder) -> None:
    huge = ["word " * 2_000_000, " " * 10_000_000, "x" * 10_000_000, "\ud800 lone", "nul\x00byte"]
    begin = time.perf_counter()
    result = embedder.embed_batch(huge)
    assert time.perf_counter() - begin < 3
    assert result.truncated.tolist() == [True, True, True, False, False]
    assert np.isfinite(result.vectors).all()
    np.testing.assert_array_equal(result.vectors[4], embedder.embed_passage("nulbyte"))


def test_close_ends_the_threads_and_refuses_more() -> None:
    before = embedding_threads()
    with Embedder(threads=2) as embedder:
        list(embedder.embed(map(str, range(50))))
        assert len(embedding_threads()) > len(before)
    assert embedding_threads() == before
    embedder.close()
    with pytest.raises(EngineError, match="closed"):
        list(embedder.embed(["late"]))
    with pytest.raises(EngineError, match="closed"):
        embedder.embed_query("late")


@pytest.mark.parametrize("threads", [0, -1, 1.5, "2", True])
def test_a_number_of_threads_that_is_none_is_refused(threads: Any) -> None:  # noqa: ANN401
    with pytest.raises(InvalidInput, match=f"threads is {threads!r}; it must be a whole number"):
        Embedder(threads=threads)


@pytest.mark.parametrize("runtime", [None, 5, ("openvino", "cpu")])
def test_a_runtime_is_named_by_a_text(runtime: Any) -> None:  # noqa: ANN401
    with pytest.raises(InvalidInput, match="give its name, or a RuntimeChoice"):
        Embedder(runtime=runtime)


def test_results_can_be_written_to(embedder: Embedder) -> None:
    result = embedder.embed_batch(["a", "b"])
    for values in (result.vectors, result.token_counts, result.truncated):
        values[0] = 0
        assert not values[0].any()


@pytest.mark.parametrize("model", [None, 5, Path("folder")])
def test_a_model_is_named_by_a_text(model: Any) -> None:  # noqa: ANN401
    with pytest.raises(InvalidInput, match="give its name, or a folder's path as text"):
        Embedder(model)


@pytest.mark.parametrize("model", ["nope", "", "no/such/folder", "./" + "long" * 2_000, "a/\0b"])
def test_a_model_that_is_not_here_is_not_found(model: str) -> None:
    with pytest.raises(ModelNotFound, match="no model"):
        Embedder(model)


@pytest.mark.parametrize("input_type", ["queries", "", None, "Query"])
def test_an_unknown_input_type_gets_no_prefix_by_accident(
    embedder: Embedder,
    input_type: Any,  # noqa: ANN401
) -> None:
    with pytest.raises(InvalidInput, match="it must be one of passage, query"):
        list(embedder.embed(["a"], input_type))
    with pytest.raises(InvalidInput, match="it must be one of passage, query"):
        embedder.embed_batch(["a"], input_type)


@pytest.mark.parametrize("texts", [None, 5, 1.5])
def test_texts_that_are_no_iterable_are_refused(
    embedder: Embedder,
    texts: Any,  # noqa: ANN401
) -> None:
    with pytest.raises(InvalidInput, match="takes an iterable of texts, not"):
        list(embedder.embed(texts))


def test_the_fingerprint_is_the_same_for_every_embedder(embedder: Embedder) -> None:
    with Embedder(threads=1) as other:
        assert other.fingerprint == embedder.fingerprint
    assert len(embedder.fingerprint) == 32


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_is_told_to_make_its_own() -> None:
    """Its copy has no threads: `embed` would wait for them for ever."""
    program = (
        "import os, signal\n"
        "from verdigris.engine import Embedder\n"
        "from verdigris.errors import EngineError\n"
        "embedder = Embedder(threads=2)\n"
        "list(embedder.embed(map(str, range(20))))\n"
        "if os.fork() == 0:\n"
        "    signal.alarm(60)\n"
        "    for use in (lambda: list(embedder.embed(['a'])), lambda: embedder.embed_query('a'),\n"
        "                lambda: embedder.full_vectors(['a']), lambda: embedder.profile('a')):\n"
        "        try:\n"
        "            use()\n"
        "        except EngineError as error:\n"
        "            os.write(1, f'{error}\\n'.encode())\n"
        "    os._exit(0)\n"
        "raise SystemExit(os.wait()[1])\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, timeout=60
    )
    assert (
        done.stdout.splitlines()
        == ["this embedder was made before the process forked; make another one in the new process"]
        * 4
    )
    assert done.returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT")
def test_interrupt_ends_the_process_at_once() -> None:
    program = (
        "import itertools, sys\n"
        "from verdigris.engine import Embedder\n"
        "for number, _ in enumerate(Embedder().embed(map(str, itertools.count()))):\n"
        "    if number == 20: print('going', flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "going\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert "KeyboardInterrupt" in errors
    assert process.returncode != 0
