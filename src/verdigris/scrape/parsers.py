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
    return parse_code_here if language_of(path, first_line) else parse_text


def parse_code_here(file: SourceFile) -> list[Event]:
    """Parse code in this process, where a grammar that crashes takes it along."""
    from verdigris.scrape.code.events import parse_code  # grammars take 60 ms to import

    return parse_code(file)


def parse_file(file: SourceFile, parse_code: Parser = parse_code_here) -> list[Event]:
    """Read a file into events with the parser that its name and first line ask for.

    parse_code: how code is parsed; a run of many files gives `IsolatedParser.parse`.
    """
    first_line = file.text[:200].partition("\n")[0]
    parser = parser_for(file.path, first_line)
    return parse_code(file) if parser is parse_code_here else parser(file)
