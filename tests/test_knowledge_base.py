from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from verdigris.answers import Filters
from verdigris.errors import Busy, EngineError, QueryError
from verdigris.knowledge_base import KnowledgeBase
from verdigris.store.vector_sets import ChunkVector, VectorSets, VectorSpace
from verdigris.upkeep.locking import refresh_lock
from verdigris.upkeep.progress import Silent

if TYPE_CHECKING:
    from tests.conftest import GitFolder


def documents(folder: Path) -> set[str]:
    """What the index holds after a refresh: paths, and commits by their subjects."""
    with KnowledgeBase(folder) as knowledge_base:
        knowledge_base.refresh()
        return named(knowledge_base)


def named(knowledge_base: KnowledgeBase) -> set[str]:
    rows = knowledge_base.index.connection.execute("SELECT name, kind, title FROM documents")
    return {title if kind == "commit" else name for name, kind, title in rows}


def passages(knowledge_base: KnowledgeBase, path: str) -> list[str]:
    rows = knowledge_base.index.connection.execute(
        "SELECT text FROM chunks JOIN documents ON documents.id = document_id WHERE name = ? "
        "ORDER BY chunks.id",
        (path,),
    )
    return [row[0] for row in rows]


def test_from_nothing_to_an_answer(small_git: GitFolder) -> None:
    with KnowledgeBase(small_git.root / "src") as knowledge_base:
        answer = knowledge_base.ask("how long does green tea steep?")
        assert "docs/tea.md" in [hit.document for hit in answer.hits][:2]
        assert answer.state.chunks_without_vectors == 0
        assert (answer.state.commits_behind, answer.state.files_behind) == (0, 0)
        assert answer.warnings == ()
        assert (small_git.root / ".verdigris/local/.gitignore").read_text() == "*\n"
        assert small_git.git("status", "--porcelain") == ""


def test_a_second_refresh_finds_nothing(small_git: GitFolder) -> None:
    with KnowledgeBase(small_git.root) as knowledge_base:
        first = knowledge_base.refresh()
        again = knowledge_base.refresh()
    assert first.documents == {"commit": 3, "code": 2, "doc": 1}
    assert (again.events, again.documents, again.gone) == (0, {}, 0)


def test_changed_deleted_and_renamed_files_leave_the_index_and_stay_in_the_log(
    small_git: GitFolder,
) -> None:
    assert {"src/kettle.py", "docs/tea.md", "src/cup.py"} <= documents(small_git.root)
    small_git.git("mv", "docs/tea.md", "docs/brewing.md")
    (small_git.root / "src/cup.py").unlink()
    small_git.write("src/kettle.py", "def whistle():\n    return 'now'\n")
    with KnowledgeBase(small_git.root) as knowledge_base:
        report = knowledge_base.refresh()
        assert report.gone == 2
        assert {n for n in named(knowledge_base) if "/" in n} == {
            "docs/brewing.md",
            "src/kettle.py",
        }
        assert "whistle" in "".join(passages(knowledge_base, "src/kettle.py"))
        assert "boil" not in "".join(passages(knowledge_base, "src/kettle.py"))
        assert "docs/tea.md" in knowledge_base.log.documents()
        assert knowledge_base.index.check() == "ok"


def test_changed_and_changed_back_is_as_it_was(small_git: GitFolder) -> None:
    path = small_git.root / "docs/tea.md"
    before = path.read_text()
    with KnowledgeBase(small_git.root) as knowledge_base:
        knowledge_base.refresh()
        expected = passages(knowledge_base, "docs/tea.md")
        for text in ("# Coffee\n\nGrind beans.\n", before):
            path.write_text(text)
            knowledge_base.refresh()
        assert passages(knowledge_base, "docs/tea.md") == expected
        knowledge_base.rebuild()
        assert passages(knowledge_base, "docs/tea.md") == expected


def test_an_amended_commit_leaves_the_index_and_stays_in_the_log(small_git: GitFolder) -> None:
    with KnowledgeBase(small_git.root) as knowledge_base:
        knowledge_base.refresh()
        old = small_git.git("rev-parse", "HEAD")
        small_git.git("commit", "--quiet", "--amend", "--message", "Fill two cups")
        knowledge_base.refresh()
        titles = named(knowledge_base)
        assert "Fill two cups" in titles
        assert "Fill a cup" not in titles
        assert f"commit:{old}" in knowledge_base.log.documents("")
        small_git.git("reset", "--quiet", "--hard", old)
        knowledge_base.refresh()
        assert "Fill a cup" in named(knowledge_base)
        assert "Fill two cups" not in named(knowledge_base)


