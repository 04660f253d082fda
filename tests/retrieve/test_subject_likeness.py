"""A text that does not ask is a commit's subject as far as messages say it better than files."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from tests.conftest import GitFolder

from verdigris.answers import Filters
from verdigris.knowledge_base import KnowledgeBase
from verdigris.records import Kind
from verdigris.retrieve.features import Evidence
from verdigris.retrieve.fusion import fuse
from verdigris.retrieve.lanes import DENSE, HISTORY, LEXICAL, NAMES, Ranking, lanes_of
from verdigris.retrieve.past_changes import NO_CHANGES
from verdigris.retrieve.subject_likeness import subject_likeness

ONE = np.array([1], np.int64)


def found(lane: str, kind: Kind, best: float) -> Ranking:
    scores = np.array([best], np.float32)
    return Ranking(lane, kind, ONE, scores, ONE, ONE, scores)


def evidence(cosines: tuple[float, float], words: tuple[float, float], text: str) -> Evidence:
    """What lanes found for a text; (best of messages, best of files)."""
    messages = (found(DENSE, "commit", cosines[0]), found(LEXICAL, "commit", words[0]))
    past = Ranking(HISTORY, "code", ONE, ONE.astype(np.float32), commits=messages, past=NO_CHANGES)
    files = [found(DENSE, "code", cosines[1]), found(LEXICAL, "doc", words[1])]
    return Evidence(text, [*files, past])


@pytest.mark.parametrize(
    ("cosines", "words", "likeness"),
    [
        ((0.6, 0.6), (20, 20), 1.0),
        ((0.6, 0.3), (10, 10), 1.0),
        ((0.3, 0.6), (20, 10), 1.0),  # either may say it better
        ((0.54, 0.6), (9, 10), 0.5),
        ((0.48, 0.6), (8, 10), 0.0),
        ((0.0, 0.6), (30, 10), 0.0),
        ((0.9, 0.6), (0, 10), 0.0),
    ],
)
def test_messages_are_compared_with_files(
    cosines: tuple[float, float], words: tuple[float, float], likeness: float
) -> None:
    asked = evidence(cosines, words, "mend the humming fridge")
    assert subject_likeness(asked) == pytest.approx(likeness, abs=1e-5)


def test_without_commits_nothing_is_a_subject() -> None:
    files = [found(DENSE, "code", 0.5), found(LEXICAL, "code", 10)]
    assert subject_likeness(Evidence("mend the humming fridge", files)) == 0


def test_what_code_says_is_no_subject_but_a_name_in_it_may_be() -> None:
    said = found(NAMES, "code", 1.0)
    for text, likeness in (("mend the humming fridge", 0), ("mend Fridge.hum", 1)):
        asked = evidence((0.6, 0.6), (20, 20), text)
        assert subject_likeness(Evidence(text, [*asked.rankings, said])) == likeness


def test_commits_stand_behind_code_that_says_a_text_word_for_word(
    make_git: Callable[[str], GitFolder],
) -> None:
    message = "too hot to be opened by hand"
    folder = make_git("kitchen")
    folder.write("oven.py", f"def open_it():\n    raise OSError('{message}')\n")
    folder.commit("Furnish")
    folder.write("README.md", "# Kitchen\n")
    folder.commit(message)
    with KnowledgeBase(folder.root) as opened:
        opened.refresh()
        opened.embed()
        code, commit = opened.ask(message).hits[:2]
        search, question = opened.questions.search, opened.questions.of(message)
        fused = fuse(search.rankings(question, Filters(), lanes_of(question)))
        before = dict(zip(search.names_of(fused.document_ids.tolist()), fused.scores, strict=True))
    assert (code.path, code.demoted) == ("oven.py", None)
    assert commit.title == message
    assert commit.demoted
    assert commit.score == pytest.approx(commit.demoted.factor * before[commit.document])
