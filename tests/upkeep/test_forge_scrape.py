"""Scraping a forge: asked by name only, page by page, only what changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.forge_program import ForgeProgram, issue, pull

from verdigris import KnowledgeBase
from verdigris.answers import Filters
from verdigris.errors import ForgeError

if TYPE_CHECKING:
    from tests.conftest import GitFolder

FORGE = ("forge",)


@pytest.fixture
def gh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ForgeProgram:
    return ForgeProgram(tmp_path / "bin", "gh", monkeypatch)


@pytest.fixture
def base(small_git: GitFolder) -> Iterator[KnowledgeBase]:
    with KnowledgeBase(small_git.root) as knowledge_base:
        yield knowledge_base


def titles(base: KnowledgeBase) -> dict[str, str]:
    rows = base.index.connection.execute("SELECT name, title FROM documents WHERE kind = 'issue'")
    return dict(rows.fetchall())


def test_nothing_but_a_named_forge_runs_gh(base: KnowledgeBase, gh: ForgeProgram) -> None:
    base.refresh()
    base.ask("How is water boiled?")
    assert gh.calls == []


def test_issues_pull_requests_and_discussions_are_indexed(
    base: KnowledgeBase, gh: ForgeProgram
) -> None:
    gh.holds("issues", issue(12, "Kettle boils dry"), issue(11, "Lid"), issue(10, "Handle"))
    gh.holds("pullRequests", pull(45, "Stop at the minimum"))
    url = "https://github.com/ada/kettle/discussions/9"
    gh.holds("discussions", issue(9, "Which tea?", url=url))
    report = base.refresh(FORGE)
    assert report.documents == {"issue": 5}
    assert titles(base).keys() == {"issue:12", "issue:11", "issue:10", "pr:45", "discussion:9"}
    assert len(gh.calls) == 4
    assert all("owner={owner}" in call and "name={repo}" in call for call in gh.calls)
    (hit,) = base.ask("kettle boils dry", Filters(kinds=("issue",)), limit=1).hits
    assert (hit.document, hit.path, hit.issue and hit.issue.state) == ("issue:12", "", "open")


def test_only_what_changed_is_read_again(base: KnowledgeBase, gh: ForgeProgram) -> None:
    old = [issue(n, f"Issue {n}", updated=f"2026-01-0{n}T00:00:00Z") for n in (5, 4, 3, 2, 1)]
    gh.holds("issues", *old)
    base.refresh(FORGE)
    gh.works()
    changed = issue(2, "Issue 2, renamed", updated="2026-02-01T00:00:00Z")
    gh.holds("issues", changed, *[one for one in old if one["number"] != 2])
    report = base.refresh(FORGE)
    assert report.documents == {"issue": 1}
    assert titles(base)["issue:2"] == "Issue 2, renamed"
    assert len(titles(base)) == 5
    # A page whose oldest change has the very second that is known may not be the last.
    assert len([call for call in gh.calls if "issues(" in " ".join(call)]) == 2
    versions = [m.event for m in base.log.markers() if m.event.document == "issue:2"]
    assert len(versions) == 2


def test_an_interrupted_walk_goes_on_where_it_was(base: KnowledgeBase, gh: ForgeProgram) -> None:
    old = [issue(n, f"Issue {n}", updated=f"2026-01-0{n}T00:00:00Z") for n in (6, 5, 4, 3, 2, 1)]
    gh.holds("issues", *old)
    gh.fails("gh: API rate limit exceeded for user ID 1.", since=3)
    with pytest.raises(ForgeError, match=r"API rate limit exceeded .* wait, then run again"):
        base.refresh(FORGE)
    gh.works()
    gh.holds("issues", issue(7, "New", updated="2026-01-07T00:00:00Z"), *old)
    base.refresh(FORGE)
    assert len(titles(base)) == 7
    first, *_ = gh.calls
    assert "after=4" in first


def test_a_place_that_the_forge_forgot_is_no_dead_end(
    base: KnowledgeBase, gh: ForgeProgram
) -> None:
    gh.holds("issues", *(issue(n, f"Issue {n}") for n in (3, 2, 1)))
    gh.fails("gh: server error", since=2)
    with pytest.raises(ForgeError, match="server error"):
        base.refresh(FORGE)
    gh.works()
    gh.fails("gh: `2` does not appear to be a valid cursor.", only="after=2")
    with pytest.raises(ForgeError, match="valid cursor"):
        base.refresh(FORGE)  # from the top, it meets the same page once more
    gh.works()
    base.refresh(FORGE)
    assert len(titles(base)) == 3


@pytest.mark.parametrize(
    ("err", "out", "code", "message"),
    [
        ("To get started with GitHub CLI, please run:  gh auth login", "", 4, "log in: gh auth"),
        ("could not find any host configurations", "", 1, "log in: gh auth"),
        ("none of the git remotes point to a known GitHub host", "", 1, "as a git remote"),
        ("GraphQL: Could not resolve to a Repository with the name 'a/b'.", "", 1, "remote -v"),
        ("invalid character '<' looking for beginning of value", "", 1, "busy: wait, then run"),
        ("Lid " * 60, "", 1, r"Lid …; run again: verdigris scrape forge"),
        ("", "", 1, "no message"),
        ("", '{"data": {"repository": {"issues": {"pageIn', 0, "broke off or printed no JSON"),
        ("", '{"data": {"repository": null}}', 0, "gave no issues"),
        ("", "[]", 0, "gave no issues"),
    ],
)  # fmt: skip
def test_what_the_program_cannot_do_is_one_line(
    base: KnowledgeBase, gh: ForgeProgram, err: str, out: str, code: int, message: str
) -> None:
    gh.fails(err, out, code)
    with pytest.raises(ForgeError, match=message) as raised:
        base.refresh(FORGE)
    assert "\n" not in str(raised.value)
    assert titles(base) == {}


def test_a_forge_without_discussions_is_a_warning(base: KnowledgeBase, gh: ForgeProgram) -> None:
    gh.holds("issues", issue(1, "One"))
    gh.fails("Field 'discussions' doesn't exist on type 'Repository'", only="discussions(")
    report = base.refresh(FORGE)
    assert len(titles(base)) == 1
    assert any("discussions were not read" in warning for warning in report.warnings)


def test_gh_that_is_not_installed(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from verdigris.scrape.forge import programs as forge_programs

    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.setenv("PATH", str(empty))
    with pytest.raises(ForgeError, match=r"gh is not installed.*--from FILE"):
        forge_programs.streams_of("gh", tmp_path)[0].read("")


def test_bots_and_unread_comments_are_counted(base: KnowledgeBase, gh: ForgeProgram) -> None:
    bot = {"author": {"login": "codecov", "__typename": "Bot"}, "body": "98 %"}
    gh.holds("issues", issue(1, "One", comments={"totalCount": 120, "nodes": [bot] * 100}))
    report = base.refresh(FORGE)
    assert report.left_out == {"comments by bots": 100}
    assert report.warnings == ["issue:1: 20 later comments were not read"]


def test_glab_is_asked_where_origin_lies_on_gitlab(
    small_git: GitFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    glab = ForgeProgram(tmp_path / "bin", "glab", monkeypatch)
    small_git.git("remote", "add", "origin", "git@gitlab.example.org:ada/kettle.git")
    web = "https://gitlab.example.org/ada/kettle/-/"
    requests = [
        {"iid": n, "title": f"Request {n}", "web_url": f"{web}merge_requests/{n}"}
        for n in range(60, 0, -1)
    ]
    glab.holds("merge_requests", *requests)
    glab.holds(
        "issues", {"iid": 60, "title": "Lid", "web_url": f"{web}issues/60", "user_notes_count": 1}
    )
    glab.holds(
        "discussions-issues-60", {"notes": [{"body": "It rattles.", "author": {"username": "bob"}}]}
    )
    with KnowledgeBase(small_git.root) as base:
        report = base.refresh(FORGE)
        assert report.documents == {"issue": 61}
        (hit,) = base.ask("what rattles?", Filters(kinds=("issue",)), limit=1).hits
    assert hit.document == "issue:60"
    assert len(glab.calls) == 4


def test_threads_on_gitlab_are_asked_for_only_where_something_changed(
    base: KnowledgeBase,
    small_git: GitFolder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    glab = ForgeProgram(tmp_path / "bin", "glab", monkeypatch)
    small_git.git("remote", "add", "origin", "git@gitlab.example.org:ada/kettle.git")

    def holds(*numbers_and_days: tuple[int, int]) -> None:
        web = "https://gitlab.example.org/ada/kettle/-/issues/"
        glab.holds("issues", *(
            {"iid": number, "title": f"Lid {number}", "web_url": f"{web}{number}",
             "user_notes_count": 1, "updated_at": f"2026-01-0{day}T00:00:00.5Z"}
            for number, day in numbers_and_days
        ))  # fmt: skip

    def asked() -> list[str]:
        """Whose threads the next refresh asks for."""
        glab.works()
        base.refresh(FORGE)
        return [call[1].split("/")[3] for call in glab.calls if "discussions" in call[1]]

    for number in (1, 2, 3):
        note = {"body": f"Rattle {number}", "author": {"username": "bob"}}
        glab.holds(f"discussions-issues-{number}", {"notes": [note]})
    holds((3, 3), (2, 2), (1, 1))
    assert asked() == ["3", "2", "1"]
    holds((1, 4), (3, 3), (2, 2))
    assert asked() == ["1", "3"]  # the last second that was known may hold later changes
    assert asked() == ["1"]
    (hit,) = base.ask('"Rattle 2"', Filters(kinds=("issue",)), limit=1).hits
    assert hit.document == "issue:2"
    versions = [one.event for one in base.log.markers() if one.event.document.startswith("issue:")]
    assert len(versions) == 4


@pytest.fixture
def exported(tmp_path: Path) -> Callable[..., Path]:
    def write(*records: dict[str, object]) -> Path:
        file = tmp_path / "issues.json"
        file.write_text(json.dumps(records))
        return file

    return write


def test_a_file_is_taken_once_and_never_goes_back(
    base: KnowledgeBase, exported: Callable[..., Path]
) -> None:
    new, old = issue(1, "New", updated="2026-03-01T00:00:00Z"), issue(1, "Old")
    assert base.import_issues(exported(new)).documents == {"issue": 1}
    assert base.import_issues(exported(new)).documents == {}
    report = base.import_issues(exported(old, {"number": 3}))
    assert report.left_out == {"records older than the known ones": 1}
    assert "without number and title" in report.warnings[0]
    assert titles(base) == {"issue:1": "New"}


def test_imported_issues_outlive_rebuild_and_history_rewritten(
    base: KnowledgeBase, exported: Callable[..., Path], small_git: GitFolder
) -> None:
    base.import_issues(exported(issue(1, "Kept")))
    base.refresh()
    small_git.git("reset", "--quiet", "--hard", "HEAD~1")
    small_git.git("reflog", "expire", "--expire=now", "--all")
    small_git.git("gc", "--quiet", "--prune=now")
    base.rebuild()
    assert titles(base) == {"issue:1": "Kept"}
    assert not [name for name in base.log.documents("") if name.startswith("commit:issue")]


def test_files_and_commits_of_an_issue(
    base: KnowledgeBase, exported: Callable[..., Path], small_git: GitFolder
) -> None:
    small_git.write("src/kettle.py", "def boil(litres):\n    return 0\n")
    sha = small_git.commit("Boil nothing\n\nFixes #12")
    base.import_issues(exported(issue(12, "Kettle boils dry")))
    base.refresh()
    found = base.facts.issue("issue:12")
    assert found is not None
    assert [(one.sha, one.how) for one in found.commits] == [(sha, "fixes")]
    assert found.files == ("src/kettle.py",)
    assert [one.document for one in base.related("src/kettle.py").issues] == ["issue:12"]
    assert base.facts.issue("issue:13") is None


def test_time_filters_take_an_issues_life(
    base: KnowledgeBase, exported: Callable[..., Path]
) -> None:
    base.refresh()
    base.import_issues(exported(issue(1, "Kettle", updated="2026-03-01T00:00:00Z")))

    def found(since: str = "", before: str = "") -> bool:
        filters = base.filters(("issue",), since=since, before=before)
        return bool(base.ask("kettle", filters, refresh=False).hits)

    assert found(before="2026-02-01T00:00Z")
    assert not found(before="2025-12-31T00:00Z")
    assert found(since="2026-02-01T00:00Z")
    assert not found(since="2026-04-01T00:00Z")


def test_a_commit_that_says_the_same_is_linked_by_its_words(
    base: KnowledgeBase, exported: Callable[..., Path], small_git: GitFolder
) -> None:
    small_git.commit("Stop the kettle from boiling dry")
    file = exported(
        issue(12, "The kettle should stop before it boils dry"),
        issue(13, "Green tea needs cooler water"),
        issue(14, "The kettle should stop before it boils dry", createdAt="2099-01-01T00:00:00Z"),
    )
    base.import_issues(file)
    hits = base.ask("kettle boils dry", Filters(kinds=("issue",))).hits
    linked = {hit.document: hit.issue and [c.how for c in hit.issue.commits] for hit in hits}
    assert linked["issue:12"] == ["text"]
    assert linked["issue:14"] == []  # written after the commit
    assert linked.get("issue:13", []) == []
    small_git.commit("Warm the pot\n\nFixes #12")
    hits = base.ask("kettle boils dry", Filters(kinds=("issue",))).hits
    linked = {hit.document: hit.issue and [c.how for c in hit.issue.commits] for hit in hits}
    assert linked["issue:12"] == ["fixes"]
