"""Lines of markdown, told apart as far as session logs need it, without patterns to compile."""

from __future__ import annotations

from collections.abc import Iterator

_HIGHEST_LEVEL = 6
_LARGEST_INDENTATION = 3


def heading_level(line: str) -> int:
    """Of a markdown heading; 0 for any other line."""
    text = line.lstrip(" ")
    indentation, level = len(line) - len(text), len(text) - len(text.lstrip("#"))
    is_heading = (
        level <= _HIGHEST_LEVEL
        and indentation <= _LARGEST_INDENTATION
        and not text[level : level + 1].strip()
    )
    return level if is_heading else 0


def is_section(line: str) -> bool:
    """Whether a heading of the first or second level stands here, not indented and not empty."""
    return line.startswith(("# ", "## ", "#\t", "##\t"))


def fence_after(fence: str, line: str) -> str:
    """The code fence that is open after a line, '' if none; `fence` is the one open before it."""
    text = line.lstrip()
    marks = text[: len(text) - len(text.lstrip(text[:1]))]
    if not marks.startswith(("```", "~~~")):
        return fence
    if not fence:
        return marks
    return "" if marks.startswith(fence) and not text[len(marks) :].strip() else fence


def unfenced(text: str) -> Iterator[str]:
    """The lines of a text that are neither code nor its fences, without line ends."""
    fence = ""
    for line in text.split("\n"):
        before, fence = fence, fence_after(fence, line)
        if not before and not fence:
            yield line.rstrip("\r")
