"""The past as arrays: who changed what, under today's names, as far as it may be known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from tests.conftest import GitFolder

from verdigris.knowledge_base import KnowledgeBase
from verdigris.retrieve.past_changes import NO_CHANGES, PastChanges, read_past_changes
from verdigris.retrieve.path_words import PathWords

PAST = PastChanges(
    commits=np.array([40, 10, 30]),
    files=np.array([5, 7]),
    commit_of=np.array([0, 0, 1, 2]),
    file_of=np.array([0, 1, 0, 1]),
)
"""Commit 40 changed the files 5 and 7, then 10 changed 5, then 30 changed 7."""


def test_sizes_and_ages_follow_the_order_of_the_history() -> None:
    assert PAST.sizes.tolist() == [2, 1, 1]
    assert PAST.ages.tolist() == [2, 1, 0]


def test_scores_go_from_documents_to_commits_to_files() -> None:
    scores = PAST.per_commit(np.array([30, 99, 40, 30]), np.array([0.25, 9.0, 0.5, 0.75]))
    assert scores.tolist() == [0.5, 0, 0.75]
    assert PAST.per_file(scores).tolist() == [0.5, 1.25]


def test_what_comes_later_can_be_left_out() -> None:
    earlier = PAST.before(2)
    assert earlier.commits.tolist() == [40, 10]
    assert earlier.per_file(np.ones(2)).tolist() == [2, 1]
    assert PAST.among(np.array([30, 10])).per_file(np.ones(2)).tolist() == [1, 1]
    assert PAST.before(0).per_file(np.ones(0)).tolist() == [0, 0]
    assert NO_CHANGES.per_commit(np.array([1]), np.array([1.0])).tolist() == []


def test_it_is_read_under_the_names_of_today(make_git: Callable[[str], GitFolder]) -> None:
    folder = make_git("project")
    folder.write("old.py", "def boil():\n    return 1\n")
    folder.write("gone.py", "def cool():\n    return 0\n")
    first = folder.commit("Boil and cool")
    folder.git("mv", "old.py", "new.py")
    folder.git("rm", "-q", "gone.py")
    second = folder.commit("Rename it, and forget the other")
    with KnowledgeBase(folder.root) as opened:
        opened.refresh()
        past = read_past_changes(opened.index, opened.facts)
        names = dict(opened.index.connection.execute("SELECT id, name FROM documents").fetchall())
        newest = read_past_changes(opened.index, opened.facts, most=1)
    assert [names[one] for one in past.commits.tolist()] == [f"commit:{first}", f"commit:{second}"]
    assert [names[one] for one in past.files.tolist()] == ["new.py"]
    assert past.sizes.tolist() == [1, 1]
    assert [names[one] for one in newest.commits.tolist()] == [f"commit:{second}"]


def test_rare_words_of_paths_count_more() -> None:
    words = PathWords(["src/date_parser.py", "src/HttpClient.py", "src/parsers.md"])
    in_paths = words.in_paths("parsing the date in src")
    assert in_paths[0] == 1
    assert 0 < in_paths[1] < in_paths[2] < 1
    assert words.in_names("the http client")[1] == pytest.approx(2 / 4)
    assert PathWords(["a.py"]).in_paths("nothing at all").tolist() == [0]
