"""Files as they were at a commit, and how they differ from the work tree; git blame is not used."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence

from verdigris.errors import RepositoryError
from verdigris.frozen_dataclass import dataclass
from verdigris.records import Lines
from verdigris.scrape.repository import Repository, git_output

_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
_LARGEST_BLOB = 1_048_576


@dataclass(frozen=True, slots=True)
class Hunk:
    """A change between two versions: `old_count` lines from `old_start` became the new ones.

    As in a diff without context, a start with a count of 0 is the line before.
    """

    old_start: int
    old_count: int
    new_start: int
    new_count: int


@dataclass(frozen=True, slots=True)
class MappedLines:
    """Where lines of an old version stand now, and how many were added and removed in them."""

    now: Lines | None
    """None where none of them is left."""
    added: int
    removed: int


def commit_before(repository: Repository, time: str, branch: str = "") -> str:
    """The newest commit of a branch (of HEAD where there is none) at or before a time, or ''."""
    for tip in (f"refs/heads/{branch}", "HEAD") if branch else ("HEAD",):
        try:
            found = git_output(
                repository.root, "rev-list", "-1", f"--before={time}", "--end-of-options", tip, "--"
            )
        except RepositoryError:
            continue
        return found.decode().strip()
    return ""


def commits_since(repository: Repository, commit: str) -> frozenset[str]:
    """Commits of HEAD that a commit does not have; none where git does not know it."""
    try:
        listed = git_output(repository.root, "rev-list", "--no-merges", f"{commit}..HEAD", "--")
    except RepositoryError:
        return frozenset()
    return frozenset(listed.decode().split())


def whole_hash(repository: Repository, commit: str) -> str:
    """The full hash of a commit that is here, '' for any other text."""
    line = git_output(
        repository.root, "cat-file", "--batch-check", stdin=f"{commit}^{{commit}}\n".encode()
    )
    parts = line.decode(errors="replace").split()
    return parts[0] if len(parts) == 3 and parts[1] == "commit" else ""


def files_at(repository: Repository, commit: str) -> dict[str, str]:
    """Path → blob of every file of a commit. Raises RepositoryError."""
    listing = git_output(repository.root, "ls-tree", "-r", "-z", "--full-tree", commit)
    files = {}
    for entry in listing.split(b"\0"):
        about, _, path = entry.partition(b"\t")
        fields = about.split()
        if len(fields) == 3 and fields[1] == b"blob":
            files[path.decode("utf-8", errors="replace")] = fields[2].decode()
    return files


def blob_texts(repository: Repository, blobs: Iterable[str]) -> dict[str, str]:
    """Blob → text with plain line ends; those that are missing, binary or too large left out."""
    wanted = list(dict.fromkeys(blobs))
    try:
        return _texts_of(repository, wanted)
    except RepositoryError:  # in a partial clone git stops at the first that is missing
        here = _objects_here(repository)
        return _texts_of(repository, [blob for blob in wanted if blob in here])


def _objects_here(repository: Repository) -> frozenset[str]:
    """The hashes of all objects that need not be fetched (half a second for 200,000)."""
    arguments = ("--batch-all-objects", "--unordered", "--batch-check=%(objectname)")
    return frozenset(git_output(repository.root, "cat-file", *arguments).decode().split())


def _texts_of(repository: Repository, blobs: Sequence[str]) -> dict[str, str]:
    if not blobs:
        return {}
    wanted = "".join(f"{blob}\n" for blob in blobs).encode()
    output = git_output(repository.root, "cat-file", "--batch", stdin=wanted)
    texts = {}
    position = 0
    while position < len(output):
        end = output.index(b"\n", position)
        fields = output[position:end].split()
        position = end + 1
        if len(fields) != 3 or fields[1] == b"missing":
            continue
        size = int(fields[2])
        content = output[position : position + size]
        position += size + 1
        if size <= _LARGEST_BLOB and b"\0" not in content:
            texts[fields[0].decode()] = plain_text(content)
    return texts


def plain_text(content: bytes) -> str:
    """Bytes as text, whatever the line ends, so that a checkout equals its blob."""
    return content.decode("utf-8", errors="replace").replace("\r\n", "\n").replace("\r", "\n")


def lines_with(repository: Repository, commit: str, words: Sequence[str]) -> list[tuple[str, str]]:
    """(path, line) of the lines of a commit's files that hold one of the words, whole."""
    if not words:
        return []
    patterns = [part for word in words for part in ("-e", word)]
    try:
        output = git_output(
            repository.root, "grep", "-I", "-w", "-F", "-z", "--no-color", *patterns, commit, "--"
        )
    except RepositoryError:  # git grep fails where it finds nothing
        return []
    found = []
    for line in output.decode("utf-8", errors="replace").split("\n"):
        place, _, text = line.partition("\0")
        found.append((place.removeprefix(f"{commit}:"), text))
    return found


def hunks_since(repository: Repository, blob: str, path: str) -> list[Hunk]:
    """How a file of the work tree differs from an old blob. Raises RepositoryError."""
    output = git_output(
        repository.root, "diff", "-U0", "--no-color", "--no-ext-diff", "--no-textconv",
        "--inter-hunk-context=0", blob, "--", os.fspath(path),
    )  # fmt: skip
    hunks = []
    for match in _HUNK.finditer(output):
        old_start, old_count, new_start, new_count = (
            int(group) if group is not None else 1 for group in match.groups()
        )
        hunks.append(Hunk(old_start, old_count, new_start, new_count))
    return hunks


def map_lines(hunks: Sequence[Hunk], lines: Lines) -> MappedLines:
    """Lines of the old version in the new one, by the hunks between the two, in order.

    Lines that were replaced stand where their replacement stands.
    """
    removed = sum(_overlap(hunk, lines) for hunk in hunks)
    added = sum(hunk.new_count for hunk in hunks if _touches(hunk, lines))
    if removed == lines.end - lines.start + 1 and not added:
        return MappedLines(None, 0, removed)
    start = _line_now(hunks, lines.start, is_first=True)
    end = _line_now(hunks, lines.end, is_first=False)
    return MappedLines(Lines(start, max(start, end)), added, removed)


def _overlap(hunk: Hunk, lines: Lines) -> int:
    last = min(hunk.old_start + hunk.old_count - 1, lines.end)
    return max(last - max(hunk.old_start, lines.start) + 1, 0) if hunk.old_count else 0


def _touches(hunk: Hunk, lines: Lines) -> bool:
    if hunk.old_count:
        return _overlap(hunk, lines) > 0
    return lines.start <= hunk.old_start < lines.end


def _line_now(hunks: Sequence[Hunk], line: int, *, is_first: bool) -> int:
    shift = 0
    for hunk in hunks:
        behind = hunk.old_start + max(hunk.old_count, 1)
        if hunk.old_count and hunk.old_start <= line < behind:
            if is_first:
                return hunk.new_start if hunk.new_count else hunk.new_start + 1
            return hunk.new_start + max(hunk.new_count - 1, 0)
        if behind <= line:
            shift += hunk.new_count - hunk.old_count
    return line + shift
