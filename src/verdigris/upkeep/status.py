"""What is known of a repository, as `verdigris status` shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from verdigris.answers import IndexState, ModelSwap
from verdigris.errors import EngineError
from verdigris.event_log import EventLog
from verdigris.frozen_dataclass import dataclass
from verdigris.scrape.repository import Repository
from verdigris.settings import OXIDIZE_LOCK, STATE_FOLDER, Settings
from verdigris.store.index import Index
from verdigris.store.vector_sets import VectorSpace
from verdigris.upkeep.locations import Locations
from verdigris.upkeep.model_swap import swap_state
from verdigris.upkeep.scraping import commits_not_scraped, pending_files
from verdigris.views import DatedMoment, Facts

if TYPE_CHECKING:
    from verdigris.upkeep.publishing import Learned


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of a repository: counts by kind, parser and event, and how far behind."""

    root: Path
    branch: str
    head: str
    shallow: bool
    submodules: tuple[str, ...]
    state: IndexState
    documents: dict[str, int]
    parsers: dict[str, int]
    not_parsed: dict[str, int]
    """Why files of code are read as text → how many."""
    events: dict[str, int]
    skipped: dict[str, int]
    settings: Settings
    moments: tuple[DatedMoment, ...] = ()
    """First commits, releases and big rewrites, oldest first."""
    learned: Learned | None = None
    """What `oxidize` measured; None before the first training."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Counts and positions of one work tree; reads it, changes nothing.

    wanted: gives the vector space of the chosen model, or raises EngineError.
    """

    repository: Repository
    log: EventLog
    index: Index
    settings: Settings
    wanted: Callable[[], VectorSpace]

    def state(self, current: bool) -> IndexState:
        """What the index holds; unless it is known to be current, also how far it is behind."""
        state = IndexState(
            documents=self.index.count("documents"),
            chunks=self.index.count("chunks"),
            vectors=self.index.count("vectors"),
            swap=self._swap(),
        )
        if current:
            return state
        changes = pending_files(self.repository, self.log, self.settings.max_file_bytes)
        return replace(
            state,
            commits_behind=commits_not_scraped(self.repository, self.log),
            files_behind=len(changes.changed) + len(changes.gone),
        )

    def _swap(self) -> ModelSwap | None:
        """A model that is not here is told by whoever needs it, not by who looks."""
        try:
            return swap_state(self.index, self.wanted())
        except EngineError:
            return None

    def status(self, facts: Facts, locations: Locations) -> Status:
        """All of it."""
        changes = pending_files(self.repository, self.log, self.settings.max_file_bytes)
        return Status(
            root=self.repository.root,
            branch=self.repository.branch,
            head=self.repository.head,
            shallow=self.repository.shallow,
            submodules=self.repository.submodules,
            state=self.state(current=False),
            documents=self.index.counts_by("kind"),
            parsers=self.index.counts_by("parser"),
            not_parsed=facts.not_parsed(),
            events=self.log.counts(),
            skipped=dict(changes.skipped),
            settings=self.settings,
            moments=tuple(facts.moments()),
            learned=_learned(self.repository.root, locations),
        )


def _learned(root: Path, locations: Locations) -> Learned | None:
    lock = root / STATE_FOLDER / OXIDIZE_LOCK
    if not lock.exists():
        return None  # numpy takes longer to import than everything else here
    from verdigris.upkeep.publishing import learned

    return learned(lock, locations.projections)


def left_out(repository: Repository) -> list[str]:
    """What of a repository no answer can know, and how to mend it."""
    notes = []
    if repository.shallow:
        notes.append("shallow clone: older history is missing; git fetch --unshallow")
    if repository.submodules:
        names = ", ".join(repository.submodules[:3])
        notes.append(f"submodules are not indexed here ({names}); run verdigris inside them")
    return notes
