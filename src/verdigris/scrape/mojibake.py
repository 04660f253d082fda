"""Repair mojibake: UTF-8 that was read as Windows-1252, Latin-1 or MacRoman."""

from __future__ import annotations

import re

# A first UTF-8 byte (C2-F4) followed by a later one (80-BF), both as Windows-1252 or Latin-1.
_WESTERN = re.compile("[\xc2-\xf4][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")

_LATER_BYTES = re.escape(bytes(range(0x80, 0xC0)).decode("mac_roman"))
_MAC_ROMAN = re.compile(
    "|".join(
        f"[{re.escape(bytes(first).decode('mac_roman'))}][{_LATER_BYTES}]{{{later}}}"
        for first, later in (
            (range(0xC3, 0xC6), 1),  # Latin letters only: `¬±` and `«É` may well be meant
            (range(0xE0, 0xF0), 2),
            (range(0xF0, 0xF5), 3),
        )
    )
)


def repair_line(line: str) -> str:
    """Return the line as its author meant it; a line without mojibake comes back unchanged.

    Only the encoding is touched: quotes, ligatures and spaces stay as they are. Method: ftfy
    (Speer 2019) for Windows-1252 and Latin-1; whole UTF-8 sequences for MacRoman, which ftfy
    leaves alone where they are short (`‚úÖ`).
    """
    if line.isascii():
        return line
    if _WESTERN.search(line):
        import ftfy  # here, because it is rarely needed and importing it takes 50 ms

        line = str(ftfy.fix_encoding(line))
    return _MAC_ROMAN.sub(_from_mac_roman, line)


def _from_mac_roman(match: re.Match[str]) -> str:
    try:
        return match[0].encode("mac_roman").decode("utf-8")
    except UnicodeDecodeError:
        return match[0]
