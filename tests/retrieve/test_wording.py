"""What a text asks for is told by its words."""

from __future__ import annotations

import pytest

from verdigris.retrieve.wording import (
    asks_about_changes,
    asks_about_tests,
    asks_for_tests,
    asks_where,
    is_question,
)


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("Fix the humming of the fridge", False),
        ("fridge noise", False),
        ("why does the fridge hum", True),
        ("the fridge hums, doesn't it?", True),
        ("Where is the noise made?", True),
        ("fridgeNoise", True),
        ("Could not open the fridge", False),
        ("can't open the fridge", False),
        ("could the fridge not open?", True),
        ("why not open the fridge", True),
        ("we spoke of the noise. " * 10, True),
    ],
)
def test_questions_are_told_from_subjects_by_their_wording(text: str, asks: bool) -> None:
    assert is_question(text) == asks


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("Where is the noise made?", True),
        ("which file makes the noise", True),
        ("which test listens to the noise?", True),
        ("which fridge is loud?", False),
        ("know where the noise is made", False),
        ("why is it loud where it is cold?", False),
    ],
)
def test_a_place_is_asked_for_at_the_beginning(text: str, where: bool) -> None:
    assert asks_where(text) == where


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("why is the fridge loud?", True),
        ("when was the humming fixed?", True),
        ("what changed in version 2?", True),
        ("where is the noise made?", False),
        ("how is the fridge cooled?", False),
        ("an exchange of heat", False),
    ],
)
def test_reasons_and_times_are_about_changes(text: str, changes: bool) -> None:
    assert asks_about_changes(text) == changes


@pytest.mark.parametrize(
    ("text", "tests"),
    [("Which test covers the fridge?", True), ("the latest fridge", False)],
)
def test_tests_are_called_by_their_name(text: str, tests: bool) -> None:
    assert asks_about_tests(text) == tests


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("which tests listen to the fridge?", True),
        ("Where is the test of the fridge?", True),
        ("how is the fridge tested?", False),
    ],
)
def test_nothing_but_tests_is_wanted_where_the_question_begins_with_them(
    text: str, wanted: bool
) -> None:
    assert asks_for_tests(text) == wanted
