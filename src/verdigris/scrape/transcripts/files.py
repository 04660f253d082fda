"""Finds the transcripts that coding agents keep of one repository, in the user's home folder."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from verdigris.scrape.transcripts.formats import object_at, text_at

TRANSCRIBERS = ("claude", "codex", "gemini")
"""Agents whose transcripts can be read."""
_HEAD_LINES = 50
_HEAD_BYTES = 1_000_000
_OLD_CODEX_FOLDER = re.compile(r"<cwd>(.*?)</cwd>")
_GEMINI_PROJECT = re.compile(r'"projectHash"\s*:\s*"([0-9a-f]{64})"')


def transcript_files(agent: str, roots: Sequence[Path], home: Path) -> list[Path]:
    """Files that may be an agent's transcripts of work in `roots`, by name.

    home: the user's; CLAUDE_CONFIG_DIR and CODEX_HOME override the agents' folders in it.
    """
    if agent == "claude":
        folder = _folder("CLAUDE_CONFIG_DIR", home / ".claude") / "projects"
        found = [path for one in _claude_folders(folder, roots) for path in one.glob("*.jsonl")]
        return sorted(path for path in found if not path.name.startswith("agent-"))
    if agent == "codex":
        folder = _folder("CODEX_HOME", home / ".codex")
        kept = [folder / "sessions", folder / "archived_sessions"]
        return sorted(path for one in kept for path in one.rglob("rollout-*.jsonl"))
    chats = home / ".gemini" / "tmp"
    found = [*chats.glob("*/chats/session-*.json"), *chats.glob("*/chats/session-*.jsonl")]
    # A session that was resumed goes on in a file of the other form, which has all of it.
    return sorted(path for path in found if path.with_suffix(".jsonl") == path or not (
        path.with_suffix(".jsonl").exists()))  # fmt: skip


def is_of_repository(agent: str, path: Path, roots: Sequence[Path]) -> bool | None:
    """Whether a transcript tells of work in one of the folders; None where it does not say yet.

    Raises OSError.
    """
    if agent == "gemini":
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES).decode("utf-8", "replace")
        match = _GEMINI_PROJECT.search(head)
        hashes = {hashlib.sha256(os.fsencode(root)).hexdigest() for root in roots}
        return match[1] in hashes if match else None
    folder = next((folder for folder in _work_folders(path) if folder), "")
    return _work_tree_of(Path(folder).resolve()) in roots if folder else None


def _work_tree_of(folder: Path) -> Path | None:
    """The nearest folder upwards that git knows: another repository may lie in this one."""
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), None)


def _folder(variable: str, usual: Path) -> Path:
    given = os.environ.get(variable)
    return Path(given).expanduser() if given else usual


def _claude_folders(projects: Path, roots: Sequence[Path]) -> Iterator[Path]:
    """Claude Code names a folder after the path with everything but letters and digits as `-`."""
    slugs = tuple(re.sub(r"[^A-Za-z0-9]", "-", str(root)) for root in roots)
    if not projects.is_dir():
        return
    for folder in sorted(projects.iterdir()):
        if any(folder.name == slug or folder.name.startswith(f"{slug}-") for slug in slugs):
            yield folder


def _work_folders(path: Path) -> Iterator[str]:
    """The folders that the first records name as the one that the agent works in."""
    with path.open("rb") as stream:
        for line in islice(iter(lambda: stream.readline(_HEAD_BYTES), b""), _HEAD_LINES):
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(record, dict):
                payload = object_at(record, "payload")
                yield text_at(record, "cwd") or text_at(payload, "cwd")
                old = _OLD_CODEX_FOLDER.search(line.decode("utf-8", "replace"))
                yield old[1] if old else ""
