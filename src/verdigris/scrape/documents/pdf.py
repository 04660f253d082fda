"""PDF files: the text of each page, extracted in a process of its own with bounds."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

from verdigris.records import Event, SourceFile
from verdigris.scrape.documents.extracted import Extracted, Piece, put_together
from verdigris.scrape.documents.sections import document_event, seen_document
from verdigris.scrape.line_spans import split_lines, text_of, trim

_LEADERS = re.compile(r"(?: ?\. ?){4,}")
"""The dots of a table of contents."""
SECONDS = 60
"""For one file; what was read by then stays."""


def extract_pdf(data: bytes, seconds: float = SECONDS) -> Extracted:
    """Page by page; nothing that a file does can harm or delay more than its own process.

    A warning says what is missing: pages after the limit, all of an encrypted or broken file.
    """
    # -P: a repository that one stands in must not lend its own modules to this process.
    command = [sys.executable, "-P", "-m", "verdigris.scrape.documents.pdf_pages"]
    try:
        run = subprocess.run(
            command,
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
        output, broke_off = run.stdout, "broken or too large" if run.returncode else ""
    except subprocess.TimeoutExpired as error:
        output, broke_off = error.stdout or b"", f"longer than {seconds:g} s"
    except OSError as error:
        output, broke_off = b"", f"no process for it: {error.strerror}"
    told = _told(output)
    pages = [
        Piece(_LEADERS.sub(" … ", one["text"]), "page", one["page"])
        for one in told
        if "page" in one
    ]
    titles = [Piece(one["title"], "title") for one in told if "title" in one]
    warning = next((one["warning"] for one in told if "warning" in one), "")
    if not warning and broke_off:
        warning = f"{broke_off}; {len(pages)} pages were read"
    extracted = put_together([*titles, *pages], warning)
    if not warning and not any(part.kind == "page" for part in extracted.parts):
        return put_together(titles, "a PDF file without text, perhaps scanned")
    return extracted


def _told(output: bytes) -> list[dict[str, Any]]:
    """The records that the process printed; the last line may be half a one."""
    told = []
    for line in output.split(b"\n"):
        try:
            told.append(json.loads(line))
        except ValueError:
            continue
    return told


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
