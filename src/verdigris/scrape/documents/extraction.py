"""Files that hold text and are no plain text: what can extract it, and how much they may hold."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from posixpath import splitext

from verdigris.frozen_dataclass import dataclass
from verdigris.scrape.documents.extracted import Extracted
from verdigris.scrape.file_content import PARSER_VERSION

PICTURES = 32
"""PDF files and notebooks hold pictures, too: they may be this many times larger than others."""


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file from which text is extracted."""

    name: str
    extensions: tuple[str, ...]
    extract: Callable[[bytes], Extracted]
    extra: str = ""
    """The extra that brings the library; '' where none is needed."""
    module: str = ""
    """The library's module."""
    has_pictures: bool = False
    begins: bytes = b""
    """What a binary format's files begin with."""

    @property
    def is_binary(self) -> bool:
        """Whether such a file is no text at all without its library."""
        return bool(self.begins)


def format_of(path: str) -> Format | None:
    """The row for a path, whether or not its library is installed; None for plain text."""
    return _BY_EXTENSION.get(splitext(path)[1].lower())


def is_installed(format_: Format) -> bool:
    """Whether the library that a format needs can be imported."""
    return not format_.module or _has(format_.module)


@cache
def _has(module: str) -> bool:
    return find_spec(module) is not None


def parser_version(path: str) -> str:
    """What a file's version is made with: a library that is installed later reads it again."""
    found = format_of(path)
    if found and found.module and is_installed(found):
        return f"{PARSER_VERSION}+{found.name}"
    return PARSER_VERSION


def _notebook(data: bytes) -> Extracted:
    from verdigris.scrape.documents.notebook import extract_notebook

    return extract_notebook(data)


def _pdf(data: bytes) -> Extracted:
    from verdigris.scrape.documents.pdf import extract_pdf

    return extract_pdf(data)


def _web_page(data: bytes) -> Extracted:
    from verdigris.scrape.documents.web_page import extract_web_page

    return extract_web_page(data)


NOTEBOOK = Format("notebook", (".ipynb",), _notebook, has_pictures=True)
PDF = Format("pdf", (".pdf",), _pdf, "pdf", "pypdf", has_pictures=True, begins=b"%PDF-")
HTML = Format("html", (".html", ".htm", ".xhtml"), _web_page, "html", "lxml")
_BY_EXTENSION = {end: one for one in (NOTEBOOK, PDF, HTML) for end in one.extensions}
