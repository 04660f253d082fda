"""Pairs come out of a real repository: the right ones, and nothing that misleads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.conftest import GitFolder

from verdigris import KnowledgeBase
from verdigris.errors import NothingToLearn
from verdigris.learn.material import Material
from verdigris.learn.network import Array
from verdigris.learn.pair_sources import SOURCES, read_pairs
from verdigris.learn.pairs import PairSet
from verdigris.upkeep.feedback import Feedback
from verdigris.upkeep.training_data import cached_questions, read_material

SESSION = """# Session: 20250101-1000-kettle

**Started**: 2025-01-01 10:00

## Goals
- Make the kettle in src/kettle.py boil faster

## Decisions
- Decision: heat with 3 kilowatts, since the fuse allows it
- Decision: measure in litres, since cups differ

## User Prompts (1)
- Why does the kettle take so long?

## Session Summary
The kettle boils in two minutes now.
"""


@pytest.fixture
def material(small_git: GitFolder) -> Iterator[Material]:
    small_git.write("sessions/20250101-1000-kettle.md", SESSION)
    small_git.commit("WIP")
    small_git.git("mv", "src/cup.py", "src/mug.py")
    small_git.commit("Rename cups to mugs (#12)")
    small_git.write("src/mug.py", "from kettle import boil\n\n\ndef fill():\n    return boil(2)\n")
    small_git.commit("Bump mug from 1.0 to 2.0")
    with KnowledgeBase(small_git.root) as knowledge_base:
        knowledge_base.refresh()
        knowledge_base.embed()
        knowledge_base.structure.prepare()
        embed = cached_questions(knowledge_base.embedder, knowledge_base.vector_cache)
        kb = knowledge_base
        yield read_material(kb.log, kb.index, kb.facts, embed)


def test_commits_teach_todays_names_of_the_files_they_changed(material: Material) -> None:
    paths = material.files.paths
    told = {c.subject: [paths[file] for file in c.files] for c in material.commits}
    assert told == {
        "Boil water in a kettle": ["src/kettle.py"],
        "Describe how tea is made": ["docs/tea.md"],
        "Fill a cup": ["src/mug.py"],
        "Rename cups to mugs": ["src/mug.py"],
    }


def test_files_are_in_the_order_of_their_paths(material: Material) -> None:
    assert list(material.files.paths) == sorted(material.files.paths)
    assert material.files.vectors.shape == (len(material.files.paths), 384)


def test_docstrings_of_one_moment_are_not_even_embedded(small_git: GitFolder) -> None:
    for number in range(70):
        text = f'"""Tell what shelf {number} of the cupboard holds."""'
        small_git.write(f"src/shelf{number}.py", f"def shelf():\n    {text}\n    return {number}\n")
    small_git.commit("Add all shelves of the cupboard")
    with KnowledgeBase(small_git.root) as kb:
        kb.refresh()
        kb.embed()
        material = read_material(kb.log, kb.index, kb.facts, cached_questions(kb.embedder, None))
        with pytest.raises(NothingToLearn, match="nearly all of one moment"):
            read_pairs("docstrings", replace(material, embed=no_embedding), 60)


def no_embedding(texts: Sequence[str]) -> Array:
    raise AssertionError(f"{len(texts)} texts were embedded for nothing")


def test_a_file_is_paired_with_what_it_imports_and_calls(material: Material) -> None:
    places = {path: place for place, path in enumerate(material.files.paths)}
    pairs = read_pairs("imports", material, 1)
    assert pairs.own.tolist() == [places["src/mug.py"]]
    assert pairs.positives_of(0).tolist() == [places["src/kettle.py"]]
    assert len(read_pairs("calls", material, 1)) == 1


def test_a_file_without_vectors_is_not_paired(opened: KnowledgeBase, small_git: GitFolder) -> None:
    opened.refresh()
    opened.embed()
    small_git.write("src/urn.py", "from kettle import boil\n")
    opened.refresh()
    opened.structure.prepare()
    embed = cached_questions(opened.embedder, opened.vector_cache)
    material = read_material(opened.log, opened.index, opened.facts, embed)
    assert ("src/urn.py", "src/kettle.py") in list(material.facts.all_imports(0.5))
    assert "src/urn.py" not in material.places()
    assert len(read_pairs("imports", material, 1)) == 1


def test_docstrings_are_paired_with_definitions_that_lack_them(material: Material) -> None:
    with pytest.raises(NothingToLearn, match="0 definitions with docstrings; it takes 1"):
        read_pairs("docstrings", material, 1)  # two words are no question


def test_sessions_give_summaries_files_and_threads(material: Material) -> None:
    places = {path: place for place, path in enumerate(material.files.paths)}
    files = read_pairs("session-files", material, 1)
    assert places["src/kettle.py"] in files.positives_of(0)
    assert len(read_pairs("summaries", material, 1)) >= 1
    assert len(read_pairs("threads", material, 1)) == 2
    assert len(read_pairs("prompts", material, 1)) == 1


MESSAGE = """Heat with less power

