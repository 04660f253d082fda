"""A file's lines, and how to cut a run of them into blocks without losing one."""

from __future__ import annotations

from collections.abc import Sequence

from verdigris.records import Lines

BLOCK_LINES = 40
_SHORTEST_BLOCK = 10
_BEST_RANK = 3


def split_lines(text: str) -> list[str]:
    r"""Split at `\n` alone, as git and parsers count; drop Windows' `\r` and a byte order mark."""
    return [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]


def text_of(lines: Sequence[str], span: Lines) -> str:
    """Return the text of a span of lines."""
    return "\n".join(lines[span.start - 1 : span.end])


def trim(lines: Sequence[str], span: Lines) -> Lines | None:
    """Take blank lines off both ends; None where nothing is left."""
    start, end = span.start, span.end
    while start <= end and _is_blank(lines[start - 1]):
        start += 1
    while end >= start and _is_blank(lines[end - 1]):
        end -= 1
    return Lines(start, end) if start <= end else None


def blocks(lines: Sequence[str], span: Lines) -> list[Lines]:
    """Cut a span into blocks of at most BLOCK_LINES lines, each without blank ends.

    A cut falls, in this order, before an unindented line that follows a blank one, after any
    blank line, before any unindented line, or else where the block is full.
    """
    found: list[Lines] = []
    rest = trim(lines, span)
    while rest is not None:
        end = _block_end(lines, rest)
        block = trim(lines, Lines(rest.start, end))
        if block is not None:
            found.append(block)
        rest = trim(lines, Lines(end + 1, rest.end))
    return found


def _block_end(lines: Sequence[str], span: Lines) -> int:
    """Return the last line of the first block of a span."""
    full = span.start + BLOCK_LINES - 1
    if span.end <= full:
        return span.end
    best_line, best_rank = full, 0
    for line in range(full, span.start + _SHORTEST_BLOCK - 2, -1):
        rank = _cut_rank(lines[line - 1], lines[line])
        if rank > best_rank:
            best_line, best_rank = line, rank
        if rank == _BEST_RANK:
            break
    return best_line


def _cut_rank(before: str, after: str) -> int:
    """Say how good a cut between two lines is, 0 to _BEST_RANK."""
    starts_unindented = bool(after) and not after[0].isspace() and after[0].isalnum()
    return 2 * _is_blank(before) + starts_unindented


def _is_blank(line: str) -> bool:
    return not line or line.isspace()
