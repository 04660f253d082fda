"""Commits that a question means by what made them memorable: a release, the beginning."""

from __future__ import annotations

import re

from verdigris.views import DatedMoment, Facts

_RELEASE = re.compile(
    r"\b(?:releas\w*|version\w*|tag(?:ged|s)?|publish\w*|ship(?:ped)?|came out|come out)\b", re.I
)
_VERSION = re.compile(
    r"(?<![\w.])v?(\d+(?:\.\d+)*(?:[-.]?(?:a|b|rc|alpha|beta|dev)[-.]?\d*)?)\b", re.I
)
_FIRST = re.compile(r"\b(?:first|initial|earliest|oldest)\b", re.I)
_LAST = re.compile(r"\b(?:last|latest|newest|current|most recent)\b", re.I)
_BEGINNING = re.compile(
    r"\b(?:first|initial|oldest|earliest) commit\b|\b(?:project|repository|history)\b.{0,20}"
    r"\b(?:start|begin|began|begun)\w*|\b(?:start|begin|began|begun)\w*\b.{0,20}\bproject\b",
    re.I,
)
_REWRITE = re.compile(r"\b(?:rewr[io]t\w*|restructur\w*|reorgani[sz]\w*)\b", re.I)
_MOST = 20
"""A question that means more commits means none in particular."""


def commits_meant(question: str, facts: Facts) -> list[str]:
    """Hashes of the commits that a question calls by a moment; empty for most questions.

    Versions count where the question speaks of releases: `python 3.8` is no release of ours.
    """
    of_releases = _RELEASE.search(question) is not None
    asked = (of_releases, _BEGINNING.search(question), _REWRITE.search(question))
    if not any(asked):
        return []
    moments = facts.moments()
    found: list[str] = []
    if of_releases:
        found += _releases(question, [one for one in moments if "release" in one.kind])
    if asked[1]:
        found += [one.commit for one in moments if one.kind == "first commit"][:1]
    if asked[2]:
        found += [one.commit for one in moments if one.kind == "rewrite"]
    unique = list(dict.fromkeys(found))
    return unique if len(unique) <= _MOST else []


def _releases(question: str, releases: list[DatedMoment]) -> list[str]:
    """Those with a version that the question names, else the first or the last if it asks so."""
    named = {_padded(version) for version in _VERSION.findall(question)}
    found = [one.commit for one in releases if _padded(one.label) in named]
    whole = [one for one in releases if one.kind == "release"] or releases
    if not found and whole:
        found += [whole[0].commit] if _FIRST.search(question) else []
        found += [whole[-1].commit] if _LAST.search(question) else []
    return found


def _padded(version: str) -> str:
    """`1.0.0` for `1`, `v1.0` and `1_0`, so that all ways of writing it are equal."""
    plain = version.lower().removeprefix("v").replace("_", ".")
    return plain + ".0" * (2 - plain.count(".")) if re.fullmatch(r"[\d.]+", plain) else plain
