"""Replaces secrets in a text by `[redacted:KIND]` before anything else sees it.

Method: a cheap search marks suspicious lines; only those are given to secret_patterns, where the
expressions and filters of detect-secrets are, which is imported when the first such line is met.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from verdigris.frozen_dataclass import dataclass

_KEY_BLOCK = re.compile(
    r"-----BEGIN (?P<label>[A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?)-----"
    r"(?P<body>(?:(?!-----BEGIN ).){1,50000}?)"
    r"(?:-----END (?P=label)-----|\Z)",
    re.DOTALL,
)
_KEY_MATERIAL = re.compile(r"[A-Za-z0-9+/=]{32,}")

_NAMES = (
    "pass",
    "pwd",
    "secret",
    "token",
    "credential",
    "bearer",
    "authorization",
    "contrase",
    "_key",
    "-key",
    "apikey",
    "authkey",
    "servicekey",
    "accountkey",
    "dbkey",
    "databasekey",
    "privkey",
    "privatekey",
    "clientkey",
    "accesskey",
    "signingkey",
)
"""What a secret's variable may be called, in lower case: detect-secrets' keywords and more."""

_VALUE = re.compile(r"[\"'`].|[=:]\s*\S|bearer\s")
_TOKEN = re.compile(r"[A-Za-z0-9_.+/=:-]{20,}")
_TOKEN_REST = re.compile(r"[A-Za-z0-9_.+/=-]*")
_DIGIT = re.compile(r"[0-9]")
_LOGIN = re.compile(r"://[^\s/@]{0,200}:[^\s/@]{1,200}@")

_WINDOW = 2_000
_OVERLAP = 400
"""Longer lines are looked at in windows: some expressions take time with the square of length."""


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without its secrets, with the same number of lines."""

    text: str
    count: int


def redact(text: str, path: str = "") -> Redacted:
    """The text with each secret replaced by `[redacted:KIND]`; lines end in `\\n`.

    path: tells configuration files, where values stand without quotes, from others.
    Does not know: secrets split over lines (other than key blocks), encoded, or that look like
    ordinary words. A line with `pragma: allowlist` is left alone, as detect-secrets does.
    """
    text, count = _redact_key_blocks(text)
    suspicious = _suspicious_lines(text)
    if not suspicious:
        return Redacted(text, count)
    from verdigris.scrape.secret_patterns import find_secrets

    windows = [window for line in suspicious for window in _windows(*line)]
    found = find_secrets([text[start:end] for start, end in windows], path)
    pieces, done = [], 0
    for (start, end), secrets in zip(windows, found, strict=True):
        for secret in secrets:
            if start + secret.start < done:
                continue  # the window before has seen it
            pieces += [text[done : start + secret.start], f"[redacted:{secret.kind}]"]
            done = start + secret.end
            if done == end and (rest := _TOKEN_REST.match(text, end)):
                done = rest.end()
            count += 1
    return Redacted("".join([*pieces, text[done:]]), count)


def count_redactions(text: str) -> int:
    """How many secrets `redact` has replaced in a text."""
    return text.count("[redacted:")


def _redact_key_blocks(text: str) -> tuple[str, int]:
    """Hide each private key, from BEGIN to END; its lines stay, empty."""
    if "PRIVATE KEY" not in text:
        return text, 0
    count = 0

    def hidden(block: re.Match[str]) -> str:
        nonlocal count
        if not _KEY_MATERIAL.search(block["body"]):
            return block[0]  # the words only, as in code that looks for keys
        count += 1
        return "[redacted:Private Key]" + "\n" * block[0].count("\n")

    return _KEY_BLOCK.sub(hidden, text), count


def _suspicious_lines(text: str) -> list[tuple[int, int]]:
    """Spans of the lines worth a closer look, in order.

    A secret is either a long run of characters with a digit, or it follows a telling name, or
    it stands in a URL.
    """
    hits = [found.start() for found in _TOKEN.finditer(text) if _DIGIT.search(found[0])]
    if "://" in text:
        hits += [found.start() for found in _LOGIN.finditer(text)]
    hits += _named_values(text)
    lines, covered = [], -1
    for position in sorted(hits):
        if position > covered:
            start, covered = _line_around(text, position)
            lines.append((start, covered))
    return lines


def _windows(start: int, end: int) -> Iterator[tuple[int, int]]:
    """A line as one span, or a very long one as spans that overlap by what a secret needs."""
    while end - start > _WINDOW:
        yield start, start + _WINDOW
        start += _WINDOW - _OVERLAP
    yield start, end


def _named_values(text: str) -> list[int]:
    """Where a telling name shares its line with something like a value, once for each name.

    Plain searches: ten times faster than one expression of all names that ignores case.
    """
    lowered = text.replace("\u0130", "I").lower()  # the one letter whose lower case is longer
    hits = []
    for name in _NAMES:
        position = lowered.find(name)
        while position >= 0:
            start, end = _line_around(lowered, position)
            if _VALUE.search(lowered, start, end):
                hits.append(position)
            position = lowered.find(name, end)
    return hits


def _line_around(text: str, position: int) -> tuple[int, int]:
    end = text.find("\n", position)
    return text.rfind("\n", 0, position) + 1, len(text) if end < 0 else end
