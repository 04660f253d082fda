"""Split identifiers for full-text search, so that `parseHTTPHeader` is found by "parse header"."""

from __future__ import annotations

import re

_CAMEL_WORD = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]*(?:[a-z0-9][A-Z]|[A-Z]{2}[a-z])[A-Za-z0-9]*")
_CAMEL_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_UNSPACED = re.compile(r"[぀-ヿ㐀-䶿一-鿿가-힯]{2,}")


def split_identifiers(text: str) -> str:
    """The text with the parts of CamelCase words, and the bigrams of unspaced scripts, added.

    snake_case and kebab-case need nothing: the tokenizer already splits at `_` and `-`.
    """
    text = _CAMEL_WORD.sub(lambda match: " ".join([match[0], *_CAMEL_PART.findall(match[0])]), text)
    return text if text.isascii() else _UNSPACED.sub(_with_bigrams, text)


def _with_bigrams(match: re.Match[str]) -> str:
    run = match[0]
    return " ".join([run, *(run[i : i + 2] for i in range(len(run) - 1))])
