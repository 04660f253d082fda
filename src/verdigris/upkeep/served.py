"""What `oxidize` put into service: weights of the fusion and projections, checked and applied."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verdigris.errors import InvalidProjection, StorageError
from verdigris.retrieve.fusion_file import read_fusion
from verdigris.retrieve.lanes import ProjectedQuestion
from verdigris.retrieve.learned_fusion import FusionWeights, prior_weights
from verdigris.store.index import Index
from verdigris.store.vector_search import ProjectedSet, VectorSearch
from verdigris.upkeep.locations import Locations
from verdigris.views import Prediction

if TYPE_CHECKING:
    from verdigris.engine.pooling import Array
    from verdigris.learn.artifacts import ServedProjection
    from verdigris.learn.pair_sources import Target


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What was read, and of which state: when the folder changed, and the vectors' fingerprint."""

    state: tuple[int, str]
    projections: list[ServedProjection]
    weights: FusionWeights


class Served:
    """Applies what was learned to one index; follows it when another process changes it.

    What is damaged, or of another model, is left out with a warning: raw vectors and the
    package's weights serve then. What trains is imported only where something was trained: it
    takes longer than a question.
    """

    def __init__(self, index: Index, locations: Locations, warnings: list[str]) -> None:
        self._index = index
        self._locations = locations
        self._warnings = warnings
        self._loaded: _Loaded | None = None

    @property
    def anything(self) -> bool:
        """Whether anything that was learned here is in service."""
        return bool(self.projections()) or self.fusion_weights() != prior_weights()

    def fusion_weights(self) -> FusionWeights:
        """Weights fitted to this repository, else those of others."""
        found = self._current()
        return found.weights if found else prior_weights()

    def projections(self) -> list[ServedProjection]:
        """All projections in service, for the vectors of the index."""
        found = self._current()
        return found.projections if found else []

    def projected(self, vector: Array) -> tuple[ProjectedQuestion, ...]:
        """A question's vector (dims,) as the projections see it that won a task of questions."""
        return tuple(
            ProjectedQuestion(one.projection(vector[None])[0], _answers(one, target))
            for one in self.projections()
            for target in _targets(one)
        )

    def predicted(self, path: str, known: Set[str], limit: int) -> tuple[Prediction, ...]:
        """Files that projections name for a path, beside those that are known."""
        from verdigris.upkeep.prediction import predicted_files

        vectors = VectorSearch(self._index, self._locations.folder)
        found = predicted_files(self._index, vectors, self.projections(), path)
        return tuple([one for one in found if one.path not in known][:limit])

    def answers(self) -> list[ProjectedSet]:
        """What projected questions are compared with."""
        return [_answers(one, target) for one in self.projections() for target in _targets(one)]

    def _current(self) -> _Loaded | None:
        """What lies in the folder now; None where nothing was trained."""
        try:
            changed = self._locations.served.stat().st_mtime_ns
        except OSError:
            return None
        state = (changed, self._index.meta("fingerprint"))
        if self._loaded is None or self._loaded.state != state:
            self._loaded = _Loaded(state, self._projections(state[1]), self._weights(state[1]))
        return self._loaded

    def _projections(self, fingerprint: str) -> list[ServedProjection]:
        from verdigris.learn.artifacts import load_served

        try:
            return load_served(self._locations.projections, fingerprint)
        except InvalidProjection as error:
            self._warnings.append(f"{error}; until then raw vectors answer")
            return []

    def _weights(self, fingerprint: str) -> FusionWeights:
        from verdigris.learn.artifacts import FUSION, served_hashes

        folder = self._locations.projections
        try:
            return read_fusion(folder / FUSION, fingerprint, served_hashes(folder).get(FUSION, ""))
        except (InvalidProjection, StorageError) as error:
            self._warnings.append(f"{error}; until then the package's weights serve")
            return prior_weights()


def _answers(one: ServedProjection, target: Target) -> ProjectedSet:
    """What a projected question is compared with."""
    if one.side == "query":
        return ProjectedSet(target)
    return ProjectedSet(target, one.name, one.sha256, one.projection)


def _targets(one: ServedProjection) -> list[Target]:
    """What texts are compared with, for the tasks that a projection won: files, passages."""
    from verdigris.learn.pair_sources import SOURCES

    won = [SOURCES[name] for name in one.won if name in SOURCES]
    return sorted({source.target for source in won if source.asks == "text"})
