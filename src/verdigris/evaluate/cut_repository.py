"""A real git repository as another one was at a commit: nothing later can be reached in it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from verdigris.scrape.repository import Repository, git_output

_CHECKOUT = (
    "-c",
    f"core.hooksPath={os.devnull}",
    "-c",
    "core.symlinks=true",
    "-c",
    "filter.lfs.smudge=",  # pointers stay pointers: nothing is fetched
    "-c",
    "filter.lfs.process=",
    "-c",
    "filter.lfs.required=false",
)


@contextmanager
def repository_at(source: Repository, commit: str) -> Iterator[Path]:
    """The root of a temporary repository with `commit` checked out; removed at the end.

    It borrows the source's objects and has one branch, with the tags of its own history that
    are not younger than the commit: no walk from its refs meets a later one. The source is only
    read. Raises RepositoryError.
    """
    with tempfile.TemporaryDirectory(prefix="verdigris-eval-", ignore_cleanup_errors=True) as base:
        root = Path(base).resolve() / source.root.name
        root.mkdir()
        _borrow_objects(source, root)
        _set_refs(source, root, commit)
        git_output(root, *_CHECKOUT, "reset", "--hard", "--quiet")
        yield root


def _borrow_objects(source: Repository, root: Path) -> None:
    object_format = git_output(source.root, "rev-parse", "--show-object-format").decode().strip()
    git_output(root, "init", "--quiet", "--template=", f"--object-format={object_format}")
    git_dir = root / ".git"
    (git_dir / "objects" / "info").mkdir(exist_ok=True)
    alternates = os.fsencode(source.common_dir.resolve() / "objects") + b"\n"
    (git_dir / "objects" / "info" / "alternates").write_bytes(alternates)
    if (source.common_dir / "shallow").is_file():
        shutil.copyfile(source.common_dir / "shallow", git_dir / "shallow")


def _set_refs(source: Repository, root: Path, commit: str) -> None:
    git_output(root, "symbolic-ref", "HEAD", "refs/heads/main")
    git_output(root, "update-ref", "refs/heads/main", commit)
    time = int(git_output(root, "show", "--no-patch", "--format=%ct", commit))
    listing = git_output(
        source.root,
        "for-each-ref",
        f"--merged={commit}",
        "--format=%(creatordate:unix) %(objectname) %(refname)",
        "refs/tags",
    )
    tags = [line.split(b" ", 2) for line in listing.splitlines()]
    updates = [b"create %s %s\n" % (ref, sha) for made, sha, ref in tags if int(made or 0) <= time]
    git_output(root, "update-ref", "--stdin", stdin=b"".join(updates))
