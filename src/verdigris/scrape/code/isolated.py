"""Parses code in a process of its own: a grammar that crashes or hangs costs one file, not the run.

Grammars are native code. Nothing inside a process can stop one that loops, and one that crashes
takes its process along; which files do that is not to be told beforehand, so all go this way. The
worker starts with the first file and lives until `close`; measured: 60 ms, beside other work.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

import msgspec

from verdigris.records import DOCUMENT_SEEN, Event, Lines, SeenDetails, SourceFile, SymbolDetails
from verdigris.scrape.documents.plain_text import parse_text
from verdigris.scrape.worker_process import Workers, answer_all

SECONDS = 10.0
"""What a file may take: the largest that are parsed need less than one second."""


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


class IsolatedParsers:
    """Parses code in processes, one for each thread that asks at once. Close them."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._workers = Workers(__name__)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._workers.close()

    def parse(self, file: SourceFile) -> list[Event]:
        """Read a source file as `parse_code` does, or as text, with a warning, if that fails."""
        try:
            with self._workers.one() as worker:
                answer = b"".join(worker.ask(msgspec.msgpack.encode(file), self._seconds))
        except TimeoutError:
            told = f"parsing took longer than {self._seconds:g} s"
        except OSError as error:
            told = f"parsing failed: {error}"
        else:
            parsed = _ANSWER.decode(answer)
            if isinstance(parsed, _Parsed):
                return _events(file, parsed)
            told = f"parsing failed ({parsed})"
        return parse_text(file, f"{told}; cut as text")


def serve() -> None:
    """Answer files with their events, or with why there are none, until standard input ends."""
    from verdigris.scrape.code.events import parse_code

    def answer(question: bytes) -> Iterator[bytes]:
        try:
            parsed: _Parsed | str = _parsed(parse_code(_QUESTION.decode(question)))
        except Exception as error:
            parsed = f"{type(error).__name__}: {error}"
        yield msgspec.msgpack.encode(parsed)

    answer_all(answer)


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
