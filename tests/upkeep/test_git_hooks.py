"""Git hooks that refresh the index."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from verdigris.errors import HookError
from verdigris.knowledge_base import KnowledgeBase
from verdigris.scrape.repository import open_repository
from verdigris.settings import Settings
from verdigris.upkeep.git_hooks import (
    HOOKS,
    HookState,
    hook_states,
    install_hooks,
    remove_hooks,
    run_in_turn,
)
from verdigris.upkeep.locations import Locations, locate, make_folders

if TYPE_CHECKING:
    from tests.conftest import GitFolder

pytestmark = pytest.mark.skipif(os.name == "nt", reason="permissions are POSIX's")
SOON = 60.0


def install(git: GitFolder) -> list[HookState]:
    return install_hooks(open_repository(git.root))


def remove(git: GitFolder) -> list[str]:
    return [state.name for state in remove_hooks(open_repository(git.root))]


def hook(git: GitFolder, name: str = "post-commit") -> Path:
    return git.root / ".git" / "hooks" / name


def test_hooks_come_and_go_without_trace(small_git: GitFolder) -> None:
    before = sorted((small_git.root / ".git").rglob("*"))
    assert all(state.installed for state in install(small_git))
    assert os.access(hook(small_git), os.X_OK)
    first = hook(small_git).read_text()
    install(small_git)
    assert hook(small_git).read_text() == first
    assert remove(small_git) == list(HOOKS)
    assert remove(small_git) == []
    assert sorted((small_git.root / ".git").rglob("*")) == before


@pytest.mark.parametrize(
    "own", [b"#!/bin/sh\necho mine >> said\nexit 0", b"#!/usr/bin/env bash\necho mine >> said\n",
            b"echo mine >> said\n", b"#!/bin/sh\n# caf\xe9\necho mine >> said\n"],
)  # fmt: skip
def test_what_a_hook_did_it_goes_on_doing(small_git: GitFolder, own: bytes) -> None:
    hook(small_git).parent.mkdir(exist_ok=True)
    hook(small_git).write_bytes(own)
    hook(small_git).chmod(0o750)
    state = next(one for one in install(small_git) if one.name == "post-commit")
    assert state.installed and state.others
    small_git.git("commit", "-q", "--allow-empty", "-m", "Again")
    assert (small_git.root / "said").read_text() == "mine\n"
    remove(small_git)
    assert hook(small_git).read_bytes() == own
    assert hook(small_git).stat().st_mode & 0o777 == 0o750


def test_hooks_that_cannot_be_changed_are_refused_and_nothing_is_written(
    small_git: GitFolder,
) -> None:
    hook(small_git, "post-rewrite").parent.mkdir(exist_ok=True)
    hook(small_git, "post-rewrite").write_text("#!/usr/bin/env python3\nprint()\n")
    with pytest.raises(HookError, match="no shell script"):
        install(small_git)
    hook(small_git, "post-rewrite").write_text("#!/bin/sh\n")
    hook(small_git, "post-rewrite").chmod(0o644)
    with pytest.raises(HookError, match="switched off"):
        install(small_git)
    assert not any(state.installed for state in hook_states(open_repository(small_git.root)))


def test_a_folder_of_hooks_in_the_work_tree_gets_no_path_of_this_machine(
    small_git: GitFolder,
) -> None:
    small_git.git("config", "core.hooksPath", ".githooks")
    assert install(small_git)[0].path == small_git.root / ".githooks" / "post-commit"
    text = (small_git.root / ".githooks" / "post-commit").read_text()
    assert "  verdigris hook run" in text
    assert sys.executable not in text


def test_a_shared_folder_of_hooks_is_refused(small_git: GitFolder, tmp_path: Path) -> None:
    small_git.git("config", "core.hooksPath", str(tmp_path / "shared"))
    with pytest.raises(HookError, match="other repositories may share"):
        install(small_git)
    assert not (tmp_path / "shared").exists()


def test_a_commit_is_indexed_soon_and_does_not_wait_for_it(
    small_git: GitFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2] / "src"))
    install(small_git)
    started = time.perf_counter()
    sha = small_git.commit("Seen by the hook")
    assert time.perf_counter() - started < SOON / 4
    deadline = time.monotonic() + SOON
    while time.monotonic() < deadline:
        with KnowledgeBase(small_git.root) as knowledge_base:
            if knowledge_base.index.version_of(f"commit:{sha}"):
                break
        time.sleep(0.2)
    else:
        pytest.fail("the hook did not refresh")
    while (small_git.root / ".verdigris/local/hook.pending").exists():
        time.sleep(0.1)


@pytest.fixture
def locations(small_git: GitFolder) -> Locations:
    found = locate(open_repository(small_git.root), Settings())
    make_folders(found)
    return found


def test_many_hooks_at_once_refresh_one_at_a_time_and_the_last_is_not_missed(
    locations: Locations,
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    runs: list[str] = []

    def slow() -> None:
        runs.append("slow")
        begun.set()
        assert go_on.wait(SOON)

    first = threading.Thread(target=lambda: run_in_turn(locations, slow))
    first.start()
    assert begun.wait(SOON)
    assert not run_in_turn(locations, lambda: runs.append("other"))
    assert not run_in_turn(locations, lambda: runs.append("other"))
    go_on.set()
    first.join(SOON)
    assert runs == ["slow", "slow"]  # once more for both that came meanwhile
    assert run_in_turn(locations, lambda: runs.append("later"))
