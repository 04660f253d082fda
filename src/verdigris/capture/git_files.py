"""Where a work tree stands, read from git's files: starting git takes longer than all the rest."""

from __future__ import annotations

import os
from collections.abc import Iterator

_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_NAMESPACE")
"""Variables with which git looks in other places than these files."""
_NOT_BARE = ("false", "no", "off", "0")
_HASH_LENGTHS = (40, 64)
"""Of SHA-1 and SHA-256, in hex digits."""


def find_root(folder: str) -> str | None:
    """The top of the work tree around a folder: the nearest one upwards with `.git`."""
    folders = _upwards(folder)
    return next((one for one in folders if os.path.exists(os.path.join(one, ".git"))), None)


def is_usual(folder: str, root: str) -> bool:
    """Whether git, asked in `folder`, would say that this is its work tree.

    Not so where variables or the configuration move it (a submodule's does), where the repository
    belongs to somebody else (git refuses it), or within a git folder such as a bare repository.
    """
    if any(name in os.environ for name in _ELSEWHERE):
        return False
    for one in _upwards(folder):
        if os.path.isfile(os.path.join(one, "HEAD")):
            return False
        if one == root:
            break
    git = _git_folder(root)
    if os.path.exists(os.path.join(git, "config.worktree")) or _moves(_read(git, "config")):
        return False
    return not hasattr(os, "geteuid") or os.stat(root).st_uid == os.geteuid()


def read_head(root: str) -> tuple[str, str] | None:
    """Branch and commit; None where git keeps them elsewhere (reftable), or they cannot be read.

    '' for the branch of a detached head, and for the commit before the first.
    """
    git = _git_folder(root)
    head = _read(git, "HEAD")
    if _is_hash(head):
        return "", head
    name = head.removeprefix("ref: ")
    if not head.startswith("ref: refs/heads/") or name == "refs/heads/.invalid":
        return None
    common = os.path.join(git, _read(git, "commondir"))
    commit = _read(common, name) or _packed(common, name)
    known = not commit or _is_hash(commit)
    return (name.removeprefix("refs/heads/"), commit) if known else None


def _upwards(folder: str) -> Iterator[str]:
    """A folder and those around it, the innermost first."""
    above = os.path.dirname(folder)
    while above != folder:
        yield folder
        folder, above = above, os.path.dirname(above)
    yield folder


def _git_folder(root: str) -> str:
    """`.git`, or where it points to: in a linked work tree it is a file."""
    git = os.path.join(root, ".git")
    is_link = os.path.isfile(git)
    return os.path.join(root, _read(root, ".git").removeprefix("gitdir: ")) if is_link else git


def _moves(config: str) -> bool:
    """Whether a configuration may put the work tree elsewhere, or says that there is none."""
    for line in config.lower().split("\n"):
        if line.lstrip().startswith("["):  # `[core] bare = true` is one line
            line = line.partition("]")[2]
        name, _, value = line.partition("=")
        if name.strip() == "worktree":
            return True
        if name.strip() == "bare" and value.strip() not in _NOT_BARE:
            return True
    return False


def _is_hash(text: str) -> bool:
    return len(text) in _HASH_LENGTHS and not text.strip("0123456789abcdef")


def _packed(common: str, name: str) -> str:
    lines = _read(common, "packed-refs").split("\n")
    return next((line.partition(" ")[0] for line in lines if line.endswith(f" {name}")), "")


def _read(folder: str, name: str) -> str:
    """A small file of git without its last line end; '' where there is none."""
    try:
        with open(os.path.join(folder, name), "rb") as stream:
            return stream.read().decode("utf-8", "surrogateescape").strip()
    except (FileNotFoundError, NotADirectoryError):
        return ""
