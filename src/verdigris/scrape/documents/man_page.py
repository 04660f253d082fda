"""Manual pages (roff with the macros man or mdoc) → events: one for each section."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from verdigris.records import Event, Lines, SourceFile
from verdigris.scrape.documents.plain_text import parse_text
from verdigris.scrape.documents.sections import LONGEST_TITLE, Heading, sections_of, seen_document
from verdigris.scrape.line_spans import split_lines

_TITLE = re.compile(
    r"^[.'][ \t]*(?:TH|Dt)[ \t]+(?:\"([^\"]*)\"|(\S+))(?:[ \t]+\"?(\w+))?", re.MULTILINE
)
_HEADING = re.compile(r"[.'][ \t]*(SH|SS|Sh|Ss)[ \t]+(.+)")
_REQUEST = re.compile(r"[.'][ \t]*(\w*)[ \t]*(.*)")
_SPOKEN = frozenset(
    """
    B I BI BR IB IR RB RI SB SM SH SS Sh Ss TH Dt TP Nm Nd Ar Fl Op Cm Pa Ev Xr Em Sy Li Dq Sq Ql Qq
    It Ic Va Vt Fa Fn Ft Dv Er In Lk An Oo Pq UR MT OP
    """.split()
)
"""Macros whose arguments are words of the page."""
_CHARACTERS = {
    "-": "-", "e": "\\", "(aq": "'", "(dq": '"', "(em": "—", "(en": "–", "(bu": "•", "(co": "©",
    "(lq": "“", "(rq": "”", "(oq": "‘", "(cq": "’", " ": " ", "~": " ", "0": " ", "&": "", "|": "",
    "^": "", "/": "", ",": "", ")": "", "%": "", ":": "", "c": "",
}  # fmt: skip
_ESCAPE = re.compile(
    r"\\(?:f(?:\[[^\]]*\]|\(..|.)|s[-+]?\d{1,2}|[*n](?:\[[^\]]*\]|\(..|.)|\[([^\]]*)\]|(\(..)|(.))"
)
_COMMENT = re.compile(r"[.']?[ \t]*\\[\"#].*$")


def parse_man_page(file: SourceFile) -> list[Event]:
    """Read a manual page into `document.seen` and `doc.section` events, without its markup.

    Every line of the source stays one line, so that anchors are lines of the file. What has no
    title macro (`.TH`, `.Dt`) is cut as text. Method: groff_man(7), mandoc's mdoc(7).
    """
    title = _TITLE.search(file.text)
    if title is None:
        return parse_text(file)
    source = split_lines(file.text)
    lines = [_plain(line) for line in source]
    events = sections_of(file, lines, Lines(1, len(lines)), list(_headings(source)))
    name = _plain(title[1] or title[2]).lower()
    section = f"({title[3]})" if title[3] else ""
    return [seen_document(file, f"{name}{section}"[:LONGEST_TITLE], "man page"), *events]


def _headings(lines: Sequence[str]) -> Iterator[Heading]:
    for number, line in enumerate(lines, start=1):
        if found := _HEADING.fullmatch(line.rstrip()):
            level = 1 if found[1].upper() == "SH" else 2
            yield Heading(number, level, _words(found[2])[:LONGEST_TITLE])


def _plain(line: str) -> str:
    """A line's words: without requests, fonts and comments; '' where it has none."""
    line = _COMMENT.sub("", line)
    request = _REQUEST.fullmatch(line)
    if request is None:
        return _ESCAPE.sub(_character, line)
    return _words(request[2]) if request[1] in _SPOKEN else ""


def _words(arguments: str) -> str:
    """A macro's arguments without the quotes that hold them together."""
    return _ESCAPE.sub(_character, re.sub(r'"([^"]*)"?', r"\1", arguments)).strip()


def _character(escape: re.Match[str]) -> str:
    name = escape[2] or escape[3] or (f"({escape[1]}" if escape[1] else "")
    return _CHARACTERS.get(name, "")
