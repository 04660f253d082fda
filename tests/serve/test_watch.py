"""watch and hook, as a user sees them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import GitFolder
    from tests.serve.conftest import Verdigris

PROGRAM = "from verdigris.serve.cli import main; main()"


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent another way there")
def test_watch_follows_files_and_commits_and_ends_cleanly(small_git: GitFolder) -> None:
    pytest.importorskip("watchfiles")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "watch", "--no-vectors", "--json"],
        cwd=small_git.root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    ) as process:  # fmt: skip
        assert process.stdout and process.stderr
        first = json.loads(process.stdout.readline())
        assert first["scraped"]["documents"] == {"commit": 3, "doc": 1, "code": 2}
        time.sleep(2)  # what changes before it watches is found when it begins to
        small_git.write("docs/pot.md", "# Pot\n")
        assert json.loads(process.stdout.readline())["scraped"]["documents"] == {"doc": 1}
        small_git.commit("Add a pot")
        assert json.loads(process.stdout.readline())["scraped"]["documents"] == {"commit": 1}
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (out, process.returncode) == ("", 0)
    assert err == "stopped; nothing is lost\n"


def test_hooks_are_installed_told_and_removed(verdigris: Verdigris, small_git: GitFolder) -> None:
    before = verdigris("hook", "status", inside=small_git.root)
    nothing = "no hook is installed; to install them: verdigris hook install\n"
    assert (before.code, before.out) == (1, nothing)
    small_git.write(".git/hooks/post-merge", "#!/bin/sh\necho merged\n").chmod(0o755)
    rows = verdigris("hook", "install").out.splitlines()
    assert rows[0].startswith("post-commit    installed  ")
    assert [" other commands stay " in row for row in rows] == [False, True, False, False]
    (small_git.root / ".git" / "hooks" / "post-commit").unlink()
    assert " not installed " in verdigris("hook", "status").out
    verdigris("hook", "install")
    told = json.loads(verdigris("hook", "status", "--json").out)["hooks"]
    assert [one["installed"] for one in told] == [True] * 4
    assert verdigris("hook", "remove").code == 0
    again = verdigris("hook", "remove")
    assert (again.code, again.out) == (1, nothing)


def test_a_hook_run_refreshes(verdigris: Verdigris, small_git: GitFolder) -> None:
    run = verdigris("hook", "run", inside=small_git.root)
    assert (run.code, run.out, run.err) == (0, "", "")
    status = json.loads(verdigris("status", "--json").out)
    assert status["index"]["commits_behind"] == status["index"]["chunks_without_vectors"] == 0
