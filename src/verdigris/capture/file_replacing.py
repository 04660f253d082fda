"""Replaces a file whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress


def replace_file(
    file: str | os.PathLike[str], content: bytes, instead_of: bytes | None = None
) -> str | None:
    """Write a file whole or not at all, with its folders; a link stays a link.

    instead_of: what the file must hold still, None for anything. Returns the path of what was
    written, which a link leads to; None, and nothing written, where somebody else was quicker.
    Raises OSError.
    """
    target = os.path.realpath(file) if os.path.islink(file) else os.path.abspath(file)
    folder, name = os.path.split(target)
    new = os.path.join(folder, f".{name}.{os.getpid()}.tmp")
    try:
        os.makedirs(folder, exist_ok=True)
        with open(new, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        with suppress(FileNotFoundError):
            os.chmod(new, os.stat(target).st_mode & 0o7777)
        if instead_of is not None and _content(target) != instead_of:
            return None
        os.replace(new, target)
    finally:
        with suppress(OSError):  # not there any more, unless something or somebody interrupted
            os.unlink(new)
    return target


def _content(path: str) -> bytes | None:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        return None
