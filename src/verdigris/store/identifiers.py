"""Split identifiers for full-text search, so that `parseHTTPHeader` is found by "parse header"."""

from __future__ import annotations

import re
from functools import lru_cache
from string import ascii_lowercase, digits

_CAMEL_REST = re.compile(
    r"[A-Z](?:(?<=[a-z0-9].)|(?=[A-Z]*+[a-z0-9]++[A-Z])|(?=[A-Z]++[a-z]))[A-Za-z0-9]*+"
)
"""A CamelCase word from its first capital on. It begins with one, since capitals are rare: the
search then costs a quarter of what one for whole words does."""
_BEFORE_CAPITALS = frozenset(ascii_lowercase + digits)
_CAMEL_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_UNSPACED = re.compile(r"[぀-ヿ㐀-䶿一-鿿가-힯]{2,}")
_REMEMBERED_WORDS = 1 << 14


def split_identifiers(text: str) -> str:
    """The text with the parts of CamelCase words, and the bigrams of unspaced scripts, added.

    snake_case and kebab-case need nothing: the tokenizer already splits at `_` and `-`.
    """
    text = _CAMEL_REST.sub(_with_parts, text)
    return text if text.isascii() else _UNSPACED.sub(_with_bigrams, text)


def _with_parts(rest: re.Match[str]) -> str:
    """What stands from a word's first capital on, and the parts of the whole word behind it."""
    text, (start, end) = rest.string, rest.span()
    while start and text[start - 1] in _BEFORE_CAPITALS:
        start -= 1
    return f"{rest[0]} {_camel_parts(text[start:end])}"


@lru_cache(_REMEMBERED_WORDS)
def _camel_parts(word: str) -> str:
    return " ".join(_CAMEL_PART.findall(word))


def _with_bigrams(match: re.Match[str]) -> str:
    run = match[0]
    return " ".join([run, *(run[i : i + 2] for i in range(len(run) - 1))])
