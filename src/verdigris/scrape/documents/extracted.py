"""Text that was taken out of a file: its pieces, and how they are put together."""

from __future__ import annotations

from collections.abc import Iterable

from verdigris.frozen_dataclass import dataclass
from verdigris.records import Lines, Part


@dataclass(frozen=True, slots=True)
class Piece:
    """Some extracted text before it is put together; see records.Part."""

    text: str
    kind: str
    number: int = 0
    origin: Lines | None = None


@dataclass(frozen=True, slots=True)
class Extracted:
    """A file's text, piece after piece; `warning` says what is missing."""

    text: str
    parts: tuple[Part, ...]
    warning: str = ""


def put_together(pieces: Iterable[Piece], warning: str = "") -> Extracted:
    """Pieces as one text, with the lines that each has in it; blank pieces are left out."""
    lines: list[str] = []
    parts = []
    for piece in pieces:
        own = piece.text.replace("\r", "").replace("\f", " ").replace("\0", "").split("\n")
        if any(line.strip() for line in own):
            start = len(lines) + 1
            lines += own
            parts.append(Part(Lines(start, len(lines)), piece.kind, piece.number, piece.origin))
    text = "\n".join(lines).encode("utf-8", "replace").decode()  # lone surrogates, of broken fonts
    return Extracted(text, tuple(parts), warning)
