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
    assert f"        2   67 %     2.00  src/cup.py  {head} Round 2 of kettle and cup" in lines


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
    assert "ask: verdigris scry" in run.err
    run = verdigris("related", "src", inside=small_git.root)
    assert run.err.startswith("verdigris: src is a folder; name a file or a symbol in it")


def test_a_file_that_is_not_read_is_told_with_its_reason(
    verdigris: Verdigris, small_git: GitFolder
) -> None:
    small_git.write("docs/menu.md", "# Menu\n" + "tea\n" * 20)
    small_git.write("vendor/jug.py", "x = 1\n")
    small_git.write("build/out.py", "x = 1\n")
    small_git.write(".gitignore", "build/\n")
    small_git.write(".verdigris/config.toml", "max_file_bytes = 50\n")
    docs = small_git.root / "docs"
    told = verdigris("related", "menu.md", inside=docs).err
    assert told.startswith("verdigris: docs/menu.md is not in the index: too large; raise max_file")
    told = verdigris("related", "vendor/jug.py", inside=small_git.root).err
    assert told == (
        "verdigris: vendor/jug.py is not in the index: vendored; such files are not read\n"
    )
    told = verdigris("assay", "callers", "build/out.py", inside=small_git.root).err
    assert "build/out.py is not in the index: ignored; stop .gitignore" in told
    told = verdigris("related", "/etc/passwd", inside=small_git.root).err
    assert "no file or symbol '/etc/passwd'" in told


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
    assert "either a path, symbol or commit, or --staged" in run.err


def test_a_commit_with_its_files_trailers_branches_and_release(
    verdigris: Verdigris, small_git: GitFolder
) -> None:
    small_git.git("mv", "src/cup.py", "src/mug.py")
    sha = small_git.commit("feat(cup)!: call it a mug\n\nReviewed-by: Eve\nCloses #7")
    small_git.git("tag", "v1.0")
    small_git.git("branch", "topic")
    small_git.git("mv", "src/mug.py", "src/jug.py")
    small_git.commit("Call it a jug")
    small_git.git("tag", "v1.1")
    run = verdigris("related", sha[:7], inside=small_git.root)
    assert run.code == 0
    lines = run.out.splitlines()
    assert lines[:2] == [f"commit {sha}", "feat(cup)!: call it a mug"]
    assert " · feat(cup) · breaking · release 1.0" in lines[2]
    assert lines[3] == "on main, topic; first released in 1.0"
    assert "  R  src/mug.py from src/cup.py, now src/jug.py" in lines
    assert "  Closes: #7" in lines
    found = json.loads(verdigris("related", sha, "--json").out)
    assert (found["commit"]["type"], found["commit"]["scope"]) == ("feat", "cup")
    assert found["branches"] == ["main", "topic"]
    first = small_git.git("rev-list", "--max-parents=0", "HEAD")
    assert "first released in 1.0" in verdigris("related", first[:10]).out


def test_where_sessions_name_a_file_or_a_commit(verdigris: Verdigris, small_git: GitFolder) -> None:
    head = small_git.git("rev-parse", "HEAD")
    verdigris("session", "start", "Tea", inside=small_git.root)
    verdigris("session", "note", f"`boil()` in `src/kettle.py` is slow since {head[:20]}")
    small_git.commit("Keep the session")
    verdigris("scrape", "--no-vectors", "-q")
    small_git.write("src/kettle.py", "def boil(litres):\n    return 5\n")
    told = verdigris("related", "src/kettle.py").out.partition("Named in sessions\n")[2]
    assert "drifted: src/kettle.py, +1 -2 lines" in told
    assert "drifted: boil in src/kettle.py:1-2, +1 -2 lines" in told
    assert f"fresh: {head[:20]}" in verdigris("related", head[:20]).out
    symbol = json.loads(verdigris("related", "boil", "--json").out)["statements"]
    assert [one["anchor"]["name"] for one in symbol] == ["src/kettle.py", "boil"]


def test_where_old_lines_are_today(verdigris: Verdigris, small_git: GitFolder) -> None:
    old = small_git.git("rev-parse", "HEAD")
    small_git.git("mv", "src/cup.py", "src/mug.py")
    small_git.commit("Call it a mug")
    text = (small_git.root / "src/mug.py").read_text()
    small_git.write("src/mug.py", '"""Mugs."""\n\n' + text)
    small_git.commit("Say what it is")
    run = verdigris("related", f"src/cup.py:4-5@{old}", inside=small_git.root)
    assert run.out == f"src/cup.py:4-5 at {old[:10]} is now src/mug.py:6-7, unchanged\n"
    small_git.write("src/mug.py", '"""Mugs."""\n\n' + text.replace("boil(1)", "boil(2)"))
    changed = small_git.commit("Boil twice")
    run = verdigris("related", f"src/cup.py:4-5@{old}")
    assert run.out.startswith(f"src/cup.py:4-5 at {old[:10]} is now src/mug.py:6-7, +1 -1 lines, ")
    assert f"last {changed[:10]} Boil twice" in run.out
    found = json.loads(verdigris("related", f"src/cup.py:4-5@{old}", "--json").out)
    assert (found["state"], found["now"]["lines"]) == ("drifted", [6, 7])
    small_git.write("src/mug.py", "from kettle import boil\n")
    assert "is gone" in verdigris("related", f"src/cup.py:4-5@{old}").out


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("src/cup.py:4@" + "0" * 12, "there is no commit"),
        ("src/none.py:4@HASH", "no file 'src/none.py'"),
        ("src/cup.py:4-99@HASH", "had 5 lines"),
        ("src/cup.py:0@HASH", "had 5 lines"),
    ],
)
def test_old_lines_that_never_were(
    verdigris: Verdigris, small_git: GitFolder, target: str, message: str
) -> None:
    head = small_git.git("rev-parse", "HEAD")
    run = verdigris("related", target.replace("HASH", head), inside=small_git.root)
    assert (run.code, run.out) == (2, "")
    assert message in run.err