def test_a_branch_and_back(small_git: GitFolder) -> None:
    on_main = documents(small_git.root)
    small_git.git("switch", "--quiet", "--create", "milk")
    small_git.write("docs/milk.md", "# Milk\n\nPour it in last.\n")
    small_git.commit("Add milk")
    assert documents(small_git.root) == on_main | {"docs/milk.md", "Add milk"}
    small_git.git("switch", "--quiet", "main")
    assert documents(small_git.root) == on_main | {"Add milk"}  # the branch still has it
    small_git.git("branch", "--quiet", "-D", "milk")
    assert documents(small_git.root) == on_main


def test_a_detached_head_counts_its_own_commits(small_git: GitFolder) -> None:
    small_git.git("switch", "--quiet", "--detach")
    small_git.write("lone.md", "# Lone\n\nOn no branch.\n")
    small_git.commit("A commit on no branch")
    assert "A commit on no branch" in documents(small_git.root)


def test_linked_work_trees_share_the_log_and_are_right_at_the_same_time(
    small_git: GitFolder, tmp_path: Path
) -> None:
    linked = tmp_path / "linked"
    small_git.git("worktree", "add", "--quiet", "-b", "herbs", str(linked))
    (linked / "docs/herbs.md").write_text("# Herbs\n\nMint is one.\n")
    (linked / "docs/tea.md").unlink()
    with KnowledgeBase(small_git.root) as main, KnowledgeBase(linked) as other:
        assert main.log.path == other.log.path
        assert main.index.path != other.index.path
        for _ in range(2):
            main.refresh()
            other.refresh()
        assert "docs/tea.md" in named(main)
        assert "docs/herbs.md" not in named(main)
        assert "docs/herbs.md" in named(other)
        assert "docs/tea.md" not in named(other)
        assert len(passages(main, "src/cup.py")) == len(passages(other, "src/cup.py"))
        other.rebuild()
        assert "docs/tea.md" not in named(other)


def test_an_edited_session_log_is_read_again_and_nothing_doubled(small_git: GitFolder) -> None:
    head = (
        "# Session: Brewing\n\n**ID**: 20260101-100000\n**Started**: 2026-01-01T10:00:00Z\n"
        "**Git Branch**: main\n\n## Activity Log\n\n### 10:05 - Note\n\nThe kettle leaks.\n"
    )
    path = small_git.write(".verdigris/sessions/20260101-100000.md", head)
    with KnowledgeBase(small_git.root) as knowledge_base:
        knowledge_base.refresh()
        name = path.relative_to(small_git.root).as_posix()
        path.write_text(head + "\n### 10:20 - Note\n\nIt was the gasket.\n")
        knowledge_base.refresh()
        text = "\n".join(passages(knowledge_base, name))
        assert text.count("The kettle leaks.") == 1
        assert text.count("It was the gasket.") == 1
        assert knowledge_base.index.counts_by("kind")["session"] == 1


def test_a_deleted_index_comes_back_the_same_and_needs_no_model(small_git: GitFolder) -> None:
    with KnowledgeBase(small_git.root) as knowledge_base:
        knowledge_base.refresh()
        knowledge_base.embed()
        before, state = named(knowledge_base), knowledge_base.state()
        index = knowledge_base.locations.index
    for file in index.parent.glob("index.db*"):
        file.unlink()
    with KnowledgeBase(small_git.root) as knowledge_base:
        knowledge_base.refresh()
        assert named(knowledge_base) == before
        knowledge_base.embed()
        assert knowledge_base.state() == state


def test_a_log_that_was_deleted_is_scraped_anew_and_the_index_follows(
    small_git: GitFolder,
) -> None:
    with KnowledgeBase(small_git.root) as knowledge_base:
        knowledge_base.refresh()
        log = knowledge_base.locations.log
    for file in log.parent.glob("log.db*"):
        file.unlink()
    (small_git.root / "src/cup.py").unlink()
    with KnowledgeBase(small_git.root) as knowledge_base:
        knowledge_base.refresh()
        assert "src/cup.py" not in named(knowledge_base)
        assert "docs/tea.md" in named(knowledge_base)


