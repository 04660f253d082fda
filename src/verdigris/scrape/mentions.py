"""Finds what a text names: paths, symbols and commits, by their spelling alone.

Precision comes first: a plain word such as `main` or `test` names nothing. Whether a name leads
anywhere is for who knows the repository to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from verdigris.frozen_dataclass import dataclass
from verdigris.records import Lines, MentionForm


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a text."""

    form: MentionForm
    name: str
    line: int
    """Line of the text, counted from 0."""
    lines: Lines | None = None
    """`10-20` of `src/kettle.py:10-20`."""
    marked: bool = False
    """Set in backticks: the writer says that it is a name."""


_FENCE = re.compile(r"^\s*(?:```|~~~)")
_CODE = re.compile(r"(?<!`)`([^`\n]{1,200})`(?!`)")
_ADDRESS = re.compile(
    r"\b[a-z][a-z0-9+.-]{0,20}://\S+|(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+", re.IGNORECASE
)
_WORD = re.compile(r"(?<![\w/.@~$-])[\w.@-][\w./@:+#()-]*")
_PLACE = re.compile(r"^(?P<path>.+?)(?::L?(?P<start>\d+)(?:-L?(?P<end>\d+))?(?::\d+)?)?$")
_PATH = re.compile(r"\.?[\w@+-][\w.@+-]*(?:/[\w.@+-]+)*")
_EXTENSION = re.compile(r"\w\.[A-Za-z][A-Za-z0-9]{0,9}$")
_SYMBOL = re.compile(r"[^\W\d]\w*(?:(?:\.|::|#)[^\W\d]\w*){0,5}")
_CALL = re.compile(r"\([^()]*\)$")
_INNER_MARK = re.compile(r"_|[a-z0-9][A-Z]|\.|::|#")
_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_SHORTEST_SYMBOL = 3
_LONGEST_TEXT = 100_000


def mentions_in(text: str) -> list[Mention]:
    """Names in a text, each once, in order; those in fenced code are not statements.

    A symbol must look like one: qualified, with an underscore or an inner capital, called
    (`boil()`), or a capitalised word in backticks. A commit has 7 to 40 hex digits, with both
    digits and letters.
    """
    found: dict[tuple[str, str], Mention] = {}
    for number, line in _prose(text[:_LONGEST_TEXT]):
        for mention in _mentions_in_line(line, number):
            known = found.get((mention.form, mention.name))
            if known is None or (mention.marked and not known.marked):
                found[mention.form, mention.name] = mention
    return list(found.values())


def _prose(text: str) -> Iterator[tuple[int, str]]:
    fenced = False
    for number, line in enumerate(text.split("\n")):
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            yield number, _ADDRESS.sub(" ", line)


def _mentions_in_line(line: str, number: int) -> Iterator[Mention]:
    for match in _CODE.finditer(line):
        yield from _mention(match[1].strip(), number, marked=True)
    for match in _WORD.finditer(_CODE.sub(" ", line)):
        yield from _mention(match[0].rstrip(".,:;)"), number, marked=False)


def _mention(word: str, number: int, *, marked: bool) -> Iterator[Mention]:
    """What a word names: a commit, else a path, else a symbol; a dotted name may be both."""
    if _COMMIT.fullmatch(word):
        if not word.isdigit() and not word.isalpha():
            yield Mention("commit", word, number, marked=marked)
        return
    place = _PLACE.match(word)
    path = place["path"].removeprefix("./") if place else ""
    if place and _PATH.fullmatch(path) and _looks_like_path(path):
        yield Mention("path", path, number, _lines(place), marked)
    name = _CALL.sub("", word)
    if _SYMBOL.fullmatch(name) and _looks_like_symbol(name, name != word, marked):
        yield Mention("symbol", name.replace("#", "."), number, marked=marked)


def _looks_like_path(path: str) -> bool:
    return "/" in path or _EXTENSION.search(path) is not None


def _looks_like_symbol(name: str, called: bool, marked: bool) -> bool:
    if len(name) < _SHORTEST_SYMBOL:
        return False
    return (
        called
        or _INNER_MARK.search(name.strip("_")) is not None
        or (marked and name[0].isupper() and not name.isupper())
    )


def _lines(place: re.Match[str]) -> Lines | None:
    if place["start"] is None:
        return None
    start = int(place["start"][:9])
    return Lines(start, max(int((place["end"] or "0")[:9]), start)) if start else None
