"""Cut a document's events into chunks: passages small enough to embed whole. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence

from verdigris.frozen_dataclass import dataclass
from verdigris.records import Anchor, Chunk, Event, Kind, Lines, SeenDetails, SymbolDetails

CHUNKING_VERSION = 5
"""Raised with every change of what chunks come out, so that indexes are made anew."""

MAX_CHARACTERS = {"session": 900, "commit": 900, "doc": 900, "code": 800, "issue": 900}
"""Longest passage by kind: about 200 tokens, so that the prefix fits into the model's 256."""

_PREFIX_CHARACTERS = 160
_UNTOLD = re.compile(r"(?:#+ [^\n]*\s+)?(?:No previous session\.|<!-- AI: [^\n]*-->)\s*")
"""What stands in a session log where nobody said anything: filled in, or still to be filled in."""
_WORD = re.compile(r"[A-Za-z0-9]")
_LONGEST_GAP = 3
_TITLE_LINE = re.compile(r"#{1,6} .{0,100}|\([\w-]+\)=|\.\. _.{1,80}:")
_UNDERLINE = re.compile(r"=+|-+|~+|\^+|\"+")
_LONGEST_TITLE = 300


def chunk_document(seen: Event, content: Sequence[Event]) -> list[Chunk]:
    """Chunks of one version of a document.

    seen: its `document.seen` event (with SeenDetails); content: its content events.
    Every line with a letter or digit of the content lands in a chunk, but for what a template
    says in a session log where nobody wrote anything.
    """
    details = seen.details
    if not isinstance(details, SeenDetails):
        raise TypeError(f"{seen.document}: the first event of a document carries SeenDetails")
    pieces = [
        _Piece(event, text, lines)
        for event in content
        if details.kind != "session" or not _UNTOLD.fullmatch(event.text)
        for text, lines in _cut(event, MAX_CHARACTERS[details.kind])
    ]
    if details.kind == "doc":
        pieces = list(_titles_joined(pieces))
    return [_chunk(seen, details, piece) for piece in pieces]


@dataclass(frozen=True, slots=True)
class _Piece:
    event: Event
    text: str
    lines: Lines | None


def _titles_joined(pieces: Sequence[_Piece]) -> Iterator[_Piece]:
    """Put a piece that only names what follows (a bare heading, a label) in front of that."""
    waiting: _Piece | None = None
    for piece in pieces:
        joined = _join(waiting, piece) if waiting else piece
        if waiting and joined is None:
            yield waiting
        current = joined or piece
        if len(current.text) <= _LONGEST_TITLE and _only_names_what_follows(piece.text):
            waiting = current
        else:
            waiting = None
            yield current
    if waiting:
        yield waiting


def _only_names_what_follows(text: str) -> bool:
    """Whether a text is nothing but headings and labels, in markdown or reStructuredText."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    underlined = {
        number for number in range(len(lines) - 1) if _UNDERLINE.fullmatch(lines[number + 1])
    }
    return all(
        number in underlined or _TITLE_LINE.fullmatch(line) or _UNDERLINE.fullmatch(line)
        for number, line in enumerate(lines)
    )


def _join(title: _Piece, piece: _Piece) -> _Piece | None:
    """Both as one piece with the lines of both; None where they stand apart or are too long."""
    if title.lines is None or piece.lines is None:
        return None
    gap = piece.lines.start - title.lines.end
    too_long = len(title.text) + gap + len(piece.text) > MAX_CHARACTERS["doc"]
    if too_long or not 1 <= gap <= _LONGEST_GAP:
        return None
    lines = Lines(title.lines.start, piece.lines.end)
    return _Piece(piece.event, title.text + "\n" * gap + piece.text, lines)


def _chunk(seen: Event, details: SeenDetails, piece: _Piece) -> Chunk:
    event, text, lines = piece.event, piece.text, piece.lines
    embedded = prefix(details.kind, seen.document, details.title, event) + text
    return Chunk(
        anchor=Anchor(
            document=seen.document,
            lines=lines,
            symbol=event.details.name if isinstance(event.details, SymbolDetails) else "",
            content_hash=hashlib.sha256(text.encode()).hexdigest()[:16],
            commit=event.commit,
            session=event.session,
            time=event.time or seen.time,
        ),
        kind=details.kind,
        event_kind=event.kind,
        heading=event.heading,
        text=text,
        embedded_text=embedded,
        text_hash=hashlib.sha256(embedded.encode()).digest()[:16],
    )


def prefix(kind: Kind, document: str, title: str, event: Event) -> str:
    """What stands before a passage when it is embedded: path and heading, or symbol."""
    if kind == "commit":
        return ""
    if kind == "session":
        return f"{event.heading or title}: "[-_PREFIX_CHARACTERS:]
    if kind == "issue":
        return f"{title[: _PREFIX_CHARACTERS - 1]}\n" if event.text != title else ""
    heading = event.heading or title
    return (f"{document}: {heading}\n" if heading else f"{document}\n")[-_PREFIX_CHARACTERS:]


def _cut(event: Event, limit: int) -> Iterator[tuple[str, Lines | None]]:
    """Cut an event's text at blank lines, else at line ends, into pieces of at most `limit`.

    Blank lines around a piece belong neither to its text nor to its lines.
    """
    first = event.lines.start if event.lines else 0
    whole = event.text.split("\n")
    groups = [(0, whole)] if len(event.text) <= limit else _line_groups(whole, limit)
    for offset, lines in groups:
        told = [number for number, line in enumerate(lines) if line.strip()]
        text = "\n".join(lines[told[0] : told[-1] + 1]) if told else ""
        if not (_WORD.search(text) or (text and not text.isascii())):
            continue
        start = first + offset
        last = event.lines.end if event.lines else 0  # extracted text may have more lines
        span = (
            Lines(min(start + told[0], last), min(start + told[-1], last)) if event.lines else None
        )
        for piece in _hard_cut(text, limit):
            yield piece, span


def _line_groups(lines: list[str], limit: int) -> Iterator[tuple[int, list[str]]]:
    """Group lines greedily; a full group is cut at its last blank line if it has one."""
    start, size, blank = 0, 0, 0
    for number, line in enumerate(lines):
        while size and size + len(line) + 1 > limit:
            cut = blank if blank > start else number
            yield start, lines[start:cut]
            start, size = cut, sum(len(rest) + 1 for rest in lines[cut:number])
        if not line.strip():
            blank = number
        size += len(line) + 1
    if start < len(lines):
        yield start, lines[start:]


def _hard_cut(text: str, limit: int) -> Iterator[str]:
    """Cut one overlong line at spaces where it has them."""
    while len(text) > limit:
        cut = text.rfind(" ", limit // 2, limit) if " " in text[limit // 2 : limit] else limit
        yield text[:cut]
        text = text[cut:].lstrip(" ")
    yield text
