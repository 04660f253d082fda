"""What was learned goes into service, whole or not at all, and comes back out."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from verdigris.errors import InvalidProjection, LearningError, LockMismatch, StorageError
from verdigris.learn.artifacts import served_hashes
from verdigris.learn.lock import Lock, lock_text, read_lock
from verdigris.settings import OXIDIZE_LOCK, OXIDIZE_RECIPE, STATE_FOLDER
from verdigris.upkeep.locations import Locations
from verdigris.upkeep.locking import refresh_lock
from verdigris.upkeep.served_folder import (
    clear_up,
    make_staged,
    previous_folder,
    put_into_service,
    swap_with_previous,
)


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where a repository's recipe, lock and projections lie, and which model makes its vectors."""

    root: Path
    locations: Locations
    model: str
    fingerprint: str
    head: str
    dims: int

    @property
    def recipe(self) -> Path:
        """The recipe, which may not be there."""
        return self.root / STATE_FOLDER / OXIDIZE_RECIPE

    @property
    def lock(self) -> Path:
        """The lock beside it."""
        return self.root / STATE_FOLDER / OXIDIZE_LOCK

    @property
    def served(self) -> Path:
        """The folder of what serves."""
        return self.locations.projections


def publish(shop: Workshop, write: Callable[[Path], Lock]) -> Lock:
    """Have a folder written and put it in the place of what serves, which is kept for roll-back.

    write: fills an empty folder and returns its lock. A failure on the way leaves what was.
    Raises StorageError, Busy.
    """
    with refresh_lock(shop.locations), _told(shop):
        clear_up(shop.served)
        staged = make_staged(shop.served)
        try:
            lock = write(staged)
            (staged / OXIDIZE_LOCK).write_text(lock_text(lock), encoding="utf-8")
            put_into_service(staged, shop.served)
            _write_tracked(shop.lock, lock_text(lock))
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    return lock


def roll_back(shop: Workshop) -> Lock | None:
    """Swap what serves and what served before, and put the lock of the latter back.

    A second time undoes the first. Returns the lock of what serves now; None where that is what
    served before the first training. Raises LearningError where nothing was ever trained.
    """
    with refresh_lock(shop.locations), _told(shop):
        clear_up(shop.served)
        if not shop.served.exists() and not previous_folder(shop.served).exists():
            raise LearningError("there is nothing to roll back to; train first: verdigris oxidize")
        swap_with_previous(shop.served)
        lock = shop.served / OXIDIZE_LOCK
        if not lock.exists():
            shop.lock.unlink(missing_ok=True)
            return None
        _write_tracked(shop.lock, lock.read_text(encoding="utf-8"))
        return read_lock(shop.lock)


@contextmanager
def _told(shop: Workshop) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"cannot write {error.filename or shop.served} ({error.strerror}); make it "
            "writable and run: verdigris oxidize"
        ) from error


def _write_tracked(path: Path, text: str) -> None:
    """Write a file that git tracks, by replacing it."""
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_name(f"{path.name}.part")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


@dataclass(frozen=True, slots=True)
class Learned:
    """What a lock says, and whether just that serves on this machine.

    problem: why the lock, or the list of what serves, cannot be read; lock is None then.
    """

    lock: Lock | None
    here: bool
    problem: str = ""


def learned(lock: Path, served: Path) -> Learned | None:
    """The repository's lock; None where there is none."""
    try:
        found = read_lock(lock)
        return Learned(found, served_hashes(served) == found.hashes()) if found else None
    except (LockMismatch, InvalidProjection) as error:
        return Learned(None, False, str(error))
