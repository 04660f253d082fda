"""PDF files: the text of each page, extracted in a process of its own with bounds."""

from __future__ import annotations

import re
from contextlib import closing

import msgspec

from verdigris.records import Event, SourceFile
from verdigris.scrape.documents.extracted import Extracted, Piece, put_together
from verdigris.scrape.documents.sections import document_event, seen_document
from verdigris.scrape.line_spans import split_lines, text_of, trim
from verdigris.scrape.worker_process import Workers

_LEADERS = re.compile(r"(?: ?\. ?){4,}")
"""The dots of a table of contents."""
SECONDS = 60
"""For one file; what was read by then stays."""
_SMALL = 1 << 20
"""Bytes of a file that leaves its process fit for another: memory is bounded for each process."""


class Told(msgspec.Struct, omit_defaults=True):
    """What the process says, one of these at a time: a page, the title, what is missing."""

    page: int = 0
    text: str = ""
    title: str = ""
    warning: str = ""


_TOLD = msgspec.msgpack.Decoder(Told)


class PdfExtractors:
    """Extracts PDF files in processes, one for each thread that asks at once. Close them."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._workers = Workers("verdigris.scrape.documents.pdf_pages")

    def close(self) -> None:
        """End the processes."""
        self._workers.close()

    def extract(self, data: bytes) -> Extracted:
        """Page by page; nothing that a file does can harm or delay more than its own process.

        A warning says what is missing: pages after the limit, all of an encrypted or broken file.
        """
        told: list[Told] = []
        broke_off = ""
        try:
            with self._workers.one() as worker:
                for message in worker.ask(data, self._seconds):
                    told.append(_TOLD.decode(message))  # noqa: PERF401 - an error leaves these
                if len(data) > _SMALL or any(one.warning for one in told):
                    worker.close()
        except TimeoutError:
            broke_off = f"longer than {self._seconds:g} s"
        except OSError as error:
            broke_off = f"broken or too large: {error}"
        return _put_together(told, broke_off)


def extract_pdf(data: bytes, seconds: float = SECONDS) -> Extracted:
    """One file, as `PdfExtractors.extract` does."""
    with closing(PdfExtractors(seconds)) as extractors:
        return extractors.extract(data)


def _put_together(told: list[Told], broke_off: str) -> Extracted:
    pages = [Piece(_LEADERS.sub(" … ", one.text), "page", one.page) for one in told if one.page]
    titles = [Piece(one.title, "title") for one in told if one.title]
    warning = next((one.warning for one in told if one.warning), "")
    if not warning and broke_off:
        warning = f"{broke_off}; {len(pages)} pages were read"
    extracted = put_together([*titles, *pages], warning)
    if not warning and not any(part.kind == "page" for part in extracted.parts):
        return put_together(titles, "a PDF file without text, perhaps scanned")
    return extracted


def parse_pdf(file: SourceFile) -> list[Event]:
    """Read an extracted PDF file into `doc.page` events, `page N`, without lines."""
    lines = split_lines(file.text)
    title = next((text_of(lines, one.lines) for one in file.parts if one.kind == "title"), "")
    events = [
        document_event(file, "doc.page", text_of(lines, span), None, f"page {part.number}")
        for part in file.parts
        if part.kind == "page" and (span := trim(lines, part.lines))
    ]
    return [seen_document(file, " ".join(title.split()), "pdf"), *events]
