"""Cut the lines of a session log into blocks: headings, labels, items, paragraphs, code, tables.

Not a Markdown parser: it knows only the block structure that session logs use (CommonMark 0.31,
sections 4 and 5, where it applies) and puts every non-blank line into exactly one block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from verdigris.scrape.sessions.labels import find_label

BlockKind = Literal["heading", "label", "item", "paragraph", "code", "table", "rule"]

BOLD_LABEL = 7
"""The level of `**Work completed:**`: below every heading."""
PLAIN_LABEL = 8
"""The level of `Files touched:` right above a list: below every bold label."""

Lines = Sequence[str]


@dataclass(frozen=True, slots=True)
class Block:
    """A run of lines; `start` counts from 0, `end` is the line after the last."""

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    """1-6 for headings, BOLD_LABEL, PLAIN_LABEL, 0 for content."""
    title: str = ""
    """Of a heading or label; of a paragraph, the label it starts with (`**Insight**: …`)."""


_HEADING = re.compile(r"^ {0,3}(#{1,6})(?!\S)")
_CLOSING_HASHES = re.compile(r"(?:^|\s)#+$")
_FENCE = re.compile(r"^\s*(`{3,}|~{3,})(.*)$")
_ITEM = re.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)])(?:\s+\S|\s*$)")
_RULE = re.compile(r"^ {0,3}([-*_])(?:\s*\1){2,}\s*$")
_BOLD = re.compile(
    r"^ {0,3}(?:[^\w\s*`|#>(\[-]{1,3}\s+)?\*\*(?P<name>[^*]+)\*\*"
    r"\s*(?:\([^)]*\))?\s*(?P<colon>:?)\s*(?P<value>.*)$"
)
_PLAIN_LABEL = re.compile(r"^ {0,3}(?=[^\W\d_])([^.!?|]{2,60}):\s*$")
_TIMED_OR_SECTION = re.compile(r"^#{2,3} +(?:\d{1,2}:\d{2}\b|Session Classification\b)")
_LONGEST_BARE_LABEL = 60
_LONGEST_QUOTED_LOG = 300
"""Lines of code that are searched for the closing fence beyond what looks like a new block."""


def cut_blocks(lines: Lines, start: int) -> Iterator[Block]:
    """Yield the blocks of `lines[start:]` in order; blank lines between them belong to none.

    The line ends are already off the lines.
    """
    index = start
    while index < len(lines):
        if not lines[index].strip():
            index += 1
            continue
        block = _block_at(lines, index)
        yield block
        index = block.end


def heading_title(line: str) -> str | None:
    """Return the title of an ATX heading line, None if it is no heading."""
    if _HEADING.match(line) is None:
        return None
    return _CLOSING_HASHES.sub("", line.strip().lstrip("#").strip()).replace("**", "").strip()


def _block_at(lines: Lines, index: int) -> Block:
    line = lines[index]
    kind = _line_kind(line)
    if kind == "heading":
        return _heading(line, index)
    if kind == "rule":
        return Block("rule", index, index + 1)
    if kind == "code":
        return Block("code", index, _code_end(lines, index))
    if kind == "item":
        return Block("item", index, _item_end(lines, index))
    if kind == "table":
        return Block("table", index, _table_end(lines, index))
    return _text_block(lines, index)


def _line_kind(line: str) -> str:
    """Classify one non-blank line; 'text' is anything that opens no block of its own."""
    first = line.lstrip()[0]
    if first == "#" and _HEADING.match(line):
        return "heading"
    if first in "`~" and _FENCE.match(line):
        return "code"
    if first in "-*_" and _RULE.match(line):
        return "rule"
    if (first in "-*+•" or first.isdigit()) and _ITEM.match(line):
        return "item"
    return "table" if first == "|" else "text"


def _heading(line: str, index: int) -> Block:
    hashes = len(line.lstrip()) - len(line.lstrip().lstrip("#"))
    return Block("heading", index, index + 1, hashes, _unmarked(heading_title(line) or ""))


def _text_block(lines: Lines, index: int) -> Block:
    """A label if the line is one, else a paragraph."""
    bold = _bold_label(lines[index])
    if bold and not bold["value"]:
        return Block("label", index, index + 1, BOLD_LABEL, _unmarked(bold["name"]))
    if _is_plain_label(lines, index):
        return Block("label", index, index + 1, PLAIN_LABEL, _unmarked(lines[index]))
    title = _unmarked(bold["name"]) if bold else ""
    return Block("paragraph", index, _paragraph_end(lines, index), 0, title)


def _bold_label(line: str) -> re.Match[str] | None:
    """Match `**Label:**`, `**Label**:` or `**Label**`, with or without a value behind the colon."""
    match = _BOLD.match(line) if "**" in line else None
    if match is None:
        return None
    name = match["name"].strip()
    if match["colon"] or name.endswith(":"):
        return match
    is_sentence = len(name) > _LONGEST_BARE_LABEL or name[-1:] in ".!?"
    return None if match["value"] or is_sentence else match


def _is_plain_label(lines: Lines, index: int) -> bool:
    """`Files touched:` counts where a list, code or table follows, or where its name is known."""
    match = _PLAIN_LABEL.match(lines[index])
    if match is None:
        return False
    below = next((line for line in lines[index + 1 : index + 3] if line.strip()), "")
    if below and _line_kind(below) in ("item", "code", "table"):
        return True
    return find_label(match[1]) is not None


def _unmarked(title: str) -> str:
    return title.replace("**", "").strip().rstrip(":").rstrip()


def _paragraph_end(lines: Lines, index: int) -> int:
    end = index + 1
    while end < len(lines) and lines[end].strip():
        if _line_kind(lines[end]) != "text" or _bold_label(lines[end]):
            break
        end += 1
    return end


def _table_end(lines: Lines, index: int) -> int:
    end = index + 1
    while end < len(lines) and lines[end].lstrip().startswith("|"):
        end += 1
    return end


def _code_end(lines: Lines, index: int) -> int:
    """The line after the closing fence.

    A fence that is never closed would swallow the rest of the log: it ends before the next
    timed block or the classification.
    """
    opening = _FENCE.match(lines[index])
    assert opening is not None
    fence = opening[1]
    next_section = len(lines)
    for end in range(index + 1, len(lines)):
        closing = _FENCE.match(lines[end])
        if closing and closing[1].startswith(fence) and not closing[2].strip():
            return end + 1
        if next_section == len(lines) and _TIMED_OR_SECTION.match(lines[end]):
            next_section = end
        if end - next_section > _LONGEST_QUOTED_LOG:
            break
    return next_section


def _item_end(lines: Lines, index: int) -> int:
    """The end of a list item: its nested lines, its code and its lazy continuation lines."""
    indent = _indent(lines[index])
    position = end = index + 1
    while position < len(lines):
        line = lines[position]
        if not line.strip():
            position += 1
            continue
        if _indent(line) >= indent + 2:
            is_code = _line_kind(line) == "code"
            position = _code_end(lines, position) if is_code else position + 1
        elif position == end and _continues_item(lines, position):
            position += 1
        else:
            break
        end = position
    return end


def _continues_item(lines: Lines, index: int) -> bool:
    """A line of prose right under an item belongs to it, indented or not."""
    line = lines[index]
    is_prose = _line_kind(line) == "text" and not _bold_label(line)
    return is_prose and not _is_plain_label(lines, index)


def _indent(line: str) -> int:
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip())
