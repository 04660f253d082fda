from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from verdigris.capture.work_tree import (
    GitMetrics,
    begin_tag,
    git_metrics,
    has_tag,
    open_work_tree,
    remove_tag,
)
from verdigris.errors import RepositoryError

if TYPE_CHECKING:
    from tests.conftest import GitFolder

    MakeGit = Callable[[str], GitFolder]
BEGAN = int(time.time()) - 3600


def _metrics(folder: GitFolder, start: str) -> GitMetrics:
    tree = open_work_tree(str(folder.root))
    return git_metrics(tree, start, BEGAN, str(folder.root / "logs" / "sessions"))


def test_commits_and_files_since_the_start_are_counted(small_git: GitFolder) -> None:
    start = small_git.git("rev-parse", "HEAD")
    small_git.write("a b.txt", "1\n")
    small_git.write("ä\n.txt", "1\n")
    small_git.commit("Two files")
    small_git.commit("Nothing in it")
    small_git.write("a b.txt", "2\n")
    small_git.commit("One of them again")
    found = _metrics(small_git, start)
    assert found.commits == 3
    assert found.files == ("a b.txt", "ä\n.txt")
    assert found.minutes_since_commit == 0


def test_session_logs_are_no_changed_files(small_git: GitFolder) -> None:
    start = small_git.git("rev-parse", "HEAD")
    small_git.write("logs/sessions/20250101-000000.md", "# Session: x\n")
    small_git.commit("A log")
    small_git.write("logs/sessions/20250102-000000.md", "# Session: y\n")
    small_git.write("new.txt", "")
    small_git.write("src/cup.py", "changed\n")
    found = _metrics(small_git, start)
    assert (found.commits, found.files, found.uncommitted) == (1, (), 2)


def test_a_session_begun_before_the_first_commit_counts_all_commits(
    make_git: MakeGit,
) -> None:
    folder = make_git("empty")
    folder.write("new.txt", "")
    assert _metrics(folder, "") == GitMetrics(0, (), 1, None)
    folder.commit("First")
    assert _metrics(folder, "").files == ("new.txt",)


def test_a_start_that_history_lost_is_replaced_by_the_time(small_git: GitFolder) -> None:
    assert _metrics(small_git, "f" * 40).commits == 3


def test_git_settings_of_the_user_do_not_change_the_figures(small_git: GitFolder) -> None:
    start = small_git.git("rev-parse", "HEAD")
    for name, value in [
        ("log.showSignature", "true"),
        ("diff.noprefix", "true"),
        ("core.quotePath", "true"),
        ("status.showUntrackedFiles", "no"),
        ("status.branch", "true"),
        ("tag.gpgSign", "true"),
    ]:
        small_git.git("config", name, value)
    small_git.write("ö.txt", "1\n")
    small_git.git("add", ".")
    small_git.git("commit", "-qm", "One")
    small_git.write("new.txt", "")
    found = _metrics(small_git, start)
    assert (found.commits, found.files, found.uncommitted) == (1, ("ö.txt",), 1)
    assert begin_tag(open_work_tree(str(small_git.root)), "x")()
    assert small_git.git("cat-file", "-t", "x") == "commit"


def test_a_tag_is_made_once_and_taken_back(small_git: GitFolder) -> None:
    tree = open_work_tree(str(small_git.root))
    assert begin_tag(tree, "session-1-start")()
    assert not begin_tag(tree, "session-1-start")()
    assert has_tag(tree, "session-1-start")
    remove_tag(tree, "session-1-start")
    assert small_git.git("tag") == ""


def test_position_on_a_branch_detached_and_without_commits(
    small_git: GitFolder, make_git: MakeGit
) -> None:
    sha = small_git.git("rev-parse", "HEAD")
    small_git.git("switch", "-qc", "work/tea")
    assert open_work_tree(str(small_git.root / "docs")).position == f"[work/tea@{sha[:7]}]"
    small_git.git("switch", "-q", "--detach")
    assert open_work_tree(str(small_git.root)).position == f"[HEAD@{sha[:7]}]"
    assert open_work_tree(str(make_git("empty").root)).position == ""


