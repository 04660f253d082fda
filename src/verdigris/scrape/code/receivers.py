"""What a call is made on: the names before the callee's own, read backwards from the text.

The tree would say it as well, but asking it for the parent of a node starts at the root each time.
"""

from __future__ import annotations

import re

LONGEST = 120
"""Bytes before a name that are looked at."""
UNNAMED = "?"
"""Stands for what has no name: the result of a call, a literal, an element."""

_BARE = frozenset((b"(", b"[", b"{", b",", b"@", b"="))
"""What most often stands right before a name without receiver: nothing else is looked at."""
_JOINTS = (b".", b"::", b"->", b"\\")
_SUPER = b")(repus"
# Of the reversed text: `.pot.self`, `::tea`, `>-siht$`.
_JOINT = rb"\s*(?:\.[?!&]?|::|>-\??|\\)\s*"
_NAMES = re.compile(rb"(?:" + _JOINT + rb"[\w$\x80-\xff]+)*")
_WORD = re.compile(rb"[\w\x80-\xff]+")
_TYPE_ARGUMENTS = re.compile(rb"(?:::)?<[^<>]*>")
_STARTS_WITH_JOINT = re.compile(_JOINT)
_REMARK = re.compile(rb"//|#|/\*|^\s*\*", re.MULTILINE)


def receiver_before(start: int, source: bytes, *, dot_joins_texts: bool = False) -> str:
    """Return the receiver of the call whose name starts at a byte, with `.` for every joint.

    `self.engine` of `self.engine.embed(…)`, `tea.Pot` of `tea::Pot::<u8>::fill()`, `this` of
    `$this->fill()`, `super` of `super().fill()`, `?.lid` of `pots[0].lid.lift()`; '' for a bare
    call.
    """
    if source[start - 1 : start] in _BARE:
        return ""
    end = len(source[max(start - LONGEST, 0) : start].rstrip()) + max(start - LONGEST, 0)
    before = source[max(start - LONGEST, 0) : end]
    if not before.endswith(_JOINTS) or before.endswith(b".."):  # `...names()` in JavaScript
        return ""
    if b"\n" in source[end:start] and _REMARK.search(source, source.rfind(b"\n", 0, end) + 1, end):
        return ""  # a full stop at the end of a comment's line
    if dot_joins_texts:
        before = before.rpartition(b".")[2]
    if before.endswith(b">::"):
        while (shorter := _TYPE_ARGUMENTS.sub(b"", before)) != before:
            before = shorter
    backwards = before[::-1]
    names = _NAMES.match(backwards)
    end = names.end() if names else 0
    words = [word[::-1].decode("utf-8", "replace") for word in _WORD.findall(backwards[:end])]
    rest = _STARTS_WITH_JOINT.match(backwards, end)
    if rest:
        words.append("super" if backwards.startswith(_SUPER, rest.end()) else UNNAMED)
    return ".".join(reversed(words))
