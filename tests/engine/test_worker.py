"""The worker's protocol, spoken to the class itself."""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from verdigris.engine import Embedder
from verdigris.engine.worker import Worker
from verdigris.engine.worker_messages import Limits


@pytest.fixture(scope="module")
def embedder() -> Iterator[Embedder]:
    with Embedder(threads=2) as shared:
        yield shared


def converse(embedder: Embedder, *lines: object, limits: Limits | None = None) -> list[Any]:
    """Answers to requests; bytes are sent as they are."""
    sent = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    output = io.BytesIO()
    Worker(embedder, output, limits or Limits()).serve(io.BytesIO(b"\n".join(sent)))
    return [json.loads(line) for line in output.getvalue().splitlines()]


def test_vectors_are_those_of_the_embedder_in_both_encodings(embedder: Embedder) -> None:
    expected = embedder.embed_batch(["hello", "wörld " * 300]).vectors
    request = {"op": "embed", "texts": ["hello", "wörld " * 300]}
    answers = converse(embedder, request | {"id": 1}, request | {"id": "b", "encoding": "base64"})
    one, two = sorted(answers, key=lambda answer: isinstance(answer["id"], str))
    np.testing.assert_array_equal(np.array(one["vectors"], dtype=np.float32), expected)
    decoded = [np.frombuffer(base64.b64decode(text), dtype="<f4") for text in two["vectors"]]
    np.testing.assert_array_equal(decoded, expected)
    assert (one["id"], one["ok"], one["truncated"]) == (1, True, [False, True])
    assert one["token_counts"] == [3, 256]
    assert one["fingerprint"] == embedder.fingerprint


def test_info_ping_and_token_counts(embedder: Embedder) -> None:
    answers = converse(
        embedder,
        {"op": "info", "id": 0},
        {"op": "ping", "id": 1},
        {"op": "count_tokens", "id": 2, "texts": ["word " * 300, ""]},
        {"op": "embed", "id": 3, "texts": []},
    )
    info, ping, counts, nothing = sorted(answers, key=lambda answer: answer["id"])
    assert info["info"]["model"] == "all-minilm-l6-v2"
    assert (info["info"]["dims"], info["info"]["protocol"]) == (384, 1)
    assert info["info"]["runtime"] == "onnxruntime"
    assert ping == {"id": 1, "ok": True}
    assert counts["token_counts"] == [302, 2]
    assert (nothing["ok"], nothing["vectors"]) == (True, [])


@pytest.mark.parametrize(
    ("line", "request_id", "says"),
    [
        (b"nonsense", None, "not a line of JSON"),
        (b"\xff\xfe", None, "not a line of JSON"),
        (b"[" * 100_000, None, "not a line of JSON"),
        (b'{"op": "ping", "id": NaN}', None, "NaN is not JSON"),
        (b'["op", "ping"]', None, "Expected `object`"),
        (b'{"id": 7}', 7, "missing required field `op`"),
        (b'{"op": "dance", "id": "x"}', "x", "dance"),
        (b'{"op": "embed", "id": 7}', 7, "missing required field `texts`"),
        (b'{"op": "embed", "id": 7, "texts": "one"}', 7, "Expected `array`"),
        (b'{"op": "embed", "id": 7, "texts": ["a", null]}', 7, "$.texts[1]"),
        (b'{"op": "embed", "id": 7, "texts": [], "typo": 1}', 7, "typo"),
        (b'{"op": "embed", "id": 7, "texts": [], "input_type": "poem"}', 7, "poem"),
        (b'{"op": "ping", "id": [1]}', None, "$.id"),
        (b'{"op": "ping", "id": true}', None, "$.id"),
    ],
)
def test_a_bad_line_is_answered_and_the_worker_goes_on(
    embedder: Embedder, line: bytes, request_id: object, says: str
) -> None:
    answers = converse(embedder, line, b"", {"op": "ping", "id": "after"})
    failed = next(answer for answer in answers if not answer["ok"])
    assert failed["id"] == request_id
    assert failed["error"]["type"] == "InvalidRequest"
    assert says in failed["error"]["message"]
    assert {"id": "after", "ok": True} in answers
    assert len(answers) == 2


