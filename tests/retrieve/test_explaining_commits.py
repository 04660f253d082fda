"""Commits that changed the best files stand further in front where a reason is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.conftest import GitFolder

from verdigris.answers import Hit
from verdigris.knowledge_base import KnowledgeBase


@pytest.fixture
def kitchen(make_git: Callable[[str], GitFolder]) -> Iterator[KnowledgeBase]:
    """A commit of four files, then one that changes the fridge alone, then one about the oven."""
    folder = make_git("kitchen")
    for name in ("oven", "kettle", "fridge", "toaster"):
        folder.write(f"src/{name}.py", f"def start_{name}():\n    return '{name}'\n")
    folder.commit("Furnish the kitchen: oven, kettle, fridge, toaster")
    folder.write("src/fridge.py", "def start_fridge():\n    return 'colder fridge'\n")
    folder.commit("Cool the fridge, since milk went sour")
    folder.write("src/oven.py", "def start_oven():\n    return 'hotter oven'\n")
    folder.commit("Heat the oven")
    with KnowledgeBase(folder.root) as opened:
        opened.refresh()
        opened.embed()
        yield opened


def raises(hits: tuple[Hit, ...]) -> dict[str, float]:
    """Title of a commit → by what its score was raised."""
    return {
        hit.title: reason.weight
        for hit in hits
        for reason in hit.reasons
        if reason.feature == "changed the best files"
    }


def test_the_commit_that_changed_little_else_is_raised_most(kitchen: KnowledgeBase) -> None:
    hits = kitchen.ask("why does the fridge cool?").hits
    told = raises(hits)
    assert max(told.values()) == told["Cool the fridge, since milk went sour"] == 0.2
    assert 0 < told["Furnish the kitchen: oven, kettle, fridge, toaster"] < 0.2
    first = next(hit for hit in hits if hit.kind == "commit")
    assert first.title == "Cool the fridge, since milk went sour"


def test_no_commit_is_raised_where_no_reason_is_asked_for(kitchen: KnowledgeBase) -> None:
    assert not raises(kitchen.ask("how does the fridge cool?").hits)
    assert not raises(kitchen.ask("Cool the fridge").hits)


def test_a_history_without_commits_that_count_raises_none(
    make_git: Callable[..., GitFolder],
) -> None:
    folder = make_git("bare")
    folder.write("src/fridge.py", "def start_fridge():\n    return 'fridge'\n")
    with KnowledgeBase(folder.root) as opened:
        opened.refresh()
        hits = opened.ask("why does the fridge start?").hits
    assert [hit.document for hit in hits] == ["src/fridge.py"]
    assert not raises(hits)
