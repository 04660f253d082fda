"""Which parser reads a file, chosen by its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

from verdigris.records import Event, SourceFile
from verdigris.scrape.code.languages import MARKDOWN_EXTENSIONS, is_man_page, language_of
from verdigris.scrape.documents.asciidoc import parse_asciidoc
from verdigris.scrape.documents.extraction import HTML, NOTEBOOK, PDF, format_of
from verdigris.scrape.documents.man_page import parse_man_page
from verdigris.scrape.documents.markdown import parse_markdown, parse_restructuredtext
from verdigris.scrape.documents.notebook import parse_notebook
from verdigris.scrape.documents.pdf import parse_pdf
from verdigris.scrape.documents.plain_text import parse_text
from verdigris.scrape.documents.web_page import parse_web_page

Parser = Callable[[SourceFile], list[Event]]

_EXTRACTED: dict[str, Parser] = {
    NOTEBOOK.name: parse_notebook, PDF.name: parse_pdf, HTML.name: parse_web_page,
}  # fmt: skip


def parser_for(path: str, first_line: str = "") -> Parser:
    """Return the parser for a path; `first_line` decides where the name has no extension."""
    extension = PurePosixPath(path).suffix.lower()
    if extension in MARKDOWN_EXTENSIONS:
        return parse_markdown
    if extension == ".rst":
        return parse_restructuredtext
    if extension in (".adoc", ".asciidoc"):
        return parse_asciidoc
    if is_man_page(path):
        return parse_man_page
    if format_ := format_of(path):
        return _EXTRACTED[format_.name]
    return parse_code if language_of(path, first_line) else parse_text


def is_plain(path: str) -> bool:
    """Whether a file is read by this package's own code alone, whatever is in it."""
    has_extension = bool(PurePosixPath(path).suffix)  # else its first line may say that it is code
    return has_extension and not format_of(path) and parser_for(path) is not parse_code


def parse_code(file: SourceFile) -> list[Event]:
    """As `code.events.parse_code` does: importing the grammars takes 60 ms."""
    from verdigris.scrape.code import events

    return events.parse_code(file)


def parse_file(file: SourceFile) -> list[Event]:
    """Read a file into events with the parser that its name and first line ask for."""
    first_line = file.text[:200].partition("\n")[0]
    return parser_for(file.path, first_line)(file)
