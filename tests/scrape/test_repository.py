"""Finding the repository around a directory."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from verdigris.errors import RepositoryError
from verdigris.scrape.repository import git_fields, git_output, open_repository

IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")


def git(folder: Path, *arguments: str) -> str:
    command = ["git", *IDENTITY, "-c", "protocol.file.allow=always", *arguments]
    result = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return result.stdout.strip()


def make_repository(folder: Path) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    return folder


def commit(folder: Path, name: str = "a.txt", text: str = "a\n") -> str:
    (folder / name).write_text(text)
    git(folder, "add", name)
    git(folder, "commit", "-q", "-m", f"Add {name}")
    return git(folder, "rev-parse", "HEAD")


def test_a_repository_is_found_from_any_folder_or_file_inside_it(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "project with 'quotes' and é")
    first = commit(root)
    second = commit(root, "b.txt")
    (root / "deep" / "er").mkdir(parents=True)

    for start in (root, root / "deep" / "er", root / "a.txt"):
        found = open_repository(start)
        assert found.root == found.main_root == root.resolve()
        assert found.git_dir == found.common_dir == root.resolve() / ".git"
        assert (found.head, found.root_commit, found.branch) == (second, first, "main")
        assert (found.worktree, found.shallow, found.submodules) == ("", False, ())


def test_a_repository_without_commits_can_be_opened(tmp_path: Path) -> None:
    found = open_repository(make_repository(tmp_path / "empty"))

    assert (found.head, found.root_commit, found.branch) == ("", "", "main")


def test_a_detached_head_is_on_no_branch(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "project")
    first = commit(root)
    commit(root, "b.txt")
    git(root, "checkout", "-q", "--detach", first)

    assert (open_repository(root).branch, open_repository(root).head) == ("", first)


def test_the_root_commit_stays_when_an_unrelated_branch_is_added(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "project")
    (root / "a.txt").write_text("a")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "old", "--date=2001-01-01T00:00:00Z")
    environment = os.environ | {"GIT_COMMITTER_DATE": "2001-01-01T00:00:00Z"}
    amend = ["git", *IDENTITY, "commit", "-q", "--amend", "--no-edit"]
    subprocess.run(amend, cwd=root, check=True, env=environment)
    first = git(root, "rev-parse", "HEAD")
    git(root, "checkout", "-q", "--orphan", "pages")
    git(root, "commit", "-q", "-m", "pages")

    assert open_repository(root).root_commit == first


def test_a_linked_work_tree_knows_its_name_and_the_main_one(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "project")
    commit(root)
    git(root, "worktree", "add", "-q", "-b", "topic", str(tmp_path / "linked"))

    found = open_repository(tmp_path / "linked")

    assert (found.worktree, found.branch) == ("linked", "topic")
    assert found.root == (tmp_path / "linked").resolve()
    assert found.main_root == root.resolve()
    assert found.common_dir == root.resolve() / ".git"
    assert found.root_commit == open_repository(root).root_commit


def test_a_work_tree_of_a_bare_repository_has_no_main_one(tmp_path: Path) -> None:
    origin = make_repository(tmp_path / "origin")
    commit(origin)
    (tmp_path / "hub").mkdir()
    git(tmp_path, "clone", "-q", "--bare", str(origin), "hub/.git")
    git(tmp_path / "hub" / ".git", "worktree", "add", "-q", str(tmp_path / "hub" / "main"), "main")

    found = open_repository(tmp_path / "hub" / "main")

    assert found.main_root == found.root == (tmp_path / "hub" / "main").resolve()


def test_a_shallow_clone_is_told_apart(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "project")
    commit(root)
    tip = commit(root, "b.txt")
    git(tmp_path, "clone", "-q", "--depth=1", root.as_uri(), "shallow")

    found = open_repository(tmp_path / "shallow")

    assert (found.shallow, found.root_commit) == (True, tip)


def test_submodules_are_listed_and_are_repositories_of_their_own(tmp_path: Path) -> None:
    library = make_repository(tmp_path / "library")
    commit(library)
    root = make_repository(tmp_path / "project")
    git(root, "submodule", "--quiet", "add", str(library), "deps/the library")

    inside = open_repository(root / "deps" / "the library")

    assert open_repository(root).submodules == ("deps/the library",)
    assert inside.root == inside.main_root == root.resolve() / "deps" / "the library"


def test_a_folder_outside_any_repository_is_refused_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(RepositoryError, match=r"not in a git repository; run: git init$"):
        open_repository(tmp_path)


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match=r"nowhere/here does not exist"):
        open_repository(tmp_path / "nowhere" / "here")


def test_a_bare_repository_is_refused_with_the_remedy(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "store.git")
    with pytest.raises(RepositoryError, match=r"bare git repository.*git clone"):
        open_repository(tmp_path / "store.git")


def test_the_git_directory_itself_is_refused(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "project")
    with pytest.raises(RepositoryError, match=r"inside the \.git directory"):
        open_repository(root / ".git")


def test_a_path_with_a_line_break_is_refused_in_one_line(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "two\nlines")
    with pytest.raises(RepositoryError, match="line break"):
        open_repository(root)


def test_a_repository_of_another_user_is_refused_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_repository(tmp_path / "project")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # git's own switch for its tests
    with pytest.raises(RepositoryError, match=r"git config --global --add safe\.directory"):
        open_repository(root)


def test_missing_git_is_said_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RepositoryError, match="git is not installed"):
        open_repository(tmp_path)


def test_the_variables_of_a_git_hook_do_not_lead_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, other = make_repository(tmp_path / "project"), make_repository(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))

    assert open_repository(root).root == root.resolve()


def test_a_failing_command_says_what_git_said(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "project")
    with pytest.raises(RepositoryError, match=r"git cat-file failed in .*: .*nonsense"):
        git_output(root, "cat-file", "-p", "nonsense")
    with pytest.raises(RepositoryError, match="git log failed"):
        list(git_fields(root, ["log", "-z", "--stdin"], b"nonsense\n"))


def test_a_stream_can_be_left_early(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "project")
    commit(root)
    fields = git_fields(root, ["log", "-z", "--format=%s%x00%an", "--stdin"], b"HEAD\n")

    assert next(fields) == b"Add a.txt"
    fields.close()
