"""What stands behind: tests by the conventions of each language, change logs, commits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from tests.conftest import GitFolder

from verdigris.knowledge_base import KnowledgeBase
from verdigris.retrieve.demotion import Demotion, put_behind
from verdigris.retrieve.fusion import Fused

RUST = """pub fn fill_pot(litres: u8) -> Pot {
    let lid = open_the_lid();
    if litres > 9 { panic!("too much water in pot {}", lid.number); }
    pour(litres, lid)
}

#[test]
fn fill_pot_with_water() {
    // fill the pot with water
    assert_eq!(said(fill_pot(10)), "too much water in pot 7");
}
"""


@pytest.mark.parametrize(
    ("question", "behind"),
    [
        ("how is tea made?", {"tests/test_pot.py", "pot.pyi", "CHANGELOG.md", "commit"}),
        ("why is tea made?", {"tests/test_pot.py", "pot.pyi", "pot.py"}),
        ("tell me why tea is made", {"tests/test_pot.py", "pot.pyi", "pot.py"}),
        ("what is the reason for tea?", {"tests/test_pot.py", "pot.pyi", "pot.py"}),
        ("State the reason for tea", {"tests/test_pot.py"}),
        ("where was tea added?", {"tests/test_pot.py", "pot.pyi", "commit"}),
        ("what was tea on 3 October 2025?", {"tests/test_pot.py", "pot.pyi"}),
        (
            "where is tea made?",
            {"tests/test_pot.py", "pot.pyi", "CHANGELOG.md", "README.md", "commit"},
        ),
        ("where is tea described?", {"tests/test_pot.py", "pot.pyi", "CHANGELOG.md", "commit"}),
        ("which test makes tea?", {"pot.py", "pot.pyi", "CHANGELOG.md", "README.md", "commit"}),
        ("is tea tested?", {"pot.pyi", "CHANGELOG.md", "commit"}),
        ("Make tea", {"tests/test_pot.py"}),
        ("tests for tea", {"pot.py", "pot.pyi", "CHANGELOG.md", "README.md"}),
    ],
)
def test_what_a_question_hardly_means_loses_some_of_its_score(
    make_git: Callable[[str], GitFolder], question: str, behind: set[str]
) -> None:
    folder = make_git("teas")
    for name in ("pot.py", "pot.pyi", "tests/test_pot.py", "CHANGELOG.md", "README.md"):
        folder.write(name, "tea\n")
    folder.commit("Make tea")
    with KnowledgeBase(folder.root) as opened:
        opened.refresh()
        hits = opened.ask(question).hits
        names = dict(opened.index.connection.execute("SELECT id, name FROM documents").fetchall())
        ids = np.array(sorted(names))
        found = put_behind(opened.index, Demotion(question), Fused(ids, np.ones(len(ids))))
    reduced = found.document_ids[found.scores < 1].tolist()
    assert {names[one].partition(":")[0] for one in reduced} == behind
    assert {hit.document.partition(":")[0] for hit in hits if hit.demoted} == behind
    assert found.scores.tolist() == sorted(found.scores.tolist(), reverse=True)


@pytest.mark.parametrize(
    ("question", "shown"),
    [
        ("how do I fill the pot with water?", "pub fn fill_pot("),
        ("too much water in pot 7", "pub fn fill_pot("),
        ("which test fills the pot with water?", "#[test]"),
        ('which test says "too much water in pot 7"?', "#[test]"),
    ],
)
def test_tests_among_the_code_are_shown_behind_what_they_test(
    make_git: Callable[[str], GitFolder], question: str, shown: str
) -> None:
    folder = make_git("pots")
    folder.write("src/pot.rs", RUST)
    with KnowledgeBase(folder.root) as opened:
        opened.refresh()
        opened.embed()
        (hit,) = opened.ask(question).hits
    assert shown in hit.passages[0].text
    assert len(hit.passages) == 2
