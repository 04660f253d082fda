"""Files as they were, and where their lines are now."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from verdigris.records import Lines
from verdigris.scrape.git.old_content import (
    Hunk,
    MappedLines,
    blob_texts,
    commit_before,
    files_at,
    hunks_since,
    lines_with,
    map_lines,
    whole_hash,
)
from verdigris.scrape.repository import open_repository

if TYPE_CHECKING:
    from tests.conftest import GitFolder

    MakeGit = Callable[[str], GitFolder]


@pytest.mark.parametrize(
    ("hunk", "mapped"),
    [
        (Hunk(2, 0, 3, 2), MappedLines(Lines(12, 14), 0, 0)),  # lines came in above
        (Hunk(9, 0, 10, 1), MappedLines(Lines(11, 13), 0, 0)),  # right above
        (Hunk(12, 0, 13, 5), MappedLines(Lines(10, 12), 0, 0)),  # right below
        (Hunk(11, 0, 12, 2), MappedLines(Lines(10, 14), 2, 0)),  # inside
        (Hunk(11, 1, 11, 3), MappedLines(Lines(10, 14), 3, 1)),
        (Hunk(10, 1, 9, 0), MappedLines(Lines(10, 11), 0, 1)),  # the first went
        (Hunk(12, 1, 11, 0), MappedLines(Lines(10, 11), 0, 1)),  # the last went
        (Hunk(8, 10, 7, 0), MappedLines(None, 0, 3)),  # all went
        (Hunk(8, 10, 8, 4), MappedLines(Lines(8, 11), 4, 3)),  # all was replaced
    ],
)
def test_lines_follow_a_change(hunk: Hunk, mapped: MappedLines) -> None:
    assert map_lines([hunk], Lines(10, 12)) == mapped


def test_unchanged_lines_are_found_whatever_happens_around_them(small_git: GitFolder) -> None:
    chance = random.Random(7)
    for _ in range(8):
        kept = [f"kept {number}" for number in range(5)]
        old = [f"old {chance.random()}" for _ in range(chance.randrange(1, 30))]
        start = chance.randrange(len(old) + 1)
        before = [*old[:start], *kept, *old[start:]]
        small_git.write("notes.txt", "\n".join(before) + "\n")
        sha = small_git.commit("before")
        survivors = [line for line in before if line in kept or chance.random() < 0.6]
        after: list[str] = []
        for line in survivors:
            if line not in kept[1:]:
                after += [f"new {chance.random()}" for _ in range(chance.randrange(3))]
            after.append(line)
        small_git.write("notes.txt", "\n".join(after) + "\n")
        repository = open_repository(small_git.root)
        hunks = hunks_since(repository, files_at(repository, sha)["notes.txt"], "notes.txt")
        mapped = map_lines(hunks, Lines(start + 1, start + 5))
        assert mapped.now is not None
        assert after[mapped.now.start - 1 : mapped.now.end] == kept
        assert (mapped.added, mapped.removed) == (0, 0)


def test_old_files_and_their_texts(small_git: GitFolder) -> None:
    small_git.write("crlf.txt", b"one\r\ntwo\r\n")
    small_git.write("image.bin", b"\0\1")
    sha = small_git.commit("more")
    repository = open_repository(small_git.root)
    files = files_at(repository, sha)
    assert set(files) >= {"src/kettle.py", "crlf.txt", "image.bin"}
    texts = blob_texts(repository, [*files.values(), "1" * 40])
    assert texts[files["crlf.txt"]] == "one\ntwo\n"
    assert files["image.bin"] not in texts
    assert blob_texts(repository, []) == {}


def test_commits_by_time_and_by_hash(small_git: GitFolder) -> None:
    repository = open_repository(small_git.root)
    head = small_git.git("rev-parse", "HEAD")
    assert commit_before(repository, "2099-01-01T00:00:00Z") == head
    assert commit_before(repository, "2099-01-01T00:00:00Z", "no-such-branch") == head
    assert commit_before(repository, "1999-01-01T00:00:00Z") == ""
    assert whole_hash(repository, head[:8]) == head
    assert whole_hash(repository, "0" * 12) == whole_hash(repository, "HEAD:src") == ""


def test_lines_that_hold_a_word(small_git: GitFolder) -> None:
    repository = open_repository(small_git.root)
    head = small_git.git("rev-parse", "HEAD")
    found = lines_with(repository, head, ["boil"])
    assert ("src/kettle.py", "def boil(litres):") in found
    assert lines_with(repository, head, ["boi", "-v"]) == lines_with(repository, head, []) == []


def test_what_a_partial_clone_lacks_is_left_out(small_git: GitFolder, make_git: MakeGit) -> None:
    first = small_git.git("rev-parse", "HEAD:src/kettle.py")
    small_git.write("src/kettle.py", "def boil():\n    return 0\n")
    small_git.commit("Boil nothing")
    small_git.git("config", "uploadpack.allowFilter", "true")
    clone = make_git("clone")
    clone.git("remote", "add", "origin", small_git.root.as_uri())
    clone.git("fetch", "-q", "--filter=blob:none", "origin", "main")
    clone.git("checkout", "-q", "-B", "main", "FETCH_HEAD")
    last = clone.git("rev-parse", "HEAD:src/kettle.py")
    texts = blob_texts(open_repository(clone.root), [last, first, last])
    assert texts == {last: "def boil():\n    return 0\n"}
