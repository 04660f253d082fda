"""Scrape a work tree into the event log: only what changed, in small transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING

from verdigris.event_log import SHARED, CursorChange, EventLog
from verdigris.frozen_dataclass import dataclass
from verdigris.records import (
    DOCUMENT_GONE,
    DOCUMENT_SEEN,
    Event,
    Kind,
    ScrapeReport,
)
from verdigris.scrape.files import FileChanges, file_changes
from verdigris.scrape.git.history_position import history_position
from verdigris.scrape.repository import Repository
from verdigris.upkeep.progress import Progress

if TYPE_CHECKING:
    from verdigris.scrape.file_events import FileEvents

SOURCES = ("git", "sessions", "docs", "code")
FORGE = "forge"
"""A source that asks the network, through the forge's own program."""
TRANSCRIPTS = "transcripts"
"""A source outside of the repository, which is only read where somebody asks for it."""
_KINDS: dict[str, Kind] = {"git": "commit", "sessions": "session", "docs": "doc", "code": "code"}
_FILES, _GIT = "files", "git"
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


@dataclass(frozen=True, slots=True)
class FileScrape:
    """Brings the log up to the files of the work tree, and the report with it."""

    repository: Repository
    log: EventLog
    wanted: Wanted
    report: ScrapeReport

    def run(self, progress: Progress, stored: Callable[[], None] = lambda: None) -> None:
        """Append the events of changed files, and the end of those that went.

        Files of other kinds than the wanted ones stay for the next scrape. stored: called after
        each transaction, while the next files are being read.
        """
        stamps, limit = self.log.cursor(_FILES), self.wanted.max_bytes
        # Of a first scrape all files are read anyway.
        changes = file_changes(self.repository, stamps, limit, look_at_new=bool(stamps))
        if changes.changed:
            progress.start("reading files", len(changes.changed))
            for count in self._append(changes.changed):
                progress.advance(count)
                stored()
            progress.finish()
        if changes.gone or changes.restamped or changes.forgotten:
            gone = [Event(DOCUMENT_GONE, path, "") for path in changes.gone]
            self.log.append(gone, CursorChange(_FILES, changes.restamped, changes.forgotten))
            self.report.gone += len(gone)
        for reason, count in changes.skipped.items():
            _count(self.report.skipped, reason, count)

    def _append(self, stamps: Mapping[str, str]) -> Iterator[int]:
        """Append files (path → stamp); yield how many were read after each transaction."""
        from verdigris.upkeep.file_reading import read_files

        paths, limit = tuple(stamps), self.wanted.max_bytes
        with closing(read_files(self.repository, paths, limit)) as files:
            while batch := list(islice(files, _FILES_A_TRANSACTION)):
                taken = [file for file in batch if self._is_wanted(file)]
                events = (event for file in taken for event in file.events)
                cursor = CursorChange(_FILES, {f.path: _stamp(stamps[f.path], f) for f in taken})
                self.report.events += self.log.append(events, cursor)
                for file in batch:
                    self._note_reading(file)
                for file in taken:
                    self._note_parsing(file)
                yield len(batch)

    def _is_wanted(self, file: FileEvents) -> bool:
        return file.seen is None or file.seen.kind in self.wanted.kinds

    def _note_reading(self, file: FileEvents) -> None:
        self.report.secrets += file.secrets
        if file.skipped:
            _count(self.report.skipped, file.skipped, 1)
        if file.warning:
            self.report.warnings.append(f"{file.path}: {file.warning}")

    def _note_parsing(self, file: FileEvents) -> None:
        if file.seen is None:
            return
        _count(self.report.documents, file.seen.kind, 1)
        if parsed := file.seen.file:
            _count(self.report.parsers, parsed.parser, 1)
            if parsed.warning:
                self.report.warnings.append(f"{file.path}: {parsed.warning}")


def _stamp(stamp: str, file: FileEvents) -> str:
    """A file's stamp, with what its reading told where it was new."""
    if not stamp.endswith("|"):
        return stamp
    return stamp + (f"!{file.skipped}" if file.skipped else file.events[0].version)


def _count(counts: dict[str, int], key: str, number: int) -> None:
    counts[key] = counts.get(key, 0) + number


def commits_not_scraped(repository: Repository, log: EventLog) -> int:
    """Commits of HEAD and the local branches that the log does not have."""
    from verdigris.scrape.git.events import commits_behind

    return commits_behind(repository, log.cursor(_GIT, SHARED).get("position", ""))
