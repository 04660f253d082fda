"""A long-lived worker for programs in other languages: JSON lines in, JSON lines out.

The protocol is described in docs/worker-protocol.md. Requests are worked on by several threads,
so answers come in the order in which they are ready; a client matches them by `id`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO

from verdigris.engine.embedder import Embedder
from verdigris.engine.vector_text import base64_vector, json_vector
from verdigris.engine.worker_messages import (
    LIMITS,
    PROTOCOL,
    CountTokens,
    Embed,
    Info,
    Limits,
    Ping,
    Shutdown,
    Work,
    failure,
    parse_request,
    success,
)
from verdigris.errors import VerdigrisError


class Worker:
    """Answers requests with one embedder until the input ends or a client says shutdown."""

    def __init__(self, embedder: Embedder, output: BinaryIO, limits: Limits = LIMITS) -> None:
        """output: takes the answers and nothing else, one line each, flushed."""
        self._embedder = embedder
        self._limits = limits
        self._answers = _Answers(output)
        self._free = threading.BoundedSemaphore(limits.requests)

    def serve(self, requests: BinaryIO) -> None:
        """Answer every line of `requests`; return after the last answer is written.

        No more than `limits.requests` are held at once: whoever sends more waits in the pipe.
        Raises BrokenPipeError where nobody reads the answers any more.
        """
        farewell: Shutdown | None = None
        with ThreadPoolExecutor(self._limits.requests, "verdigris-worker") as pool:
            for line in _lines(requests, self._limits.line_bytes):
                if self._answers.failure:
                    break
                request = parse_request(line, self._limits)
                if isinstance(request, Shutdown):
                    farewell = request
                    break
                self._free.acquire()
                pool.submit(self._answer, request)
        if farewell:
            self._answers.write(success(farewell.id, []))
        if self._answers.failure:
            raise self._answers.failure

    def _answer(self, request: Work | bytes) -> None:
        """Write the answer of a request, or the answer that stands for a line that is none."""
        try:
            self._answers.write(request if isinstance(request, bytes) else self._tried(request))
        finally:
            self._free.release()

    def _tried(self, request: Work) -> bytes:
        """The result, or the error: nothing that goes wrong with one request ends the worker."""
        try:
            return self._result(request)
        except VerdigrisError as error:
            return failure(request.id, type(error).__name__, str(error))
        except MemoryError:
            return failure(request.id, "MemoryError", "not enough memory; send fewer texts")
        except Exception as error:  # a bug must be answered too, or the client waits for ever
            return failure(request.id, "InternalError", repr(error))

    def _result(self, request: Work) -> bytes:
        match request:
            case Embed():
                return self._embedded(request)
            case CountTokens():
                counts = [self._embedder.count_tokens(text) for text in request.texts]
                return success(request.id, [("token_counts", json.dumps(counts))])
            case Info():
                return success(request.id, [("info", json.dumps(self._info()))])
            case Ping():
                return success(request.id, [])

    def _embedded(self, request: Embed) -> bytes:
        result = self._embedder.embed_batch(request.texts, request.input_type)
        write = json_vector if request.encoding == "float" else base64_vector
        vectors = ",".join(write(vector) for vector in result.vectors)
        fields = [
            ("vectors", f"[{vectors}]"),
            ("token_counts", json.dumps(result.token_counts.tolist())),
            ("truncated", json.dumps(result.truncated.tolist())),
            ("fingerprint", json.dumps(self._embedder.fingerprint)),
        ]
        return success(request.id, fields)

    def _info(self) -> dict[str, object]:
        embedder = self._embedder
        return {
            "protocol": PROTOCOL,
            "model": embedder.model.name,
            "dims": embedder.dims,
            "max_tokens": embedder.max_tokens,
            "fingerprint": embedder.fingerprint,
            "runtime": embedder.opened.runtime.info.runtime,
            "threads": embedder.threads,
            "max_line_bytes": self._limits.line_bytes,
            "max_texts": self._limits.texts,
            "max_requests": self._limits.requests,
        }


class _Answers:
    """Whole lines, one at a time, whichever thread writes; remembers that the reader went away."""

    def __init__(self, output: BinaryIO) -> None:
        self._output = output
        self._lock = threading.Lock()
        self.failure: OSError | None = None

    def write(self, line: bytes) -> None:
        """Write a line and flush it; after a failure do nothing."""
        with self._lock:
            if self.failure:
                return
            try:
                self._output.write(line)
                self._output.write(b"\n")
                self._output.flush()
            except OSError as error:
                self.failure = error


def _lines(source: BinaryIO, limit: int) -> Iterator[bytes]:
    """Lines without their end, blank ones left out; of one that is too long only the beginning.

    The rest of such a line is read and dropped, so that memory stays bounded; what is yielded
    is longer than `limit`, by which parse_request knows it.
    """
    while line := source.readline(limit + 2):
        rest = line
        while not rest.endswith(b"\n") and len(rest) == limit + 2:
            rest = source.readline(limit + 2)
        line = line.rstrip(b"\r\n") if line.endswith(b"\n") else line
        if line.strip():
            yield line
