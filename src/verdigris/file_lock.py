"""Locks on open files, which go with the process, however that ends."""

from __future__ import annotations

import os
import sys
import time

_PAUSE_SECONDS = 0.005

if sys.platform == "win32":
    import msvcrt

    def try_lock(descriptor: int) -> bool:
        """Lock an open file for this process alone; False where another one has it."""
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def try_lock(descriptor: int) -> bool:
        """Lock an open file for this process alone; False where another one has it."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def lock_file(path: str | os.PathLike[str], seconds: float = 0) -> int:
    """Lock a file, which is made where there is none; returns its descriptor.

    Closing that lets go. Raises TimeoutError where another one still holds it after `seconds`,
    OSError where it cannot be opened.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    ends = time.monotonic() + seconds
    try:
        while not try_lock(descriptor):
            if time.monotonic() >= ends:
                raise TimeoutError(f"another process holds {os.fspath(path)}")
            time.sleep(_PAUSE_SECONDS)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
