"""Shared fixtures: no test sees the user's cache or configuration, and all share one cache."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# Where the tests run in the background, SIGINT is ignored, and so it would be in every child.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _own_cache_and_configuration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Vectors are shared among the tests of a process: equal text is embedded once."""
    patch = pytest.MonkeyPatch()
    for name in [name for name in os.environ if name.startswith(("VERDIGRIS_", "GIT_"))]:
        patch.delenv(name)
    patch.setenv("VERDIGRIS_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
    patch.setenv("VERDIGRIS_CONFIG_DIR", str(tmp_path_factory.mktemp("config")))
    patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for person in ("AUTHOR", "COMMITTER"):
        patch.setenv(f"GIT_{person}_NAME", "Ada")
        patch.setenv(f"GIT_{person}_EMAIL", "ada@example.org")
    yield
    patch.undo()


class GitFolder:
    """A git repository on branch main, with the commands that tests need."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        """What git prints; fails the test when git fails."""
        command = ["git", "-c", "protocol.file.allow=always", *arguments]
        result = subprocess.run(command, cwd=self.root, capture_output=True, check=False)
        assert result.returncode == 0, result.stderr.decode(errors="replace")
        return result.stdout.decode(errors="replace").strip()

    def write(self, path: str, content: str | bytes) -> Path:
        """A file of the work tree, with its folders."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    def commit(self, message: str) -> str:
        """Everything in the work tree as a commit; returns its hash."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def make_git(tmp_path: Path) -> Callable[[str], GitFolder]:
    """Makes empty repositories by name, below the test's own folder."""
    return lambda name: GitFolder(tmp_path / name)


@pytest.fixture
def small_git(make_git: Callable[[str], GitFolder]) -> GitFolder:
    """Three commits: a module, a document about it, and a second module that imports it."""
    folder = make_git("project")
    folder.write(
        "src/kettle.py", 'def boil(litres):\n    """Heat water."""\n    return litres * 4\n'
    )
    folder.commit("Boil water in a kettle")
    folder.write("docs/tea.md", "# Tea\n\nSteep for three minutes.\n\n## Green\n\nTwo minutes.\n")
    folder.commit("Describe how tea is made")
    folder.write("src/cup.py", "from kettle import boil\n\n\ndef fill():\n    return boil(1)\n")
    folder.commit("Fill a cup")
    return folder
