"""What `doctor --fix` does: each mend brings back one derived thing, and deletes no truth."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

from verdigris.database import database_files, remove_database, storage_errors
from verdigris.errors import StorageError
from verdigris.event_log import EventLog
from verdigris.records import ScrapeReport
from verdigris.store.index import Index
from verdigris.store.vector_cache import VectorCache
from verdigris.store.vector_sets import VectorSets
from verdigris.upkeep.checks import Site, wrong_vectors
from verdigris.upkeep.indexing import catch_up, open_index
from verdigris.upkeep.locking import refresh_lock
from verdigris.upkeep.progress import Silent
from verdigris.upkeep.scraping import SOURCES, FileScrape, Wanted, kinds_of, scrape_commits
from verdigris.upkeep.served_folder import clear_up
from verdigris.views import Facts


def mend_log(site: Site) -> str:
    """Move a damaged log aside and read git and the files into a new one."""
    with refresh_lock(site.locations):
        aside = _move_aside(site.locations.log)
        report = ScrapeReport()
        with closing(_log(site)) as log:
            scrape_commits(site.repository, log, report, Silent())
            limit = site.settings.max_file_bytes
            wanted = Wanted(limit, kinds_of(SOURCES))
            FileScrape(site.repository, log, wanted, report).run(Silent())
    return f"kept as {aside.name}; {report.events:,} events read anew from git and the files"


def _move_aside(path: Path) -> Path:
    """Rename a database with its journals to the first free `NAME.damaged-N`."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    with storage_errors(path):
        for file in database_files(path):
            if file.exists():
                file.rename(aside.with_name(file.name.replace(path.name, aside.name, 1)))
    return aside


def mend_index(site: Site) -> str:
    """Drop the index and make it anew from the log."""
    with refresh_lock(site.locations):
        remove_database(site.locations.index)
        with closing(_log(site)) as log, closing(_index(site)) as index:
            count = catch_up(log, index, Facts(index.connection), Silent())
    return f"rebuilt from the log: {count:,} documents; vectors come back with the next scrape"


def mend_vector_cache(site: Site) -> str:
    """Begin the cache anew; unchanged text is embedded once more."""
    remove_database(site.locations.vector_cache)
    with closing(VectorCache(site.locations.vector_cache)):
        return "begun anew"


def mend_vectors(site: Site) -> str:
    """Drop vectors that are none from index and cache."""
    with refresh_lock(site.locations), closing(_index(site)) as index:
        wrong = wrong_vectors(index, index.count("vectors") or 1)
        hashes = VectorSets(index).drop(wrong)
        with closing(VectorCache(site.locations.vector_cache)) as cache:
            cache.forget(index.meta("fingerprint"), hashes)
    return f"{len(wrong):,} dropped; the next scrape embeds them anew"


def mend_nearest_neighbour_files(site: Site) -> str:
    """Remove half-written files and rebuild those that are not as they were written."""
    from verdigris.store.vector_search import VectorSearch

    with refresh_lock(site.locations), closing(_index(site)) as index:
        clear_up(site.locations.projections)  # which may hold one that is whole
        for left in site.locations.folder.glob("*.part"):
            _remove(left)
        rebuilt = VectorSearch(index, site.locations.folder).refresh()
    return f"rebuilt: {', '.join(rebuilt)}" if rebuilt else "those that nothing needs removed"


def _remove(path: Path) -> None:
    """Delete a file, or a folder with what is in it."""
    try:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"cannot delete {path} ({error.strerror}); delete it") from error


def _log(site: Site) -> EventLog:
    return EventLog(site.locations.log, site.repository.worktree or ".")


def _index(site: Site) -> Index:
    return open_index(site.locations.index)
