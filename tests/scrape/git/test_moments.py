"""Which commits people remember."""

from __future__ import annotations

import pytest

from verdigris.records import FileChange, Moment
from verdigris.scrape.git.moments import moment_text, release_of, rewrite_of


@pytest.mark.parametrize(
    ("tag", "version"),
    [
        ("v1.2.0", "1.2.0"), ("1.0", "1.0"), ("v2", "2"), ("pkg@2.0", "2.0"),
        ("release-3.1", "3.1"), ("gnu_1_2", "1_2"), ("tea/v0.4.1", "0.4.1"),
    ],
)  # fmt: skip
def test_tags_that_name_a_version_are_releases(tag: str, version: str) -> None:
    assert release_of(tag) == Moment("release", version)


@pytest.mark.parametrize("tag", ["3.1rc1", "v2.0.0-beta.1", "7.0-rc1", "3.0-alpha0", "1.0.dev3"])
def test_pre_releases_are_told_apart(tag: str) -> None:
    assert release_of(tag) == Moment("pre-release", tag.removeprefix("v"))


@pytest.mark.parametrize(
    "tag", ["nightly", "foo-2", "8.0.x", "2024-01-05", "session-20250101-101010-start", "", "r12"]
)
def test_other_tags_are_no_releases(tag: str) -> None:
    assert release_of(tag) is None


def test_a_rewrite_changes_much_of_what_was_there() -> None:
    changed = [FileChange(f"{number}.py", "M") for number in range(3)]
    moved = FileChange("new.py", "R", "old.py")
    assert rewrite_of([*changed, moved], 10) == Moment("rewrite", "4 of 10 files, 1 moved")
    assert rewrite_of(changed, 10) is None
    assert rewrite_of([FileChange(f"{number}.c", "A") for number in range(99)], 10) is None
    assert rewrite_of(changed, 0) is None


def test_a_moment_is_told_in_words_that_are_asked_for() -> None:
    text = moment_text(Moment("release", "1.0"), "2014-05-21")
    assert text == "Release of version 1.0: 1.0 was released on 2014-05-21."
    assert "begins." in moment_text(Moment("first commit"), "")
