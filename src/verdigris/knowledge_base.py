"""THE MAP: one repository's memory, from scraping to answers. Nothing else knows the whole."""

from __future__ import annotations

import time
from collections.abc import Sequence, Set
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from verdigris.answers import Answer, Filters, IndexState
from verdigris.database import remove_database
from verdigris.errors import Busy, CorruptDatabase
from verdigris.event_log import EventLog
from verdigris.records import AgedAnchor, ScrapeReport
from verdigris.scrape.repository import Repository, open_repository
from verdigris.settings import Settings, load_settings
from verdigris.upkeep.feedback import Feedback
from verdigris.upkeep.indexing import catch_up, open_index, open_or_rebuild
from verdigris.upkeep.loaded_models import LoadedModels
from verdigris.upkeep.locations import Locations, locate, make_folders
from verdigris.upkeep.locking import LOCK_SECONDS, refresh_lock
from verdigris.upkeep.progress import Progress, Silent
from verdigris.upkeep.refreshing import Refresh
from verdigris.upkeep.scraping import SOURCES
from verdigris.upkeep.served_folder import clear_up
from verdigris.views import Facts, Forgotten, Prediction, Related, RelatedCommit

if TYPE_CHECKING:
    from verdigris.engine import Embedder
    from verdigris.evaluate.queries import EvaluationQuery
    from verdigris.evaluate.run import Trial
    from verdigris.learn.lock import Lock
    from verdigris.store.vector_cache import VectorCache
    from verdigris.upkeep.anchor_upkeep import AnchorUpkeep
    from verdigris.upkeep.exporting import Exported
    from verdigris.upkeep.learning import Learning
    from verdigris.upkeep.oxidizing import Oxidized, Wishes
    from verdigris.upkeep.questions import Questions
    from verdigris.upkeep.relations import Relations
    from verdigris.upkeep.served import Served
    from verdigris.upkeep.status import Standing, Status
    from verdigris.upkeep.structure import Structure
    from verdigris.upkeep.vector_upkeep import VectorUpkeep

SHORT_WAIT = 0.5
SILENT = Silent()
NO_FILTERS = Filters()


