"""Results that were used arrive where questions are learned: in projections and in the lanes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.conftest import GitFolder

from verdigris.event_log import SHARED, CursorChange
from verdigris.knowledge_base import KnowledgeBase
from verdigris.learn.gate import measure, projected_scores
from verdigris.learn.pair_sources import read_pairs
from verdigris.learn.selection import LEAST_QUERIES, train_on_all
from verdigris.learn.training import Plan
from verdigris.records import QUESTION_ASKED, RESULT_USED, Event
from verdigris.upkeep.training_data import cached_questions, read_material

AREAS = ("billing", "search", "storage", "mail", "report", "login")
NICKNAMES = ("Falcon", "Otter", "Badger", "Heron", "Weasel", "Magpie")
"""What people call the areas; the words stand in no file and no commit."""
ASKED = ("why is {} so slow", "where does {} begin", "who wakes {} up", "what does {} print",
    "how is {} stopped", "when did {} grow", "is {} safe to call", "which limits has {}",
    "what breaks if {} fails", "does {} retry", "can {} be paused")  # fmt: skip

KEYWORDS = ("falcon speed", "otter print format")
"""Asked in words that read like the subject of a commit."""


def used_events() -> Iterator[Event]:
    """Six questions a day, of each of which one result was used."""
    for number, text in enumerate(ASKED):
        for area, nickname in zip(AREAS, NICKNAMES, strict=True):
            name, time = f"question:{number}{area}", f"2026-01-{number + 1:02}T10:00:00Z"
            yield from used(name, time, f"{text.format(nickname)}?", area)
    for area, text in zip(AREAS, KEYWORDS, strict=False):
        yield from used(f"question:{area}", "2026-02-01T10:00:00Z", text, area)


def used(name: str, time: str, text: str, area: str) -> Iterator[Event]:
    yield Event(QUESTION_ASKED, name, time, text, time=time)
    yield Event(RESULT_USED, name, time, f"src/{area}.py", time=time)


@pytest.fixture
def opened(make_git: Callable[[str], GitFolder]) -> Iterator[KnowledgeBase]:
    """Six modules, a commit each round, and a used result for each of 66 questions."""
    folder = make_git("project")
    for turn in range(3):
        for area in AREAS:
            folder.write(f"src/{area}.py", f"def {area}():\n    return {turn}\n")
            folder.commit(f"Let {area} return the number {'i' * turn} at last")
    with KnowledgeBase(folder.root) as knowledge_base:
        knowledge_base.refresh()
        cursor = CursorChange("questions", {})
        knowledge_base.log.append(used_events(), cursor, SHARED)
        knowledge_base.embed()
        yield knowledge_base


def test_used_results_train_a_projection_of_questions(opened: KnowledgeBase) -> None:
    embed = cached_questions(opened.embedder, opened.vector_cache)
    material = read_material(opened.log, opened.index, opened.facts, embed)
    commits = read_pairs("commit-files", material, 1)
    marked = read_pairs("used", material, LEAST_QUERIES)
    assert len(marked) == len(ASKED) * len(AREAS) + len(KEYWORDS)
    raw = measure(marked.queries @ marked.candidates.T, marked)
    found = {}
    for name, sources in (("without", {"commits": commits}),
                          ("with", {"commits": commits, "used": marked})):  # fmt: skip
        projection = train_on_all(sources, Plan(hidden=0), 15)
        found[name] = measure(projected_scores(projection, "query", marked), marked).mrr
    assert raw.mrr < 0.6
    assert found["without"] < 0.6
    assert found["with"] > 0.9


def test_oxidize_measures_what_used_results_teach(opened: KnowledgeBase) -> None:
    lock = opened.oxidize().lock
    temporal = lock.projections["temporal"]
    assert temporal.tasks["used"].queries == len(ASKED) * len(AREAS) + len(KEYWORDS)
    assert "commit-files" in temporal.missing
    assert lock.fusion.examples == 3 * len(AREAS) + len(KEYWORDS)
    questions = lock.fusion.questions
    assert questions.examples == len(ASKED) * len(AREAS)
    assert questions.held_out > 0
    assert bool(questions.weights) == (questions.own > questions.tenth)
