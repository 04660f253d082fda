"""Files of the work tree → events, several at a time and ahead of who stores them.

Most of the time goes to processes: code is parsed in processes of its own, and so are PDF files.
A thread for each processor waits for them while the caller stores what is done.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

from verdigris.engine.cpus import usable_cpus
from verdigris.frozen_dataclass import dataclass
from verdigris.records import Event, SeenDetails, SourceFile
from verdigris.scrape.code.isolated import IsolatedParsers
from verdigris.scrape.documents.pdf import PdfExtractors
from verdigris.scrape.files import Skipped, read_file
from verdigris.scrape.repository import Repository

_MOST_THREADS = 4
"""Beyond these, Python's part of the work is the bound."""
_FILES_AHEAD = 64
_LONGEST_HEADING = 500


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file of the work tree: its events, or why there are none."""

    path: str
    events: tuple[Event, ...] = ()
    secrets: int = 0
    warning: str = ""
    skipped: str = ""
    """It changed after it was listed; the next scrape looks again."""

    @property
    def seen(self) -> SeenDetails | None:
        """What the first event says of the document; None where there are no events."""
        details = self.events[0].details if self.events else None
        return details if isinstance(details, SeenDetails) else None


def read_files(
    repository: Repository, paths: Iterable[str], max_bytes: int
) -> Generator[ReadFile, None, None]:
    """Read files in the given order; close the iterator where it is not read to its end."""
    with IsolatedParsers() as parsers, PdfExtractors() as pdf_files:

        def read(path: str) -> ReadFile:
            file = read_file(repository, path, max_bytes, pdf_files.extract)
            return _parsed(path, file, parsers.parse)

        yield from _ahead(read, paths)


def _ahead(
    read: Callable[[str], ReadFile], paths: Iterable[str]
) -> Generator[ReadFile, None, None]:
    pool = ThreadPoolExecutor(min(usable_cpus(), _MOST_THREADS), "verdigris-read")
    waiting: deque[Future[ReadFile]] = deque()
    try:
        for path in paths:
            waiting.append(pool.submit(read, path))
            if len(waiting) > _FILES_AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _parsed(
    path: str, file: SourceFile | Skipped, parse_code: Callable[[SourceFile], list[Event]]
) -> ReadFile:
    if isinstance(file, Skipped):
        return ReadFile(path, skipped=file.reason)
    events = tuple(_cropped(event) for event in _events_of(file, parse_code))
    return ReadFile(path, events, file.secrets, file.warning)


def _cropped(event: Event) -> Event:
    """A heading stands in every event below it: one of 100,000 letters must not fill the log."""
    if len(event.heading) <= _LONGEST_HEADING:
        return event
    return replace(event, heading=event.heading[-_LONGEST_HEADING:])


def _events_of(file: SourceFile, parse_code: Callable[[SourceFile], list[Event]]) -> list[Event]:
    """All events of one version of a file: session log, document or code."""
    from verdigris.scrape.sessions.events import is_session_log, parse_session

    if is_session_log(file.path, file.text):
        return parse_session(file)
    from verdigris.scrape.parsers import parse_file

    return parse_file(file, parse_code)
