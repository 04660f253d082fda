"""Bring the index up to the log's position: chunk what changed, forget what went."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from pathlib import Path

from verdigris.chunking import CHUNKING_VERSION, chunk_document
from verdigris.database import remove_database
from verdigris.errors import CorruptDatabase
from verdigris.event_log import EventLog, Marker
from verdigris.records import DOCUMENT_GONE
from verdigris.store.index import Index
from verdigris.upkeep.locations import Locations
from verdigris.upkeep.locking import refresh_lock
from verdigris.upkeep.progress import Progress
from verdigris.views import SCHEMA as FACTS_SCHEMA
from verdigris.views import Facts

_DOCUMENTS_A_TRANSACTION = 500


def open_index(path: Path) -> Index:
    """The index with the facts beside it; another way of chunking makes it anew, like a schema."""
    return Index(path, f"{FACTS_SCHEMA}-- chunking {CHUNKING_VERSION}\n")


def open_or_rebuild(locations: Locations, warnings: list[str]) -> Index:
    """Open the index; a damaged one is dropped, since it comes back from the log."""
    path = locations.index
    try:
        return open_index(path)
    except CorruptDatabase:
        with refresh_lock(locations):  # another process may be mending it
            with suppress(CorruptDatabase):
                return open_index(path)
            warnings.append(f"{path} was damaged; it is rebuilt from the log")
            remove_database(path)
            return open_index(path)


def catch_up(log: EventLog, index: Index, facts: Facts, progress: Progress) -> int:
    """Apply all markers after the index's position. Returns how many documents changed.

    Interrupted, it goes on from the last transaction. An index whose position is no position
    of this log (the log was replaced) is begun anew.
    """
    if not is_of(index, log):
        index.clear()
    end = log.position()
    if index.position == end:
        return 0
    latest: dict[str, Marker] = {}
    for marker in log.markers(after=index.position):
        latest[marker.event.document] = marker
    markers = iter(sorted(latest.values(), key=lambda marker: marker.seq))
    progress.start("indexing", len(latest))
    while batch := list(islice(markers, _DOCUMENTS_A_TRANSACTION)):
        with index.transaction():
            for marker in batch:
                _apply(marker, log, index, facts)
            index.move_to(batch[-1].seq, log.event_id(batch[-1].seq))
        progress.advance(len(batch))
    with index.transaction():
        index.move_to(end, log.event_id(end))
    progress.finish()
    return len(latest)


def is_of(index: Index, log: EventLog) -> bool:
    """Whether the index was built from this log: at its position lies the event it remembers."""
    return index.position_event == log.event_id(index.position)


def _apply(marker: Marker, log: EventLog, index: Index, facts: Facts) -> None:
    seen = marker.event
    if index.remove_document(seen.document):
        facts.remove(seen.document)
    if seen.kind != DOCUMENT_GONE:
        content = log.content(seen.document, seen.version)
        index.add_document(seen, chunk_document(seen, content))
        facts.add(seen, content)