def test_what_is_no_work_tree_is_refused(
    tmp_path: Path, make_git: MakeGit, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_git("one")
    (tmp_path / "plain").mkdir()
    with pytest.raises(RepositoryError, match=r"not a git repository.*or run: git init"):
        open_work_tree(str(tmp_path / "plain"))
    with pytest.raises(RepositoryError, match="must be run in a work tree"):
        open_work_tree(str(folder.root / ".git"))
    with pytest.raises(RepositoryError, match="there is no folder"):
        open_work_tree(str(tmp_path / "missing"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RepositoryError, match="git is not installed"):
        open_work_tree(str(tmp_path / "plain"))


def _told_by_git(folder: Path) -> tuple[str, str, str]:
    """Top, branch and commit as git itself tells them."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(folder), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()

    branch = git("symbolic-ref", "--quiet", "--short", "HEAD")
    return git("rev-parse", "--show-toplevel"), branch, git("rev-parse", "-q", "--verify", "HEAD")


def _folders(project: GitFolder, other: GitFolder) -> Iterator[Path]:
    """The same repository in every state that decides where git looks."""
    yield project.root / "docs"
    project.git("pack-refs", "--all")
    yield project.root
    project.git("switch", "-qc", "work/tea")
    yield project.root
    project.git("worktree", "add", "-q", "-b", "side", str(project.root / "linked"))
    yield project.root / "linked" / "docs"
    project.git("submodule", "--quiet", "add", str(other.root), "parts")
    yield project.root / "parts"
    project.git("switch", "-q", "--detach")
    yield project.root
    project.git("switch", "-q", "--orphan", "unborn")
    yield project.root
    project.git("config", "core.worktree", str(other.root))
    yield project.root


def test_what_is_read_is_what_git_tells(small_git: GitFolder, make_git: MakeGit) -> None:
    other = make_git("other")
    other.commit("Elsewhere")
    for folder in _folders(small_git, other):
        tree = open_work_tree(str(folder))
        assert tuple(tree) == _told_by_git(folder)


def test_variables_that_move_the_repository_are_heeded(
    small_git: GitFolder, make_git: MakeGit, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_git("other")
    monkeypatch.setenv("GIT_DIR", str(small_git.root / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(small_git.root))
    assert open_work_tree(str(other.root)).commit == small_git.git("rev-parse", "HEAD")


def test_a_bare_repository_in_a_work_tree_is_none(small_git: GitFolder) -> None:
    small_git.git("init", "--quiet", "--bare", "store.git")
    with pytest.raises(RepositoryError, match="must be run in a work tree"):
        open_work_tree(str(small_git.root / "store.git" / "refs"))


def test_refs_in_another_form_are_read_by_git(
    make_git: MakeGit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DEFAULT_REF_FORMAT", "reftable")
    folder = make_git("tables")
    commit = folder.commit("First")
    assert open_work_tree(str(folder.root))[1:] == ("main", commit)


def test_a_start_from_an_edited_log_is_no_option_of_git(small_git: GitFolder) -> None:
    assert _metrics(small_git, "--output=stolen").commits == 3
    assert not list(small_git.root.glob("stolen*"))


def test_a_repository_of_another_user_is_told_with_what_allows_it(
    small_git: GitFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_git.git("config", "core.worktree", str(small_git.root))  # so that git is asked
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(RepositoryError, match=r"another user.*--add safe\.directory /"):
        open_work_tree(str(small_git.root))


@pytest.mark.parametrize("locks_index", [True, False])
def test_git_keeps_which_files_are_unchanged_where_it_may(
    small_git: GitFolder, locks_index: bool
) -> None:
    os.utime(small_git.root / "src/cup.py", (BEGAN, BEGAN))
    tree = open_work_tree(str(small_git.root))
    assert git_metrics(tree, tree.commit, BEGAN, "", locks_index).uncommitted == 0
    to_read_again = small_git.git("diff-files", "--name-only")
    assert to_read_again == ("" if locks_index else "src/cup.py")
