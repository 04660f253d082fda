"""A real git repository as another one was at a commit: nothing later can be reached in it."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from verdigris.records import SourceFile
from verdigris.scrape.files import read_file
from verdigris.scrape.repository import Repository, git_output
from verdigris.scrape.sessions.events import is_session_log, parse_session

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

_DIGITS = 7
"""Of a commit's hash that name it."""
_HASH = re.compile(rf"\b[0-9a-f]{{{_DIGITS},64}}\b")


@contextmanager
def repository_at(source: Repository, commit: str) -> Iterator[Path]:
    """The root of a temporary repository with `commit` checked out; removed at the end.

    It borrows the source's objects and has one branch, with the tags of its own history that
    are not younger than the commit: no walk from its refs meets a later one. Session logs that
    git does not have are copied if their last entry is older and they name no later commit; all
    of them where the commit is HEAD.
    The source is only read. Raises RepositoryError.
    """
    with tempfile.TemporaryDirectory(prefix="verdigris-eval-", ignore_cleanup_errors=True) as base:
        root = Path(base).resolve() / source.root.name
        root.mkdir()
        _borrow_objects(source, root)
        _set_refs(source, root, commit)
        git_output(root, *_CHECKOUT, "reset", "--hard", "--quiet")
        _copy_untracked_sessions(source, root, "" if commit == source.head else commit_time(root))
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
    listing = git_output(
        source.root,
        "for-each-ref",
        f"--merged={commit}",
        "--format=%(creatordate:unix) %(objectname) %(refname)",
        "refs/tags",
    )
    latest = _commit_seconds(root)
    tags = [line.split(b" ", 2) for line in listing.splitlines()]
    updates = [
        b"create %s %s\n" % (ref, sha) for made, sha, ref in tags if int(made or 0) <= latest
    ]
    git_output(root, "update-ref", "--stdin", stdin=b"".join(updates))


def commit_time(root: Path) -> str:
    """When HEAD was committed, in UTC."""
    return datetime.fromtimestamp(_commit_seconds(root), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _commit_seconds(root: Path) -> int:
    return int(git_output(root, "show", "--no-patch", "--format=%ct", "HEAD"))


def _copy_untracked_sessions(source: Repository, root: Path, until: str) -> None:
    later = _later_commits(source, root) if until else frozenset()
    listed = git_output(source.root, "ls-files", "-z", "--others", "--exclude-standard")
    for path in filter(None, os.fsdecode(listed).split("\0")):
        if not path.endswith((".md", ".markdown")):
            continue
        file = read_file(source.root, path)
        if not isinstance(file, SourceFile) or not is_session_log(path, file.text):
            continue
        if not until or (_ended_by(file, until) and not _names_any(file, later)):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(file.text, encoding="utf-8", newline="")


def _ended_by(file: SourceFile, until: str) -> bool:
    """Whether a session log was begun, and its last entry written, by a time."""
    events = parse_session(file)
    return events[0].time > "" and max(event.time for event in events) <= until


def _names_any(file: SourceFile, commits: frozenset[str]) -> bool:
    """Whether a text names one of the commits by the digits of its hash."""
    return any(found[0][:_DIGITS] in commits for found in _HASH.finditer(file.text))


def _later_commits(source: Repository, root: Path) -> frozenset[str]:
    """The first digits of the hashes of all commits that the source has and `root` has not."""
    known = git_output(root, "rev-parse", "HEAD").decode().strip()
    listed = git_output(source.root, "rev-list", "--all", "HEAD", f"^{known}", "--").decode()
    return frozenset(sha[:_DIGITS] for sha in listed.split())
