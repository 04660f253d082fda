"""What git tells a session of its work tree: branch, commits, changed files; and its tags."""

from __future__ import annotations

import os
import sys
import time

from verdigris.capture.git_files import find_root, is_usual, read_head
from verdigris.errors import RepositoryError
from verdigris.named_tuple import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from subprocess import CompletedProcess

_COMMIT_MARK = "\x01"
_SHORT_HASH = 7
_NO_GIT = "git is not installed; a session needs a git work tree"
_HEX_DIGITS = "0123456789abcdefABCDEF"


class WorkTree(NamedTuple):
    """A work tree at one moment. `branch` is '' on a detached head, `commit` before the first."""

    root: str
    branch: str
    commit: str

    @property
    def position(self) -> str:
        """`[branch@sha]` as the headings of a log show it; '' without commits."""
        return position_text(self.branch, self.commit)


def position_text(branch: str, commit: str) -> str:
    """`[branch@sha]`; '' without a commit."""
    return f"[{branch or 'HEAD'}@{commit[:_SHORT_HASH]}]" if commit else ""


class GitMetrics(NamedTuple):
    """What happened in git since a session began."""

    commits: int
    files: tuple[str, ...]
    """Files that those commits changed, by their paths from the root, session logs aside."""
    uncommitted: int
    """Files that are changed or new and in no commit, session logs aside."""
    minutes_since_commit: int | None
    """None without commits."""


def path_within(root: str, path: str) -> str | None:
    """A path from the root, with slashes; None where it lies elsewhere. Both are absolute."""
    prefix = os.path.join(root, "")
    if not os.path.normcase(path).startswith(os.path.normcase(prefix)):
        return None
    return path[len(prefix) :].replace(os.sep, "/")


def open_work_tree(folder: str) -> WorkTree:
    """The work tree around `folder`. Raises RepositoryError."""
    folder = os.path.realpath(folder)
    return _read(folder) or _ask(folder)


def _read(folder: str) -> WorkTree | None:
    """Without git, which takes longer than all the rest; None where git has to be asked."""
    try:
        root = find_root(folder) if os.path.isdir(folder) else None
        head = read_head(root) if root and is_usual(folder, root) else None
    except OSError:
        return None
    return WorkTree(root, *head) if root and head else None


def _ask(folder: str) -> WorkTree:
    # One process for both: before the first commit git complains of HEAD, after printing the top.
    asked = _git_with_complaint(
        folder, "rev-parse", "--show-toplevel", "--symbolic-full-name", "HEAD"
    )
    top, _, name = _text(asked.stdout).removesuffix("\n").rpartition("\n")
    if not top:
        raise RepositoryError(_no_work_tree(folder, asked.stderr))
    if asked.returncode:
        name = _output(folder, "symbolic-ref", "--quiet", "HEAD")
    branch = "" if name == "HEAD" else name.removeprefix("refs/heads/")
    commit = _output(folder, "rev-parse", "--quiet", "--verify", "HEAD")
    return WorkTree(os.path.normpath(top), branch, commit)


def git_metrics(
    tree: WorkTree, start: str, began: int, logs: str, locks_index: bool = True
) -> GitMetrics:
    """Measure a session.

    start: the commit it began at, '' if there was none; began: seconds since 1970, which decide
    where history was rewritten and `start` is gone; logs: the folder of session logs, which do not
    count; locks_index: whether git may keep in its index which files are unchanged, as a plain
    `git status` does. In a fresh clone it would read the same files again each time otherwise.
    """
    inside = path_within(tree.root, logs) or ""
    uncommitted, minutes = _begin_uncommitted(tree.root, inside, locks_index), _begin_minutes(tree)
    commits, changed = _history(tree, start, began)
    files = tuple(file for file in changed if not inside or not file.startswith(f"{inside}/"))
    return GitMetrics(commits, files, uncommitted(), minutes())


def count_commits(tree: WorkTree, start: str, began: int) -> int:
    """How many commits there are since a session began; parameters as of `git_metrics`."""
    return int(_since(tree, start, began, "rev-list", "--count") or 0)


def tracked_logs(root: str) -> list[str]:
    """Tracked markdown files whose names begin with a number, in any folder `sessions`."""
    names = "sessions/[0-9]*-*.md"
    listed = _output(root, "ls-files", "-z", "--", names, f"*/{names}")
    return [name for name in listed.split("\0") if name]


def is_ignored(tree: WorkTree, path: str) -> bool:
    """Whether git ignores a path of the work tree."""
    return _git(tree.root, "check-ignore", "--quiet", "--", path)[0] == 0


def begin_tag(tree: WorkTree, name: str) -> Callable[[], bool]:
    """Have git make a lightweight tag at the current commit.

    The result waits for it, and is False if the name is taken or refused, or there is no commit.
    `update-ref` and not `tag`: a configured signature would ask for a passphrase.
    """
    if not tree.commit:
        return lambda: False
    finish = _begin(tree.root, "update-ref", f"refs/tags/{name}", tree.commit, "")
    return lambda: finish()[0] == 0


