"""Parses code in a process of its own: a grammar that crashes or hangs costs one file, not the run.

Grammars are native code. Nothing inside a process can stop one that loops, and one that crashes
takes its process along; which files do that is not to be told beforehand, so all go this way. The
worker starts with the first file and lives until `close`; measured: 60 ms, beside other work.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO, Self

import msgspec

from verdigris.records import DOCUMENT_SEEN, Event, Lines, SeenDetails, SourceFile, SymbolDetails
from verdigris.scrape.documents.plain_text import parse_text

SECONDS = 10.0
"""What a file may take: the largest that are parsed need less than one second."""
_START_SECONDS = 60.0
_LENGTH_BYTES = 8
_READY = b"ready"
_PROGRAM = (
    "import sys; sys.path[:] = {path!r}; from verdigris.scrape.code.isolated import serve; serve()"
)


class _Content(msgspec.Struct, array_like=True, frozen=True):
    """What a parser found out about one event; the rest is the file's."""

    kind: str
    text: str
    lines: Lines | None
    heading: str
    details: SymbolDetails | None


class _Parsed(msgspec.Struct, array_like=True, frozen=True):
    """A worker's answer: the details of `document.seen`, and the events after it."""

    seen: SeenDetails
    content: list[_Content]


_QUESTION = msgspec.msgpack.Decoder(SourceFile)
_ANSWER: msgspec.msgpack.Decoder[_Parsed | str] = msgspec.msgpack.Decoder(_Parsed | str)
"""Not pickled: that takes five times as long, mostly for the many calls."""


class IsolatedParser:
    """A worker that parses code; restarted after a crash or a time-out. Close it."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._worker: _Worker | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def parse(self, file: SourceFile) -> list[Event]:
        """Read a source file as `parse_code` does, or as text, with a warning, if that fails."""
        try:
            self._worker = self._worker or _Worker()
            answer = self._worker.ask(msgspec.msgpack.encode(file), self._seconds)
        except Empty:
            self.close()
            return parse_text(file, f"parsing took longer than {self._seconds:g} s; cut as text")
        except OSError as error:
            self.close()
            return parse_text(file, f"{error}; cut as text")
        parsed = _ANSWER.decode(answer)
        if isinstance(parsed, str):
            return parse_text(file, f"parsing failed ({parsed}); cut as text")
        return _events(file, parsed)

    def close(self) -> None:
        """End the worker."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()


class IsolatedParsers:
    """Workers for threads: each call has one to itself, and there are as many as calls at once."""

    def __init__(self) -> None:
        self._idle: SimpleQueue[IsolatedParser] = SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(Empty):
            while True:
                self._idle.get_nowait().close()

    def parse(self, file: SourceFile) -> list[Event]:
        """Read a source file as `IsolatedParser.parse` does."""
        try:
            parser = self._idle.get_nowait()
        except Empty:
            parser = IsolatedParser()
        try:
            return parser.parse(file)
        finally:
            self._idle.put(parser)


class _Worker:
    """One process, with a thread that waits for its answers so that waiting can end."""

    def __init__(self) -> None:
        path = [str(Path(entry or ".").resolve()) for entry in sys.path]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM.format(path=path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._answers: SimpleQueue[bytes] = SimpleQueue()
        self._thread = Thread(target=self._listen, daemon=True)
        self._thread.start()
        self._is_ready = False

    def ask(self, question: bytes, seconds: float) -> bytes:
        """Return the answer to a question. Raises Empty after `seconds`, OSError when it died."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it died: the answers tell
            _send(self._process.stdin, question)
        if not self._is_ready:
            self._is_ready = self._answers.get(timeout=_START_SECONDS) == _READY
        if self._is_ready and (answer := self._answers.get(timeout=seconds)):
            return answer
        code = self._process.wait()
        what = "parsing crashed" if self._is_ready else "the process for parsing does not start"
        raise OSError(f"{what} (exit code {code})")

    def _listen(self) -> None:
        assert self._process.stdout is not None
        while answer := _receive(self._process.stdout):
            self._answers.put(answer)
        self._answers.put(b"")

    def close(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        self._thread.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what was not sent is of no use to anyone
                    pipe.close()


def serve() -> None:
    """Answer files with their events, or with why there are none, until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whatever else is printed
    from verdigris.scrape.code.events import parse_code

    _send(answers, _READY)
    while question := _receive(sys.stdin.buffer):
        try:
            answer: _Parsed | str = _parsed(parse_code(_QUESTION.decode(question)))
        except Exception as error:
            answer = f"{type(error).__name__}: {error}"
        _send(answers, msgspec.msgpack.encode(answer))


def _parsed(events: list[Event]) -> _Parsed:
    """What of the events is to be sent."""
    seen, *content = events
    assert isinstance(seen.details, SeenDetails)
    return _Parsed(seen.details, [_content(event) for event in content])


def _content(event: Event) -> _Content:
    details = event.details
    assert details is None or isinstance(details, SymbolDetails)
    return _Content(event.kind, event.text, event.lines, event.heading, details)


def _events(file: SourceFile, parsed: _Parsed) -> list[Event]:
    """The events that `_parsed` was given."""
    path, version, time = file.path, file.version, file.time
    return [
        Event(DOCUMENT_SEEN, path, version, time=time, details=parsed.seen),
        *(
            Event(
                kind=one.kind,
                document=path,
                version=version,
                text=one.text,
                lines=one.lines,
                heading=one.heading,
                time=time,
                details=one.details,
            )
            for one in parsed.content
        ),
    ]


def _send(pipe: IO[bytes], message: bytes) -> None:
    """Write one message with its length in front."""
    pipe.write(len(message).to_bytes(_LENGTH_BYTES, "little") + message)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes:
    """Read one message; b'' at the end, also in the middle of one."""
    length = int.from_bytes(pipe.read(_LENGTH_BYTES), "little")
    message = pipe.read(length)
    return message if len(message) == length else b""
