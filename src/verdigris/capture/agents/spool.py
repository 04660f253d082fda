"""What agents' hooks wrote down and no session log has yet: one JSON object a line.

The hooks run at every prompt, so this imports little.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from verdigris.capture.file_lock import try_lock

ERRORS = "agent-errors.log"
MAX_BYTES = 8_000_000
"""Of a spool that nobody reads: then records are refused."""
_LONGEST_ERRORS = 100_000
_LOCK_SECONDS = 0.05
_SPOOL, _TAKEN = "agent-spool.jsonl", "agent-spool.taken"
_WRITING, _READING = "agent-spool.lock", "agent-spool.reader.lock"

Record = dict[str, str]
"""`time`, `agent`, `event`, `session`, `branch`, `commit`, `text`, `files`; '' is unknown."""


def spool_folder(root: Path) -> Path:
    """Where the hooks of a work tree write: what git ignores."""
    return root / ".verdigris" / "local"


def append(folder: Path, record: Record) -> None:
    """Add a record as one line, whole or not at all. Raises OSError; a full spool is one too.

    folder: `spool_folder` of a work tree, which must exist.
    """
    import json  # each session command counts what waits, which needs none

    line = json.dumps(record).encode() + b"\n"
    # A hook must neither wait long nor lose a line: without the lock it appends all the same.
    with _locked(folder, _WRITING):
        descriptor = os.open(folder / _SPOOL, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            if os.fstat(descriptor).st_size + len(line) > MAX_BYTES:
                raise OSError(f"{_SPOOL} is full; empty it: verdigris scrape sessions")
            os.write(descriptor, line)
        finally:
            os.close(descriptor)


def waiting(folder: Path) -> int:
    """How many records wait."""
    return sum(_read(folder / name).count(b"\n") for name in (_SPOOL, _TAKEN))


@contextmanager
def taken(folder: Path) -> Iterator[list[Record]]:
    """The records that wait, oldest first; dropped when the block ends without an exception.

    None where another process is taking them. Raises OSError.
    """
    own = folder / _TAKEN
    with _locked(folder, _READING) as is_ours:
        if is_ours and not own.exists():  # else an interrupted process left it
            with _locked(folder, _WRITING), suppress(FileNotFoundError):
                (folder / _SPOOL).replace(own)
        data = _read(own) if is_ours else b""
        yield [record for line in data.split(b"\n") if (record := _record(line))]
        if is_ours:
            own.unlink(missing_ok=True)


def forget_spool(root: Path) -> None:
    """Remove the spool's files, and the folders around them where nothing else is in them.

    What still waits stays.
    """
    folder = spool_folder(root)
    if not waiting(folder):
        for name in (_SPOOL, _TAKEN, _WRITING, _READING, ERRORS):
            (folder / name).unlink(missing_ok=True)
    with suppress(OSError):
        if [entry.name for entry in folder.iterdir()] == [".gitignore"]:
            (folder / ".gitignore").unlink()
        folder.rmdir()
        folder.parent.rmdir()


def log_error(folder: Path, message: str) -> None:
    """Add a line to the file of what went wrong; silent where that fails too."""
    path = folder / ERRORS
    with suppress(OSError):
        full = path.exists() and path.stat().st_size > _LONGEST_ERRORS
        with path.open("w" if full else "a", encoding="utf-8") as stream:
            moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            stream.write(f"{moment} {' '.join(message.split())}\n")


@contextmanager
def _locked(folder: Path, name: str) -> Iterator[bool]:
    """Hold a lock; False, a little later, where another process has it."""
    descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o666)
    ends = time.monotonic() + _LOCK_SECONDS
    try:
        while not (held := try_lock(descriptor)) and time.monotonic() < ends:
            time.sleep(0.002)
        yield held
    finally:
        os.close(descriptor)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _record(line: bytes) -> Record | None:
    """A line as a record; None for one that a crash cut short."""
    import json

    try:
        value = json.loads(line)
    except ValueError:
        return None
    if not isinstance(value, dict):
        return None
    return {str(key): str(entry) for key, entry in value.items()}
