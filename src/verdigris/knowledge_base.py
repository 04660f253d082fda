"""THE MAP: one repository's memory, from scraping to answers. Nothing else knows the whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

from verdigris.database import remove_database
from verdigris.errors import Busy, CorruptDatabase, EngineError, QueryError, StorageError
from verdigris.event_log import EventLog
from verdigris.records import (
    AgedAnchor,
    Answer,
    Filters,
    Hit,
    IndexState,
    IssueFacts,
    ModelSwap,
    ScrapeReport,
)
from verdigris.scrape.repository import Repository, open_repository
from verdigris.settings import OXIDIZE_LOCK, STATE_FOLDER, Settings, load_settings
from verdigris.store.index import EXACT_LIMIT, Index
from verdigris.upkeep.anchor_upkeep import AnchorUpkeep
from verdigris.upkeep.capturing import collect_hooks
from verdigris.upkeep.forge import FORGE, scrape_forge, scrape_forge_file
from verdigris.upkeep.indexing import catch_up, open_index
from verdigris.upkeep.loaded_models import LoadedModels
from verdigris.upkeep.locations import Locations, locate, make_folders
from verdigris.upkeep.locking import LOCK_SECONDS, refresh_lock
from verdigris.upkeep.progress import Progress, Silent
from verdigris.upkeep.scraping import (
    SOURCES,
    TRANSCRIPTS,
    Wanted,
    kinds_of,
    pending_files,
    scrape_commits,
    scrape_files,
)
from verdigris.upkeep.structure import Structure
from verdigris.views import DatedMoment, Facts, Forgotten, Prediction, Related, RelatedCommit

if TYPE_CHECKING:
    from verdigris.engine import Embedder
    from verdigris.evaluate.queries import EvaluationQuery
    from verdigris.evaluate.run import LaneList, Trial
    from verdigris.retrieve.fusion_file import FusionReport
    from verdigris.retrieve.lanes import Question
    from verdigris.retrieve.learned_fusion import FusionWeights
    from verdigris.retrieve.search import Search
    from verdigris.store.vector_cache import VectorCache
    from verdigris.upkeep.exporting import Exported
    from verdigris.upkeep.oxidizing import Learned, Oxidized, Wishes, Workshop
    from verdigris.upkeep.projecting import ServedProjections
    from verdigris.upkeep.relations import Relations
    from verdigris.upkeep.vector_upkeep import VectorUpkeep

SHORT_WAIT = 0.5
SILENT = Silent()
NO_FILTERS = Filters()


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
            self.index = self._open_index()
        except BaseException:
            self.log.close()
            raise
        self.facts = Facts(self.index.connection)
        self._refreshed = False
        self._models = LoadedModels(self.settings, self.warnings)

    def _open_index(self) -> Index:
        """Open the index; a damaged one is dropped, since it comes back from the log."""
        path = self.locations.index
        try:
            return open_index(path)
        except CorruptDatabase:
            with refresh_lock(self.locations):  # another process may be mending it
                with suppress(CorruptDatabase):
                    return open_index(path)
                self.warnings.append(f"{path} was damaged; it is rebuilt from the log")
                remove_database(path)
                return open_index(path)

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
        from verdigris.store.vector_cache import VectorCache

        path = self.locations.vector_cache
        try:
            return VectorCache(path)
        except CorruptDatabase:
            self.warnings.append(f"{path} was damaged; it is begun anew")
            remove_database(path)
            return VectorCache(path)
        except StorageError as error:
            self.warnings.append(f"no vector cache: {error}")
            return None

    @cached_property
    def _search(self) -> Search:
        from verdigris.retrieve.search import Search
        from verdigris.store.vector_search import VectorSearch

        vectors = VectorSearch(self.index, self.locations.folder)
        return Search(self.index, vectors, self.facts, self._fusion_weights())

    def _fusion_weights(self) -> FusionWeights | None:
        """Weights fitted to this repository, else those of others; None for the fixed fusion."""
        from verdigris.retrieve.fusion_file import read_fusion
        from verdigris.retrieve.learned_fusion import prior_weights

        try:
            return read_fusion(self.locations.fusion, self.index.meta("fingerprint")).weights
        except StorageError as error:
            self.warnings.append(f"{error}; until then the package's weights serve")
            return prior_weights()

    @property
    def structure(self) -> Structure:
        """Structural questions: callers, callees, imports, importers, symbols, inventory."""
        return Structure(self.index, self.facts, self.repository.root, self.locations)

    def refresh(self, sources: Sequence[str] = SOURCES, wait: float = LOCK_SECONDS) -> ScrapeReport:
        """Scrape what changed and index it; vectors come later (`embed`). Raises Busy."""
        report = ScrapeReport()
        with refresh_lock(self.locations, wait):
            if self._refreshed:  # HEAD may have moved since, or another model been chosen
                self.repository = open_repository(self.repository.root)
                self._follow_configuration()
            if "sessions" in sources:
                collect_hooks(self.repository.root, self.settings.sessions_dir, report)
            if "git" in sources:
                scrape_commits(self.repository, self.log, report, self.progress)
            if FORGE in sources:
                scrape_forge(self.repository, self.log, self.settings.forge, report, self.progress)
            if of_files := set(sources) - {"git", FORGE, TRANSCRIPTS}:
                wanted = Wanted(self.settings.max_file_bytes, kinds_of(of_files))
                scrape_files(self.repository, self.log, wanted, report, self.progress)
            catch_up(self.log, self.index, self.facts, self.progress)
            self._refresh_transcripts(sources, report)
            self._refreshed = True
        return report

    def _refresh_transcripts(self, sources: Sequence[str], report: ScrapeReport) -> None:
        """Read agents' transcripts where asked to; last, since what is known is not taken again."""
        agents = self.settings.transcripts
        if TRANSCRIPTS not in sources and not (agents and "sessions" in sources):
            return
        from verdigris.upkeep.transcripts import TranscriptScrape

        scrape = TranscriptScrape(self.repository, self.log, self.index, report)
        scrape.run(agents, self.progress)
        catch_up(self.log, self.index, self.facts, self.progress)

    def _follow_configuration(self) -> None:
        """Go on with what the configuration says now: a process may live long."""
        settings = load_settings(self.repository.root) if self._configured else self.settings
        if settings == self.settings:
            return
        self.settings = settings
        self._models.close()
        self._models = LoadedModels(settings, self.warnings)
        self.__dict__.pop("_vectors", None)

    def import_issues(self, file: Path) -> ScrapeReport:
        """Take issues from an exported file (`-`: standard input) into log and index.

        Raises ForgeError, Busy.
        """
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
        return AnchorUpkeep(self.repository, self.log, self.index, self.facts)

    def fit_fusion(self) -> FusionReport:
        """Fit the learned fusion to the repository's own commits; serve what measured best.

        Raises StorageError.
        """
        from verdigris.retrieve.fusion_file import write_fusion
        from verdigris.upkeep.fusion_fitting import fit_repository
        from verdigris.upkeep.training_data import cached_questions

        embed = cached_questions(self.embedder, self.vector_cache)
        fitted = fit_repository(self._search, self.index, self.facts, embed, self.progress)
        write_fusion(self.locations.fusion, self.index.meta("fingerprint"), fitted)
        self.__dict__.pop("_search", None)
        return fitted.report

    def refresh_vector_index(self) -> None:
        """Rebuild the nearest-neighbour files of large kinds where they are stale or damaged."""
        files = any(self.locations.folder.glob("*.usearch"))
        if not files and self.index.count("chunks") <= EXACT_LIMIT:
            return  # numpy takes longer to import than everything else here
        from verdigris.store.vector_search import VectorSearch

        with suppress(Busy), refresh_lock(self.locations, SHORT_WAIT):  # whoever has it rebuilds
            VectorSearch(self.index, self.locations.folder).refresh()

    def ask(
        self,
        query: str,
        filters: Filters = NO_FILTERS,
        limit: int = 10,
        lanes: Sequence[str] = (),
        refresh: bool = True,
        patience: float = 0.0,
    ) -> Answer:
        """Answer a question. Refreshes first; embeds only what the answer needs.

        patience: seconds from the start within which further chunks are embedded before the
        answer. Raises QueryError for an empty question or an unknown lane.
        """
        from verdigris.retrieve.lanes import DENSE, LANES, Question
        from verdigris.upkeep.model_swap import FINISH_SWAP, swap_text

        started = time.monotonic()
        if not any(character.isalnum() for character in query):
            raise QueryError('the question is empty; ask one: verdigris scry "why …?"')
        if limit < 1:
            raise QueryError(f"{limit} results cannot be shown; ask for 1 or more")
        if unknown := set(lanes) - set(LANES):
            raise QueryError(f"unknown lane {sorted(unknown)[0]!r}; lanes: {', '.join(LANES)}")
        dense = not lanes or DENSE in lanes
        if dense:
            self._vectors.load_ahead()
        warnings = self.refresh_if_free() if refresh else []
        question = Question(query)
        if dense:
            candidates = partial(self._search.candidates, question, filters)
            self._vectors.embed_for(candidates, started + patience)
        with self.index.snapshot():
            if dense:
                question = self._question(query)
            found = self._search.search(question, filters, limit, lanes or LANES)
            hits = [self._with_issue(hit, dense) for hit in found]
        shown = self._anchors.put_on(hits)
        warnings += [*self.warnings, *self._what_is_left_out()]
        state = self.state(current=refresh and not warnings)
        if state.swap and dense:
            warnings.append(f"{swap_text(state.swap, state.chunks)}; finish: {FINISH_SWAP}")
        return Answer(
            query=query,
            hits=shown,
            state=state,
            warnings=tuple(warnings),
            seconds=time.monotonic() - started,
        )

    def _with_issue(self, hit: Hit, dense: bool) -> Hit:
        """A hit with what is known of the issue; by words, too, where nothing else links it."""
        found = self.issue(hit.document) if hit.kind == "issue" else None
        if found and dense and not found.has_own_commits:
            embed = self._vectors.question_vector
            alike = self._search.similar_commits(found.title, found.created, embed)
            found = replace(found, commits=(*alike, *found.commits))
        return replace(hit, issue=found)

    def issue(self, document: str) -> IssueFacts | None:
        """What is known of `issue:12` or `pr:45`, with its commits and files; None: unknown."""
        found = self.facts.issue_facts(document)
        if found is None:
            return None
        present = self.facts.paths()
        by_commit = self.facts.files_of_commits(commit.sha for commit in found.commits)
        files = [*sorted(set().union(*by_commit.values())), *self.facts.issue_files(document)]
        return replace(found, files=tuple(dict.fromkeys(p for p in files if p in present)))

    def _question(self, text: str) -> Question:
        """A question with its vector, and as projections see it; words alone without vectors."""
        from verdigris.retrieve.lanes import Question

        vector = self._vectors.question_vector(text)
        if vector is None or not self.locations.projections.exists():
            return Question(text, vector)
        return Question(
            text, vector, self._projections.questions(vector, self.index.meta("fingerprint"))
        )

    @cached_property
    def _projections(self) -> ServedProjections:
        from verdigris.upkeep.projecting import ServedProjections

        return ServedProjections(self.locations.projections, self.warnings)

    @property
    def _workshop(self) -> Workshop:
        from verdigris.upkeep.oxidizing import Workshop

        embedder = self.embedder
        return Workshop(
            self.repository.root, self.locations.projections, self.settings.model,
            embedder.fingerprint, self.repository.head, embedder.dims,
        )  # fmt: skip

    def oxidize(self, wishes: Wishes | None = None) -> Oxidized:
        """Learn projections and the lanes' weights from this repository's own history.

        Raises RecipeError, LockMismatch, StorageError.
        """
        from verdigris.upkeep import oxidizing
        from verdigris.upkeep.training_data import cached_questions, read_material

        self.refresh()
        self.embed()
        embed = cached_questions(self.embedder, self.vector_cache)
        read = partial(read_material, self.log, self.index, self.facts, embed)
        wishes = wishes or oxidizing.Wishes()
        return oxidizing.oxidize(self._workshop, read, self.fit_fusion, wishes, self.progress)

    def export_onnx(self, folder: Path) -> list[Exported]:
        """Write what serves as ONNX graphs, verified. Raises LearningError, StorageError."""
        from verdigris.upkeep.exporting import export_onnx

        served = self._projections.served(self.embedder.fingerprint)
        return export_onnx(served, self.embedder, self.settings.model, folder)

    def roll_back(self) -> str:
        """Serve the projections from before the last `oxidize`. Raises LearningError."""
        from verdigris.upkeep.oxidizing import roll_back

        return roll_back(self._workshop)

    def refresh_if_free(self) -> list[str]:
        """Refresh, unless another process does just that; returns a warning then."""
        try:
            self.refresh(wait=SHORT_WAIT if self.index.position else LOCK_SECONDS)
        except Busy as error:
            return [f"{error}; this answer is from the index as it was"]
        return []

    def _what_is_left_out(self) -> list[str]:
        notes = []
        if self.repository.shallow:
            notes.append("shallow clone: older history is missing; git fetch --unshallow")
        if self.repository.submodules:
            names = ", ".join(self.repository.submodules[:3])
            notes.append(f"submodules are not indexed here ({names}); run verdigris inside them")
        return notes

    def state(self, current: bool = False) -> IndexState:
        """What the index holds; unless it is known to be current, also how far it is behind."""
        state = IndexState(
            documents=self.index.count("documents"),
            chunks=self.index.count("chunks"),
            vectors=self.index.count("vectors"),
            swap=self._swap(),
        )
        if current:
            return state
        from verdigris.upkeep.scraping import commits_not_scraped

        changes = pending_files(self.repository, self.log, self.settings.max_file_bytes)
        return replace(
            state,
            commits_behind=commits_not_scraped(self.repository, self.log),
            files_behind=len(changes.changed) + len(changes.gone),
        )

    def _swap(self) -> ModelSwap | None:
        """A model that is not here is told by whoever needs it, not by who looks."""
        from verdigris.upkeep.model_swap import swap_state

        try:
            return swap_state(self.index, self._vectors.wanted)
        except EngineError:
            return None

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
        """Files that projections name for a path, beside those that are known."""
        if not self.locations.projections.exists():
            return ()
        from verdigris.store.vector_search import VectorSearch
        from verdigris.upkeep.prediction import predicted_files

        served = self._projections.served(self.index.meta("fingerprint"))
        search = VectorSearch(self.index, self.locations.folder)
        found = predicted_files(self.index, search, served, path)
        return tuple([one for one in found if one.path not in known][:limit])

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
        from verdigris.evaluate.report import FUSED
        from verdigris.evaluate.run import LaneList, Trial
        from verdigris.retrieve.lanes import lanes_of

        search, filters = self._search, self.filters(query.kinds, before=query.before)
        started = time.perf_counter()
        question = self._question(query.text)
        lanes = lanes_of(question)
        rankings = search.rankings(question, filters, lanes)
        search.hits(question, rankings, 10)
        seconds = time.perf_counter() - started
        lists = [LaneList(FUSED, search.ranked(question, rankings, depth))]
        lists += [LaneList(lane, search.ranked_by(lane, rankings, depth)) for lane in lanes]
        without = [
            LaneList(lane, search.ranked(question, [r for r in rankings if r.lane != lane], depth))
            for lane in lanes
        ]
        return Trial(seconds, lists, without)

    def projection_trial(self, depth: int) -> Callable[[str], list[LaneList]]:
        """What files a question finds raw, by a random and by a trained projection; trains it."""
        from verdigris.upkeep.projection_trial import projection_trial
        from verdigris.upkeep.training_data import cached_questions, read_material

        embed = cached_questions(self.embedder, self.vector_cache)
        return projection_trial(read_material(self.log, self.index, self.facts, embed), depth)

    def documents_named(self, name: str) -> list[str]:
        """Documents of the index that a path, `commit:SHA` or part of a hash may mean."""
        return self._search.documents_named(name)

    def status(self) -> Status:
        """Counts and positions; reads the work tree, changes nothing."""
        changes = pending_files(self.repository, self.log, self.settings.max_file_bytes)
        return Status(
            root=self.repository.root,
            branch=self.repository.branch,
            head=self.repository.head,
            shallow=self.repository.shallow,
            submodules=self.repository.submodules,
            state=self.state(),
            documents=self.index.counts_by("kind"),
            parsers=self.index.counts_by("parser"),
            not_parsed=self.facts.not_parsed(),
            events=self.log.counts(),
            skipped=dict(changes.skipped),
            settings=self.settings,
            moments=tuple(self.facts.moments()),
            learned=self._learned(),
        )

    def _learned(self) -> Learned | None:
        if not (self.repository.root / STATE_FOLDER / OXIDIZE_LOCK).exists():
            return None
        from verdigris.upkeep.oxidizing import learned

        return learned(self.repository.root, self.locations.projections)

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
        for made_from_it in ("_search", "_vectors"):
            self.__dict__.pop(made_from_it, None)
