"""Markdown and reStructuredText → events: one for each heading with the text below it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from verdigris.records import Event, Lines, SourceFile
from verdigris.scrape.documents.sections import (
    LONGEST_TITLE,
    Heading,
    document_event,
    sections_of,
    seen_document,
)
from verdigris.scrape.line_spans import split_lines, text_of

_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*))?")
_CLOSING_HASHES = re.compile(r"(?:^|[ \t]+)#+[ \t]*$")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*")
_FENCE = re.compile(r"[\s>]*(?:[-*+]\s+|\d+[.)]\s+)?(`{3,}(?=[^`]*$)|~{3,})")
_NO_PARAGRAPH = re.compile(r" {4}|\t| {0,3}(?:[>|<]|[-*+][ \t]|\d+[.)][ \t]|([-*_][ \t]*){3,}$)")
_LINK = re.compile(r"!?\[([^\[\]]{0,200})\](?:\([^()]{0,300}\)|\[[^\[\]]{0,200}\])")
_FRONT_MATTER_TITLE = re.compile(r"^title[ \t]*[:=][ \t]*[\"']?(.*?)[\"']?[ \t]*$", re.MULTILINE)
_RST_LINE = re.compile(r"([!-/:-@\[-`{-~])\1+\s*")
_RAW_HTML = re.compile(r" {0,3}<(!--|script\b|pre\b|style\b|textarea\b)", re.IGNORECASE)


def parse_markdown(file: SourceFile) -> list[Event]:
    """Read Markdown into `document.seen`, `doc.front_matter` and `doc.section` events.

    A section runs from its heading to the next heading of any level, with the path of headings
    above it as its heading; every non-blank line is in exactly one event. Headings as in
    CommonMark 0.31 (ATX, setext); none inside fences, comments and raw HTML blocks.
    """
    lines = split_lines(file.text)
    front_matter = _front_matter(lines)
    body = front_matter.end + 1 if front_matter else 1
    headings = list(markdown_headings(lines, body))
    events = sections = sections_of(file, lines, Lines(body, len(lines)), headings)
    metadata = text_of(lines, front_matter) if front_matter else ""
    if front_matter:
        events = [document_event(file, "doc.front_matter", metadata, front_matter), *sections]
    title = _title(headings, metadata, opening=sections[0].heading if sections else "")
    return [seen_document(file, title, "markdown"), *events]


def parse_restructuredtext(file: SourceFile) -> list[Event]:
    """Read reStructuredText into `document.seen` and `doc.section` events.

    Headings are underlined, with or without an overline; each new style of line is one level
    deeper than those before it (docutils, reStructuredText specification, "Sections").
    """
    lines = split_lines(file.text)
    headings = list(_underlined_headings(lines))
    events = sections_of(file, lines, Lines(1, len(lines)), headings)
    title = headings[0].title if headings else ""
    return [seen_document(file, title, "restructuredtext"), *events]


def _title(headings: Sequence[Heading], metadata: str, opening: str) -> str:
    """Choose a document's title: '' where only its file name can tell.

    The first heading of level 1, else what the front matter declares, else the heading that
    the document opens with (a first heading further down names only a part).
    """
    declared = _FRONT_MATTER_TITLE.search(metadata)
    top = (heading.title for heading in headings if heading.level == 1)
    return next(top, "") or (declared.group(1) if declared else "") or opening


def _front_matter(lines: Sequence[str]) -> Lines | None:
    """Find the metadata block at the top, closed as it was opened; its content is not judged."""
    opening = lines[0].rstrip()
    closings = {"---": ("---", "..."), "+++": ("+++",)}.get(opening, ())
    for number, line in enumerate(lines[1:] if closings else (), start=2):
        if line.rstrip() in closings:
            return Lines(1, number)
    return None


def markdown_headings(lines: Sequence[str], first_line: int) -> Iterator[Heading]:
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
            yield Heading(number, len(atx.group(1)), _plain(title))
        elif underline:
            title = " ".join(part.strip() for part in lines[paragraph.start - 1 : number - 1])
            yield Heading(paragraph.start, 1 if "=" in underline.group(1) else 2, _plain(title))
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
    return _LINK.sub(r"\1", title[:LONGEST_TITLE]).strip()


def _underlined_headings(lines: Sequence[str]) -> Iterator[Heading]:
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
            yield Heading(start, styles.index(style) + 1, title.strip()[:LONGEST_TITLE])
            number += 1
        number += 1


def _is_title(title: str, underline: str) -> bool:
    """Tell a title with its underline from a transition, a table or a literal block."""
    if not title.strip() or _RST_LINE.fullmatch(title) or not _RST_LINE.fullmatch(underline):
        return False
    return len(underline.rstrip()) >= min(len(title.rstrip()), 4)
