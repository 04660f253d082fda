"""Which commits ask, and where the history is cut."""

from __future__ import annotations

from random import Random

import pytest

from verdigris.errors import EvaluationError
from verdigris.evaluate.cochange_queries import cochange_queries, most_changed
from verdigris.evaluate.commit_queries import commit_queries, sample_evenly
from verdigris.evaluate.history import PastCommit, choose_cut, cut_at, is_usable
from verdigris.records import CommitDetails, FileChange
from verdigris.views.subjects import without_references


def past(
    number: int,
    subject: str = "",
    changes: tuple[FileChange, ...] = (FileChange("a.py", "M"),),
    marks: tuple[str, ...] = (),
) -> PastCommit:
    """The commit of that place on a line without branches."""
    details = CommitDetails(
        sha=f"{number:040x}",
        author="Ada",
        email="",
        authored="",
        committed=f"2024-01-{number + 1:02d}T00:00:00Z",
        parents=(f"{number - 1:040x}",) if number else (),
        files=changes,
        marks=marks,
    )
    return PastCommit(subject or f"Teach the parser {word(number)} anew", details, number)


def word(number: int) -> str:
    """A word of letters for each number."""
    return "".join(Random(number).choices("abcdefghij", k=8))


@pytest.mark.parametrize(
    ("subject", "question"),
    [
        ("Add a validator (#1571)", "Add a validator"),
        ("Stop the crash, refs #12, #13", "Stop the crash"),
        ("fixes #12 and gh-44 for good", "and for good"),
        ("Support Python 3.13", "Support Python 3.13"),
        ("Say C# and !important as they are", "Say C# and !important as they are"),
    ],
)
def test_numbers_of_issues_are_no_question(subject: str, question: str) -> None:
    assert without_references(subject) == question


@pytest.mark.parametrize(
    "subject",
    [
        "Bump requests from 1.0 to 2.0",
        "build(deps): upgrade the group from 1.0 to 2.0",
        "Run black on everything there is",
        "chore(deps): bump the group",
        "Release the 1.2 version",
        "v1.2.3 is out now",
        "Prepare for the next release",
        "Merge branch 'x' into main",
        'Revert "Teach the parser numbers"',
        "fixup! Teach the parser numbers",
        "[pre-commit.ci] auto fixes from hooks",
        "Fix it",
        "Fix #12, #13, #14",
    ],
)
def test_subjects_that_ask_for_nothing(subject: str) -> None:
    assert not is_usable(past(1, subject))


def test_marked_empty_and_large_commits_do_not_ask() -> None:
    assert is_usable(past(1))
    assert not is_usable(past(1, marks=("bot",)))
    assert not is_usable(past(1, changes=()))
    assert not is_usable(past(1, changes=tuple(FileChange(f"{n}.py", "M") for n in range(11))))


def test_the_newest_commits_ask() -> None:
    cut = choose_cut([past(number) for number in range(300)])
    assert len(cut.after) == 66  # 22 %
    assert cut.sha == cut.before[-1].details.sha == f"{233:040x}"
    assert cut.time == cut.before[-1].details.committed


def test_of_a_short_history_never_more_than_half_ask() -> None:
    cut = choose_cut([past(number) for number in range(40)])
    assert len(cut.before) == len(cut.after) == 20


def test_a_history_that_is_too_short_says_so() -> None:
    with pytest.raises(EvaluationError, match=r"9 of 9 commits .* at least 10 are needed"):
        choose_cut([past(number) for number in range(9)])


def queries_after(cut: int, *commits: PastCommit) -> list[tuple[str, tuple[str, ...]]]:
    history = [*(past(number) for number in range(cut + 1)), *commits]
    queries = commit_queries(cut_at(history, cut), {"a.py", "b.py", "c.md"})
    return [(query.text, query.relevant) for query in queries]


def test_renames_after_the_cut_lead_back_to_it() -> None:
    moved = past(3, "Move the parser elsewhere", (FileChange("new.py", "R", "a.py"),))
    moved_on = past(4, "Move the parser once more", (FileChange("newer.py", "R", "new.py"),))
    changed = past(5, "Change the moved parser", (FileChange("newer.py", "M"),))
    deleted = past(6, "Drop the older parser", (FileChange("b.py", "D"), FileChange("x.py", "A")))
    found = queries_after(2, moved, moved_on, changed, deleted)
    assert [relevant for _, relevant in found] == [("a.py",), ("a.py",), ("a.py",), ("b.py",)]


def test_two_files_may_take_each_others_names() -> None:
    swap = (FileChange("b.py", "R", "a.py"), FileChange("a.py", "R", "b.py"))
    changed = past(4, "Change what was the other one", (FileChange("a.py", "M"),))
    found = queries_after(2, past(3, "Swap both of the parsers", swap), changed)
    assert [relevant for _, relevant in found] == [("a.py", "b.py"), ("b.py",)]


def test_files_that_came_after_the_cut_are_not_wanted() -> None:
    added = past(3, "Add another parser here", (FileChange("x.py", "A"),))
    copied = past(4, "Copy the parser here", (FileChange("y.py", "C", "a.py"),))
    both = past(5, "Change both parsers now", (FileChange("x.py", "M"), FileChange("b.py", "M")))
    assert queries_after(2, added, copied, both) == [("Change both parsers now", ("b.py",))]


def test_a_subject_that_was_there_already_does_not_ask() -> None:
    old = past(1).subject
    again, twice = past(3, f"{old.upper()}. (#7)"), past(4, "Say it twice, then")
    found = queries_after(2, again, twice, past(5, "say it twice, then #9"))
    assert [text for text, _ in found] == ["Say it twice, then"]


def test_a_sample_is_even_and_comes_back_the_same() -> None:
    sample = sample_evenly(range(1_000), 10, seed=3)
    assert [number // 100 for number in sample] == list(range(10))
    assert sample == sample_evenly(range(1_000), 10, seed=3)
    assert sample != sample_evenly(range(1_000), 10, seed=4)
    assert sample_evenly(range(5), 10, seed=3) == list(range(5))


def changes(*paths: str) -> tuple[FileChange, ...]:
    return tuple(FileChange(path, "M") for path in paths)


def test_one_file_of_a_later_commit_asks_for_the_others() -> None:
    history = [
        past(0, changes=changes("a", "b")),
        past(1, changes=changes("b")),
        past(2, changes=changes("a", "b", "c")),
        past(3, changes=changes("a")),
        past(4, "Release 1.0", changes("a", "b")),
        past(5, changes=changes("c", "new")),
        past(6, changes=changes("d", "e")),
    ]
    cut = cut_at(history, 1)
    query, of_two = cochange_queries(cut, {"a", "b", "c", "d", "e"}, seed=1)
    assert {of_two.text, *of_two.relevant} == {"d", "e"}
    assert {query.text, *query.relevant} == {"a", "b", "c"}
    assert len(query.relevant) == 2
    assert [query] == cochange_queries(cut, {"a", "b", "c"}, seed=1)
    assert most_changed([{"a", "b"}, {"b"}]) == [("b", 2.0), ("a", 1.0)]
