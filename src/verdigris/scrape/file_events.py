"""A file of the work tree → its events: read, decoded, redacted, parsed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from verdigris.frozen_dataclass import dataclass
from verdigris.records import Event, SeenDetails, SourceFile
from verdigris.scrape.documents.extracted import Extracted
from verdigris.scrape.documents.extraction import PDF
from verdigris.scrape.files import Skipped, read_file

_LONGEST_HEADING = 500


@dataclass(frozen=True, slots=True)
class FileEvents:
    """A file of the work tree: its events, or why there are none."""

    path: str
    events: tuple[Event, ...] = ()
    secrets: int = 0
    warning: str = ""
    skipped: str = ""
    """Why it is not read."""

    @property
    def seen(self) -> SeenDetails | None:
        """What the first event says of the document; None where there are no events."""
        details = self.events[0].details if self.events else None
        return details if isinstance(details, SeenDetails) else None


def read_events(
    root: Path,
    path: str,
    max_bytes: int,
    extract_pdf: Callable[[bytes], Extracted] = PDF.extract,
) -> FileEvents:
    """Read a file into events in this process, where a grammar that crashes takes it along."""
    file = read_file(root, path, max_bytes, extract_pdf)
    return events_of(path, file, _parse)


def events_of(
    path: str, file: SourceFile | Skipped, parse: Callable[[SourceFile], list[Event]]
) -> FileEvents:
    """The events that a parser makes of a file, with what there is to say about reading it."""
    if isinstance(file, Skipped):
        return FileEvents(path, skipped=file.reason)
    events = tuple(_cropped(event) for event in parse(file))
    return FileEvents(path, events, file.secrets, file.warning)


def _parse(file: SourceFile) -> list[Event]:
    """All events of one version of a file: session log, document or code."""
    # Here, because who reads in other processes needs neither.
    from verdigris.scrape.parsers import parse_file
    from verdigris.scrape.sessions.events import is_session_log, parse_session

    return parse_session(file) if is_session_log(file.path, file.text) else parse_file(file)


def _cropped(event: Event) -> Event:
    """A heading stands in every event below it: one of 100,000 letters must not fill the log."""
    if len(event.heading) <= _LONGEST_HEADING:
        return event
    return replace(event, heading=event.heading[-_LONGEST_HEADING:])
