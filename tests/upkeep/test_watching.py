"""Waiting for changes of a work tree."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, Queue
from typing import TYPE_CHECKING

import pytest

from verdigris.errors import MissingExtra
from verdigris.scrape.repository import open_repository
from verdigris.settings import Settings
from verdigris.upkeep.locations import locate, make_folders
from verdigris.upkeep.watching import changes

if TYPE_CHECKING:
    from tests.conftest import GitFolder

pytest.importorskip("watchfiles")

SOON = 20.0
NEVER = 1.5


class Watched:
    """Changes of a repository, as they are noticed by a thread."""

    def __init__(self, root: Path) -> None:
        repository = open_repository(root)
        locations = locate(repository, Settings())
        make_folders(locations)
        self._stop = threading.Event()
        self._found: Queue[frozenset[str]] = Queue()

        def gather() -> None:
            for one in changes(repository, locations, self._stop):
                self._found.put(one)

        self._thread = threading.Thread(target=gather)
        self._thread.start()
        assert self.next() == frozenset()

    def next(self, seconds: float = SOON) -> frozenset[str]:
        return self._found.get(timeout=seconds)

    def is_quiet(self) -> bool:
        try:
            self.next(NEVER)
        except Empty:
            return True
        return False

    def end(self) -> None:
        self._stop.set()
        self._thread.join(SOON)
        assert not self._thread.is_alive()


@pytest.fixture
def watch(small_git: GitFolder) -> Iterator[Watched]:
    small_git.write(".gitignore", "*.log\nbuild/\n")
    small_git.commit("Ignore")
    watched = Watched(small_git.root)
    yield watched
    watched.end()


def test_a_changed_file_is_told(watch: Watched, small_git: GitFolder) -> None:
    small_git.write("src/kettle.py", "x = 1\n")
    small_git.write("noise.log", "x")
    assert watch.next() == {"src/kettle.py"}
    assert watch.is_quiet()


def test_ignored_files_and_own_writes_are_not_told(watch: Watched, small_git: GitFolder) -> None:
    small_git.write("build/out.txt", "x")
    small_git.write("noise.log", "x")
    small_git.write(".verdigris/local/log.db", "x")
    small_git.git("status")
    assert watch.is_quiet()


def test_commits_and_switches_are_told(watch: Watched, small_git: GitFolder) -> None:
    small_git.git("commit", "-q", "--allow-empty", "-m", "Nothing")
    assert any(path.endswith("refs/heads/main") for path in watch.next())
    small_git.git("switch", "-q", "--detach")
    assert any(path.endswith("HEAD") for path in watch.next())


def test_a_linked_work_tree_follows_its_own_head(
    small_git: GitFolder, make_git: Callable[[str], GitFolder], tmp_path: Path
) -> None:
    small_git.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    watched = Watched(tmp_path / "linked")
    small_git.git("-C", str(tmp_path / "linked"), "switch", "-q", "-c", "topic")
    assert any("worktrees" in path or "topic" in path for path in watched.next())
    watched.end()


def test_without_the_library_the_extra_is_named(
    small_git: GitFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    repository = open_repository(small_git.root)
    with pytest.raises(MissingExtra, match=r"verdigris\[watch\]"):
        next(changes(repository, locate(repository, Settings())))
