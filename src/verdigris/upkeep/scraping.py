"""Scrape a work tree into the event log: only what changed, in small transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from verdigris.event_log import SHARED, CursorChange, EventLog
from verdigris.records import (
    DOCUMENT_GONE,
    DOCUMENT_SEEN,
    Event,
    Kind,
    ScrapeReport,
    SeenDetails,
    SourceFile,
)
from verdigris.scrape.files import FileChanges, Skipped, file_changes, read_file
from verdigris.scrape.git.history_position import history_position
from verdigris.scrape.repository import Repository
from verdigris.upkeep.progress import Progress

SOURCES = ("git", "sessions", "docs", "code")
FORGE = "forge"
"""A source that asks the network, through the forge's own program."""
TRANSCRIPTS = "transcripts"
"""A source outside of the repository, which is only read where somebody asks for it."""
_KINDS: dict[str, Kind] = {"git": "commit", "sessions": "session", "docs": "doc", "code": "code"}
_FILES, _GIT = "files", "git"
_LONGEST_HEADING = 500
_COMMITS_A_TRANSACTION = 1_000
_FILES_A_TRANSACTION = 100


def scrape_commits(
    repository: Repository, log: EventLog, report: ScrapeReport, progress: Progress
) -> None:
    """Append the commits that the log does not have yet, and the end of those that are gone."""
    cursor = log.cursor(_GIT, SHARED).get("position", "")
    position = history_position(repository)
    if position.encode() == cursor:
        return
    from verdigris.scrape.git.events import gone_commits, read_commits

    known = [name for name in log.documents(SHARED) if name.startswith("commit:")]
    progress.start("reading history", 0)
    gone = list(gone_commits(repository, cursor, position, known))
    report.gone += log.append(gone, CursorChange(_GIT, {}), SHARED)
    commits = _by_document(read_commits(repository, cursor, position))
    while batch := list(islice(commits, _COMMITS_A_TRANSACTION)):
        events = [event for commit in batch for event in commit]
        report.events += log.append(events, CursorChange(_GIT, {}), SHARED)
        _count(report.documents, "commit", len(batch))
        progress.advance(len(batch))
    log.append([], CursorChange(_GIT, {"position": position.encode()}), SHARED)
    progress.finish()


def _by_document(events: Iterable[Event]) -> Iterator[list[Event]]:
    """A document's events together: no transaction may end between its marker and its content."""
    document: list[Event] = []
    for event in events:
        if event.kind == DOCUMENT_SEEN and document:
            yield document
            document = []
        document.append(event)
    if document:
        yield document


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which files a scrape takes."""

    max_bytes: int
    kinds: frozenset[Kind]


def kinds_of(sources: Iterable[str]) -> frozenset[Kind]:
    """The kinds of documents that named sources give."""
    return frozenset(_KINDS[source] for source in sources)


def pending_files(repository: Repository, log: EventLog, max_bytes: int) -> FileChanges:
    """Files that changed since the cursor, those that went, and what is skipped, by reason."""
    return file_changes(repository, log.cursor(_FILES), max_bytes)


def scrape_files(
    repository: Repository,
    log: EventLog,
    wanted: Wanted,
    report: ScrapeReport,
    progress: Progress,
) -> None:
    """Append the events of changed files, and the end of those that went.

    Files of other kinds than the wanted ones stay for the next scrape.
    """
    changes = pending_files(repository, log, wanted.max_bytes)
    if changes.changed:
        from verdigris.scrape.code.isolated import IsolatedParser

        progress.start("reading files", len(changes.changed))
        stamps = iter(changes.changed.items())
        with IsolatedParser() as parser:
            reader = _Reader(repository, wanted.max_bytes, report, parser.parse)
            while batch := dict(islice(stamps, _FILES_A_TRANSACTION)):
                report.events += _append(batch, reader, log, wanted)
                progress.advance(len(batch))
        progress.finish()
    if changes.gone or changes.restamped or changes.forgotten:
        gone = [Event(DOCUMENT_GONE, path, "") for path in changes.gone]
        log.append(gone, CursorChange(_FILES, changes.restamped, changes.forgotten))
        report.gone += len(gone)
    for reason, count in changes.skipped.items():
        _count(report.skipped, reason, count)


def _append(batch: dict[str, str], reader: _Reader, log: EventLog, wanted: Wanted) -> int:
    """Append the wanted files of a batch (path → stamp); return how many events were new."""
    read = {path: reader.events(path) for path in batch}
    taken = {path: events for path, events in read.items() if _is_wanted(events, wanted)}
    for events in taken.values():
        _note(reader.report, events)
    return log.append(
        (event for events in taken.values() for event in events),
        CursorChange(_FILES, {path: batch[path] for path in taken}),
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads files into events, and tells the report what was odd."""

    repository: Repository
    max_bytes: int
    report: ScrapeReport
    parse_code: Callable[[SourceFile], list[Event]]

    def events(self, path: str) -> list[Event]:
        """All events of a file; none where it cannot be read any more."""
        file = read_file(self.repository, path, self.max_bytes)
        if isinstance(file, Skipped):  # it changed after it was listed; the next scrape looks again
            _count(self.report.skipped, file.reason, 1)
            return []
        self.report.secrets += file.secrets
        if file.warning:
            self.report.warnings.append(f"{path}: {file.warning}")
        return [_cropped(event) for event in events_of(file, self.parse_code)]


def _is_wanted(events: Sequence[Event], wanted: Wanted) -> bool:
    details = events[0].details if events else None
    return not isinstance(details, SeenDetails) or details.kind in wanted.kinds


def _cropped(event: Event) -> Event:
    """A heading stands in every event below it: one of 100,000 letters must not fill the log."""
    if len(event.heading) <= _LONGEST_HEADING:
        return event
    return replace(event, heading=event.heading[-_LONGEST_HEADING:])


def events_of(file: SourceFile, parse_code: Callable[[SourceFile], list[Event]]) -> list[Event]:
    """All events of one version of a file: session log, document or code."""
    from verdigris.scrape.sessions.events import is_session_log, parse_session

    if is_session_log(file.path, file.text):
        return parse_session(file)
    from verdigris.scrape.parsers import parse_file

    return parse_file(file, parse_code)


def _note(report: ScrapeReport, events: Sequence[Event]) -> None:
    details = events[0].details if events else None
    if not isinstance(details, SeenDetails):
        return
    _count(report.documents, details.kind, 1)
    if details.file:
        _count(report.parsers, details.file.parser, 1)
        if details.file.warning:
            report.warnings.append(f"{events[0].document}: {details.file.warning}")


def _count(counts: dict[str, int], key: str, number: int) -> None:
    counts[key] = counts.get(key, 0) + number


def commits_not_scraped(repository: Repository, log: EventLog) -> int:
    """Commits of HEAD and the local branches that the log does not have."""
    from verdigris.scrape.git.events import commits_behind

    return commits_behind(repository, log.cursor(_GIT, SHARED).get("position", ""))
