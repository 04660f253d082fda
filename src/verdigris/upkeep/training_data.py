"""What training reads: files, commits and texts of one repository, each text embedded once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from verdigris.event_log import EventLog
from verdigris.learn.examples import EmbedTexts, commit_examples, file_vectors
from verdigris.learn.material import Material
from verdigris.learn.network import Array
from verdigris.store.index import Index
from verdigris.store.vector_cache import VectorCache
from verdigris.views import Facts

if TYPE_CHECKING:
    from verdigris.engine import Embedder


def read_material(log: EventLog, index: Index, facts: Facts, embed: EmbedTexts) -> Material:
    """Everything that pairs are made from, as the index has it now. Raises StorageError."""
    files = file_vectors(index)
    commits = commit_examples(index, facts, files)
    vectors = embed([commit.subject for commit in commits])
    return Material(index, facts, log, files, commits, vectors, embed)


def cached_questions(embedder: Embedder, cache: VectorCache | None) -> EmbedTexts:
    """Embeds texts as questions, through the user's cache of vectors.

    The cache keeps float16, so vectors are rounded to it always: the same text, the same vector.
    """

    def embed(texts: Sequence[str]) -> Array:
        hashes = [hashlib.sha256(f"query\0{text}".encode()).digest()[:16] for text in texts]
        known = cache.get(embedder.fingerprint, hashes) if cache else {}
        missing = {key: text for key, text in zip(hashes, texts, strict=True) if key not in known}
        vectors = embedder.embed(missing.values(), "query")
        fresh = {
            key: vector.astype("<f2").tobytes()
            for key, vector in zip(missing, vectors, strict=True)
        }
        if cache and fresh:
            cache.put(embedder.fingerprint, fresh.items())
        known |= fresh
        rows = b"".join(known[key] for key in hashes)
        return np.frombuffer(rows, "<f2").astype(np.float32).reshape(len(texts), embedder.dims)

    return embed
