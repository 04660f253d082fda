"""Documents as sections: what all parsers of prose make of the headings that they found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from verdigris.records import DOCUMENT_SEEN, Event, FileDetails, Lines, SeenDetails, SourceFile
from verdigris.scrape.line_spans import text_of, trim

LONGEST_TITLE = 300
"""Titles stand in front of every passage below them, so a long one is cropped."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: the line where its section starts (counted from 1), its level and its words."""

    line: int
    level: int
    title: str


def seen_document(file: SourceFile, title: str, language: str) -> Event:
    """The first event of a document; language: also the parser's name. '' = the file's name."""
    details = SeenDetails(
        kind="doc",
        title=title or PurePosixPath(file.path).name,
        file=FileDetails(language=language, parser=language),
    )
    return Event(DOCUMENT_SEEN, file.path, file.version, time=file.time, details=details)


def document_event(
    file: SourceFile, kind: str, text: str, span: Lines | None, heading: str = ""
) -> Event:
    """One piece of a document's content."""
    return Event(
        kind, file.path, file.version, text=text, lines=span, heading=heading, time=file.time
    )


def sections_of(
    file: SourceFile, lines: Sequence[str], body: Lines, headings: Sequence[Heading]
) -> list[Event]:
    """Cut the body at its headings; what stands before the first has no heading."""
    starts = [Heading(body.start, 0, ""), *headings]
    ends = [heading.line - 1 for heading in headings] + [body.end]
    events: list[Event] = []
    path: list[Heading] = []
    for heading, end in zip(starts, ends, strict=True):
        path = [above for above in path if above.level < heading.level]
        path.append(heading)
        span = trim(lines, Lines(heading.line, end))
        if span is not None:
            breadcrumb = " > ".join(part.title for part in path if part.title)
            events.append(
                document_event(file, "doc.section", text_of(lines, span), span, breadcrumb)
            )
    return events