def remove_tag(tree: WorkTree, name: str) -> None:
    """Take back a tag that was just made."""
    _git(tree.root, "update-ref", "-d", f"refs/tags/{name}", tree.commit)


def has_tag(tree: WorkTree, name: str) -> bool:
    """Whether a tag of that name exists."""
    reference = f"refs/tags/{name}"
    return _git(tree.root, "rev-parse", "--quiet", "--verify", reference)[0] == 0


def _history(tree: WorkTree, start: str, began: int) -> tuple[int, tuple[str, ...]]:
    """Commits since the session began, and the files that they changed."""
    shown = ["--no-show-signature", "--no-renames", "--name-only", "-z", "--format=%x01"]
    listed = _since(tree, start, began, "log", *shown)
    fields = [field.lstrip("\n") for field in listed.split("\0")]
    files = {field for field in fields if field and field != _COMMIT_MARK}
    return fields.count(_COMMIT_MARK), tuple(sorted(files))


def _since(tree: WorkTree, start: str, began: int, *command: str) -> str:
    """What a command of git prints of the commits since the session began; '' for none."""
    if tree.commit in ("", start):
        return ""
    if not start:
        return _output(tree.root, *command, "HEAD", "--")
    # A log may be edited, or come from somebody else: nothing of it becomes an option of git.
    if 4 <= len(start) <= 64 and not start.strip(_HEX_DIGITS):
        code, output = _git(tree.root, *command, f"{start}..HEAD", "--")
        if code == 0:
            return _text(output)
    return _output(tree.root, *command, f"--since={began}", "HEAD", "--")


def _begin_minutes(tree: WorkTree) -> Callable[[], int | None]:
    """Since the last commit; None without commits."""
    if not tree.commit:
        return lambda: None
    last = _begin(tree.root, "log", "-1", "--no-show-signature", "--format=%ct", "HEAD", "--")
    return lambda: max(int(time.time()) - int(_printed(last()) or 0), 0) // 60


def _begin_uncommitted(root: str, logs: str, locks_index: bool) -> Callable[[], int]:
    """How many files differ from HEAD, session logs left out."""
    locks = () if locks_index else ("--no-optional-locks",)
    pathspec = ["--", ".", *([f":(exclude,literal){logs}"] if logs else [])]
    arguments = ["status", "--porcelain", "--no-renames", "--untracked-files=normal", "-z"]
    status = _begin(root, *locks, *arguments, *pathspec)
    return lambda: sum(1 for entry in _printed(status()).split("\0") if entry)


def _output(root: str, *arguments: str) -> str:
    """What git prints, '' when it fails: a session goes on where a fact cannot be had."""
    return _printed(_git(root, *arguments))


def _printed(finished: tuple[int, bytes]) -> str:
    code, output = finished
    return "" if code else _text(output).removesuffix("\n")


def _git(folder: str, *arguments: str) -> tuple[int, bytes]:
    """Exit code and output of git."""
    return _begin(folder, *arguments)()


def _begin(folder: str, *arguments: str) -> Callable[[], tuple[int, bytes]]:
    """Start git; the result waits for its exit code and output.

    Spawned without `subprocess`, which takes longer to import than git to run.
    """
    if sys.platform == "win32":
        asked = _git_with_complaint(folder, *arguments)
        return lambda: (asked.returncode, asked.stdout)
    printed, write = os.pipe()
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, write, 1),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]
    command = ["git", "-C", folder, *arguments]
    try:
        process = os.posix_spawnp("git", command, os.environ, file_actions=actions)
    except FileNotFoundError as error:
        os.close(printed)
        raise RepositoryError(_NO_GIT) from error
    finally:
        os.close(write)

    def finish() -> tuple[int, bytes]:
        with open(printed, "rb") as stream:
            output = stream.read()
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), output

    return finish


def _git_with_complaint(folder: str, *arguments: str) -> CompletedProcess[bytes]:
    import subprocess

    command = ["git", *arguments]
    try:
        return subprocess.run(
            command, cwd=folder, capture_output=True, stdin=subprocess.DEVNULL, check=False
        )
    except FileNotFoundError as error:
        if os.path.isdir(folder):
            raise RepositoryError(_NO_GIT) from error
        raise RepositoryError(
            f"there is no folder {folder}; a session needs a git work tree"
        ) from error


def _text(output: bytes) -> str:
    return output.decode("utf-8", "surrogateescape")


def _no_work_tree(folder: str, complaint: bytes) -> str:
    if b"safe.directory" in complaint:
        mend = f"git config --global --add safe.directory {folder}"
        return f"git refuses {folder}: it belongs to another user; to trust it run: {mend}"
    said = _text(complaint).strip().splitlines()
    reason = said[0].removeprefix("fatal: ") if said else "no work tree"
    return f"{folder} has no git work tree ({reason}); go to one, or run: git init"
