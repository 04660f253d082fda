"""What was used reaches the log once, and nothing else of a question does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.conftest import GitFolder

from verdigris.errors import QueryError
from verdigris.knowledge_base import KnowledgeBase
from verdigris.settings import load_settings
from verdigris.upkeep.feedback import ANSWERS_KEPT

SECRET = "ghp_" + "a8Kd03jfPq71LmZx92WvTb56RnYc4HsUe0Qg"


@pytest.fixture
def opened(small_git: GitFolder) -> Iterator[KnowledgeBase]:
    with KnowledgeBase(small_git.root) as knowledge_base:
        yield knowledge_base


def ask(opened: KnowledgeBase, question: str) -> list[str]:
    answer = opened.ask(question)
    opened.feedback.keep(answer)
    return [hit.document for hit in answer.hits]


def documents(opened: KnowledgeBase) -> list[str]:
    return [one.document for one in opened.feedback.used()]


def test_a_number_names_a_result_of_the_newest_answer(opened: KnowledgeBase) -> None:
    ask(opened, "how is tea steeped?")
    shown = ask(opened, "how is water heated?")
    [one] = opened.feedback.use(["2"])
    assert (one.text, one.document, one.rank) == ("how is water heated?", shown[1], 2)
    assert documents(opened) == [shown[1]]


def test_a_path_belongs_to_the_newest_answer_that_shows_it(opened: KnowledgeBase) -> None:
    ask(opened, "how is tea steeped?")
    shown = opened.ask("who fills a cup?", opened.filters(path="src/cup.py"))
    opened.feedback.keep(shown)
    [tea] = opened.feedback.use(["docs/tea.md"])
    assert (tea.text, tea.rank) == ("how is tea steeped?", 1)


def test_a_document_that_was_not_shown_is_what_the_newest_answer_lacks(
    opened: KnowledgeBase,
) -> None:
    opened.feedback.keep(opened.ask("who fills it?", opened.filters(path="src/cup.py")))
    [one] = opened.feedback.use(["src/kettle.py"])
    assert (one.text, one.rank) == ("who fills it?", 0)


def test_a_commit_is_named_by_some_digits_of_its_hash(
    opened: KnowledgeBase, small_git: GitFolder
) -> None:
    opened.feedback.keep(opened.ask("fill a cup", opened.filters(["commit"])))
    sha = small_git.git("rev-parse", "HEAD")
    [one] = opened.feedback.use([sha[:9]])
    assert one.document == f"commit:{sha}"


def test_saying_it_twice_adds_nothing(opened: KnowledgeBase) -> None:
    ask(opened, "how is water heated?")
    opened.feedback.use(["1", "1"])
    before = opened.log.position()
    assert len(opened.feedback.use(["1"])) == 1
    assert opened.log.position() == before
    assert opened.log.counts()["result.used"] == 1


def test_what_was_said_last_can_be_taken_back_and_said_again(opened: KnowledgeBase) -> None:
    ask(opened, "how is water heated?")
    opened.feedback.use(["1"])
    opened.feedback.use(["2", "3"])
    assert len(opened.feedback.take_back()) == 2
    taken = opened.feedback.take_back()
    assert len(taken) == 1
    assert documents(opened) == []
    with pytest.raises(QueryError, match="nothing is to be taken back"):
        opened.feedback.take_back()
    opened.feedback.use(["1"])
    assert documents(opened) == [taken[0].document]
    assert opened.log.check() == "ok"


def test_a_question_stays_out_of_the_log_until_a_result_is_used(opened: KnowledgeBase) -> None:
    ask(opened, "how is water heated?")
    assert opened.log.questions() == []


def test_a_used_result_survives_a_rebuild_and_is_no_passage(opened: KnowledgeBase) -> None:
    ask(opened, "how is the zeppelin inflated?")
    opened.feedback.use(["1"])
    before = documents(opened)
    opened.rebuild()
    assert documents(opened) == before
    names = [row[0] for row in opened.index.connection.execute("SELECT name FROM documents")]
    assert not [name for name in names if name.startswith("question:")]
    texts = [row[0] for row in opened.index.connection.execute("SELECT text FROM chunks")]
    assert not [text for text in texts if "zeppelin" in text]


def test_secrets_in_a_question_are_redacted_before_anything_is_kept(
    opened: KnowledgeBase,
) -> None:
    ask(opened, f"where is the token {SECRET} of the kettle used?")
    assert SECRET not in opened.locations.answers.read_text(encoding="utf-8")
    [one] = opened.feedback.use(["1"])
    assert SECRET not in one.text


def test_only_the_last_answers_are_kept(opened: KnowledgeBase) -> None:
    answer = opened.ask("how is water heated?", lanes=["names", "lexical-passages"])
    for number in range(ANSWERS_KEPT + 3):
        opened.feedback.keep(replace(answer, query=f"water {number}"))
    assert len(opened.feedback.kept()) == ANSWERS_KEPT
    assert opened.feedback.kept()[0].text == f"water {ANSWERS_KEPT + 2}"


def test_a_question_that_is_no_unicode_is_answered_and_not_kept(opened: KnowledgeBase) -> None:
    opened.feedback.keep(replace(opened.ask("tea"), query="t\udce9?"))
    assert opened.feedback.kept() == []


def test_an_answer_without_results_leaves_the_last_one_standing(opened: KnowledgeBase) -> None:
    ask(opened, "how is water heated?")
    opened.feedback.keep(replace(opened.ask("tea"), query="nothing", hits=()))
    assert [one.text for one in opened.feedback.kept()] == ["how is water heated?"]


@pytest.mark.parametrize(
    ("name", "message"),
    [("99", "results 1 to"), ("0", "results 1 to"), ("src/none.py", "neither among the last")],
)
def test_what_is_no_result_is_refused(opened: KnowledgeBase, name: str, message: str) -> None:
    ask(opened, "how is water heated?")
    with pytest.raises(QueryError, match=message):
        opened.feedback.use(["1", name])
    assert opened.feedback.used() == []


def test_nothing_is_kept_where_the_configuration_says_so(small_git: GitFolder) -> None:
    with KnowledgeBase(small_git.root) as opened:
        ask(opened, "how is water heated?")
        assert opened.locations.answers.exists()
    small_git.write(".verdigris/config.toml", "questions = false\n")
    with KnowledgeBase(small_git.root, load_settings(small_git.root)) as opened:
        assert opened.feedback.kept() == []
        ask(opened, "how is tea steeped?")
        assert not opened.locations.answers.exists()
        with pytest.raises(QueryError, match="questions = true"):
            opened.feedback.use(["1"])


@pytest.mark.parametrize("damaged", [b"", b"[1]", b"\xff\xfe", b'[{"text": "a"}]'])
def test_a_damaged_file_of_answers_holds_none(opened: KnowledgeBase, damaged: bytes) -> None:
    opened.locations.answers.write_bytes(damaged)
    assert opened.feedback.kept() == []
    ask(opened, "how is water heated?")
    assert len(opened.feedback.kept()) == 1
