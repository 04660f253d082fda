"""Where a work tree stands, read from git's files: starting git takes longer than all the rest."""

from __future__ import annotations

import os
import re
from pathlib import Path

_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_NAMESPACE")
"""Variables with which git looks in other places than these files."""
_UNUSUAL = re.compile(r"^\s*(?:worktree\b|bare\s*(?:=\s*(?:true|yes|on|1)\b|$))", re.I | re.M)
_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def find_root(folder: Path) -> Path | None:
    """The top of the work tree around a folder: the nearest one upwards with `.git`."""
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), None)


def is_usual(folder: Path, root: Path) -> bool:
    """Whether git, asked in `folder`, would say that this is its work tree.

    Not so where variables or the configuration move it (a submodule's does), where the repository
    belongs to somebody else (git refuses it), or within a git folder such as a bare repository.
    """
    if any(name in os.environ for name in _ELSEWHERE):
        return False
    inner = [one for one in (folder, *folder.parents) if one.is_relative_to(root)]
    if any((one / "HEAD").is_file() for one in inner):
        return False
    git = _git_folder(root)
    if (git / "config.worktree").exists() or _UNUSUAL.search(_read(git / "config")):
        return False
    return not hasattr(os, "geteuid") or root.stat().st_uid == os.geteuid()


def read_head(root: Path) -> tuple[str, str] | None:
    """Branch and commit; None where git keeps them elsewhere (reftable), or they cannot be read.

    '' for the branch of a detached head, and for the commit before the first.
    """
    git = _git_folder(root)
    head = _read(git / "HEAD")
    if _HASH.fullmatch(head):
        return "", head
    name = head.removeprefix("ref: ")
    if not head.startswith("ref: refs/heads/") or name == "refs/heads/.invalid":
        return None
    common = git / _read(git / "commondir")
    commit = _read(common / name) or _packed(common, name)
    known = not commit or _HASH.fullmatch(commit)
    return (name.removeprefix("refs/heads/"), commit) if known else None


def _git_folder(root: Path) -> Path:
    """`.git`, or where it points to: in a linked work tree it is a file."""
    git = root / ".git"
    return root / _read(git).removeprefix("gitdir: ") if git.is_file() else git


def _packed(common: Path, name: str) -> str:
    lines = _read(common / "packed-refs").split("\n")
    return next((line.partition(" ")[0] for line in lines if line.endswith(f" {name}")), "")


def _read(path: Path) -> str:
    """A small file of git without its last line end; '' where there is none."""
    try:
        return path.read_text("utf-8", errors="surrogateescape").strip()
    except (FileNotFoundError, NotADirectoryError):
        return ""