class KnowledgeBase:
    """The memory of the repository around `start`. Use as a context manager, or `close()` it.

    Raises RepositoryError, SettingsError, StorageError.
    """

    def __init__(
        self,
        start: Path | str = ".",
        settings: Settings | None = None,
        progress: Progress = SILENT,
    ) -> None:
        self.repository: Repository = open_repository(Path(start))
        self._configured = settings is None
        self.settings = settings or load_settings(self.repository.root)
        self.locations: Locations = locate(self.repository, self.settings)
        make_folders(self.locations)
        self.progress = progress
        self.warnings: list[str] = []
        self.log = EventLog(self.locations.log, self.repository.worktree or ".")
        try:
            self.index = open_or_rebuild(self.locations, self.warnings)
        except BaseException:
            self.log.close()
            raise
        self.facts = Facts(self.index.connection)
        self._refreshed = False
        self._models = LoadedModels(self.settings, self.warnings)

    def close(self) -> None:
        """Close log, index and cache."""
        self._models.close()
        if cache := self.__dict__.get("vector_cache"):
            cache.close()
        self.index.close()
        self.log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def embedder(self) -> Embedder:
        """The chosen embedding model. Raises EngineError."""
        return self._models.get(self.settings.model)

    @cached_property
    def _vectors(self) -> VectorUpkeep:
        from verdigris.upkeep.vector_upkeep import VectorSources, VectorUpkeep

        sources = VectorSources(self.settings.model, self._models, lambda: self.vector_cache)
        return VectorUpkeep(self.index, sources, self.progress, self.warnings)

    @cached_property
    def vector_cache(self) -> VectorCache | None:
        """The user's cache of vectors; None, with a warning, where it cannot be used."""
        from verdigris.upkeep.vector_upkeep import open_vector_cache

        return open_vector_cache(self.locations.vector_cache, self.warnings)

    @cached_property
    def questions(self) -> Questions:
        """Questions as lanes take them, and what the lanes find."""
        from verdigris.retrieve.search import Search
        from verdigris.store.vector_search import VectorSearch
        from verdigris.upkeep.questions import Questions

        vectors = VectorSearch(self.index, self.locations.folder)
        search = Search(self.index, vectors, self.facts, self._served.fusion_weights)
        return Questions(search, self.facts, self._vectors, self._served.projected)

    @cached_property
    def _served(self) -> Served:
        from verdigris.upkeep.served import Served

        return Served(self.index, self.locations, self.warnings)

    @cached_property
    def learning(self) -> Learning:
        """What the repository's own history teaches."""
        from verdigris.upkeep.learning import Learning, LearningSources

        sources = LearningSources(
            self.log, self.index, self.facts, lambda: self.embedder, lambda: self.vector_cache,
            self.structure.prepare,
        )  # fmt: skip
        return Learning(self.repository.root, self.locations, sources, self._served)

    @property
    def has_learned(self) -> bool:
        """Whether anything that `oxidize` learned from this repository is in service."""
        return self._served.anything

    @property
    def structure(self) -> Structure:
        """Structural questions: callers, callees, imports, importers, symbols, inventory."""
        from verdigris.upkeep.structure import Structure

        limit = self.settings.max_file_bytes
        return Structure(self.repository, self.index, self.facts, self.locations, limit)

    @property
    def feedback(self) -> Feedback:
        """Which results of the last answers were used."""
        return Feedback(self.log, self.index, self.locations.answers, self.settings.questions)

    def refresh(self, sources: Sequence[str] = SOURCES, wait: float = LOCK_SECONDS) -> ScrapeReport:
        """Scrape what changed and index it; vectors come later (`embed`). Raises Busy."""
        with refresh_lock(self.locations, wait):
            clear_up(self.locations.projections)
            if self._refreshed:  # HEAD may have moved since, or another model been chosen
                self.repository = open_repository(self.repository.root)
                self._follow_configuration()
            refresh = Refresh(
                self.repository, self.settings, self.log, self.index, self.facts, self.progress
            )
            report = refresh.run(sources)
            self._refreshed = True
        return report

    def _follow_configuration(self) -> None:
        """Go on with what the configuration says now: a process may live long."""
        settings = load_settings(self.repository.root) if self._configured else self.settings
        if settings == self.settings:
            return
        self.settings = settings
        self._models.close()
        self._models = LoadedModels(settings, self.warnings)
        for made_from_them in ("questions", "_vectors"):
            self.__dict__.pop(made_from_them, None)

    def import_issues(self, file: Path) -> ScrapeReport:
        """Take issues from an exported file (`-`: standard input) into log and index.

        Raises ForgeError, Busy.
        """
        from verdigris.upkeep.forge import scrape_forge_file

        report = ScrapeReport()
        with refresh_lock(self.locations, LOCK_SECONDS):
            scrape_forge_file(file, self.log, report)
            catch_up(self.log, self.index, self.facts, self.progress)
        return report

    def embed(self) -> int:
        """Embed all chunks without a vector, and bring nearest-neighbour files up to date.

        Returns how many. Interrupted, it keeps what it has, and the next call goes on. The
        vectors of another model answer until all of the chosen model's are there.
        """
        done = self._vectors.embed_all()
        self.refresh_vector_index()
        return done

    def anchor(self) -> int:
        """Anchor what sessions name and has no anchor yet; returns how many sessions were read.

        An answer anchors the few that it shows.
        """
        return self._anchors.anchor_all(self.progress)

    @property
    def _anchors(self) -> AnchorUpkeep:
        from verdigris.upkeep.anchor_upkeep import AnchorUpkeep

        return AnchorUpkeep(self.repository, self.log, self.index, self.facts)

    def refresh_vector_index(self) -> None:
        """Rebuild the nearest-neighbour files of large kinds where they are stale or damaged."""
        self._vectors.refresh_files(self.locations, lambda: self._served.answers())

    def ask(
        self,
        query: str,
        filters: Filters = NO_FILTERS,
        limit: int = 10,
        lanes: Sequence[str] = (),
        refresh: bool = True,
    ) -> Answer:
        """Answer a question. Refreshes first; embeds only what the answer needs.

        Raises QueryError for an empty question or an unknown lane.
        """
        from verdigris.retrieve.lanes import DENSE
        from verdigris.upkeep.model_swap import FINISH_SWAP, swap_text
        from verdigris.upkeep.questions import check_question
        from verdigris.upkeep.status import left_out

        started = time.monotonic()
        check_question(query, limit, lanes)
        dense = not lanes or DENSE in lanes
        if dense:
            self._vectors.load_ahead()
        warnings = self.refresh_if_free() if refresh else []
        if dense:
            self.questions.embed_for(query, filters)
        with self.index.snapshot():
            hits = self.questions.hits(query, filters, limit, lanes)
        has_sessions = any(hit.kind == "session" for hit in hits)
        shown = self._anchors.put_on(hits) if has_sessions else tuple(hits)
        warnings += [*self.warnings, *left_out(self.repository)]
        state = self.state(current=refresh and not warnings)
        if not hits and filters.path and not self.questions.search.any_below(filters.path):
            warnings.append(f"no file in the index matches the path {filters.path!r}")
        if state.swap and dense:
            warnings.append(f"{swap_text(state.swap, state.chunks)}; finish: {FINISH_SWAP}")
        return Answer(
            query=query,
            hits=shown,
            state=state,
            warnings=tuple(warnings),
            seconds=time.monotonic() - started,
        )

    def oxidize(self, wishes: Wishes | None = None) -> Oxidized:
        """Learn projections and the lanes' weights from this repository's own history.

        Raises RecipeError, LockMismatch, StorageError.
        """
        from verdigris.upkeep.oxidizing import Wishes

        self.refresh()
        self.embed()
        wishes = wishes or Wishes()
        head, model = self.repository.head, self.settings.model
        done = self.learning.oxidize(model, head, wishes, self.progress)
        started = time.monotonic()
        self.refresh_vector_index()
        return replace(done, seconds=done.seconds + time.monotonic() - started)

    def export_onnx(self, folder: Path) -> list[Exported]:
        """Write what serves as ONNX graphs, verified. Raises LearningError, StorageError."""
        return self.learning.export_onnx(self.settings.model, folder)

    def roll_back(self) -> Lock | None:
        """Serve what served before the last `oxidize`; returns its lock. Raises LearningError."""
        lock = self.learning.roll_back(self.settings.model, self.repository.head)
        self.refresh_vector_index()
        return lock

    def refresh_if_free(self) -> list[str]:
        """Refresh, unless another process does just that; returns a warning then."""
        try:
            self.refresh(wait=SHORT_WAIT if self.index.position else LOCK_SECONDS)
        except Busy as error:
            return [f"{error}; this answer is from the index as it was"]
        return []

    def state(self, current: bool = False) -> IndexState:
        """What the index holds; unless it is known to be current, also how far it is behind."""
        return self._standing.state(current)

    @property
    def _standing(self) -> Standing:
        from verdigris.upkeep.status import Standing

        return Standing(
            self.repository, self.log, self.index, self.settings, lambda: self._vectors.wanted
        )

    def filters(
        self,
        kinds: Sequence[str] = (),
        path: str = "",
        since: str = "",
        before: str = "",
        branch: str = "",
    ) -> Filters:
        """Filters from what a user writes: dates as git takes them, session ids, branch names.

        Raises QueryError.
        """
        from verdigris.upkeep.filtering import parse_filters

        return parse_filters(self.repository, self.index, kinds, path, since, before, branch)

    @property
    def _relations(self) -> Relations:
        from verdigris.upkeep.relations import Relations

        return Relations(
            self.repository, self.index, self.facts, self._anchors, self.structure, self._predicted
        )

    def _predicted(self, path: str, known: Set[str], limit: int) -> tuple[Prediction, ...]:
        if not self.locations.projections.exists():
            return ()  # numpy takes longer to import than everything else here
        return self._served.predicted(path, known, limit)

    def related(self, target: str, limit: int = 10) -> Related:
        """What changes with a path or symbol, and what depends on it. Raises QueryError."""
        return self._relations.of_file(target, limit)

    def related_commit(self, target: str, limit: int = 10) -> RelatedCommit | None:
        """What belongs to a commit, named by at least 7 digits of its hash; None for all else."""
        return self._relations.of_commit(target, limit)

    def old_lines(self, target: str) -> AgedAnchor | None:
        """Where `PATH:LINES@COMMIT` is today; None for all else. Raises QueryError."""
        return self._relations.of_old_lines(target)

    def forgotten(self, limit: int = 10) -> Forgotten:
        """Files that usually change with the staged ones and are not staged. Raises QueryError."""
        return self._relations.of_staged(limit)

    def trial(self, query: EvaluationQuery, depth: int) -> Trial:
        """One query of an evaluation: what each lane, all, and all but one find of the index as
        it is. Raises QueryError."""
        filters = self.filters(query.kinds, before=query.before)
        return self.questions.trial(query.text, filters, depth)

    def documents_named(self, name: str) -> list[str]:
        """Documents of the index that a path, `commit:SHA` or part of a hash may mean."""
        return self.questions.search.documents_named(name)

    def status(self) -> Status:
        """Counts and positions; reads the work tree, changes nothing."""
        return self._standing.status(self.facts, self.locations)

    def rebuild(self) -> None:
        """Drop everything derived and bring it back from the log; vectors come from the cache."""
        with refresh_lock(self.locations):
            try:
                self.index.clear()
            except CorruptDatabase:
                self._replace_index()
        self.refresh()

    def _replace_index(self) -> None:
        self.index.close()
        remove_database(self.locations.index)
        self.index = open_index(self.locations.index)
        self.facts = Facts(self.index.connection)
        for made_from_it in ("questions", "learning", "_served", "_vectors"):
            self.__dict__.pop(made_from_it, None)