The fuse of the kitchen blew whenever the oven
was on, so the kettle waits for it now (#7).

* not prose

Co-authored-by: Bob <bob@example.org>
"""


@pytest.fixture
def opened(small_git: GitFolder) -> Iterator[KnowledgeBase]:
    with KnowledgeBase(small_git.root) as knowledge_base:
        yield knowledge_base


def read(opened: KnowledgeBase) -> Material:
    opened.refresh()
    opened.embed()
    embed = cached_questions(opened.embedder, opened.vector_cache)
    return read_material(opened.log, opened.index, opened.facts, embed)


def named(material: Material, pairs: PairSet, row: int = 0) -> list[str]:
    return [material.files.paths[file] for file in pairs.positives_of(row)]


def test_the_first_prose_below_a_subject_asks_for_the_changed_files(
    opened: KnowledgeBase, small_git: GitFolder
) -> None:
    small_git.write("src/kettle.py", "def boil(litres):\n    return litres * 2\n")
    small_git.commit(MESSAGE)
    small_git.write("src/cup.py", "def fill():\n    return 3\n")
    small_git.commit("Fill three cups\n\nCloses #3 and says nothing else here\n")
    material = read(opened)
    pairs = read_pairs("commit-messages", material, 1)
    assert len(pairs) == 1
    assert named(material, pairs) == ["src/kettle.py"]
    told = "The fuse of the kitchen blew whenever the oven was on, so the kettle waits for it now."
    assert float(pairs.queries[0] @ material.embed([told])[0]) == pytest.approx(1, abs=1e-3)


def test_an_issue_asks_for_the_files_of_the_commits_that_solve_it(
    opened: KnowledgeBase, small_git: GitFolder, tmp_path: Path
) -> None:
    small_git.write("src/cup.py", "def fill():\n    return 3\n")
    small_git.commit("Wait for the kettle (#6)\n\nFixes #4")
    exported = tmp_path / "issues.json"
    exported.write_text(
        json.dumps(
            [
                {"number": 4, "title": "Cups stay empty (#4)", "body": "Why?", "state": "closed"},
                {"number": 5, "title": "Nobody solved this yet", "body": "", "state": "open"},
                {
                    "number": 6,
                    "title": "Wait until it boils",
                    "body": "Fixes #4",
                    "mergedAt": "2025-01-02",
                },
            ]
        )
    )
    opened.refresh()
    opened.import_issues(exported)
    material = read(opened)
    pairs = read_pairs("issue-files", material, 1)
    assert len(pairs) == 1
    assert named(material, pairs) == ["src/cup.py"]


def test_used_results_are_paired_with_their_question_under_todays_names(
    opened: KnowledgeBase, small_git: GitFolder
) -> None:
    feedback = Feedback(opened.log, opened.index, opened.locations.answers)
    feedback.keep(opened.ask("who pours the water?"))
    feedback.use(["src/cup.py", "docs/tea.md"])
    feedback.keep(opened.ask("how long does tea take?"))
    feedback.use(["src/kettle.py"])
    feedback.take_back()
    small_git.git("mv", "src/cup.py", "src/mug.py")
    small_git.commit("Rename cups")
    material = read(opened)
    pairs = read_pairs("used", material, 1)
    assert len(pairs) == 1
    assert named(material, pairs) == ["docs/tea.md", "src/mug.py"]
    assert pairs.weights.tolist() == [0.5]


def test_headings_ask_for_what_stands_below_them(
    opened: KnowledgeBase, small_git: GitFolder
) -> None:
    prose = "Hold the kettle under the tap until the water reaches the line, " * 2
    several = f"# Use\n\n## New things\n\n{prose}\n\n# Use\n\n## New things\n\n{prose}\n"
    small_git.write("docs/guide.md", f"# Guide\n\n## Filling it up\n\n{prose}\n")
    small_git.write("docs/changes.md", several)
    small_git.commit("Describe the kettle")
    material = read(opened)
    pairs = read_pairs("headings", material, 1)
    assert len(pairs) == 1
    asked, answered = material.embed(["Guide: Filling it up", prose.strip()])
    assert float(pairs.queries[0] @ asked) == pytest.approx(1, abs=1e-3)
    assert float(pairs.candidates[0] @ answered) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_says_what_is_missing_in_an_empty_repository(
    name: str, make_git: Callable[[str], GitFolder]
) -> None:
    with KnowledgeBase(make_git("empty").root) as kb:
        kb.refresh()
        material = read_material(kb.log, kb.index, kb.facts, cached_questions(kb.embedder, None))
        with pytest.raises(NothingToLearn, match=r"^0 .*; it takes 60$"):
            read_pairs(name, material, 60)
