"""Keeps an index's vectors: embeds what lacks one, and swaps the model while the old one serves."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from verdigris.database import remove_database
from verdigris.errors import Busy, CorruptDatabase, EngineError, StorageError
from verdigris.frozen_dataclass import dataclass
from verdigris.store.index import EXACT_LIMIT, Index
from verdigris.store.vector_sets import PendingChunk, VectorSets, VectorSpace
from verdigris.upkeep.embedding import embed_pending, recall, vector_space
from verdigris.upkeep.loaded_models import LoadedModels
from verdigris.upkeep.locations import Locations
from verdigris.upkeep.locking import refresh_lock
from verdigris.upkeep.model_swap import FINISH_SWAP
from verdigris.upkeep.progress import Progress

if TYPE_CHECKING:
    from verdigris.engine import Embedder
    from verdigris.engine.pooling import Array
    from verdigris.store.vector_cache import VectorCache
    from verdigris.store.vector_search import ProjectedSet

FEW_CHUNKS = 150
"""Up to this many new chunks are embedded before an answer without further thought: < 0.5 s."""
CANDIDATE_SECONDS = 0.8
"""How long an answer waits for vectors of what words found; later answers find the rest of them."""
_EMBEDDED_AT_ONCE = 16
"""So many passages of code take about as long as a third of that."""
_SHORT_WAIT = 0.5


@dataclass(frozen=True, slots=True)
class VectorSources:
    """Where vectors come from: the chosen model, loaded models, and the cache if there is one."""

    model: str
    models: LoadedModels
    open_cache: Callable[[], VectorCache | None]


class VectorUpkeep:
    """Gives the passages of an index their vectors.

    While the set of a newly chosen model is being made, the earlier set answers, with questions
    embedded by its own model. A set whose model is no longer here cannot answer: the next one
    then takes its place at once, however far it is. `warnings` collects what a user should know.
    """

    def __init__(
        self, index: Index, sources: VectorSources, progress: Progress, warnings: list[str]
    ) -> None:
        self.sets = VectorSets(index)
        self._index = index
        self._sources = sources
        self._progress = progress
        self._warnings = warnings

    @cached_property
    def wanted(self) -> VectorSpace:
        """The space of the chosen model. Raises EngineError for a model that is not here."""
        return vector_space(self._sources.model)

    def load_ahead(self) -> None:
        """Begin to load the model that the next question probably needs."""
        serving = self.sets.serving
        swaps_now = self._index.count("chunks") <= FEW_CHUNKS
        model = self._sources.model if serving is None or swaps_now else serving.model
        self._sources.models.begin(model or self._sources.model)

    def embed_all(self) -> int:
        """Give all chunks a vector of the chosen model, which then serves. Returns how many.

        Interrupted, it keeps what it has, and the next call goes on. Raises EngineError.
        """
        self.sets.choose(self.wanted)
        before = self.sets.serving
        done = self._embed(self.wanted)
        if self.sets.swap() and before:
            self._warnings.append(
                f"all passages now have vectors of {self.wanted.model}; "
                f"those of {before.model} were dropped"
            )
        return done

    def embed_for(self, candidates: Callable[[], Sequence[int]]) -> None:
        """Embed what an answer needs: all if few chunks lack a vector, else the best candidates.

        candidates: gives the chunks that are worth a vector first. Raises EngineError.
        """
        self.sets.choose(self.wanted)
        if self.sets.building and self.sets.missing(self.wanted) <= FEW_CHUNKS:
            self.embed_all()
        serving = self._able_to_serve()
        if self.sets.missing(serving) > FEW_CHUNKS:
            self._embed_few(serving, candidates())
        elif self.sets.missing(serving):
            self._embed(serving)

    def _embed_few(self, serving: VectorSpace, candidates: Sequence[int]) -> None:
        """Candidates get vectors within their time; what the cache has takes no time.

        Looking everything up is worth it only where some are known: then another index was here.
        """
        if self._recall(serving, candidates):
            self._recall(serving)
        self._sources.models.get(serving.model)  # its loading is not what is bounded
        end = time.monotonic() + CANDIDATE_SECONDS
        pending = self.sets.pending(serving, candidates)
        while time.monotonic() < end and (part := list(islice(pending, _EMBEDDED_AT_ONCE))):
            self._embed(serving, part)

    def _able_to_serve(self) -> VectorSpace:
        """The serving set; the next one in its place where the serving set's model is gone."""
        serving = self.sets.serving or self.wanted
        if serving.fingerprint != self.wanted.fingerprint and self._embedder(serving) is None:
            self._warnings.append(
                f"the model of the earlier vectors ({serving.model or 'unknown'}) is not on this "
                f"machine or has changed, so they were dropped; all passages get vectors of "
                f"{self.wanted.model} with: {FINISH_SWAP}"
            )
            self.sets.swap(complete=False)
            return self.wanted
        return serving

    def _embedder(self, space: VectorSpace) -> Embedder | None:
        """The model of an earlier set; None where it cannot be loaded or is another by now."""
        try:
            embedder = self._sources.models.get(space.model)
        except EngineError:
            return None
        return embedder if embedder.fingerprint == space.fingerprint else None

    def _recall(self, space: VectorSpace, chunk_ids: Sequence[int] | None = None) -> int:
        """Take the vectors of these chunks, or of all, that the cache has; returns how many."""
        cache = self._sources.open_cache()
        if cache is None:
            return 0
        pending = list(self.sets.pending(space, chunk_ids))
        return len(pending) - len(recall(self.sets, cache, space.fingerprint, pending))

    def _embed(self, space: VectorSpace, chunks: Sequence[PendingChunk] | None = None) -> int:
        """Embed these chunks, or all that have no vector of this space."""
        pending = list(self.sets.pending(space)) if chunks is None else chunks
        if not pending:
            return 0
        embedder = self._sources.models.get(space.model)
        cache = self._sources.open_cache()
        return embed_pending(self.sets, cache, embedder, self._progress, pending)

    def question_vector(self, text: str) -> Array | None:
        """A question's vector (dims,), comparable with the serving ones; None where none can be.

        To be called in the snapshot of the index in which is searched: another process may swap.
        """
        serving = self.sets.serving
        if serving is None:
            return None
        if serving.fingerprint == self.wanted.fingerprint:
            return self._sources.models.get(self.wanted.model).embed_query(text)
        embedder = self._embedder(serving)
        return embedder.embed_query(text) if embedder else None

    def refresh_files(
        self, locations: Locations, projected: Callable[[], Sequence[ProjectedSet]]
    ) -> None:
        """Rebuild the nearest-neighbour files of large kinds where they are stale or damaged.

        projected: tells the sets that projections ask for.
        """
        files = any(locations.folder.glob("*.usearch"))
        if not files and self._index.count("chunks") <= EXACT_LIMIT:
            return  # numpy takes longer to import than everything else here
        from verdigris.store.vector_search import VectorSearch

        with suppress(Busy), refresh_lock(locations, _SHORT_WAIT):  # whoever has it rebuilds
            VectorSearch(self._index, locations.folder).refresh(projected())


def open_vector_cache(path: Path, warnings: list[str]) -> VectorCache | None:
    """The user's cache of vectors; None, with a warning, where it cannot be used."""
    from verdigris.store.vector_cache import VectorCache

    try:
        return VectorCache(path)
    except CorruptDatabase:
        warnings.append(f"{path} was damaged; it is begun anew")
        remove_database(path)
        return VectorCache(path)
    except StorageError as error:
        mend = f"name another folder for {path}: VERDIGRIS_CACHE_DIR=FOLDER"
        warnings.append(f"no vector cache ({str(error).partition(';')[0]}); {mend}")
        return None