def test_only_the_sources_asked_for(small_git: GitFolder) -> None:
    with KnowledgeBase(small_git.root) as knowledge_base:
        knowledge_base.refresh(["git"])
        assert not any("/" in name for name in named(knowledge_base))
        assert knowledge_base.state().files_behind == 3


def test_vectors_that_arrive_late_go_to_no_other_passage(small_git: GitFolder) -> None:
    with KnowledgeBase(small_git.root) as knowledge_base:
        knowledge_base.refresh()
        sets, space = VectorSets(knowledge_base.index), VectorSpace("model", "f")
        sets.choose(space)
        pending = list(sets.pending(space))
        small_git.write("docs/tea.md", "# Coffee\n\nGrind the beans.\n")
        knowledge_base.refresh()
        late = [ChunkVector(c.chunk_id, c.text_hash, bytes(768)) for c in pending]
        sets.add("f", late)
        left = [chunk.embedded_text for chunk in sets.pending(space)]
        assert any("Grind the beans" in text for text in left)
        assert knowledge_base.index.check() == "ok"


def test_while_another_process_refreshes_the_answer_comes_from_what_is_there(
    small_git: GitFolder,
) -> None:
    with KnowledgeBase(small_git.root) as knowledge_base:
        knowledge_base.refresh()
        small_git.write("docs/milk.md", "# Milk\n\nPour it in last.\n")
        with KnowledgeBase(small_git.root) as other, refresh_lock(other.locations):
            with pytest.raises(Busy, match="another verdigris"):
                knowledge_base.refresh(wait=0.01)
            answer = knowledge_base.ask("tea", lanes=["lexical-passages"])
        assert answer.hits
        assert any("as it was" in warning for warning in answer.warnings)
        assert answer.state.files_behind == 1


def test_questions_that_cannot_be_asked(small_git: GitFolder) -> None:
    with KnowledgeBase(small_git.root) as knowledge_base:
        with pytest.raises(QueryError, match="empty"):
            knowledge_base.ask("  ")
        with pytest.raises(QueryError, match="unknown lane 'psychic'; lanes: dense"):
            knowledge_base.ask("tea", lanes=["psychic"])
        with pytest.raises(QueryError, match="no file or symbol 'teapot'"):
            knowledge_base.related("teapot")


def test_related_files_callers_and_importers(small_git: GitFolder) -> None:
    with KnowledgeBase(small_git.root) as knowledge_base:
        knowledge_base.refresh()
        found = knowledge_base.related("src/kettle.py")
        assert [one.path for one in found.importers] == ["src/cup.py"]
        assert [(one.path, one.symbol) for one in found.callers] == [("src/cup.py", "fill")]
        assert knowledge_base.related("boil").path == "src/kettle.py"


def test_a_filter_that_nothing_passes_gives_no_hits(small_git: GitFolder) -> None:
    with KnowledgeBase(small_git.root) as knowledge_base:
        answer = knowledge_base.ask("tea", Filters(path="nowhere"))
        assert answer.hits == ()


def test_status_counts_and_changes_nothing(small_git: GitFolder) -> None:
    small_git.write("photo.bin", bytes(range(256)) * 8)
    with KnowledgeBase(small_git.root) as knowledge_base:
        before = knowledge_base.status()
        assert (before.state.commits_behind, before.state.files_behind) == (3, 3)
        assert before.events == {}
        knowledge_base.refresh()
        after = knowledge_base.status()
        assert after.documents == {"commit": 3, "code": 2, "doc": 1}
        assert after.skipped["binary"] == 1
        assert (after.branch, after.head) == ("main", small_git.git("rev-parse", "HEAD"))


def test_a_shallow_clone_and_submodules_are_told(
    small_git: GitFolder, make_git: Callable[[str], GitFolder]
) -> None:
    outer = make_git("outer")
    outer.write("readme.md", "# Outer\n\nHolds tea.\n")
    outer.commit("Begin")
    outer.git("submodule", "--quiet", "add", str(small_git.root), "inner")
    outer.commit("Add the inner repository")
    outer.git("clone", "--quiet", "--depth=1", outer.root.as_uri(), "../shallow")
    with KnowledgeBase(outer.root.parent / "shallow") as knowledge_base:
        answer = knowledge_base.ask("tea", lanes=["lexical-passages"])
        assert any("shallow clone" in warning for warning in answer.warnings)
        assert any("inner" in warning for warning in answer.warnings)
        assert knowledge_base.index.counts_by("kind")["commit"] == 1


