"""What `oxidize` put into service: weights of the fusion and projections, checked and applied."""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING

from verdigris.errors import InvalidProjection, StorageError
from verdigris.retrieve.fusion_file import read_fusion
from verdigris.retrieve.lanes import ProjectedQuestion
from verdigris.retrieve.learned_fusion import FusionWeights, prior_weights
from verdigris.store.index import Index
from verdigris.store.vector_search import VectorSearch
from verdigris.upkeep.locations import Locations
from verdigris.views import Prediction

if TYPE_CHECKING:
    from verdigris.engine.pooling import Array
    from verdigris.learn.artifacts import ServedProjection
    from verdigris.learn.pair_sources import Target


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
        self._loaded: list[ServedProjection] = []
        self._state: tuple[int, str] | None = None

    def fusion_weights(self) -> FusionWeights | None:
        """Weights fitted to this repository, else those of others; None for the fixed fusion."""
        try:
            return read_fusion(self._locations.fusion, self._index.meta("fingerprint")).weights
        except StorageError as error:
            self._warnings.append(f"{error}; until then the package's weights serve")
            return prior_weights()

    def projected(self, vector: Array) -> tuple[ProjectedQuestion, ...]:
        """A question's vector (dims,), comparable with the index's, as every projection sees it
        that won a task of questions."""
        return tuple(
            ProjectedQuestion(
                one.name,
                target,
                one.projection(vector[None])[0],
                one.projection if one.side == "shared" else None,
            )
            for one in self.projections(self._index.meta("fingerprint"))
            for target in _targets(one)
        )

    def predicted(self, path: str, known: Set[str], limit: int) -> tuple[Prediction, ...]:
        """Files that projections name for a path, beside those that are known."""
        from verdigris.upkeep.prediction import predicted_files

        served = self.projections(self._index.meta("fingerprint"))
        vectors = VectorSearch(self._index, self._locations.folder)
        found = predicted_files(self._index, vectors, served, path)
        return tuple([one for one in found if one.path not in known][:limit])

    def projections(self, fingerprint: str) -> list[ServedProjection]:
        """All projections in service, for vectors of the model of `fingerprint`."""
        if not self._locations.projections.exists():
            return []
        from verdigris.learn.artifacts import SERVED

        try:
            state = ((self._locations.projections / SERVED).stat().st_mtime_ns, fingerprint)
        except OSError:
            return []
        if state != self._state:
            self._state = state
            self._loaded = self._load(fingerprint)
        return self._loaded

    def _load(self, fingerprint: str) -> list[ServedProjection]:
        from verdigris.learn.artifacts import load_served

        try:
            return load_served(self._locations.projections, fingerprint)
        except InvalidProjection as error:
            self._warnings.append(f"{error}; until then raw vectors answer")
            return []


def _targets(one: ServedProjection) -> list[Target]:
    """What texts are compared with, for the tasks that a projection won: files, passages."""
    from verdigris.learn.pair_sources import SOURCES

    won = [SOURCES[name] for name in one.won if name in SOURCES]
    return sorted({source.target for source in won if source.asks == "text"})
