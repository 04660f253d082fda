from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from verdigris.capture.work_tree import (
    GitMetrics,
    git_metrics,
    has_tag,
    open_work_tree,
    remove_tag,
    set_tag,
)
from verdigris.errors import RepositoryError

if TYPE_CHECKING:
    from tests.conftest import GitFolder

BEGAN = datetime.now(UTC) - timedelta(hours=1)


def _metrics(folder: GitFolder, start: str) -> GitMetrics:
    tree = open_work_tree(folder.root)
    return git_metrics(tree, start, BEGAN, folder.root / "logs" / "sessions")


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
    make_git: Callable[[str], GitFolder],
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
    assert set_tag(open_work_tree(small_git.root), "x")
    assert small_git.git("cat-file", "-t", "x") == "commit"


def test_a_tag_is_made_once_and_taken_back(small_git: GitFolder) -> None:
    tree = open_work_tree(small_git.root)
    assert set_tag(tree, "session-1-start")
    assert not set_tag(tree, "session-1-start")
    assert has_tag(tree, "session-1-start")
    remove_tag(tree, "session-1-start")
    assert small_git.git("tag") == ""


def test_position_on_a_branch_detached_and_without_commits(
    small_git: GitFolder, make_git: Callable[[str], GitFolder]
) -> None:
    sha = small_git.git("rev-parse", "HEAD")
    small_git.git("switch", "-qc", "work/tea")
    assert open_work_tree(small_git.root / "docs").position == f"[work/tea@{sha[:7]}]"
    small_git.git("switch", "-q", "--detach")
    assert open_work_tree(small_git.root).position == f"[HEAD@{sha[:7]}]"
    assert open_work_tree(make_git("empty").root).position == ""


def test_what_is_no_work_tree_is_refused(
    tmp_path: Path, make_git: Callable[[str], GitFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_git("one")
    (tmp_path / "plain").mkdir()
    with pytest.raises(RepositoryError, match=r"not a git repository.*or run: git init"):
        open_work_tree(tmp_path / "plain")
    with pytest.raises(RepositoryError, match="must be run in a work tree"):
        open_work_tree(folder.root / ".git")
    with pytest.raises(RepositoryError, match="there is no folder"):
        open_work_tree(tmp_path / "missing")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RepositoryError, match="git is not installed"):
        open_work_tree(folder.root)
