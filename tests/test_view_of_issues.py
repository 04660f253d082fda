"""What commits, issues and pull requests say of each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from verdigris.records import (
    DOCUMENT_SEEN,
    CommitDetails,
    Event,
    FileChange,
    IssueDetails,
    SeenDetails,
)
from verdigris.store.index import Index
from verdigris.views import SCHEMA, Facts
from verdigris.views.issues import references


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Boil less\n\nSee #12.", {"#12": "mention"}),
        ("Boil less (#45)", {"#45": "squash"}),
        ("Less (#45)\n\nFixes #1, #2 and #3.", {"#45": "squash", "#1": "fixes", "#2": "fixes", "#3": "fixes"}),  # noqa: E501
        ("Merge pull request #45 from ada/branch\n\nBoil less", {"#45": "merge"}),
        ("Merge branch 'x'\n\nSee merge request ada/kettle!45", {"!45": "merge"}),
        ("closes GH-7; resolved: #8", {"#7": "fixes", "#8": "fixes"}),
        ("Fix https://x.org/a/issues/12#issuecomment-3", {"https://x.org/a/issues/12": "fixes"}),
        ("See https://example.org/page/12", {}),
        ("eve/other#12, abc#3, &#39; and #0 and C# are none, 50#60", {}),
        ("prefixes #12", {"#12": "mention"}),
    ],
)  # fmt: skip
def test_references(message: str, expected: dict[str, str]) -> None:
    assert references(message) == expected


@dataclass
class Project:
    """Commits and issues put in by hand."""

    index: Index
    facts: Facts
    number: int = field(default=0)

    def commit(self, message: str, *paths: str, marks: tuple[str, ...] = ()) -> str:
        self.number += 1
        sha, time = f"{self.number:040x}", f"2026-01-01T00:{self.number:02d}:00Z"
        files = tuple(FileChange(path, "M") for path in paths)
        details = CommitDetails(sha, "Ada", "a@b.org", time, time, files=files, marks=marks)
        seen = SeenDetails("commit", message.split("\n")[0], commit=details)
        self._add(f"commit:{sha}", seen, message)
        return sha

    def item(self, document: str, text: str = "", **more: tuple[str, ...] | str) -> None:
        type_, _, number = document.partition(":")
        url = f"https://github.com/ada/kettle/{'pull' if type_ == 'pr' else 'issues'}/{number}"
        details = IssueDetails(int(number), type_, "closed", "ada", url, **more)  # type: ignore[arg-type]
        self._add(document, SeenDetails("issue", f"Title {number}", issue=details), text)

    def _add(self, document: str, seen: SeenDetails, text: str) -> None:
        marker = Event(DOCUMENT_SEEN, document, "1", details=seen, time="2026-01-02T00:00:00Z")
        content = [Event("commit.message", document, "1", text)]
        with self.index.transaction():
            self.facts.add(marker, content)

    def ways(self, document: str) -> list[tuple[str, str]]:
        return [(one.sha, one.how) for one in self.facts.issue_commits(document)]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with closing(Index(tmp_path / "index.db", SCHEMA)) as index:
        yield Project(index, Facts(index.connection))


def test_commits_of_an_issue_come_with_how_they_name_it(project: Project) -> None:
    mention = project.commit("Look at #12")
    fix = project.commit("Boil less\n\nFixes #12")
    project.commit("Another (#13)")
    project.item("issue:12")
    assert project.ways("issue:12") == [(fix, "fixes"), (mention, "mention")]


def test_an_issue_has_the_commits_of_the_pull_request_that_fixes_it(project: Project) -> None:
    squashed = project.commit("Boil less (#45)")
    project.commit("Mentions #45")
    project.item("issue:12")
    project.item("pr:45", "Fixes https://github.com/ada/kettle/issues/12", files=("src/kettle.py",))
    assert project.ways("issue:12") == [(squashed, "squash")]
    assert project.facts.issue_files("issue:12") == ["src/kettle.py"]


def test_what_the_forge_links_counts_as_well(project: Project) -> None:
    merge, part = project.commit("Merge x"), project.commit("Boil less")
    project.item("issue:12", closed_by=("pr:45",))
    project.item("pr:45", merge_commit=merge, commits=(part, "f" * 40))
    project.item("issue:13")
    project.item("pr:46", closes=("issue:13",), merge_commit=merge)
    assert project.ways("issue:12") == [(merge, "merge"), (part, "part")]
    assert project.ways("issue:13") == [(merge, "merge")]


def test_gitlab_numbers_merge_requests_apart(project: Project) -> None:
    of_issue, of_request = project.commit("Fixes #12"), project.commit("See merge request a/b!12")
    project.item("issue:12")
    project.item("pr:12")
    assert project.ways("issue:12") == [(of_issue, "fixes")]
    assert project.ways("pr:12") == [(of_request, "merge")]


def test_issues_behind_a_file(project: Project) -> None:
    old = project.commit("Boil less (#45)", "src/kettle.py")
    new = project.commit("Fixes #14", "src/kettle.py", "src/cup.py")
    project.commit("Reformat, see #99", "src/kettle.py", marks=("bulk",))
    for document in ("issue:12", "issue:14", "issue:99"):
        project.item(document)
    project.item("pr:45", "Fixes #12")
    found = [
        (one.document, one.how, one.commit)
        for one in project.facts.issues_behind(["src/kettle.py"])
    ]
    assert found == [
        ("issue:14", "fixes", new),
        ("pr:45", "squash", old),
        ("issue:12", "fixes", old),
    ]
    assert len(project.facts.issues_behind(["src/kettle.py"], limit=1)) == 1


def test_what_is_removed_links_no_more(project: Project) -> None:
    fix = project.commit("Fixes #12")
    project.item("issue:12")
    with project.index.transaction():
        project.facts.remove(f"commit:{fix}")
    assert project.ways("issue:12") == []
    with project.index.transaction():
        project.facts.remove("issue:12")
    assert project.facts.issues() == []
    assert project.facts.issue_facts("issue:12") is None


def test_a_question_calls_an_issue_by_number(project: Project) -> None:
    for document in ("issue:12", "pr:45"):
        project.item(document)
    calls = (
        "what about #12?",
        "issue 12",
        "Issue #12",
        "PR 45",
        "pull request 45",
        "see 12",
        "#99",
    )
    found = [project.facts.issues_called(call) for call in calls]
    assert found == [["issue:12"]] * 3 + [["pr:45"]] * 2 + [[]] * 2
