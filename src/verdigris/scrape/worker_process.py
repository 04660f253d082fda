"""Processes that answer messages, for work that may crash or hang: one that does is ended.

A message is bytes with their length in front; an answer is as many as there are, then an empty one.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO

_START_SECONDS = 60.0
_LENGTH_BYTES = 8
_READY = b"ready"
_END = b""
_PROGRAM = "import sys; sys.path[:] = {path!r}; from {module} import serve; serve()"


class Workers:
    """Processes for threads: each call has one to itself, and there are as many as calls at once.

    module: its function `serve` runs in each process, and calls `answer_all`.
    """

    def __init__(self, module: str) -> None:
        self._module = module
        self._idle: SimpleQueue[Worker] = SimpleQueue()

    @contextmanager
    def one(self) -> Iterator[Worker]:
        """A worker that is nobody else's; it is ended where an error leaves this context.

        Raises OSError where no process can be started.
        """
        try:
            worker = self._idle.get_nowait()
        except Empty:
            worker = Worker(self._module)
        try:
            yield worker
        except BaseException:
            worker.close()
            raise
        if not worker.is_closed:
            self._idle.put(worker)

    def close(self) -> None:
        """End the processes that nobody uses."""
        with suppress(Empty):
            while True:
                self._idle.get_nowait().close()


class Worker:
    """One process, with a thread that waits for its answers so that waiting can end."""

    def __init__(self, module: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM.format(path=_import_path(), module=module)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._answers: SimpleQueue[bytes | None] = SimpleQueue()
        self._thread = Thread(target=self._listen, daemon=True)
        self._thread.start()
        self._is_ready = False
        self.is_closed = False

    def ask(self, question: bytes, seconds: float) -> Iterator[bytes]:
        """Yield the messages of the answer, each when it is there; read them to their end.

        Raises TimeoutError when they take longer than `seconds`, another OSError when the process
        died: then `close` it.
        """
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it died: the answers tell
            _send(self._process.stdin, question)
        if not self._is_ready:
            self._is_ready = self._answer(_START_SECONDS) == _READY
        until = time.monotonic() + seconds
        while message := self._answer(until - time.monotonic()):
            yield message

    def _answer(self, seconds: float) -> bytes:
        try:
            answer = self._answers.get(timeout=max(seconds, 0))
        except Empty:
            raise TimeoutError from None
        if answer is None:
            code = self._process.wait()
            what = "crashed" if self._is_ready else "does not start"
            raise OSError(f"its process {what} (exit code {code})")
        return answer

    def _listen(self) -> None:
        assert self._process.stdout is not None
        while (answer := _receive(self._process.stdout)) is not None:
            self._answers.put(answer)
        self._answers.put(None)

    def close(self) -> None:
        """End the process, whatever it does."""
        self.is_closed = True
        self._process.kill()
        self._process.wait()
        self._thread.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what was not sent is of no use to anyone
                    pipe.close()


def _import_path() -> list[str]:
    """This process's, without the folder it stands in: a repository must not lend its modules."""
    own = [str(Path(entry).resolve()) for entry in sys.path if entry]
    package = str(Path(__file__).parents[2])
    return own if package in own else [*own, package]


def answer_all(answer: Callable[[bytes], Iterable[bytes]]) -> None:
    """Answer the questions on standard input until it ends; whatever else is printed is lost."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    _send(answers, _READY)
    while (question := _receive(sys.stdin.buffer)) is not None:
        for message in answer(question):
            _send(answers, message)
        _send(answers, _END)


def _send(pipe: IO[bytes], message: bytes) -> None:
    pipe.write(len(message).to_bytes(_LENGTH_BYTES, "little") + message)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes | None:
    """Read one message; None at the end, also in the middle of one."""
    head = pipe.read(_LENGTH_BYTES)
    length = int.from_bytes(head, "little")
    message = pipe.read(length)
    return message if len(head) == _LENGTH_BYTES and len(message) == length else None
