"""Nearest vectors are right, whether compared one by one or found through an index file."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from verdigris.chunking import chunk_document
from verdigris.records import DOCUMENT_SEEN, Event, Lines, SeenDetails
from verdigris.store.index import Index
from verdigris.store.neighbour_file import Scores
from verdigris.store.vector_search import ProjectedSet, VectorSearch
from verdigris.store.vector_sets import ChunkVector, VectorSets, VectorSpace

FINGERPRINT = "test-space"
DIMS = 32


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    opened = Index(tmp_path / "index.db")
    yield opened
    opened.close()


def fill(index: Index, count: int, seed: int = 1) -> Scores:
    """Put `count` one-chunk documents in, with random unit vectors of shape (count, DIMS)."""
    random = np.random.default_rng(seed).normal(size=(count, DIMS))
    norms = np.linalg.norm(random, axis=1, keepdims=True)
    vectors: Scores = np.divide(random, norms).astype(np.float32)
    start = index.count("documents")
    with index.transaction():
        for number in range(start, start + count):
            seen = Event(DOCUMENT_SEEN, f"a{number}.py", "v", details=SeenDetails("code"))
            text = Event("code.text", seen.document, "v", text=f"text {number}", lines=Lines(1, 1))
            index.add_document(seen, chunk_document(seen, [text]))
    sets, space = VectorSets(index), VectorSpace("model", FINGERPRINT)
    sets.choose(space)
    pending = list(sets.pending(space))
    sets.add(
        FINGERPRINT,
        [
            ChunkVector(chunk.chunk_id, chunk.text_hash, vector.astype("<f2").tobytes())
            for chunk, vector in zip(pending, vectors, strict=True)
        ],
    )
    return vectors


def test_exact_search_finds_each_vector_itself_first(index: Index, tmp_path: Path) -> None:
    vectors = fill(index, 50)
    search = VectorSearch(index, tmp_path)
    for position in range(50):
        found = search.nearest("code", vectors[position], 3, None)
        assert found.ids[0] == position + 1
        assert found.scores[0] == pytest.approx(1, abs=2e-3)
        assert list(found.scores) == sorted(found.scores, reverse=True)


def test_a_filter_leaves_only_what_it_allows(index: Index, tmp_path: Path) -> None:
    vectors = fill(index, 50)
    search = VectorSearch(index, tmp_path)
    allowed = np.array([4, 9], np.int64)
    assert set(search.nearest("code", vectors[0], 10, allowed).ids.tolist()) == {4, 9}
    assert not len(search.nearest("code", vectors[0], 10, np.empty(0, np.int64)).ids)


def test_another_kind_and_an_empty_index_have_no_neighbours(index: Index, tmp_path: Path) -> None:
    search = VectorSearch(index, tmp_path)
    question = np.ones(DIMS, np.float32)
    assert not len(search.nearest("code", question, 10, None).ids)
    fill(index, 5)
    assert not len(search.nearest("session", question, 10, None).ids)


def test_large_kinds_get_an_index_file_that_agrees_with_exact_search(
    index: Index, tmp_path: Path
) -> None:
    vectors = fill(index, 400)
    search = VectorSearch(index, tmp_path, exact_limit=100)
    assert search.refresh() == ["code"]
    assert search.refresh() == []
    exact = VectorSearch(index, tmp_path)
    agreed = 0
    for vector in vectors[:50]:
        found = search.nearest("code", vector, 10, None)
        expected = exact.nearest("code", vector, 10, None)
        assert found.ids[0] == expected.ids[0]
        agreed += len(set(found.ids.tolist()) & set(expected.ids.tolist()))
    assert agreed >= 0.95 * 500


@pytest.mark.parametrize("damage", ["flip", "truncate", "delete"])
def test_a_damaged_index_file_is_not_opened_and_is_rebuilt(
    index: Index, tmp_path: Path, damage: str
) -> None:
    vectors = fill(index, 200)
    search = VectorSearch(index, tmp_path, exact_limit=100)
    search.refresh()
    file = tmp_path / "code.usearch"
    content = bytearray(file.read_bytes())
    if damage == "flip":
        content[len(content) // 2 : len(content) // 2 + 64] = b"\xff" * 64
        file.write_bytes(content)
    elif damage == "truncate":
        file.write_bytes(content[: len(content) // 3])
    else:
        file.unlink()
    assert search.nearest("code", vectors[7], 1, None).ids[0] == 8
    assert search.refresh() == ["code"]
    assert search.nearest("code", vectors[7], 1, None).ids[0] == 8


def test_new_vectors_are_found_before_and_after_the_file_is_rebuilt(
    index: Index, tmp_path: Path
) -> None:
    fill(index, 200)
    search = VectorSearch(index, tmp_path, exact_limit=100)
    search.refresh()
    fresh = fill(index, 1, seed=2)
    assert search.nearest("code", fresh[0], 1, None).ids[0] == 201
    assert search.refresh() == ["code"]
    assert search.nearest("code", fresh[0], 1, None).ids[0] == 201


def test_the_file_goes_when_the_kind_is_small_again(index: Index, tmp_path: Path) -> None:
    fill(index, 120)
    VectorSearch(index, tmp_path, exact_limit=100).refresh()
    assert (tmp_path / "code.usearch").exists()
    VectorSearch(index, tmp_path, exact_limit=200).refresh()
    assert not (tmp_path / "code.usearch").exists()
    assert not list(tmp_path.glob("*.part"))


def turned(vectors: Scores) -> Scores:
    """What a projection might do to the answers' side."""
    return np.ascontiguousarray(vectors[:, ::-1])


