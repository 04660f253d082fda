"""One set of vectors serves, another is built beside it, and takes its place in one step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from verdigris.chunking import chunk_document
from verdigris.errors import FingerprintMismatch
from verdigris.records import DOCUMENT_SEEN, Event, Lines, SeenDetails
from verdigris.store.index import Index
from verdigris.store.vector_sets import ChunkVector, VectorSets, VectorSpace

OLD, NEW, OTHER = (VectorSpace(name, f"{name}-print") for name in ("old", "new", "other"))


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with closing(Index(tmp_path / "index.db")) as one:
        yield one


@pytest.fixture
def sets(index: Index) -> VectorSets:
    one = VectorSets(index)
    one.choose(OLD)
    return one


def put(index: Index, name: str, *texts: str) -> None:
    """A document in the place of any earlier one of that name."""
    seen = Event(DOCUMENT_SEEN, name, "1", details=SeenDetails("doc", "Title"))
    content = [
        Event("doc.section", name, "1", text, Lines(line, line), f"Part {line}")
        for line, text in enumerate(texts, start=1)
    ]
    with index.transaction():
        index.remove_document(name)
        index.add_document(seen, chunk_document(seen, content))


def fill(sets: VectorSets, space: VectorSpace, value: bytes, limit: int = 99) -> None:
    pending = list(sets.pending(space))[:limit]
    sets.add(space.fingerprint, [ChunkVector(c.chunk_id, c.text_hash, value) for c in pending])


def served(index: Index) -> set[bytes]:
    return {row[0] for row in index.connection.execute("SELECT vector FROM vectors")}


def test_what_is_to_embed_is_what_has_no_vector(index: Index, sets: VectorSets) -> None:
    put(index, "tea.md", "one", "two")
    first, second = sets.pending(OLD)
    assert first.embedded_text.endswith("one")
    sets.add(OLD.fingerprint, [ChunkVector(first.chunk_id, first.text_hash, b"v")])
    assert list(sets.pending(OLD)) == [second]
    assert list(sets.pending(OLD, [first.chunk_id, second.chunk_id, 99])) == [second]
    assert sets.missing(OLD) == 1
    fill(sets, OLD, b"w")
    assert sets.missing(OLD) == 0


def test_a_replaced_document_takes_its_vectors_with_it(index: Index, sets: VectorSets) -> None:
    put(index, "tea.md", "one")
    fill(sets, OLD, b"v")
    sets.choose(NEW)
    fill(sets, NEW, b"w")
    put(index, "tea.md", "two")
    assert (index.count("vectors"), index.count("next_vectors")) == (0, 0)


def test_a_chunk_id_is_never_used_again(index: Index, sets: VectorSets) -> None:
    put(index, "tea.md", "one")
    old = next(sets.pending(OLD))
    put(index, "tea.md", "two")
    assert next(sets.pending(OLD)).chunk_id > old.chunk_id


def test_late_vectors_of_chunks_that_went_are_left_out(index: Index, sets: VectorSets) -> None:
    put(index, "tea.md", "one")
    late = [ChunkVector(c.chunk_id, c.text_hash, b"v") for c in sets.pending(OLD)]
    index.clear()
    sets.choose(OLD)
    put(index, "coffee.md", "two")
    sets.add(OLD.fingerprint, late)
    assert index.count("vectors") == 0


def test_dropping_vectors_tells_their_text_hashes(index: Index, sets: VectorSets) -> None:
    put(index, "tea.md", "one", "two")
    chunk = next(sets.pending(OLD))
    fill(sets, OLD, b"v")
    assert sets.drop([chunk.chunk_id, 99]) == [chunk.text_hash]
    assert list(sets.pending(OLD)) == [chunk]


def test_another_model_serves_only_when_its_set_is_complete(index: Index, sets: VectorSets) -> None:
    put(index, "tea.md", "one", "two")
    fill(sets, OLD, b"v")
    sets.choose(NEW)
    assert (sets.serving, sets.building) == (OLD, NEW)
    fill(sets, NEW, b"w", limit=1)
    assert not sets.swap()
    assert served(index) == {b"v"}
    fill(sets, NEW, b"w")
    assert sets.swap()
    assert (sets.serving, sets.building) == (NEW, None)
    assert served(index) == {b"w"}
    assert index.count("next_vectors") == 0
    assert not sets.swap()
    with pytest.raises(FingerprintMismatch, match="verdigris scrape"):
        sets.add(OLD.fingerprint, [])


def test_a_passage_that_came_meanwhile_holds_the_swap_up(index: Index, sets: VectorSets) -> None:
    put(index, "tea.md", "one")
    fill(sets, OLD, b"v")
    sets.choose(NEW)
    fill(sets, NEW, b"w")
    put(index, "coffee.md", "two")
    assert not sets.swap()
    assert (sets.missing(OLD), sets.missing(NEW)) == (1, 1)
    assert sets.swap(complete=False)
    assert served(index) == {b"w"}


def test_going_back_ends_the_building(index: Index, sets: VectorSets) -> None:
    put(index, "tea.md", "one")
    fill(sets, OLD, b"v")
    sets.choose(NEW)
    fill(sets, NEW, b"w")
    sets.choose(OLD)
    assert (sets.serving, sets.building) == (OLD, None)
    assert (served(index), index.count("next_vectors")) == ({b"v"}, 0)
    with pytest.raises(FingerprintMismatch):
        sets.add(NEW.fingerprint, [])


def test_a_third_model_begins_its_set_anew_and_the_first_serves_on(
    index: Index, sets: VectorSets
) -> None:
    put(index, "tea.md", "one")
    fill(sets, OLD, b"v")
    sets.choose(NEW)
    fill(sets, NEW, b"w")
    sets.choose(OTHER)
    assert (sets.serving, sets.building) == (OLD, OTHER)
    assert index.count("next_vectors") == 0
    sets.choose(OTHER)
    assert served(index) == {b"v"}


def test_a_model_serves_at_once_where_there_is_no_vector(sets: VectorSets) -> None:
    sets.choose(NEW)
    assert (sets.serving, sets.building) == (NEW, None)


def test_the_same_vectors_under_another_name_are_kept(index: Index, sets: VectorSets) -> None:
    put(index, "tea.md", "one")
    fill(sets, OLD, b"v")
    renamed = VectorSpace("/models/old", OLD.fingerprint)
    sets.choose(renamed)
    assert (sets.serving, sets.building, served(index)) == (renamed, None, {b"v"})


def test_where_the_serving_vectors_went_the_next_set_serves_and_none_is_built(
    index: Index, sets: VectorSets
) -> None:
    put(index, "tea.md", "one")
    fill(sets, OLD, b"v")
    sets.choose(NEW)
    put(index, "tea.md", "two")
    sets.choose(VectorSpace("/models/new", NEW.fingerprint))
    assert sets.building is None
    assert sets.serving == VectorSpace("/models/new", NEW.fingerprint)
