"""Finds the git repository around a directory, and runs git in it.

Method: the `git` program, plumbing commands only. Nothing here writes to the repository or
reaches for the network.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Generator, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import IO

from verdigris.errors import RepositoryError
from verdigris.frozen_dataclass import dataclass

_GIT = (
    "git",
    "--no-pager",
    "--no-optional-locks",
    "-c",
    "core.quotepath=off",
    "-c",
    "core.fsmonitor=false",  # a repository's own configuration must not start programs
    "-c",
    "protocol.allow=never",  # nor may a partial clone fetch what it lacks
)

# A git hook sets these for its own repository; they would override the directory asked for.
_HOOK_VARIABLES = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_GRAFT_FILE",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_NAMESPACE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)


@dataclass(frozen=True)
class Repository:
    """One work tree of a repository, as it was when opened."""

    root: Path
    """Top of this work tree."""
    git_dir: Path
    common_dir: Path
    """Shared by all work trees; with the root commit it identifies the repository."""
    main_root: Path
    """Top of the main work tree; `root` where the main repository has none."""
    worktree: str = ""
    """Name of a linked work tree; '' for the main one."""
    head: str = ""
    """Full hash; '' before the first commit."""
    branch: str = ""
    """'' while HEAD is detached."""
    shallow: bool = False
    submodules: tuple[str, ...] = ()
    """Paths relative to the root."""

    @cached_property
    def root_commit(self) -> str:
        """The oldest commit without parents, of HEAD and all local branches.

        '' before the first commit. Walks the whole history (10 ms for 2,000 commits), so it is
        looked up when first asked for. In a shallow clone it is a commit of the boundary.
        """
        heads = (*((self.head,) if self.head else ()), "--branches")
        roots = git_output(self.root, "rev-list", "--max-parents=0", *heads).split()
        return roots[-1].decode() if roots else ""


def open_repository(start: Path) -> Repository:
    """The repository whose work tree holds `start`, a directory or a file.

    Raises RepositoryError where there is none, it is bare, git refuses it (dubious ownership),
    or git is not installed.
    """
    folder = _existing_folder(start)
    facts = _locations(folder)
    root, git_dir, common_dir = facts.root, facts.git_dir, facts.common_dir
    linked = git_dir != common_dir
    return Repository(
        root=root,
        git_dir=git_dir,
        common_dir=common_dir,
        main_root=_main_root(root, common_dir) if linked else root,
        worktree=git_dir.name if linked else "",
        head=facts.head,
        branch=_first_line(root, "symbolic-ref", "--quiet", "HEAD").removeprefix("refs/heads/"),
        shallow=facts.shallow,
        submodules=_submodules(root),
    )


def staged_files(repository: Repository) -> tuple[str, ...]:
    """Paths that differ between the index and HEAD, by both names where one was renamed."""
    output = git_output(
        repository.root, "diff", "--cached", "--name-only", "--no-renames", "--no-ext-diff", "-z"
    )
    return tuple(os.fsdecode(path) for path in output.split(b"\0") if path)


def ignored_paths(repository: Repository, paths: Iterable[str]) -> frozenset[str]:
    """Those of the paths (relative to the root) that git ignores; tracked ones never are."""
    wanted = b"".join(os.fsencode(path) + b"\0" for path in paths)
    result = _run(repository.root, ("check-ignore", "-z", "--stdin"), wanted)
    return frozenset(os.fsdecode(path) for path in result.stdout.split(b"\0") if path)


def git_output(folder: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    """What `git ARGUMENTS` prints when run in `folder`.

    Raises RepositoryError when git fails, with the first line of its complaint.
    """
    result = _run(folder, arguments, stdin)
    if result.returncode:
        raise RepositoryError(_complaint(arguments[0], folder, result.stderr))
    return result.stdout


def git_succeeds(folder: Path, *arguments: str) -> bool:
    """Whether `git ARGUMENTS` exits with 0 in `folder`."""
    return _run(folder, arguments).returncode == 0


def git_fields(
    folder: Path, arguments: Iterable[str], stdin: bytes
) -> Generator[bytes, None, None]:
    """The NUL-terminated fields that `git ARGUMENTS` prints, while it is still running.

    Raises RepositoryError, after the last field, when git failed. Closing the iterator stops git.
    """
    command = [*_GIT, *arguments]
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as complaints:
        given.write(stdin)
        given.seek(0)
        with subprocess.Popen(
            command,
            cwd=folder,
            env=_environment(),
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=complaints,
        ) as process:
            try:
                yield from _split_fields(process.stdout)
                failed = process.wait() != 0
            finally:
                process.kill()
        if failed:
            complaints.seek(0)
            raise RepositoryError(_complaint("log", folder, complaints.read()))


@dataclass(frozen=True, slots=True)
class _Locations:
    root: Path
    git_dir: Path
    common_dir: Path
    shallow: bool
    head: str


def _locations(folder: Path) -> _Locations:
    arguments = (
        "rev-parse",
        "--is-bare-repository",
        "--is-shallow-repository",
        "--absolute-git-dir",
        "--git-common-dir",
        "--show-toplevel",
        "HEAD",
    )
    result = _run(folder, arguments)
    lines = os.fsdecode(result.stdout).removesuffix("\n").split("\n")
    if lines[0] == "true":
        raise RepositoryError(
            f"{folder} is a bare git repository, without files to index; "
            f"clone it first: git clone {folder}"
        )
    unborn = lines[-1] == "HEAD"  # git echoes a name that leads nowhere
    if result.returncode and not unborn:
        raise RepositoryError(_complaint("rev-parse", folder, result.stderr))
    if len(lines) != 6:
        raise RepositoryError(f"{folder}: the path of the repository holds a line break; rename it")
    git_dir = Path(lines[2])
    return _Locations(
        root=Path(lines[4]),
        git_dir=git_dir,
        common_dir=Path(os.path.normpath(folder.absolute() / lines[3])),
        shallow=lines[1] == "true",
        head="" if unborn else lines[5],
    )


def _existing_folder(start: Path) -> Path:
    folder = start if start.is_dir() else start.parent
    if not folder.is_dir():
        raise RepositoryError(f"{start} does not exist; give a directory inside a git repository")
    return folder.resolve()


def _main_root(root: Path, common_dir: Path) -> Path:
    config = str(common_dir / "config")
    bare = _first_line(root, "config", "--file", config, "--type=bool", "core.bare") == "true"
    return root if bare or common_dir.name != ".git" else common_dir.parent


def _submodules(root: Path) -> tuple[str, ...]:
    if not (root / ".gitmodules").is_file():
        return ()
    query = ("config", "--file", ".gitmodules", "-z", "--get-regexp", r"^submodule\..*\.path$")
    found = os.fsdecode(_run(root, query).stdout)
    return tuple(sorted(entry.partition("\n")[2] for entry in found.split("\0") if entry))


def _first_line(folder: Path, *arguments: str) -> str:
    """The first line printed, '' when git fails: for questions whose answer may be 'none'."""
    return os.fsdecode(_run(folder, arguments).stdout).partition("\n")[0]


def _run(
    folder: Path, arguments: Iterable[str], stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            [*_GIT, *arguments],
            cwd=folder,
            env=_environment(),
            capture_output=True,
            check=False,
            input=stdin,
        )
    except FileNotFoundError as error:
        raise RepositoryError("git is not installed; install it: https://git-scm.com") from error


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _HOOK_VARIABLES}
    return kept | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1"}


def _split_fields(stream: IO[bytes] | None) -> Iterator[bytes]:
    rest = b""
    while stream and (block := stream.read(1 << 16)):
        *fields, rest = (rest + block).split(b"\0")
        yield from fields
    if rest:
        yield rest


def _complaint(command: str, folder: Path, stderr: bytes) -> str:
    """One line that says what git said and what mends it."""
    text = stderr.decode("utf-8", errors="replace")
    if "dubious ownership" in text:
        return (
            f"git refuses {folder}: it belongs to another user; "
            f"to trust it run: git config --global --add safe.directory {folder}"
        )
    if "not a git repository" in text:
        return f"{folder} is not in a git repository; run: git init"
    if "must be run in a work tree" in text:
        return f"{folder} is inside the .git directory; go to the top of the work tree: cd .."
    if "could not fetch" in text:
        return (
            f"{folder} is a partial clone without its history's folders; "
            "fetch them: git fetch --refetch --tags --filter=blob:none"
        )
    first = next((line for line in text.splitlines() if line.strip()), "no message")
    return f"git {command} failed in {folder}: {first.removeprefix('fatal: ')}; run: git fsck"
