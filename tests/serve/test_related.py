"""related, as a user sees it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import GitFolder
    from tests.serve.conftest import Verdigris


@pytest.fixture
def tea_house(small_git: GitFolder) -> GitFolder:
    """small_git, in which kettle and cup change together twice."""
    for number in (1, 2):
        for name in ("kettle", "cup"):
            file = small_git.root / "src" / f"{name}.py"
            file.write_text(file.read_text() + f"\n\nROUND_{number} = {number}\n")
        small_git.commit(f"Round {number} of kettle and cup")
    return small_git


def test_each_file_is_one_aligned_row(verdigris: Verdigris, tea_house: GitFolder) -> None:
    run = verdigris("related", "src/kettle.py", inside=tea_house.root)
    head = tea_house.git("rev-parse", "HEAD")[:10]
    assert run.code == 0
    lines = run.out.splitlines()
    assert lines[0] == "src/kettle.py"
    assert "Changes together with it, in its 3 commits" in lines
    assert f"        2   67 %    2.00  src/cup.py  {head} Round 2 of kettle and cup" in lines


def test_callers_and_importers_are_places(verdigris: Verdigris, tea_house: GitFolder) -> None:
    run = verdigris("related", "boil", inside=tea_house.root)
    assert run.out.startswith("boil, defined in src/kettle.py")
    assert "Called from\n  src/cup.py:5  fill → boil" in run.out
    assert "Its file is imported by\n  src/cup.py:1  kettle" in run.out


def test_paths_are_relative_to_the_reader(verdigris: Verdigris, tea_house: GitFolder) -> None:
    run = verdigris("related", "../src/kettle.py", inside=tea_house.root / "docs")
    assert run.out.startswith("../src/kettle.py\n")
    assert "  ../src/cup.py  " in run.out


def test_json_paths_are_relative_to_the_root(verdigris: Verdigris, tea_house: GitFolder) -> None:
    run = verdigris("related", "kettle.py", "--json", inside=tea_house.root / "src")
    found = json.loads(run.out)
    assert (found["schema_version"], found["path"]) == (1, "src/kettle.py")
    assert [(row["path"], row["support"]) for row in found["co_changes"]] == [("src/cup.py", 2)]
    assert found["callers"][0]["line"] == 5


def test_nothing_related_is_exit_1(verdigris: Verdigris, small_git: GitFolder) -> None:
    run = verdigris("related", "docs/tea.md", inside=small_git.root)
    assert run.code == 1
    assert "Nothing changes together with it" in run.out


def test_an_unknown_target_is_one_line_and_exit_2(
    verdigris: Verdigris, small_git: GitFolder
) -> None:
    run = verdigris("related", "teapot", inside=small_git.root)
    assert (run.code, run.out, run.err.count("\n")) == (2, "", 1)
    assert "'teapot'" in run.err
    assert "verdigris scrape" in run.err


def test_staged_names_what_may_be_forgotten(verdigris: Verdigris, tea_house: GitFolder) -> None:
    tea_house.write("src/kettle.py", "def boil(litres):\n    return litres\n")
    tea_house.git("add", "src/kettle.py")
    run = verdigris("related", "--staged", inside=tea_house.root)
    assert run.code == 0
    assert run.out.startswith("Usually changes with the 1 staged file, and is not staged\n")
    assert re.search(r"\d+ %  src/cup.py  in 2 of the 3 commits of src/kettle.py", run.out)
    found = json.loads(verdigris("related", "--staged", "--json").out)
    assert found["staged"] == ["src/kettle.py"]
    assert found["companions"][0]["path"] == "src/cup.py"
    tea_house.write("src/cup.py", "")
    tea_house.git("add", "src/cup.py")
    both = verdigris("related", "--staged")
    assert (both.code, both.out) == (
        1, "Nothing else usually changes with the 2 staged files.\n"
    )  # fmt: skip


def test_staged_without_anything_staged(verdigris: Verdigris, small_git: GitFolder) -> None:
    run = verdigris("related", "--staged", inside=small_git.root)
    assert (run.code, run.err) == (
        2,
        "verdigris: nothing is staged; stage something: git add FILE\n",
    )


@pytest.mark.parametrize("arguments", [(), ("--staged", "src/cup.py")])
def test_either_a_target_or_staged(
    verdigris: Verdigris, small_git: GitFolder, arguments: tuple[str, ...]
) -> None:
    run = verdigris("related", *arguments, inside=small_git.root)
    assert run.code == 2
    assert "either a path or symbol, or --staged" in run.err
