"""What agents' hooks wrote down and no session log has yet: one JSON object a line.

The hooks run at every prompt, so this imports little.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from verdigris.file_lock import try_lock

ERRORS = "agent-errors.log"
MAX_BYTES = 8_000_000
"""Of a spool that nobody reads: then records are refused."""
_LONGEST_ERRORS = 100_000
_LOCK_SECONDS = 0.05
_SPOOL, _TAKEN = "agent-spool.jsonl", "agent-spool.taken"
_WRITING, _READING = "agent-spool.lock", "agent-spool.reader.lock"

Record = dict[str, str]
"""`time`, `agent`, `event`, `session`, `branch`, `commit`, `text`, `files`; '' is unknown."""


def spool_folder(root: str | os.PathLike[str]) -> str:
    """Where the hooks of a work tree write: what git ignores."""
    return os.path.join(root, ".verdigris", "local")


def append(folder: str, record: Record) -> None:
    """Add a record as one line, whole or not at all. Raises OSError; a full spool is one too.

    folder: `spool_folder` of a work tree, which must exist.
    """
    import json  # each session command counts what waits, which needs none

    line = json.dumps(record).encode() + b"\n"
    # A hook must neither wait long nor lose a line: without the lock it appends all the same.
    with _locked(folder, _WRITING):
        path = os.path.join(folder, _SPOOL)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            before = os.fstat(descriptor).st_size
            if before + len(line) > MAX_BYTES:
                raise OSError(f"{_SPOOL} is full; empty it: verdigris scrape sessions")
            if os.write(descriptor, line) < len(line):  # else the next line would be lost, too
                os.ftruncate(descriptor, before)
                raise OSError(f"no space left for {path}")
        finally:
            os.close(descriptor)


def waiting(folder: str) -> int:
    """How many records wait."""
    return sum(_read(os.path.join(folder, name)).count(b"\n") for name in (_SPOOL, _TAKEN))


@contextmanager
def taken(folder: str) -> Iterator[list[Record]]:
    """The records that wait, oldest first; dropped when the block ends without an exception.

    None where another process is taking them. Raises OSError.
    """
    own = os.path.join(folder, _TAKEN)
    with _locked(folder, _READING) as is_ours:
        if is_ours and not os.path.exists(own):  # else an interrupted process left it
            with _locked(folder, _WRITING), suppress(FileNotFoundError):
                os.replace(os.path.join(folder, _SPOOL), own)
        data = _read(own) if is_ours else b""
        yield [record for line in data.split(b"\n") if (record := _record(line))]
        if is_ours:
            _remove(own)


def drop_taken(folder: str, count: int) -> None:
    """Drop the oldest of the taken records, which a killed process would write down again.

    To be called within `taken`. Raises OSError.
    """
    from verdigris.capture.file_replacing import replace_file  # a hook needs none

    own = os.path.join(folder, _TAKEN)
    whole = [line for line in _read(own).split(b"\n") if _record(line)]
    replace_file(own, b"".join(line + b"\n" for line in whole[count:]))


def forget_spool(root: str | os.PathLike[str]) -> None:
    """Remove the spool's files, and the folders around them where nothing else is in them.

    What still waits stays.
    """
    folder = spool_folder(root)
    if not waiting(folder):
        for name in (_SPOOL, _TAKEN, _WRITING, _READING, ERRORS):
            _remove(os.path.join(folder, name))
    with suppress(OSError):
        if os.listdir(folder) == [".gitignore"]:
            _remove(os.path.join(folder, ".gitignore"))
        os.rmdir(folder)
        os.rmdir(os.path.dirname(folder))


def log_error(folder: str, message: str) -> None:
    """Add a line to the file of what went wrong; silent where that fails too."""
    path = os.path.join(folder, ERRORS)
    with suppress(OSError):
        full = os.path.exists(path) and os.path.getsize(path) > _LONGEST_ERRORS
        with open(path, "w" if full else "a", encoding="utf-8") as stream:
            moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            stream.write(f"{moment} {' '.join(message.split())}\n")


@contextmanager
def _locked(folder: str, name: str) -> Iterator[bool]:
    """Hold a lock; False, a little later, where another process has it."""
    descriptor = os.open(os.path.join(folder, name), os.O_RDWR | os.O_CREAT, 0o666)
    ends = time.monotonic() + _LOCK_SECONDS
    try:
        while not (held := try_lock(descriptor)) and time.monotonic() < ends:
            time.sleep(0.002)
        yield held
    finally:
        os.close(descriptor)


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        return b""


def _remove(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)


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
