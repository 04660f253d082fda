"""Which commits people remember: the first, releases, big rewrites."""

from __future__ import annotations

import re
from collections.abc import Sequence

from verdigris.records import FileChange, Moment

REWRITE_SHARE = 0.4
"""A commit that changes at least this share of the files that stood before it is a rewrite."""

_VERSION = re.compile(
    r"(?:^|[-_/@])(?:v|r|ver|version|rel|release)?[-_.]?"
    r"(?P<version>\d+(?:[._]\d+)+(?:[-._+]?(?!x$)[a-z][a-z0-9]*(?:[-.]?\d+)*)*|(?<=v)\d+)$",
    re.IGNORECASE,
)
_PRE_RELEASE = re.compile(r"\d[-._]?(?:a|b|c|rc|alpha|beta|dev|pre|preview|canary|next)", re.I)
_SESSION_TAG = re.compile(r"^session-\d{8}")


def release_of(tag: str) -> Moment | None:
    """The release that a tag's name tells (`v1.2.0`, `pkg@2.0`, `release-3.1rc1`), if any."""
    match = None if _SESSION_TAG.match(tag) else _VERSION.search(tag)
    if match is None:
        return None
    version = match["version"]
    return Moment("pre-release" if _PRE_RELEASE.search(version) else "release", version)


def rewrite_of(files: Sequence[FileChange], files_before: int) -> Moment | None:
    """The rewrite that a commit is, where it changed enough of the files that stood before it.

    Files that it only added do not count: a vendored library is no rewrite.
    """
    touched = [file for file in files if file.status not in "AC"]
    if not files_before or len(touched) < REWRITE_SHARE * files_before:
        return None
    moved = sum(file.status == "R" for file in touched)
    deleted = sum(file.status == "D" for file in touched)
    notes = [
        f"{number} {what}" for number, what in ((moved, "moved"), (deleted, "deleted")) if number
    ]
    extent = f"{len(touched)} of {files_before} files"
    return Moment("rewrite", f"{extent}, {', '.join(notes)}" if notes else extent)


def moment_text(moment: Moment, day: str) -> str:
    """A sentence that a question about the moment finds; day: YYYY-MM-DD, '' if not known."""
    when = f" on {day}" if day else ""
    if moment.kind == "first commit":
        return f"First commit: the history of this repository begins{when}."
    if moment.kind == "rewrite":
        return f"Big rewrite{when}: it changed {moment.label} at once."
    what = "Release" if moment.kind == "release" else "Pre-release"
    return f"{what} of version {moment.label}: {moment.label} was released{when}."
