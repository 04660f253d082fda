"""Another model is chosen: the earlier vectors answer until all of the new ones are there."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from verdigris.answers import ModelSwap
from verdigris.knowledge_base import KnowledgeBase
from verdigris.upkeep.progress import Silent

if TYPE_CHECKING:
    from tests.conftest import GitFolder

TINY = Path(__file__).parents[1] / "engine/models/bert-mean"
NEW = "all-minilm-l6-v2"
QUESTION = "how long do the leaves steep?"
MANY = 300


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A tiny model in a folder of its own; no vector is known from elsewhere."""
    monkeypatch.setenv("VERDIGRIS_CACHE_DIR", str(tmp_path / "cache"))
    return str(shutil.copytree(TINY, tmp_path / "old-model"))


@pytest.fixture
def project(old: str, small_git: GitFolder, monkeypatch: pytest.MonkeyPatch) -> GitFolder:
    """More passages than are embedded before any answer; all have a vector of the old model."""
    sections = (
        f"## Cup {n}\n\nThe leaves of cup {n} steep for {n} minutes.\n" for n in range(MANY)
    )
    small_git.write("docs/cups.md", "# Cups\n\n" + "\n".join(sections))
    small_git.commit("Describe every cup")
    monkeypatch.setenv("VERDIGRIS_MODEL", old)
    with KnowledgeBase(small_git.root) as knowledge_base:
        knowledge_base.refresh()
        assert knowledge_base.embed() > MANY
    monkeypatch.setenv("VERDIGRIS_MODEL", NEW)
    return small_git


class Interrupting(Silent):
    """Ctrl-C after the first vectors of a step."""

    def advance(self, count: int) -> None:
        if count:
            raise KeyboardInterrupt


def test_while_the_new_set_is_made_the_earlier_one_answers_and_says_so(
    project: GitFolder, old: str
) -> None:
    with KnowledgeBase(project.root) as knowledge_base:
        answer = knowledge_base.ask(QUESTION, lanes=["dense"])
        assert answer.hits
        assert answer.state.swap == ModelSwap(old, NEW, 0)
        assert answer.state.chunks_without_vectors == 0
        assert answer.state.chunks_to_embed == answer.state.chunks > MANY
        [warning] = answer.warnings
        assert f"the vectors of {old} answer until those of {NEW} are complete: 0 %" in warning
        assert warning.endswith("finish: verdigris embeddings generate")
        vector = knowledge_base.index.connection.execute("SELECT vector FROM vectors").fetchone()
        assert len(vector[0]) != 2 * knowledge_base.embedder.dims


def test_when_all_are_there_the_new_set_takes_over(project: GitFolder) -> None:
    with KnowledgeBase(project.root) as knowledge_base:
        knowledge_base.ask(QUESTION)
        assert knowledge_base.embed() == knowledge_base.index.count("chunks")
        assert any("now have vectors of" in warning for warning in knowledge_base.warnings)
        assert knowledge_base.state().swap is None
        assert knowledge_base.index.count("next_vectors") == 0
    with KnowledgeBase(project.root) as knowledge_base:
        answer = knowledge_base.ask(QUESTION, lanes=["dense"])
        assert answer.hits[0].path == "docs/cups.md"
        assert answer.warnings == ()
        assert knowledge_base.embed() == 0


def test_an_interrupted_change_keeps_both_sets_and_goes_on(project: GitFolder) -> None:
    interrupted = KnowledgeBase(project.root, progress=Interrupting())
    with interrupted, pytest.raises(KeyboardInterrupt):
        interrupted.embed()
    with KnowledgeBase(project.root) as knowledge_base:
        swap = knowledge_base.state().swap
        assert swap and 0 < swap.vectors < knowledge_base.index.count("chunks")
        assert knowledge_base.ask(QUESTION, lanes=["dense"]).hits
        assert knowledge_base.embed() <= knowledge_base.index.count("chunks") - swap.vectors
        assert knowledge_base.state().swap is None


def test_what_is_new_meanwhile_is_found_by_the_serving_model(project: GitFolder) -> None:
    with KnowledgeBase(project.root) as knowledge_base:
        knowledge_base.ask(QUESTION)
        project.write("docs/coffee.md", "# Coffee\n\nGrind the beans.\n")
        answer = knowledge_base.ask("grind the beans", lanes=["dense"])
        assert "docs/coffee.md" in {hit.path for hit in answer.hits}
        assert answer.state.chunks_without_vectors == 0


def test_going_back_ends_the_change(
    project: GitFolder, old: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with KnowledgeBase(project.root) as knowledge_base:
        knowledge_base.ask(QUESTION)
    monkeypatch.setenv("VERDIGRIS_MODEL", old)
    with KnowledgeBase(project.root) as knowledge_base:
        answer = knowledge_base.ask(QUESTION, lanes=["dense"])
        assert (answer.state.swap, answer.warnings) == (None, ())
        assert knowledge_base.embed() == 0


def test_vectors_whose_model_is_gone_make_place_at_once(project: GitFolder, old: str) -> None:
    shutil.rmtree(old)
    with KnowledgeBase(project.root) as knowledge_base:
        answer = knowledge_base.ask("the leaves of cup 17", lanes=["dense"])
        [warning] = answer.warnings
        assert "is not on this machine or has changed" in warning
        assert answer.hits[0].path == "docs/cups.md"  # the passages that its words chose
        assert answer.state.swap is None
        assert 0 < answer.state.vectors < answer.state.chunks


def test_a_small_repository_answers_with_the_new_model_at_once(
    old: str, small_git: GitFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VERDIGRIS_MODEL", old)
    with KnowledgeBase(small_git.root) as knowledge_base:
        knowledge_base.ask(QUESTION)
        assert knowledge_base.state().chunks_without_vectors == 0
    monkeypatch.delenv("VERDIGRIS_MODEL")
    with KnowledgeBase(small_git.root) as knowledge_base:
        answer = knowledge_base.ask("steep the leaves", lanes=["dense"])
        assert answer.hits[0].path == "docs/tea.md"
        assert answer.state.swap is None
        assert answer.state.chunks_without_vectors == 0


def test_a_process_that_lives_on_follows_the_configuration(
    old: str, small_git: GitFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with KnowledgeBase(small_git.root) as knowledge_base:
        knowledge_base.ask(QUESTION)
        bundled = knowledge_base.embedder.fingerprint
        monkeypatch.setenv("VERDIGRIS_MODEL", old)
        assert knowledge_base.ask(QUESTION, lanes=["dense"]).hits
        assert knowledge_base.embedder.fingerprint != bundled
        assert knowledge_base.index.meta("fingerprint") == knowledge_base.embedder.fingerprint
