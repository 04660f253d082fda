"""Subjects of commits: those that a tool wrote, and what is left without numbers of issues."""

from __future__ import annotations

import re

_REFERENCE = re.compile(
    r"\s*[(\[]?\s*(?:\b(?:refs?|see|for|close[sd]?|fix(?:e[sd])?|resolve[sd]?|pr|mr|issue)\b[: ]*)?"
    r"(?:,\s*)?(?:[#!]|\bgh-)\d+\b[)\]]?",
    re.IGNORECASE,
)
_BY_A_TOOL = re.compile(
    r"^(?:fixup!|squash!|amend!|merge\b|revert\b|auto[- ]?(?:format|generat|updat)\w*"
    r"|\[pre-commit\.ci\]|build\(deps|(?:chore(?:\([^)]*\))?: )?(?:bump|release|publish)\b"
    r"|version bump|(?:prepare|version|tag) v?\d"
    r"|(?:prepare|start|begin|tag|back to)\b.*\b(?:release|version|development)\b"
    r"|(?:set|update) (?:the )?version(?: to\b| number|$)"
    r"|(?:version |release )?v?\d+(?:\.\d+)+\b|update (?:dependencies|lock ?files?)\b"
    r"|(?:run|apply) (?:black|ruff|fmt|prettier|isort|gofmt|rustfmt)\b"
    r"|(?:black|ruff|fmt|rustfmt|gofmt|isort)$)",
    re.IGNORECASE,
)


def is_by_a_tool(subject: str) -> bool:
    """Whether a subject is that of a merge, a revert, a release, an update or a formatter."""
    return bool(_BY_A_TOOL.match(subject))


def without_references(subject: str) -> str:
    """A subject without numbers of issues and pull requests, which only its own commit has."""
    return " ".join(_REFERENCE.sub("", subject).split()).strip(" ,;:")
