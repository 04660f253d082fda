"""Give chunks their vectors: from the user's cache where the text is known, else from the model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from verdigris.store.vector_cache import VectorCache
from verdigris.store.vector_sets import ChunkVector, PendingChunk, VectorSets, VectorSpace
from verdigris.upkeep.progress import Progress

if TYPE_CHECKING:
    from verdigris.engine import Embedder

_STORED_AT_ONCE = 256
_LOOKED_UP_AT_ONCE = 2_000


def vector_space(model: str) -> VectorSpace:
    """What a model's vectors may be compared with; loads no weights. Raises EngineError."""
    from verdigris.engine.catalog import model_row
    from verdigris.engine.model_store import find_model

    return VectorSpace(model, find_model(model_row(model)).fingerprint())


def embed_pending(
    sets: VectorSets,
    cache: VectorCache | None,
    embedder: Embedder,
    progress: Progress,
    pending: Iterable[PendingChunk],
) -> int:
    """Store a vector for each pending chunk; returns how many. Equal texts are inferred once.

    What was embedded is stored even when an exception (Ctrl-C) ends the run, so the next one goes
    on from there.
    """
    chunks = list(pending)
    progress.start("embedding", len(chunks))
    unknown = recall(sets, cache, embedder.fingerprint, chunks) if cache else chunks
    known = len(chunks) - len(unknown)
    progress.advance(known)
    done = _infer(sets, cache, embedder, progress, unknown)
    progress.finish()
    return known + done


def recall(
    sets: VectorSets, cache: VectorCache, fingerprint: str, pending: Iterable[PendingChunk]
) -> list[PendingChunk]:
    """Store the vectors that the cache has for pending chunks; returns the other chunks."""
    unknown: list[PendingChunk] = []
    for part in _parts(pending, _LOOKED_UP_AT_ONCE):
        known = cache.get(fingerprint, [chunk.text_hash for chunk in part])
        found = [
            ChunkVector(chunk.chunk_id, chunk.text_hash, known[chunk.text_hash])
            for chunk in part
            if chunk.text_hash in known
        ]
        if found:
            sets.add(fingerprint, found)
        unknown += [chunk for chunk in part if chunk.text_hash not in known]
    return unknown


def _infer(
    sets: VectorSets,
    cache: VectorCache | None,
    embedder: Embedder,
    progress: Progress,
    chunks: list[PendingChunk],
) -> int:
    equal: dict[bytes, list[PendingChunk]] = {}
    for chunk in chunks:
        equal.setdefault(chunk.text_hash, []).append(chunk)
    texts = (same[0].embedded_text for same in equal.values())
    fresh: list[ChunkVector] = []
    done = 0
    try:
        for same, values in zip(equal.values(), embedder.embed(texts), strict=True):
            vector = values.astype("<f2").tobytes()
            fresh += [ChunkVector(chunk.chunk_id, chunk.text_hash, vector) for chunk in same]
            if len(fresh) >= _STORED_AT_ONCE:
                stored, fresh = fresh, []
                _store(sets, cache, embedder.fingerprint, stored)
                done += len(stored)
                progress.advance(len(stored))
    finally:
        _store(sets, cache, embedder.fingerprint, fresh)
    progress.advance(len(fresh))
    return done + len(fresh)


def _store(
    sets: VectorSets, cache: VectorCache | None, fingerprint: str, fresh: list[ChunkVector]
) -> None:
    """Into the cache first: what another process has made superfluous here may serve there."""
    if not fresh:
        return
    if cache:
        cache.put(fingerprint, ((one.text_hash, one.vector) for one in fresh))
    sets.add(fingerprint, fresh)


def _parts(chunks: Iterable[PendingChunk], size: int) -> Iterator[list[PendingChunk]]:
    source = iter(chunks)
    while part := list(islice(source, size)):
        yield part