@pytest.mark.parametrize("target", ["files", "passages"])
def test_what_a_projection_changes_has_a_file_of_its_own(
    index: Index, tmp_path: Path, target: Literal["files", "passages"]
) -> None:
    """Each document has one passage here, so both targets rank alike."""
    vectors = fill(index, 300)
    search = VectorSearch(index, tmp_path, exact_limit=100)
    mine = ProjectedSet(target, "mine", "digest", turned)
    assert search.nearest_projected("code", mine, turned(vectors)[7], 3) is None
    assert search.refresh([mine]) == ["code", f"code.{target}.mine"]
    assert search.refresh([mine]) == []
    found = [search.nearest_projected("code", mine, one, 3) for one in turned(vectors)]
    assert [one and one.ids[0] for one in found] == list(range(1, 301))

    trained_anew = ProjectedSet(target, "mine", "another digest", turned)
    assert search.nearest_projected("code", trained_anew, turned(vectors)[7], 3) is None
    fill(index, 1, seed=2)
    assert search.nearest_projected("code", mine, turned(vectors)[7], 3) is None
    assert search.refresh() == ["code"]
    assert [file.name for file in tmp_path.glob("*.usearch")] == ["code.usearch"]


def test_a_projection_of_questions_alone_shares_the_means_of_files(
    index: Index, tmp_path: Path
) -> None:
    vectors = fill(index, 300)
    search = VectorSearch(index, tmp_path, exact_limit=100)
    raw = ProjectedSet("files")
    assert search.refresh([raw, raw, ProjectedSet("passages")]) == ["code", "code.files.raw"]
    found = search.nearest_projected("code", raw, vectors[7], 3)
    assert found is not None
    assert found.ids[0] == 8
    ids, means = search.document_means("code")
    exact = ids[np.argsort(-(means @ vectors[7]))][:3]
    np.testing.assert_array_equal(found.ids, exact)


def test_one_on_trial_gets_no_file(index: Index, tmp_path: Path) -> None:
    fill(index, 150)
    search = VectorSearch(index, tmp_path, exact_limit=100)
    on_trial = ProjectedSet("files", "mine", "", turned)
    assert search.refresh([on_trial]) == ["code"]
    with search.kept_in_memory():
        assert search.nearest_projected("code", on_trial, np.ones(DIMS, np.float32), 3) is None


def test_index_files_and_the_model_can_be_used_in_either_order() -> None:
    """USearch before ONNX Runtime crashes the process, so the store never imports it first."""
    program = (
        "from verdigris.store.neighbour_file import _usearch\n"
        "_usearch()\n"
        "from verdigris.engine import Embedder\n"
        "Embedder().close()\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
