"""AsciiDoc → events: one for each section title with the text below it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from verdigris.records import Event, Lines, SourceFile
from verdigris.scrape.documents.sections import LONGEST_TITLE, Heading, sections_of, seen_document
from verdigris.scrape.line_spans import split_lines

_TITLE = re.compile(r"(={1,6}|#{1,6})[ \t]+(\S.*)")
_CLOSING = re.compile(r"[ \t]+(?:=+|#+)[ \t]*$")
_UNDERLINE = re.compile(r"(=+|-+|~+|\^+|\++)[ \t]*")
_UNDERLINE_LEVELS = {"=": 1, "-": 2, "~": 3, "^": 4, "+": 5}
_DELIMITER = re.compile(
    r"(-{4,}|\.{4,}|={4,}|\*{4,}|_{4,}|\+{4,}|/{4,}|`{3,}\w*|--|[|,:!]={3,})[ \t]*"
)
_ATTRIBUTE = re.compile(r":([\w][\w-]*):(?:[ \t]+(.*))?")
_USE = re.compile(r"\{([\w][\w-]*)\}")
_MACRO = re.compile(
    r"(?:link:|https?://)[^\s\[]{1,300}\[([^\]]{0,200})\]|<<[^,>]{1,100},([^>]{1,200})>>"
)


def parse_asciidoc(file: SourceFile) -> list[Event]:
    """Read AsciiDoc into `document.seen` and `doc.section` events, as parse_markdown does.

    Titles begin with `=` (or `#`), or are underlined; none is inside a delimited block. Attributes
    (`:name: value`) are filled into titles. Method: AsciiDoc language documentation, "Sections".
    """
    lines = split_lines(file.text)
    headings = list(_headings(lines))
    events = sections_of(file, lines, Lines(1, len(lines)), headings)
    return [seen_document(file, headings[0].title if headings else "", "asciidoc"), *events]


def _headings(lines: Sequence[str]) -> Iterator[Heading]:
    attributes: dict[str, str] = {}
    block = ""
    number = 0
    while number < len(lines):
        number += 1
        line = lines[number - 1]
        after = lines[number] if number < len(lines) else ""
        if block:
            block = "" if line.rstrip() == block else block
        elif title := _TITLE.fullmatch(line):
            yield Heading(number, len(title[1]), _plain(title[2], attributes))
        elif level := _underlined(lines, number):
            yield Heading(number, level, _plain(line, attributes))
            number += 1
        elif attribute := _ATTRIBUTE.fullmatch(line.rstrip()):
            attributes[attribute[1].lower()] = attribute[2] or ""
        elif _DELIMITER.fullmatch(line) and not (line.strip() == "--" and not after.strip()):
            block = "```" if line.startswith("```") else line.rstrip()


def _underlined(lines: Sequence[str], number: int) -> int:
    """The level of a title underlined by a line of its own length, give or take one; 0 = none."""
    if number >= len(lines) or (number > 1 and lines[number - 2].strip()):
        return 0
    title, underline = lines[number - 1].rstrip(), lines[number].rstrip()
    if not re.match(r"\w", title) or not _UNDERLINE.fullmatch(underline):
        return 0
    fits = abs(len(title) - len(underline)) <= 1 and len(underline) > 2
    return _UNDERLINE_LEVELS[underline[0]] if fits else 0


def _plain(title: str, attributes: Mapping[str, str]) -> str:
    """A title's words: attributes filled in, links as their text, without a closing mark."""
    filled = _USE.sub(lambda use: attributes.get(use[1].lower(), use[0]), title[:LONGEST_TITLE])
    words = _MACRO.sub(lambda link: link[1] or link[2] or link[0], _CLOSING.sub("", filled))
    return words.strip()[:LONGEST_TITLE]
