"""Replaces a file whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def replace_file(file: Path, content: bytes) -> None:
    """Write a file whole or not at all, with its folders; a link stays a link. Raises OSError."""
    target = file.resolve()
    new = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with new.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        with suppress(FileNotFoundError):
            new.chmod(target.stat().st_mode & 0o7777)
        new.replace(target)
    finally:
        with suppress(OSError):  # not there any more, unless something or somebody interrupted
            new.unlink()
