"""Jupyter notebooks: cells and short text outputs, with the lines that they have in the file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from verdigris.records import Event, Lines, SourceFile
from verdigris.scrape.documents.extracted import Extracted, Piece, put_together
from verdigris.scrape.documents.markdown import markdown_headings
from verdigris.scrape.documents.plain_text import parse_text
from verdigris.scrape.documents.sections import Heading, document_event, seen_document
from verdigris.scrape.file_content import decode
from verdigris.scrape.line_spans import split_lines, text_of, trim

_OUTPUT_LINES, _OUTPUT_CHARACTERS = 20, 1_000
"""More of an output is data, not what somebody wrote."""
_CELL_KINDS = frozenset({"markdown", "code", "raw"})
_EVENT_KINDS = {
    "markdown": "doc.section",
    "raw": "doc.section",
    "code": "doc.code",
    "output": "doc.output",
}
_SPACE = re.compile(r"[\s,:]*")
_CONTROL_SEQUENCE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True, slots=True)
class _Value:
    """A JSON value and where it stands in the text."""

    value: Any
    start: int
    end: int


def extract_notebook(data: bytes) -> Extracted:
    """Cells in their order, each with the lines of its source in the file.

    Text outputs are cropped; pictures, HTML and widgets are left out. What cannot be read as a
    notebook is given back as it is, without parts, with a warning.
    """
    decoded = decode(data)
    try:
        pieces = list(_pieces(decoded.text))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        reason = "old notebook format" if isinstance(error, KeyError) else "no valid notebook"
        return Extracted(decoded.text, (), f"{reason}; read as plain text")
    return put_together(pieces, decoded.warning)


def parse_notebook(file: SourceFile) -> list[Event]:
    """Read an extracted notebook into `doc.section`, `doc.code` and `doc.output` events.

    The heading is the path of headings above a cell, then `cell N`, counted from 1 as the cells
    stand; the lines are those of the file.
    """
    if not file.parts:
        return parse_text(file)
    lines = split_lines(file.text)
    events: list[Event] = []
    path: list[Heading] = []
    title = ""
    for part in file.parts:
        span = trim(lines, part.lines)
        if span is None:
            continue
        text = text_of(lines, span)
        if part.kind == "markdown":
            for heading in markdown_headings(text.split("\n"), 1):
                path = [*(above for above in path if above.level < heading.level), heading]
                title = title or (heading.title if heading.level == 1 else "")
        name = f"output of cell {part.number}" if part.kind == "output" else f"cell {part.number}"
        breadcrumb = " > ".join([*(above.title for above in path if above.title), name])
        offset = span.start - part.lines.start
        origin = _shifted(part.origin, offset)
        events.append(document_event(file, _EVENT_KINDS[part.kind], text, origin, breadcrumb))
    return [seen_document(file, title, "notebook"), *events]


def _shifted(origin: Lines | None, offset: int) -> Lines | None:
    """Lines of the file without the blank ones that were trimmed off the front."""
    if origin is None:
        return None
    return Lines(min(origin.start + offset, origin.end), origin.end)


def _pieces(text: str) -> Iterator[Piece]:
    """Cells and outputs. Raises KeyError where there are no cells, ValueError for no JSON."""
    top = dict(_members(text, _SPACE.match(text).end()))  # type: ignore[union-attr]
    newlines = _Newlines(text)
    for number, cell in enumerate(_elements(text, top["cells"].start), start=1):
        members = dict(_members(text, cell.start))
        kind = members["cell_type"].value
        if kind not in _CELL_KINDS or "source" not in members:
            continue
        source = members["source"]
        yield Piece(_joined(source.value), kind, number, _span(text, source, newlines))
        if kind == "code" and "outputs" in members:
            for output in _elements(text, members["outputs"].start):
                span = newlines.span(output.start, output.end)
                yield Piece(_told(output.value), "output", number, span)


def _members(text: str, start: int) -> Iterator[tuple[str, _Value]]:
    """Keys of the JSON object at `start` with their values. Raises ValueError."""
    decoder = json.JSONDecoder()
    if text[start : start + 1] != "{":
        raise ValueError("no object")
    position = _past_space(text, start + 1)
    while text[position : position + 1] != "}":
        key, position = decoder.raw_decode(text, position)
        begin = _past_space(text, position)
        value, end = decoder.raw_decode(text, begin)
        yield key, _Value(value, begin, end)
        position = _past_space(text, end)


def _elements(text: str, start: int) -> Iterator[_Value]:
    """Elements of the JSON list at `start`. Raises ValueError."""
    decoder = json.JSONDecoder()
    if text[start : start + 1] != "[":
        raise ValueError("no list")
    position = _past_space(text, start + 1)
    while text[position : position + 1] != "]":
        value, end = decoder.raw_decode(text, position)
        yield _Value(value, position, end)
        position = _past_space(text, end)


def _past_space(text: str, position: int) -> int:
    return _SPACE.match(text, position).end()  # type: ignore[union-attr]


class _Newlines:
    """Which line a position of a text is in, asked from front to back."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position, self._line = 0, 1

    def line(self, position: int) -> int:
        if position < self._position:
            self._position, self._line = 0, 1
        self._line += self._text.count("\n", self._position, position)
        self._position = position
        return self._line

    def span(self, start: int, end: int) -> Lines:
        return Lines(self.line(start), self.line(end - 1))


def _span(text: str, source: _Value, newlines: _Newlines) -> Lines:
    """Lines of a source: of its first string to its last, where it is a list of strings."""
    span = newlines.span(source.start, source.end)
    if isinstance(source.value, list) and source.value:
        strings = list(_elements(text, source.start))
        return newlines.span(strings[0].start, strings[-1].end)
    return span


def _joined(source: object) -> str:
    """A multi-line string of a notebook: one text, or a list of its lines. Raises TypeError."""
    if isinstance(source, list):
        return "".join(source)
    if not isinstance(source, str):
        raise TypeError("no text")
    return source


def _told(output: object) -> str:
    """What an output says in text, cropped; '' for pictures."""
    if not isinstance(output, dict):
        return ""
    data = output.get("data")
    text: object = ""
    if output.get("output_type") == "error":
        text = f"{output.get('ename')}: {output.get('evalue')}"
    elif "text" in output:
        text = output["text"]
    elif isinstance(data, dict) and not any(str(key).startswith("image/") for key in data):
        text = data.get("text/plain", "")
    if isinstance(text, list):
        text = "".join(line for line in text if isinstance(line, str))
    plain = _CONTROL_SEQUENCE.sub("", text if isinstance(text, str) else "")
    return "\n".join(plain[:_OUTPUT_CHARACTERS].split("\n")[:_OUTPUT_LINES]).rstrip()
