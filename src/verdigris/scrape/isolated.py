"""Reads files in processes of their own: one that crashes or hangs a parser costs that file alone.

Grammars are native code. Nothing inside a process can stop one that loops, and one that crashes
takes its process along; which files do that is not to be told beforehand, so all go this way. A
process starts with the first file that finds none idle and lives until `close`.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from verdigris.records import DOCUMENT_SEEN, Event, Lines, SeenDetails, SymbolDetails
from verdigris.scrape.file_events import FileEvents, events_of, read_events
from verdigris.scrape.files import read_as_text
from verdigris.scrape.worker_process import Workers, answer_all

SECONDS = 10.0
"""What a file may take, and a larger one for each megabyte, for which it needs about one."""
_MEGABYTE = 1 << 20


class _Question(msgspec.Struct, array_like=True, frozen=True):
    root: bytes
    """A folder's name need not be text."""
    path: str
    max_bytes: int


class _Content(msgspec.Struct, array_like=True, frozen=True):
    """An event but for the document and its version, which all of a file's events share."""

    kind: str
    text: str
    lines: Lines | None
    heading: str
    time: str
    session: str
    branch: str
    commit: str
    details: SymbolDetails | None


class _Answer(msgspec.Struct, array_like=True, frozen=True):
    """FileEvents; `seen` holds the details of the first event."""

    secrets: int = 0
    warning: str = ""
    skipped: str = ""
    version: str = ""
    seen: SeenDetails | None = None
    content: list[_Content] = []
    failed: str = ""


_QUESTION = msgspec.msgpack.Decoder(_Question)
_ANSWER = msgspec.msgpack.Decoder(_Answer)
"""Not pickled: that takes five times as long, mostly for the many calls."""


class IsolatedReaders:
    """Reads files of a work tree in processes, one for each thread that asks at once. Close them.

    max_bytes: larger files are not read, but for session logs and files with pictures. seconds:
    what a megabyte may take.
    """

    def __init__(self, root: Path, max_bytes: int, seconds: float = SECONDS) -> None:
        self._root = root
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._workers = Workers(__name__)

    def close(self) -> None:
        """End the processes."""
        self._workers.close()

    def read(self, path: str) -> FileEvents:
        """Read a file as `read_events` does, or as text, with a warning, if that fails."""
        question = _Question(os.fsencode(self._root), path, self._max_bytes)
        seconds = self._seconds_for(path)
        try:
            with self._workers.one() as worker:
                message = b"".join(worker.ask(msgspec.msgpack.encode(question), seconds))
        except TimeoutError:
            failed = f"parsing took longer than {seconds:g} s"
        except OSError as error:
            failed = f"parsing failed: {error}"
        else:
            answer = _ANSWER.decode(message)
            if not answer.failed:
                return _file_events(path, answer)
            failed = f"parsing failed ({answer.failed})"
        return self._as_text(path, f"{failed}; cut as text")

    def _seconds_for(self, path: str) -> float:
        try:
            megabytes = os.lstat(self._root / path).st_size // _MEGABYTE
        except OSError:
            megabytes = 0
        return self._seconds * max(megabytes, 1)

    def _as_text(self, path: str, warning: str) -> FileEvents:
        from verdigris.scrape.documents.plain_text import parse_text

        file = read_as_text(self._root, path, self._max_bytes)
        return events_of(path, file, lambda file: parse_text(file, warning))


def serve() -> None:
    """Answer paths with their events, or with why there are none, until standard input ends."""
    _import_detectors()
    answer_all(_answers)


def _import_detectors() -> None:
    """Import the detectors of secrets without `requests`, which takes twice as long as they do.

    detect-secrets would ask services with it whether a key is theirs; here nothing ever may.
    """
    stand_in: Any = ModuleType("requests")
    stand_in.Response = object  # stands in signatures
    sys.modules["requests"] = stand_in
    with suppress(ImportError, AttributeError):  # it needs more of it: import it where it is used
        importlib.import_module("verdigris.scrape.secret_patterns")
        return
    del sys.modules["requests"]


def _answers(message: bytes) -> Iterator[bytes]:
    question = _QUESTION.decode(message)
    try:
        root = Path(os.fsdecode(question.root))
        file = read_events(root, question.path, question.max_bytes)
        yield msgspec.msgpack.encode(_answer(file))
    except Exception as error:
        yield msgspec.msgpack.encode(_Answer(failed=f"{type(error).__name__}: {error}"))


def _answer(file: FileEvents) -> _Answer:
    return _Answer(
        secrets=file.secrets,
        warning=file.warning,
        skipped=file.skipped,
        version=file.events[0].version if file.events else "",
        seen=file.seen,
        content=[_content(event) for event in file.events],
    )


def _content(event: Event) -> _Content:
    return _Content(
        kind=event.kind,
        text=event.text,
        lines=event.lines,
        heading=event.heading,
        time=event.time,
        session=event.session,
        branch=event.branch,
        commit=event.commit,
        details=event.details if isinstance(event.details, SymbolDetails) else None,
    )


def _file_events(path: str, answer: _Answer) -> FileEvents:
    """The file that `_answer` was given."""
    events = tuple(_event(path, answer, one) for one in answer.content)
    return FileEvents(path, events, answer.secrets, answer.warning, answer.skipped)


def _event(path: str, answer: _Answer, one: _Content) -> Event:
    return Event(
        kind=one.kind,
        document=path,
        version=answer.version,
        text=one.text,
        lines=one.lines,
        heading=one.heading,
        time=one.time,
        session=one.session,
        branch=one.branch,
        commit=one.commit,
        details=answer.seen if one.kind == DOCUMENT_SEEN else one.details,
    )
