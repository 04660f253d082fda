"""Text without a parser of its own → events: blocks of lines."""

from __future__ import annotations

from pathlib import PurePosixPath

from verdigris.records import DOCUMENT_SEEN, Event, FileDetails, Lines, SeenDetails, SourceFile
from verdigris.scrape.code.languages import is_document, text_language
from verdigris.scrape.line_spans import blocks, split_lines, text_of


def parse_text(file: SourceFile, warning: str = "") -> list[Event]:
    """Cut a file into blocks of at most 40 lines.

    Returns `document.seen` (parser 'text') and one `doc.text` or `code.text` event a block;
    every non-blank line is in exactly one block. `warning` says why a better parser gave up.
    """
    lines = split_lines(file.text)
    is_doc = is_document(file.path)
    details = SeenDetails(
        kind="doc" if is_doc else "code",
        title=PurePosixPath(file.path).name,
        file=FileDetails(language=text_language(file.path, lines[0]), warning=warning),
    )
    kind = "doc.text" if is_doc else "code.text"
    seen = Event(DOCUMENT_SEEN, file.path, file.version, time=file.time, details=details)
    content = [
        Event(
            kind, file.path, file.version, text=text_of(lines, block), lines=block, time=file.time
        )
        for block in blocks(lines, Lines(1, len(lines)))
    ]
    return [seen, *content]
