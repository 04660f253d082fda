"""One refresh of a repository at a time, over all its work trees and processes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from verdigris.errors import Busy, StorageError
from verdigris.file_lock import lock_file
from verdigris.upkeep.locations import Locations

LOCK_SECONDS = 60.0


@contextmanager
def refresh_lock(locations: Locations, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Hold the lock of log and index; it goes with the process, however that ends.

    Raises Busy after `seconds`, StorageError where the lock file cannot be made.
    """
    try:
        descriptor = lock_file(locations.lock, seconds)
    except TimeoutError as error:
        raise Busy(
            f"another verdigris is refreshing {locations.log.parent}; wait for it, "
            "or ask with --no-refresh"
        ) from error
    except OSError as error:
        raise StorageError(
            f"cannot write {locations.lock} ({error.strerror}); make its folder writable, or keep "
            "the index elsewhere: VERDIGRIS_LOCAL_DIR=FOLDER"
        ) from error
    try:
        yield
    finally:
        os.close(descriptor)
