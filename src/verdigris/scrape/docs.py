"""Markdown and reStructuredText → events: one for each heading with the text below it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from verdigris.records import DOCUMENT_SEEN, Event, FileDetails, Lines, SeenDetails, SourceFile
from verdigris.scrape.line_spans import split_lines, text_of, trim

_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*))?")
_CLOSING_HASHES = re.compile(r"(?:^|[ \t]+)#+[ \t]*$")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*")
_FENCE = re.compile(r"[\s>]*(?:[-*+]\s+|\d+[.)]\s+)?(`{3,}(?=[^`]*$)|~{3,})")
_NO_PARAGRAPH = re.compile(r" {4}|\t| {0,3}(?:[>|<]|[-*+][ \t]|\d+[.)][ \t]|([-*_][ \t]*){3,}$)")
_LINK = re.compile(r"!?\[([^\[\]]{0,200})\](?:\([^()]{0,300}\)|\[[^\[\]]{0,200}\])")
_LONGEST_TITLE = 300
"""Titles stand in front of every passage below them, so a long one is cropped."""
_FRONT_MATTER_TITLE = re.compile(r"^title[ \t]*[:=][ \t]*[\"']?(.*?)[\"']?[ \t]*$", re.MULTILINE)
_RST_LINE = re.compile(r"([!-/:-@\[-`{-~])\1+\s*")
_RAW_HTML = re.compile(r" {0,3}<(!--|script\b|pre\b|style\b|textarea\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Heading:
    """A heading: the line where its section starts (counted from 1), its level and its words."""

    line: int
    level: int
    title: str


def parse_markdown(file: SourceFile) -> list[Event]:
    """Read Markdown into `document.seen`, `doc.front_matter` and `doc.section` events.

    A section runs from its heading to the next heading of any level, with the path of headings
    above it as its heading; every non-blank line is in exactly one event. Headings as in
    CommonMark 0.31 (ATX, setext); none inside fences, comments and raw HTML blocks.
    """
    lines = split_lines(file.text)
    front_matter = _front_matter(lines)
    body = front_matter.end + 1 if front_matter else 1
    headings = list(_markdown_headings(lines, body))
    events = sections = _sections(file, lines, Lines(body, len(lines)), headings)
    metadata = text_of(lines, front_matter) if front_matter else ""
    if front_matter:
        events = [_event(file, "doc.front_matter", metadata, front_matter), *sections]
    title = _title(headings, metadata, opening=sections[0].heading if sections else "")
    return [_seen(file, title, "markdown"), *events]


def parse_restructuredtext(file: SourceFile) -> list[Event]:
    """Read reStructuredText into `document.seen` and `doc.section` events.

    Headings are underlined, with or without an overline; each new style of line is one level
    deeper than those before it (docutils, reStructuredText specification, "Sections").
    """
    lines = split_lines(file.text)
    headings = list(_underlined_headings(lines))
    events = _sections(file, lines, Lines(1, len(lines)), headings)
    title = headings[0].title if headings else ""
    return [_seen(file, title, "restructuredtext"), *events]


def _title(headings: Sequence[_Heading], metadata: str, opening: str) -> str:
    """Choose a document's title: '' where only its file name can tell.

    The first heading of level 1, else what the front matter declares, else the heading that
    the document opens with (a first heading further down names only a part).
    """
    declared = _FRONT_MATTER_TITLE.search(metadata)
    top = (heading.title for heading in headings if heading.level == 1)
    return next(top, "") or (declared.group(1) if declared else "") or opening


def _seen(file: SourceFile, title: str, language: str) -> Event:
    details = SeenDetails(
        kind="doc",
        title=title or PurePosixPath(file.path).name,
        file=FileDetails(language=language, parser=language),
    )
    return Event(DOCUMENT_SEEN, file.path, file.version, time=file.time, details=details)


def _event(file: SourceFile, kind: str, text: str, span: Lines, heading: str = "") -> Event:
    return Event(
        kind, file.path, file.version, text=text, lines=span, heading=heading, time=file.time
    )


def _sections(
    file: SourceFile, lines: Sequence[str], body: Lines, headings: Sequence[_Heading]
) -> list[Event]:
    """Cut the body at its headings; what stands before the first has no heading."""
    starts = [_Heading(body.start, 0, ""), *headings]
    ends = [heading.line - 1 for heading in headings] + [body.end]
    events: list[Event] = []
    path: list[_Heading] = []
    for heading, end in zip(starts, ends, strict=True):
        path = [above for above in path if above.level < heading.level]
        path.append(heading)
        span = trim(lines, Lines(heading.line, end))
        if span is not None:
            breadcrumb = " > ".join(part.title for part in path if part.title)
            events.append(_event(file, "doc.section", text_of(lines, span), span, breadcrumb))
    return events


def _front_matter(lines: Sequence[str]) -> Lines | None:
    """Find the metadata block at the top, closed as it was opened; its content is not judged."""
    opening = lines[0].rstrip()
    closings = {"---": ("---", "..."), "+++": ("+++",)}.get(opening, ())
    for number, line in enumerate(lines[1:] if closings else (), start=2):
        if line.rstrip() in closings:
            return Lines(1, number)
    return None


def _markdown_headings(lines: Sequence[str], first_line: int) -> Iterator[_Heading]:
    """Yield the headings of the lines from `first_line` on."""
    paragraph = _Paragraph()
    closing: re.Pattern[str] | None = None
    for number in range(first_line, len(lines) + 1):
        line = lines[number - 1]
        if closing is not None:
            closing = None if closing.match(line) else closing
            continue
        closing = _closing_of(line)
        atx = _ATX.fullmatch(line)
        underline = _SETEXT.fullmatch(line) if paragraph.start else None
        if atx:
            title = _CLOSING_HASHES.sub("", atx.group(2) or "")
            yield _Heading(number, len(atx.group(1)), _plain(title))
        elif underline:
            title = " ".join(part.strip() for part in lines[paragraph.start - 1 : number - 1])
            yield _Heading(paragraph.start, 1 if "=" in underline.group(1) else 2, _plain(title))
        if atx or underline or closing or not line.strip():
            paragraph = _Paragraph()
        else:
            paragraph = paragraph.with_line(number, line)


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """Where the paragraph began that an underline would turn into a heading; 0 = there is none."""

    start: int = 0
    is_other_block: bool = False
    """Inside a list, quote, table or HTML block, which goes on until a blank line."""

    def with_line(self, number: int, line: str) -> _Paragraph:
        """Return the state after one more line that is not blank."""
        if self.start or self.is_other_block:
            return self
        if _NO_PARAGRAPH.match(line):
            return _Paragraph(is_other_block=True)
        return _Paragraph(start=number)


def _closing_of(line: str) -> re.Pattern[str] | None:
    """Return what ends the fence, comment or raw HTML that a line opens, None if it opens none."""
    fence = _FENCE.match(line)
    if fence:
        mark = fence.group(1)
        return re.compile(rf"[\s>]*{re.escape(mark)}{re.escape(mark[0])}*\s*$")
    html = _RAW_HTML.match(line)
    if html is None:
        return None
    tag = html.group(1).lower()
    end = re.compile(".*-->" if tag == "!--" else rf".*</{tag}>", re.IGNORECASE)
    return None if end.match(line) else end


def _plain(title: str) -> str:
    """Return a heading's words: links become their text."""
    return _LINK.sub(r"\1", title[:_LONGEST_TITLE]).strip()


def _underlined_headings(lines: Sequence[str]) -> Iterator[_Heading]:
    """Yield the headings of reStructuredText; an overline is part of its section."""
    styles: list[tuple[str, bool]] = []
    number = 2
    while number <= len(lines):
        title, underline = lines[number - 2], lines[number - 1]
        above = lines[number - 3] if number > 2 else ""
        overlined = bool(_RST_LINE.fullmatch(above)) and above.strip() == underline.strip()
        if _is_title(title, underline) and (overlined or not above.strip()):
            style = (underline[0], overlined)
            if style not in styles:
                styles.append(style)
            start = number - 2 if overlined else number - 1
            yield _Heading(start, styles.index(style) + 1, title.strip()[:_LONGEST_TITLE])
            number += 1
        number += 1


def _is_title(title: str, underline: str) -> bool:
    """Tell a title with its underline from a transition, a table or a literal block."""
    if not title.strip() or _RST_LINE.fullmatch(title) or not _RST_LINE.fullmatch(underline):
        return False
    return len(underline.rstrip()) >= min(len(title.rstrip()), 4)
