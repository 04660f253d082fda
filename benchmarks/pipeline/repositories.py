"""Makes the git repositories that are measured, from a folder of texts and from other clones."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.pipeline.processes import git

_SECTION = re.compile(rb"^##\s", re.MULTILINE)
_CONTEXT = re.compile(rb"##\s+previous session context", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Source:
    """A git repository to measure on, with the name it has in the results."""

    name: str
    path: Path


def parse_source(text: str) -> Source:
    """`PATH` or `NAME=PATH`; without a name, the last part of the path that tells one."""
    name, equals, path = text.rpartition("=")
    folder = Path(path).resolve()
    if not equals:
        name = next(
            part for part in (folder.name, folder.parent.name) if part not in ("repo", ".git")
        )
    return Source(name.removesuffix(".git").rpartition("+")[2], folder)


def make_texts_repository(texts: Path, target: Path, without_context: bool = False) -> Path:
    """A repository with the markdown files of a folder under sessions/, in one commit.

    without_context: leave out every `## Previous Session Context` section, from which the
    queries were taken.
    """
    (target / "sessions").mkdir(parents=True)
    for file in sorted(texts.glob("*.md")):
        content = file.read_bytes()
        (target / "sessions" / file.name).write_bytes(
            strip_context(content) if without_context else content
        )
    git(target, "init", "-q", "-b", "main")
    git(target, "add", "-A")
    git(target, "commit", "-q", "-m", "Add the texts")
    return target


def strip_context(content: bytes) -> bytes:
    """The file without its sections `## Previous Session Context`, up to the next `## `."""
    starts = [match.start() for match in _SECTION.finditer(content)]
    ends = [*starts[1:], len(content)]
    kept = [content[: starts[0] if starts else len(content)]]
    kept += [
        content[start:end]
        for start, end in zip(starts, ends, strict=True)
        if not _CONTEXT.match(content, start)
    ]
    return b"".join(kept)


def make_large_repository(texts: Path, sources: Sequence[Source], target: Path) -> Path:
    """One repository with the texts, and with the files and the whole history of the sources."""
    make_texts_repository(texts, target)
    for source in sources:
        git(target, "fetch", "-q", "--no-tags", str(source.path), f"HEAD:refs/heads/{source.name}")
        git(target, "read-tree", f"--prefix={source.name}/", "-u", f"refs/heads/{source.name}")
    git(target, "commit", "-q", "-m", "Add the sources", "--allow-empty")
    return target


def clone(source: Source, target: Path) -> Path:
    """A fresh clone with nothing indexed."""
    git(target.parent, "clone", "-q", "--no-local", str(source.path), target.name)
    return target


def forget(repository: Path, cache: Path) -> None:
    """Delete everything that verdigris keeps about a repository, and the user's cache."""
    shutil.rmtree(repository / ".verdigris" / "local", ignore_errors=True)
    shutil.rmtree(cache, ignore_errors=True)
