"""The folder of what serves, those beside it, and what a killed process left of a change."""

from __future__ import annotations

import shutil
from pathlib import Path

from verdigris.settings import OXIDIZE_LOCK

_PREVIOUS, _SWAPPED, _STAGED = "projections.previous", "projections.swap", "projections.part"


def previous_folder(served: Path) -> Path:
    """What served before."""
    return served.with_name(_PREVIOUS)


def make_staged(served: Path) -> Path:
    """A new folder to write into; it counts as whole when it holds its lock, written last."""
    staged = served.with_name(_STAGED)
    staged.mkdir(parents=True)
    return staged


def put_into_service(staged: Path, served: Path) -> None:
    """Serve what was staged and keep what served; killed between, `clear_up` ends it."""
    previous = previous_folder(served)
    shutil.rmtree(previous, ignore_errors=True)
    if served.exists():
        served.rename(previous)
    staged.rename(served)


def swap_with_previous(served: Path) -> None:
    """Exchange what serves and what served before; either may be missing."""
    previous, aside = previous_folder(served), served.with_name(_SWAPPED)
    for source, target in ((served, aside), (previous, served), (aside, previous)):
        if source.exists():
            source.rename(target)


def clear_up(served: Path) -> None:
    """Finish or drop what a killed process left; only for who holds the lock of refreshing.

    What was whole and had only to be renamed serves; anything else leaves what served before.
    """
    staged, aside = served.with_name(_STAGED), served.with_name(_SWAPPED)
    if (staged / OXIDIZE_LOCK).exists() and not served.exists():
        staged.rename(served)
    elif staged.exists():
        shutil.rmtree(staged)
    if aside.exists():
        aside.rename(served if not served.exists() else previous_folder(served))
