"""The process that extracts PDF files: a file is a question, what it holds page by page the answer.

Run by verdigris.scrape.documents.pdf, which ends it after a time limit. A file may be made to eat
time and memory; where the system can bound them (not Windows), this process bounds itself.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from verdigris.scrape.documents.pdf import Told
from verdigris.scrape.worker_process import answer_all

if TYPE_CHECKING:
    from pypdf import PdfReader

_MEMORY = 1 << 30
_MOST_PAGES = 5_000
_MOST_CHARACTERS = 5_000_000
_PAGE_CHARACTERS = 100_000
_LONGEST_TITLE = 300


def serve() -> None:
    """Answer PDF files with their title, their pages, and a warning where something is missing."""
    _bound_memory()
    logging.disable(logging.CRITICAL)  # what pypdf mends is not worth telling
    answer_all(lambda data: map(msgspec.msgpack.encode, _extract(data)))


def _extract(data: bytes) -> Iterator[Told]:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            yield Told(warning="encrypted: only who has the password can read it")
        else:
            yield from _title(reader)
            yield from _pages(reader)
    except MemoryError:
        yield Told(warning="needs too much memory; the pages before are read")
    except (PyPdfError, ImportError, NotImplementedError) as error:
        yield Told(warning=f"cannot be read: {str(error)[:120] or type(error).__name__}")
    except Exception as error:  # a broken file makes pypdf raise anything
        yield Told(warning=f"broken: {type(error).__name__}; the pages before are read")


def _title(reader: PdfReader) -> Iterator[Told]:
    with suppress(Exception):  # metadata may be broken where pages are not
        if reader.metadata and reader.metadata.title:
            yield Told(title=_encodable(str(reader.metadata.title))[:_LONGEST_TITLE])


def _pages(reader: PdfReader) -> Iterator[Told]:
    characters = 0
    for number, page in enumerate(reader.pages, start=1):
        text = page.extract_text()[:_PAGE_CHARACTERS]
        characters += len(text)
        if number > _MOST_PAGES or characters > _MOST_CHARACTERS:
            yield Told(warning=f"only the first {number - 1:,} pages are read")
            return
        yield Told(page=number, text=_encodable(text))


def _encodable(text: str) -> str:
    """Without the lone surrogates that broken fonts give."""
    return text.encode("utf-8", "replace").decode()


def _bound_memory() -> None:
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
