"""Which parser reads a file, chosen by its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

from verdigris.records import Event, SourceFile
from verdigris.scrape.code import parse_code
from verdigris.scrape.docs import parse_markdown, parse_restructuredtext
from verdigris.scrape.languages import MARKDOWN_EXTENSIONS, language_of
from verdigris.scrape.plain_text import parse_text

Parser = Callable[[SourceFile], list[Event]]


def parser_for(path: str, first_line: str = "") -> Parser:
    """Return the parser for a path; `first_line` decides where the name has no extension."""
    extension = PurePosixPath(path).suffix.lower()
    if extension in MARKDOWN_EXTENSIONS:
        return parse_markdown
    if extension == ".rst":
        return parse_restructuredtext
    return parse_code if language_of(path, first_line) else parse_text


def parse_file(file: SourceFile) -> list[Event]:
    """Read a file into events with the parser that its name and first line ask for."""
    first_line = file.text[:200].partition("\n")[0]
    return parser_for(file.path, first_line)(file)
