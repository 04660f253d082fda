"""Reads the parts of a commit message that have a fixed form.

Method: Conventional Commits 1.0.0 for the subject, git-interpret-trailers(1) for the last
paragraph, and the words by which forges close issues.
"""

from __future__ import annotations

import re

from verdigris.records import MessageParts, Trailer

_TYPES = (
    "build|chore|ci|deps|doc|docs|feat|feature|fix|bugfix|hotfix|i18n|lint|perf|refactor|release"
    "|revert|security|style|test|tests|types|wip"
)
"""The types that the specification and its usual presets name, and their variants."""
_SUBJECT = re.compile(
    rf"(?P<type>{_TYPES})(?:\((?P<scope>[^()\n]{{1,80}})\))?(?P<breaking>!)?:(?=\s)", re.IGNORECASE
)
_TRAILER = re.compile(
    r"(?P<key>[A-Za-z0-9][A-Za-z0-9-]{0,60}|BREAKING CHANGE)\s*:\s+(?P<value>\S.*)"
)
_PICKED = re.compile(r"\((?P<key>cherry picked from commit) (?P<value>[0-9a-f]{7,64})\)")
_GITS_OWN = ("signed-off-by", "cherry picked from commit")
_LEAST_SHARE_OF_TRAILERS = 0.25
_CLOSES = re.compile(
    r"\b(close|fix|resolve)(?:[sd]|es|ed)?:?\s+(?P<issue>(?:[\w.-]+/[\w.-]+)?#\d+|GH-\d+)\b",
    re.IGNORECASE,
)
_BREAKING = frozenset({"breaking change", "breaking-change"})


def read_message(message: str) -> MessageParts:
    """Type, scope, breaking mark and trailers of a message; what is not there stays empty.

    `Fixes #12` anywhere in the message counts as a trailer `Closes`: forges take it so.
    """
    subject = _SUBJECT.match(message)
    trailers = [*_trailers(message), *_closed_issues(message)]
    breaking = any(trailer.key.lower() in _BREAKING for trailer in trailers)
    return MessageParts(
        type=subject["type"].lower() if subject else "",
        scope=(subject["scope"] or "").strip() if subject else "",
        breaking=breaking or bool(subject and subject["breaking"]),
        trailers=tuple(dict.fromkeys(trailers)),
    )


def _trailers(message: str) -> list[Trailer]:
    """Those of the last paragraph, if it is not the first and mostly consists of them.

    A paragraph counts when all its lines are trailers, or when git wrote one of them and they
    are at least a quarter.
    """
    paragraphs = re.split(r"\n[ \t]*\n", message.strip())
    if len(paragraphs) < 2:
        return []
    found: list[Trailer] = []
    others = 0
    for line in paragraphs[-1].split("\n"):
        if match := _TRAILER.fullmatch(line.rstrip()) or _PICKED.fullmatch(line.strip()):
            found.append(Trailer(match["key"].capitalize(), match["value"].strip()))
        elif found and line[:1].isspace():
            found[-1] = Trailer(found[-1].key, f"{found[-1].value} {line.strip()}")
        else:
            others += 1
    gits_own = any(trailer.key.lower() in _GITS_OWN for trailer in found)
    enough = len(found) >= _LEAST_SHARE_OF_TRAILERS * (len(found) + others)
    return found if not others or (gits_own and enough) else []


def _closed_issues(message: str) -> list[Trailer]:
    return [Trailer("Closes", match["issue"]) for match in _CLOSES.finditer(message)]
