"""Our part of an instruction file that belongs to somebody else, between two marks."""

from __future__ import annotations

import re

_BEGIN = "<!-- verdigris:begin (taken out by: verdigris agent remove) -->"
_END = "<!-- verdigris:end -->"
_BLOCK = re.compile(
    r"(?P<above>(?:\r?\n)*)<!-- verdigris:begin\b[^>]*-->.*?<!-- verdigris:end -->(?:\r?\n)?",
    re.DOTALL,
)


def with_block(text: str, content: str) -> str:
    """The text with our block: in its old place, or at the end. Raises ValueError."""
    newline = "\r\n" if "\r\n" in text else "\n"
    block = newline.join([_BEGIN, *content.split("\n"), _END]) + newline
    bare = without_block(text)
    if match := _BLOCK.search(text):
        return text[: match.start()] + match["above"] + block + text[match.end() :]
    if not bare:
        return block
    return bare + ("" if bare.endswith("\n") else newline) + newline + block


def without_block(text: str) -> str:
    """The text without our block and the empty line above it. Raises ValueError.

    ValueError: one of the marks is missing, or stands there twice.
    """
    begins, ends = text.count("<!-- verdigris:begin"), text.count(_END)
    if (begins, ends) not in ((0, 0), (1, 1)):
        raise ValueError(f"{begins} marks verdigris:begin and {ends} marks verdigris:end")
    match = _BLOCK.search(text)
    if match is None:
        if begins:
            raise ValueError("the mark verdigris:end stands above verdigris:begin")
        return text
    above, beneath = text[: match.start()], text[match.end() :]
    if not above:
        return beneath.lstrip("\r\n")
    newline = "\r\n" if "\r\n" in text else "\n"
    return above + (match["above"] if beneath.strip() else newline) + beneath
