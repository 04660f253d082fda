"""used, as a user sees it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from verdigris.learn.lock import FusionLock, Lock, QuestionsLock
from verdigris.serve.cli.learned_text import learned_lines
from verdigris.upkeep.publishing import Learned

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import GitFolder
    from tests.serve.conftest import Verdigris


def test_a_result_is_named_by_its_number(verdigris: Verdigris, small_git: GitFolder) -> None:
    run = verdigris("scry", "how is water heated?", "--json", inside=small_git.root)
    shown = [hit["doc"] for hit in json.loads(run.out)["results"]]
    run = verdigris("used", "1")
    assert (run.code, run.out) == (0, f'used for "how is water heated?": {shown[0]}\n')
    assert "marked as used: 1 result of 1 question" in verdigris("status").out


def test_a_path_is_named_as_answers_show_it(verdigris: Verdigris, small_git: GitFolder) -> None:
    verdigris("scry", "how is water heated?", inside=small_git.root)
    run = verdigris("used", "../src/kettle.py:1-3", inside=small_git.root / "docs")
    assert run.code == 0
    assert run.out == 'used for "how is water heated?": ../src/kettle.py\n'


def test_without_results_the_newest_answer_is_listed(
    verdigris: Verdigris, small_git: GitFolder
) -> None:
    verdigris("scry", "who", "fills", "a cup?", "--path", "src/cup.py", inside=small_git.root)
    verdigris("used", "1", "docs/tea.md")
    assert verdigris("used").out.splitlines() == [
        "who fills a cup?",
        " 1. src/cup.py  used",
        "    docs/tea.md  used, not shown",
    ]
    told = json.loads(verdigris("used", "--json").out)
    assert told["answer"]["documents"] == ["src/cup.py"]
    assert told["used"] == ["src/cup.py", "docs/tea.md"]


def test_undo_takes_back_what_was_said_last(verdigris: Verdigris, small_git: GitFolder) -> None:
    verdigris("scry", "who fills a cup?", "--path", "src", inside=small_git.root)
    said = json.loads(verdigris("used", "1", "--json").out)["used"]
    taken = json.loads(verdigris("used", "--undo", "--json").out)["taken_back"]
    assert taken == said
    assert "marked as used" not in verdigris("status").out
    assert verdigris("used", "--undo").code == 2


def test_before_any_question_it_says_what_to_do(verdigris: Verdigris, small_git: GitFolder) -> None:
    listed = verdigris("used", inside=small_git.root)
    assert (listed.code, "verdigris scry" in listed.out) == (1, True)
    run = verdigris("used", "1")
    assert (run.code, run.out) == (2, "")
    assert run.err == 'verdigris: no answer is kept here; ask first: verdigris scry "why …?"\n'


def test_an_issue_is_named_by_its_number(
    verdigris: Verdigris, small_git: GitFolder, tmp_path: Path
) -> None:
    exported = tmp_path / "issues.json"
    exported.write_text(json.dumps([{"number": 12, "title": "The kettle drips", "body": ""}]))
    verdigris("scrape", "forge", "--from", str(exported), inside=small_git.root)
    verdigris("scry", "what drips?", "--kind", "issue")
    assert verdigris("used", "issue:12").out == 'used for "what drips?": issue:12\n'


def test_oxidize_says_how_many_questions_taught(verdigris: Verdigris, small_git: GitFolder) -> None:
    verdigris("scry", "who fills a cup?", "--path", "src", inside=small_git.root)
    verdigris("used", "1")
    told = " ".join(verdigris("oxidize").out.split())
    assert "questions: a tenth of these weights (1 question with used results; mark more:" in told
    assert "used: not learned: 1 questions with used files; it takes 60" in told


def test_status_tells_the_gain_of_weights_for_questions() -> None:
    questions = QuestionsLock({"code": 1.0}, 80, 24, own=0.75, tenth=0.5)
    lanes = FusionLock("prior", {"code": 0.5}, reason="0 commits", questions=questions)
    lock = Lock(2, "recipe", "model", "print", "sha", {}, {}, lanes)
    told = learned_lines(Learned(lock, here=True))
    assert "learned: order of files for questions: MRR 0.500 → 0.750 on 24 later questions" in told


def test_undo_takes_no_results(verdigris: Verdigris, small_git: GitFolder) -> None:
    run = verdigris("used", "--undo", "1", inside=small_git.root)
    assert run.code == 2
    assert "--undo takes no results" in run.err
