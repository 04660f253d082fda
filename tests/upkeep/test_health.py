from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from verdigris.knowledge_base import KnowledgeBase
from verdigris.learn.artifacts import ServedProjection, write_manifest, write_projection
from verdigris.learn.lock import VERSION, FusionLock, Lock, lock_text
from verdigris.learn.network import identity_start
from verdigris.retrieve.fusion_file import write_fusion
from verdigris.store.vector_cache import VectorCache
from verdigris.store.vector_sets import VectorSets
from verdigris.upkeep.checks import Finding
from verdigris.upkeep.health import examine

if TYPE_CHECKING:
    from tests.conftest import GitFolder

LOCAL = Path(".verdigris/local")
FIX = "verdigris doctor --fix"


@pytest.fixture
def indexed(small_git: GitFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with log, index and vectors, and a cache of its own."""
    monkeypatch.setenv("VERDIGRIS_CACHE_DIR", str(tmp_path / "cache"))
    with KnowledgeBase(small_git.root) as knowledge_base:
        knowledge_base.refresh()
        knowledge_base.embed()
    return small_git.root


def found(start: Path, what: str, fix: bool = False) -> Finding:
    return next(finding for finding in examine(start, fix) if finding.what == what)


def wrong(start: Path) -> list[str]:
    return [finding.what for finding in examine(start) if not finding.ok]


def test_a_sound_repository_has_no_complaint(indexed: Path) -> None:
    findings = examine(indexed)
    assert all(finding.ok for finding in findings)
    assert [finding.what for finding in findings] == [
        "sqlite", "repository", "settings", "disk", "model", "event log", "index",
        "vector cache", "vectors", "nearest-neighbour files", "learned", "position", "anchors",
    ]  # fmt: skip
    states = {finding.what: finding.state for finding in findings}
    assert "FTS5" in states["sqlite"]
    assert "main at" in states["repository"]
    assert "6 documents" in states["index"]
    assert states["position"] == "nothing behind the work tree"


def test_before_the_first_scrape_nothing_is_wrong_and_nothing_is_made(
    small_git: GitFolder,
) -> None:
    assert wrong(small_git.root) == []
    assert found(small_git.root, "index").mend == "verdigris scrape"
    assert not list((small_git.root / LOCAL).glob("*.db"))


def test_outside_a_repository(tmp_path: Path) -> None:
    finding = found(tmp_path, "repository")
    assert (finding.ok, finding.mend) == (False, "git init")


def test_peculiar_repositories_are_told_and_not_wrong(
    small_git: GitFolder, make_git: Callable[[str], GitFolder], tmp_path: Path
) -> None:
    small_git.git("switch", "--quiet", "--detach")
    assert "detached at" in found(small_git.root, "repository").state
    small_git.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"))
    assert "linked work tree 'linked'" in found(tmp_path / "linked", "repository").state
    small_git.git("clone", "--quiet", "--depth=1", small_git.root.as_uri(), "../shallow")
    assert "shallow" in found(tmp_path / "shallow", "repository").state
    outer = make_git("outer")
    outer.git("submodule", "--quiet", "add", str(small_git.root), "inner")
    finding = found(outer.root, "repository")
    assert "submodules are not indexed here: inner" in finding.state
    assert "no commits yet" in finding.state
    assert finding.ok


def test_what_is_behind_is_counted(indexed: Path) -> None:
    (indexed / "new.md").write_text("# New\n")
    finding = found(indexed, "position")
    assert (finding.ok, finding.mend) == (True, "verdigris scrape")
    assert finding.state == "0 commits and 1 files behind"


def test_wrong_settings_are_named_and_keep_the_doctor_from_mending(indexed: Path) -> None:
    (indexed / ".verdigris/config.toml").write_text("thread = 2\n")
    (indexed / LOCAL / "index.db").write_bytes(b"no database" * 999)
    assert "unknown key 'thread'" in found(indexed, "settings", fix=True).state
    assert (indexed / LOCAL / "index.db").read_bytes().startswith(b"no database")


def test_an_unknown_model_is_named(indexed: Path) -> None:
    (indexed / ".verdigris/config.toml").write_text("model = 'no-such-model'\n")
    assert "no-such-model" in found(indexed, "model").state
    assert "no-such-model" in found(indexed, "vectors").state


def test_a_folder_that_cannot_be_made(small_git: GitFolder) -> None:
    small_git.write(".verdigris", "in the way")
    finding = found(small_git.root, "folder")
    assert not finding.ok
    assert "VERDIGRIS_LOCAL_DIR" in finding.mend
    assert found(small_git.root, "model").ok


def test_a_damaged_index_is_rebuilt_from_the_log(indexed: Path) -> None:
    (indexed / LOCAL / "index.db").write_bytes(b"no database" * 999)
    finding = found(indexed, "index")
    assert (finding.ok, finding.mend) == (False, FIX)
    assert "rebuilt from the log: 6 documents" in found(indexed, "index", fix=True).state
    assert wrong(indexed) == []


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM passages WHERE rowid = 1",
        "DELETE FROM chunks WHERE id = 1",
        "DELETE FROM whole_documents WHERE rowid = 1",
        "UPDATE meta SET value = 'x' WHERE key = 'position'",
        "UPDATE meta SET value = '3' WHERE key = 'position'",
        "DELETE FROM passages_data WHERE id > 10",
    ],
)
def test_an_index_that_contradicts_itself_or_the_log_is_found_and_mended(
    indexed: Path, damage: str
) -> None:
    with closing(sqlite3.connect(indexed / LOCAL / "index.db")) as index:
        index.execute(damage)
        index.commit()
    finding = found(indexed, "index")
    assert (finding.ok, finding.mend) == (False, FIX)
    assert found(indexed, "index", fix=True).ok
    assert wrong(indexed) == []


def test_a_damaged_log_is_kept_aside_and_read_anew(indexed: Path) -> None:
    for number in (1, 2):
        garbage = f"no database {number}".encode() * 999
        (indexed / LOCAL / "log.db").write_bytes(garbage)
        assert found(indexed, "event log").mend == FIX
        assert f"kept as log.db.damaged-{number}" in found(indexed, "event log", fix=True).state
        assert (indexed / LOCAL / f"log.db.damaged-{number}").read_bytes() == garbage
    assert wrong(indexed) == []
    with KnowledgeBase(indexed) as knowledge_base:
        assert knowledge_base.ask("how long does green tea steep?").hits


def test_one_flipped_letter_in_the_log_is_noticed(indexed: Path) -> None:
    path = indexed / LOCAL / "log.db"
    data = path.read_bytes()
    assert b"Steep for three" in data
    path.write_bytes(data.replace(b"Steep for three", b"Steep for seven"))
    finding = found(indexed, "event log")
    assert not finding.ok
    assert "is not what was written" in finding.state


def test_a_damaged_vector_cache_is_begun_anew(indexed: Path, tmp_path: Path) -> None:
    (tmp_path / "cache/vectors.db").write_bytes(b"no database" * 999)
    assert found(indexed, "vector cache").mend == FIX
    assert "begun anew" in found(indexed, "vector cache", fix=True).state
    assert wrong(indexed) == []


@pytest.mark.parametrize("vector", [np.zeros(384), np.full(384, np.nan), np.full(384, 0.5)])
def test_vectors_that_are_none_are_dropped_from_index_and_cache(
    indexed: Path, tmp_path: Path, vector: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> None:
    with closing(sqlite3.connect(indexed / LOCAL / "index.db")) as index:
        blob = vector.astype("<f2").tobytes()
        index.execute("UPDATE vectors SET vector = ? WHERE chunk_id = 1", (blob,))
        index.commit()
    assert found(indexed, "vectors").mend == FIX
    finding = found(indexed, "vectors", fix=True)
    assert finding.ok
    assert "1 dropped" in finding.state
    with KnowledgeBase(indexed) as knowledge_base:
        assert knowledge_base.state().chunks_without_vectors == 1
        sets = VectorSets(knowledge_base.index)
        assert sets.serving
        lacking = next(sets.pending(sets.serving)).text_hash
        with closing(VectorCache(tmp_path / "cache/vectors.db")) as cache:
            assert cache.get(sets.serving.fingerprint, [lacking]) == {}
        assert knowledge_base.embed() == 1
    assert wrong(indexed) == []


def test_vectors_of_an_earlier_model_are_not_wrong_but_told(indexed: Path) -> None:
    with KnowledgeBase(indexed) as knowledge_base, knowledge_base.index.transaction():
        knowledge_base.index.set_meta("fingerprint", "another")
        knowledge_base.index.set_meta("model", "earlier")
    finding = found(indexed, "vectors")
    assert finding.ok
    assert "vectors of earlier answer" in finding.state
    assert finding.mend == "verdigris embeddings generate"
    with KnowledgeBase(indexed) as knowledge_base:
        assert knowledge_base.embed() > 0
    assert "all of norm 1" in found(indexed, "vectors").state


def test_damaged_and_half_written_nearest_neighbour_files_are_removed(indexed: Path) -> None:
    (indexed / LOCAL / "code.usearch").write_bytes(b"garbage")
    assert "damaged: code.usearch" in found(indexed, "nearest-neighbour files").state
    (indexed / LOCAL / "tmpabc.part").write_bytes(b"half")
    (indexed / LOCAL / "projections.abc.part").mkdir()
    assert "half-written" in found(indexed, "nearest-neighbour files").state
    assert found(indexed, "nearest-neighbour files", fix=True).ok
    assert not list((indexed / LOCAL).glob("*.usearch"))
    assert not list((indexed / LOCAL).glob("*.part"))


def test_a_nearest_neighbour_file_with_one_flipped_bit_is_not_opened(indexed: Path) -> None:
    from verdigris.store.vector_search import VectorSearch

    with KnowledgeBase(indexed) as knowledge_base:
        VectorSearch(knowledge_base.index, indexed / LOCAL, exact_limit=0).refresh()
    assert "as written" in found(indexed, "nearest-neighbour files").state
    path = indexed / LOCAL / "code.usearch"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert "damaged: code.usearch" in found(indexed, "nearest-neighbour files").state
    with KnowledgeBase(indexed) as knowledge_base:
        assert knowledge_base.ask("how is water heated?").hits
    assert found(indexed, "nearest-neighbour files", fix=True).ok


def learn(root: Path) -> Path:
    """A folder of what serves, as `oxidize` writes it; returns the projection's file."""
    with KnowledgeBase(root) as knowledge_base:
        fingerprint = knowledge_base.index.meta("fingerprint")
    folder = root / LOCAL / "projections"
    folder.mkdir()
    projection = identity_start(384, 0, 384, seed=0)
    sha256 = write_projection(folder, "mine", projection, {})
    served = ServedProjection("mine", ("imports",), "query", fingerprint, sha256, projection)
    fusion = write_fusion(folder / "fusion.json", fingerprint, {}, {})
    write_manifest(folder, [served], fusion)
    return folder / "mine.safetensors"


@pytest.mark.parametrize("name", ["mine.safetensors", "fusion.json", "served.json"])
def test_damaged_weights_are_dropped(indexed: Path, name: str) -> None:
    file = learn(indexed).with_name(name)
    assert found(indexed, "learned").state == "mine and the lanes' weights, as written"
    content = bytearray(file.read_bytes())
    content[3] ^= 4
    file.write_bytes(content)
    assert not found(indexed, "learned").ok
    assert "dropped; train anew: verdigris oxidize" in found(indexed, "learned", fix=True).state
    assert found(indexed, "learned").state == "nothing yet"


def test_a_lock_of_other_weights_is_told(indexed: Path) -> None:
    learn(indexed)
    fusion = FusionLock("fixed", {}, "0" * 64)
    lock = Lock(VERSION, "", "", "", "", {}, {}, fusion)
    (indexed / ".verdigris/oxidize.lock").write_text(lock_text(lock))
    finding = found(indexed, "learned")
    assert (finding.ok, finding.mend) == (True, "verdigris oxidize --locked")


@pytest.mark.parametrize("content", ["{", "[]", '{"version": 1}'])
def test_a_lock_that_cannot_be_read_stops_neither_status_nor_doctor(
    indexed: Path, content: str
) -> None:
    (indexed / ".verdigris/oxidize.lock").write_text(content)
    assert not found(indexed, "learned").ok
    with KnowledgeBase(indexed) as knowledge_base:
        learned = knowledge_base.status().learned
    assert learned
    assert learned.problem.endswith("train anew: verdigris oxidize")


def test_the_doctor_works_while_another_process_holds_the_lock(
    indexed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from verdigris.upkeep import mending
    from verdigris.upkeep.locking import refresh_lock

    monkeypatch.setattr(mending, "refresh_lock", lambda where: refresh_lock(where, 0.05))
    (indexed / LOCAL / "log.db.aside").write_bytes(b"")
    with closing(sqlite3.connect(indexed / LOCAL / "index.db")) as index:
        index.execute("DELETE FROM passages WHERE rowid = 1")
        index.commit()
    with KnowledgeBase(indexed) as knowledge_base, refresh_lock(knowledge_base.locations):
        finding = found(indexed, "index", fix=True)
    assert not finding.ok
    assert "mending failed: another verdigris" in finding.state
