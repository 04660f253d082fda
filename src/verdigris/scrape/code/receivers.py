"""What a call is made on: the names before the callee's own, read backwards from the text.

The tree would say it as well, but asking it for the parent of a node starts at the root each time.
"""

from __future__ import annotations

import re
from functools import lru_cache

LONGEST = 120
"""Bytes before a name that are looked at."""
UNNAMED = "?"
"""Stands for what has no name: the result of a call, a literal, an element."""

_BARE = frozenset(b"([{,@=")
"""What most often stands right before a name without receiver: nothing else is looked at."""
# Of the reversed text: `.pot.self`, `::tea`, `>-siht$`, `.)(repus`; no `...` of JavaScript.
_JOINT = rb"\s*+(?:\.[?!&]?|::|>-\??|\\)\s*+"
_NAME = rb"[\w$\x80-\xff]++"
_RECEIVER = re.compile(
    rb"\s*+(?!\.\.)((?:" + _JOINT + _NAME + rb")*(?:" + _JOINT + rb"(?:\)\(repus)?)?)"
)
_STARTS_WITH_NAME = re.compile(_NAME)
_WORD = re.compile(rb"[\w\x80-\xff]+")
_TYPE_ARGUMENTS = re.compile(rb"(?:::)?<[^<>]*>")
_REMARK = re.compile(rb"//|#|/\*|^\s*\*", re.MULTILINE)


class Receivers:
    """Reads what the calls of one source are made on."""

    def __init__(self, source: bytes, *, dot_joins_texts: bool = False) -> None:
        self._source = source
        self._backwards = source[::-1]
        self._dot_joins_texts = dot_joins_texts

    def before(self, start: int) -> str:
        """Return the receiver of the call whose name starts at a byte, with `.` for every joint.

        `self.engine` of `self.engine.embed(…)`, `tea.Pot` of `tea::Pot::<u8>::fill()`, `this` of
        `$this->fill()`, `super` of `super().fill()`, `?.lid` of `pots[0].lid.lift()`; '' for a
        bare call.
        """
        if start == 0 or self._source[start - 1] in _BARE:
            return ""
        place = len(self._source) - start
        limit = place + LONGEST
        if self._dot_joins_texts and (dot := self._backwards.find(b".", place, limit)) >= 0:
            limit = dot
        found = _RECEIVER.match(self._backwards, place, limit)
        if not found or not found[1]:
            return ""
        spaces = found.start(1) - place
        if spaces and self._ends_remark(start - spaces, start):
            return ""
        if found[1] == b"::" and self._backwards.startswith(b">", found.end(), limit):
            before = self._backwards[place + spaces : limit][::-1]
            found = _RECEIVER.match(_without_type_arguments(before)[::-1])
        return _spelled(found[1]) if found else ""

    def _ends_remark(self, joint_end: int, start: int) -> bool:
        """Tell a full stop at the end of a comment's line from the joint before a name."""
        source = self._source
        if b"\n" not in source[joint_end:start]:
            return False
        line_start = source.rfind(b"\n", 0, joint_end) + 1
        return _REMARK.search(source, line_start, joint_end) is not None


@lru_cache(maxsize=1 << 14)
def _spelled(backwards: bytes) -> str:
    """`tea.Pot` of `::toP::aet`."""
    written = backwards[::-1]
    words = [word.decode("utf-8", "replace") for word in _WORD.findall(written)]
    if not _STARTS_WITH_NAME.match(written):
        words.insert(0, UNNAMED)
    return ".".join(words)


def _without_type_arguments(before: bytes) -> bytes:
    while (shorter := _TYPE_ARGUMENTS.sub(b"", before)) != before:
        before = shorter
    return before
