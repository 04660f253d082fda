"""The room of learning: what one work tree teaches; what came of it lies in `served.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from verdigris.engine import Embedder
from verdigris.evaluate.run import LaneList
from verdigris.event_log import EventLog
from verdigris.learn.examples import EmbedTexts
from verdigris.learn.lock import FusionLock, Lock
from verdigris.learn.material import Material
from verdigris.learn.recipe import Recipe, read_recipe
from verdigris.retrieve.search import Search
from verdigris.settings import OXIDIZE_RECIPE, STATE_FOLDER
from verdigris.store.index import Index
from verdigris.store.vector_cache import VectorCache
from verdigris.store.vector_search import VectorSearch
from verdigris.upkeep.exporting import Exported, export_onnx
from verdigris.upkeep.fusion_fitting import (
    FusionExamples,
    fit_questions,
    fit_weights,
)
from verdigris.upkeep.locations import Locations
from verdigris.upkeep.oxidizing import Oxidized, Wishes, oxidize
from verdigris.upkeep.progress import Progress
from verdigris.upkeep.projection_trial import projection_trial
from verdigris.upkeep.publishing import Workshop, roll_back
from verdigris.upkeep.served import Served
from verdigris.upkeep.training_data import cached_questions, read_material
from verdigris.views import Facts


@dataclass(frozen=True, slots=True)
class LearningSources:
    """What is learned from, and the model and cache that turn texts into vectors."""

    log: EventLog
    index: Index
    facts: Facts
    embedder: Callable[[], Embedder]
    cache: Callable[[], VectorCache | None]
    follow_imports: Callable[[], None]

    def read(self) -> Material:
        """Everything that pairs are made from. Raises StorageError."""
        self.follow_imports()
        return read_material(self.log, self.index, self.facts, self.questions())

    def questions(self) -> EmbedTexts:
        """Embeds texts as questions, through the cache. Raises EngineError."""
        return cached_questions(self.embedder(), self.cache())


class Learning:
    """Trains projections and the lanes' weights of one work tree, and takes them back."""

    def __init__(
        self, root: Path, locations: Locations, sources: LearningSources, served: Served
    ) -> None:
        self._root = root
        self._locations = locations
        self._sources = sources
        self._served = served

    def oxidize(self, model: str, head: str, wishes: Wishes, progress: Progress) -> Oxidized:
        """Learn from an index that is up to date, and put what won into service.

        model: as configured. head: the commit that the lock names. Raises RecipeError,
        LockMismatch, StorageError.
        """
        fit_lanes = partial(self._fit_lanes, progress)
        return oxidize(self._workshop(model, head), self._sources.read, fit_lanes, wishes, progress)

    def roll_back(self, model: str, head: str) -> Lock | None:
        """Serve what served before the last `oxidize`, and return its lock; None: nothing learned.

        Raises LearningError.
        """
        return roll_back(self._workshop(model, head))

    def _workshop(self, model: str, head: str) -> Workshop:
        embedder = self._sources.embedder()
        return Workshop(
            self._root, self._locations, model, embedder.fingerprint, head, embedder.dims,
        )  # fmt: skip

    def _fit_lanes(self, progress: Progress, material: Material) -> FusionLock:
        vectors = VectorSearch(material.index, self._locations.folder)
        search = Search(material.index, vectors, material.facts)
        examples = FusionExamples(search, material)
        lanes = fit_weights(examples.described(examples.of_commits(), progress))
        asked = examples.described(examples.of_questions(), progress)
        return replace(lanes, questions=fit_questions(asked, lanes.weights))

    def export_onnx(self, model: str, folder: Path) -> list[Exported]:
        """Write what serves as ONNX graphs, verified. Raises LearningError, StorageError."""
        embedder = self._sources.embedder()
        served = self._served.projections()
        fitting = [one for one in served if one.fingerprint == embedder.fingerprint]
        return export_onnx(fitting, embedder, model, folder)

    def recipe(self) -> Recipe:
        """The repository's recipe, or the default. Raises RecipeError."""
        return read_recipe(self._root / STATE_FOLDER / OXIDIZE_RECIPE)

    def trial(self, recipe: Recipe, depth: int) -> Callable[[str], list[LaneList]]:
        """What files a question finds raw, by a random and by a trained projection; trains it."""
        return projection_trial(self._sources.read(), recipe, depth)
