"""The doctor's look at what was learned: weights, their hashes, and the lock beside them."""

from __future__ import annotations

import shutil
from contextlib import closing

from verdigris.settings import OXIDIZE_LOCK, STATE_FOLDER
from verdigris.upkeep.checks import FIX, SCRAPE, Finding, Site
from verdigris.upkeep.indexing import open_index
from verdigris.upkeep.locking import refresh_lock

_WHAT = "learned"
_AGAIN = "verdigris oxidize --locked"


def check_learned(site: Site) -> Finding:
    """Whether all that serves is as written, finite, of fitting shapes, for the index's vectors."""
    lock_file = site.repository.root / STATE_FOLDER / OXIDIZE_LOCK
    if not site.locations.projections.exists() and not lock_file.exists():
        return Finding(_WHAT, True, "nothing yet", "verdigris oxidize")
    if not site.locations.index.exists():
        return Finding(_WHAT, True, "not looked at: there is no index yet", SCRAPE)
    from verdigris.errors import InvalidProjection, StorageError
    from verdigris.learn.artifacts import FUSION, load_served, served_hashes
    from verdigris.learn.lock import read_lock
    from verdigris.retrieve.fusion_file import read_fusion

    folder = site.locations.projections
    try:
        hashes = served_hashes(folder)
        with closing(open_index(site.locations.index)) as index:
            fingerprint = index.meta("fingerprint")
        served = load_served(folder, fingerprint)
        if hashes:
            read_fusion(folder / FUSION, fingerprint, hashes.get(FUSION, ""))
    except (InvalidProjection, StorageError) as error:
        return Finding(_WHAT, False, str(error).partition("; ")[0], FIX)
    lock = read_lock(lock_file)
    if lock and lock.hashes() != hashes:
        return Finding(_WHAT, True, f"{OXIDIZE_LOCK} names weights that do not serve here", _AGAIN)
    names = ", ".join(one.name for one in served) or "no projection"
    return Finding(_WHAT, True, f"{names} and the lanes' weights, as written")


def mend_learned(site: Site) -> str:
    """Drop what cannot serve: raw vectors and the package's weights do, until it is made again."""
    with refresh_lock(site.locations):
        shutil.rmtree(site.locations.projections)
    return f"dropped; train anew: verdigris oxidize, or as it was: {_AGAIN}"
