"""Chunks get their vectors: equal texts once, cached ones without the model, in the end all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import GitFolder

from verdigris.chunking import chunk_document
from verdigris.engine import Embedder
from verdigris.knowledge_base import KnowledgeBase
from verdigris.records import DOCUMENT_SEEN, Event, Lines, SeenDetails
from verdigris.store.index import Index
from verdigris.store.vector_cache import VectorCache
from verdigris.store.vector_sets import VectorSets, VectorSpace
from verdigris.upkeep.embedding import embed_pending
from verdigris.upkeep.indexing import open_index
from verdigris.upkeep.progress import Silent
from verdigris.upkeep.vector_upkeep import FEW_CHUNKS

TEXTS = ["an owl", "a badger", "an owl", "a heron", "an owl"]


class Listening(Embedder):
    """The real model, which remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def embed(self, texts: Iterable[str], *args: object, **kwargs: object) -> Iterator[np.ndarray]:
        def heard() -> Iterator[str]:
            for text in texts:
                self.asked.append(text)
                yield text

        return super().embed(heard())


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    opened = open_index(tmp_path / "index.db")
    seen = Event(DOCUMENT_SEEN, "commit:1", "v", details=SeenDetails("commit"))
    content = [
        Event("commit.message", "commit:1", "v", text=text, lines=Lines(number, number))
        for number, text in enumerate(TEXTS, start=1)
    ]
    with opened.transaction():
        opened.add_document(seen, chunk_document(seen, content))
    yield opened
    opened.close()


def embed(index: Index, cache: VectorCache | None) -> list[str]:
    with Listening() as embedder:
        sets, space = VectorSets(index), VectorSpace("model", embedder.fingerprint)
        sets.choose(space)
        embed_pending(sets, cache, embedder, Silent(), sets.pending(space))
        return embedder.asked


def test_equal_texts_are_inferred_once_and_all_get_the_vector(index: Index) -> None:
    assert embed(index, None) == ["an owl", "a badger", "a heron"]
    assert index.count("vectors") == 5
    vectors = dict(index.connection.execute("SELECT chunk_id, vector FROM vectors").fetchall())
    assert vectors[1] == vectors[3] == vectors[5] != vectors[2]


def test_what_the_cache_knows_is_not_inferred(index: Index, tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "vectors.db")
    embed(index, cache)
    index.clear()
    seen = Event(DOCUMENT_SEEN, "commit:2", "v", details=SeenDetails("commit"))
    texts = [Event("commit.message", "commit:2", "v", text=text) for text in ("an owl", "an otter")]
    with index.transaction():
        index.add_document(seen, chunk_document(seen, texts))
    assert embed(index, cache) == ["an otter"]
    assert index.count("vectors") == 2
    cache.close()


def test_a_new_index_has_all_known_vectors_before_its_first_answer(
    make_git: Callable[[str], GitFolder],
) -> None:
    folder = make_git("many")
    notes = "\n\n".join(f"## Note {number}\n\nTea of kind {number}." for number in range(160))
    folder.write("notes.md", notes)
    folder.commit("Write notes")
    with KnowledgeBase(folder.root) as opened:
        opened.refresh()
        opened.embed()
        chunks = opened.state(current=True).chunks
        assert chunks > FEW_CHUNKS
        opened.rebuild()
        assert opened.state(current=True).vectors == 0
        assert opened.ask("tea of kind 7").state.vectors == chunks