class InterruptedAt(Silent):
    """Progress whose reader presses Ctrl-C when `count` items of a step are done."""

    def __init__(self, step: str, count: int) -> None:
        self._wanted, self._left, self._step = step, count, ""

    def start(self, step: str, total: int) -> None:
        self._step = step

    def advance(self, count: int) -> None:
        if self._step == self._wanted:
            self._left -= count
            if self._left <= 0:
                raise KeyboardInterrupt


@pytest.fixture
def long_git(make_git: Callable[[str], GitFolder]) -> GitFolder:
    """A repository with some 300 passages, all different."""
    folder = make_git("long")
    for number in range(300):
        folder.write(f"notes/{number}.md", f"# Note {number}\n\nAbout pot {number}.\n")
    folder.commit("Write notes")
    return folder


def test_interrupted_while_embedding_what_is_done_is_kept(
    long_git: GitFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VERDIGRIS_CACHE_DIR", str(tmp_path / "cache"))
    with KnowledgeBase(long_git.root, progress=InterruptedAt("embedding", 1)) as knowledge_base:
        knowledge_base.refresh()
        with pytest.raises(KeyboardInterrupt):
            knowledge_base.embed()
        kept = knowledge_base.state().vectors
        assert kept >= 256
    with KnowledgeBase(long_git.root) as knowledge_base:
        missing = knowledge_base.state().chunks_without_vectors
        assert 0 < missing < 100
        assert knowledge_base.embed() == missing
        assert knowledge_base.state().chunks_without_vectors == 0


@pytest.mark.parametrize("step", ["reading history", "reading files", "indexing"])
def test_interrupted_while_reading_the_next_refresh_finishes(
    long_git: GitFolder, step: str
) -> None:
    broken = KnowledgeBase(long_git.root, progress=InterruptedAt(step, 1))
    with broken, pytest.raises(KeyboardInterrupt):
        broken.refresh()
    with KnowledgeBase(long_git.root) as knowledge_base:
        knowledge_base.refresh()
        assert len(named(knowledge_base)) == 301
        assert sum(knowledge_base.log.counts().values()) == 603  # the first commit is a moment
        assert knowledge_base.index.check() == "ok"


def test_the_first_answer_does_not_wait_for_the_last_vector(
    long_git: GitFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VERDIGRIS_CACHE_DIR", str(tmp_path / "cache"))
    with KnowledgeBase(long_git.root) as knowledge_base:
        answer = knowledge_base.ask("what is known about pot 77?")
        assert answer.hits[0].document == "notes/77.md"
        assert 0 < answer.state.vectors < answer.state.chunks
        assert "dense" in {rank.lane for hit in answer.hits for rank in hit.lanes}


def test_rebuilding_replaces_an_index_that_cannot_even_be_cleared(small_git: GitFolder) -> None:
    with KnowledgeBase(small_git.root) as knowledge_base:
        knowledge_base.refresh()
        before = named(knowledge_base)
        path = knowledge_base.locations.index
    with closing(sqlite3.connect(path)) as index:
        index.execute("PRAGMA writable_schema = ON")
        index.execute("DELETE FROM sqlite_master WHERE name = 'passages_config'")
        index.commit()
    with KnowledgeBase(small_git.root) as knowledge_base:
        knowledge_base.rebuild()
        assert named(knowledge_base) == before
        assert knowledge_base.index.check() == "ok"


def test_filters_as_users_write_them(small_git: GitFolder) -> None:
    with KnowledgeBase(small_git.root) as knowledge_base:
        knowledge_base.refresh()
        chosen = knowledge_base.filters(kinds=["doc"], path="./docs", branch="main")
        hits = knowledge_base.ask("water", chosen).hits
        assert [hit.document for hit in hits] == ["docs/tea.md"]
        with pytest.raises(QueryError, match="there is no branch 'nowhere'"):
            knowledge_base.filters(branch="nowhere")


def test_a_runtime_that_is_not_known_is_named(
    small_git: GitFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VERDIGRIS_RUNTIME", "abacus")
    with KnowledgeBase(small_git.root) as opened, pytest.raises(EngineError, match="abacus"):
        opened.ask("kettle")
