"""The process that extracts a PDF file: bytes on standard input, a JSON record a page on output.

Run by verdigris.scrape.documents.pdf, which ends it after a time limit. A file may be made to eat
time and memory; where the system can bound them (not Windows), this process bounds itself.
"""

from __future__ import annotations

import io
import json
import logging
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypdf import PdfReader

_MEMORY = 1 << 30
_MOST_PAGES = 5_000
_MOST_CHARACTERS = 5_000_000
_PAGE_CHARACTERS = 100_000
_LONGEST_TITLE = 300


def main() -> None:
    """Read standard input, print records: title, pages, a warning where something is missing."""
    _bound_memory()
    logging.disable(logging.CRITICAL)  # what pypdf mends is not worth telling
    data = sys.stdin.buffer.read()
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            return _print(warning="encrypted: only who has the password can read it")
        _print_pages(reader)
    except MemoryError:
        _print(warning="needs too much memory; the pages before are read")
    except (PyPdfError, ImportError, NotImplementedError) as error:
        _print(warning=f"cannot be read: {str(error)[:120] or type(error).__name__}")
    except Exception as error:  # a broken file makes pypdf raise anything
        _print(warning=f"broken: {type(error).__name__}; the pages before are read")


def _print_pages(reader: PdfReader) -> None:
    with suppress(Exception):  # metadata may be broken where pages are not
        if reader.metadata and reader.metadata.title:
            _print(title=str(reader.metadata.title)[:_LONGEST_TITLE])
    characters = 0
    for number, page in enumerate(reader.pages, start=1):
        text = page.extract_text()[:_PAGE_CHARACTERS]
        characters += len(text)
        if number > _MOST_PAGES or characters > _MOST_CHARACTERS:
            return _print(warning=f"only the first {number - 1:,} pages are read")
        _print(page=number, text=text)
    return None


def _print(**record: object) -> None:
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()


def _bound_memory() -> None:
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


if __name__ == "__main__":
    main()