def test_what_is_too_large_is_refused_and_the_rest_of_the_line_dropped(embedder: Embedder) -> None:
    limits = Limits(line_bytes=100, texts=2)
    exact = b'{"op": "ping", "id": "%s"}' % (b"x" * (100 - 24))
    assert len(exact) == 100
    answers = converse(
        embedder, b"y" * 5_000, b"z" * 101, exact,
        {"op": "embed", "id": 3, "texts": ["a", "b", "c"]}, limits=limits,
    )  # fmt: skip
    assert len(answers) == 4
    failed = [answer for answer in answers if not answer["ok"]]
    assert [one["error"]["type"] for one in failed] == ["RequestTooLarge"] * 3
    assert {one["id"] for one in failed} == {None, 3}


def test_lone_surrogates_and_control_characters_are_texts_too(embedder: Embedder) -> None:
    line = b'{"op": "embed", "id": "\\ud800", "texts": ["\\ud800 lone", "nul\\u0000", ""]}'
    (answer,) = converse(embedder, line)
    assert answer["id"] == "\ud800"
    assert np.isfinite(np.array(answer["vectors"])).all()


def test_shutdown_is_answered_last_and_nothing_after_it_is_read(embedder: Embedder) -> None:
    texts = [f"text {number}" for number in range(50)]
    answers = converse(
        embedder,
        {"op": "embed", "id": 1, "texts": texts},
        {"op": "shutdown", "id": 2},
        {"op": "ping", "id": 3},
    )
    assert [answer["id"] for answer in answers] == [1, 2]


def test_many_requests_are_each_answered_once(embedder: Embedder) -> None:
    requests = [{"op": "embed", "id": n, "texts": [f"text {n % 7}"]} for n in range(60)]
    answers = converse(embedder, *requests)
    assert sorted(answer["id"] for answer in answers) == list(range(60))
    by_id = {answer["id"]: answer["vectors"] for answer in answers}
    assert by_id[0] == by_id[7] == by_id[56]
    assert by_id[0] != by_id[1]


def test_an_error_of_the_engine_is_an_answer() -> None:
    embedder = Embedder(threads=1)
    embedder.close()
    answers = converse(embedder, {"op": "embed", "id": 1, "texts": ["late"]}, {"op": "ping"})
    failed = next(answer for answer in answers if not answer["ok"])
    assert failed["error"]["type"] == "EngineError"
    assert "closed" in failed["error"]["message"]


class Broken(Embedder):
    """An embedder with a bug, and one without memory."""

    def embed_batch(self, texts: object, input_type: object = "passage") -> Any:  # noqa: ANN401
        raise MemoryError if input_type == "query" else ZeroDivisionError("a bug")


def test_a_bug_and_a_lack_of_memory_are_answers_too() -> None:
    with Broken(threads=1) as broken:
        request = {"op": "embed", "texts": ["a"]}
        answers = converse(broken, request | {"id": 1}, request | {"id": 2, "input_type": "query"})
    bug, memory = sorted(answers, key=lambda answer: answer["id"])
    assert bug["error"] == {"type": "InternalError", "message": "ZeroDivisionError('a bug')"}
    assert memory["error"]["type"] == "MemoryError"


class Endless(io.BytesIO):
    """Requests without end; counts how many were read."""

    read_lines = 0

    def readline(self, size: int | None = -1, /) -> bytes:
        self.read_lines += 1
        return b'{"op": "ping"}\n'


class Stuck(io.BytesIO):
    """Takes no answer until it is released, and then the reader has gone."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def write(self, data: object, /) -> int:
        assert self.released.wait(30)
        raise BrokenPipeError


def test_while_nobody_takes_answers_no_more_than_a_few_requests_are_read(
    embedder: Embedder,
) -> None:
    requests, answers = Endless(), Stuck()
    failures: list[BaseException] = []

    def serve() -> None:
        try:
            Worker(embedder, answers, Limits(requests=3)).serve(requests)
        except BrokenPipeError as error:
            failures.append(error)

    thread = threading.Thread(target=serve)
    thread.start()
    thread.join(0.3)
    assert thread.is_alive()
    assert requests.read_lines == 4
    answers.released.set()
    thread.join(10)
    assert not thread.is_alive()
    assert len(failures) == 1
