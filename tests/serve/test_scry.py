"""scry, as a user sees it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from verdigris import KnowledgeBase
from verdigris.retrieve.moments import commits_meant

if TYPE_CHECKING:
    from tests.conftest import GitFolder
    from tests.serve.conftest import Verdigris


def test_answers_with_path_lines_commit_and_date(
    verdigris: Verdigris, small_git: GitFolder
) -> None:
    run = verdigris("scry", "how is water heated?", inside=small_git.root)
    assert run.code == 0
    first_commit = small_git.git("rev-list", "--max-parents=0", "HEAD")
    heads = [line for line in run.out.splitlines() if re.match(r" ?\d+\. ", line)]
    assert any(
        line.strip().startswith(tuple("123456"))
        and "src/kettle.py:1-3  boil  code · " + first_commit[:10] in line
        for line in heads
    )
    assert "index: up to date · " in run.out
    assert "\x1b" not in run.out


def test_json_has_the_agreed_shape(verdigris: Verdigris, small_git: GitFolder) -> None:
    run = verdigris("scry", "steep tea", "--json", "--kind", "doc", inside=small_git.root)
    answer = json.loads(run.out)
    assert run.code == 0
    assert list(answer)[:4] == ["schema_version", "query", "results", "index"]
    (hit,) = answer["results"]
    assert {"doc", "kind", "path", "lines", "symbol", "commit", "session", "time", "score",
            "passages", "lanes"} <= set(hit)  # fmt: skip
    assert (hit["doc"], hit["path"], hit["kind"]) == ("docs/tea.md", "docs/tea.md", "doc")
    assert hit["lines"][0] >= 1
    assert hit["commit"] == small_git.git("rev-parse", "HEAD~1")
    assert answer["index"]["chunks_without_vectors"] == 0
    assert all(place["rank"] >= 1 for place in hit["lanes"].values())


def test_a_commit_is_shown_with_hash_subject_author_and_date(
    verdigris: Verdigris, small_git: GitFolder
) -> None:
    run = verdigris("scry", "fill a cup", "--kind", "commit", "-k", "1", inside=small_git.root)
    head = small_git.git("rev-parse", "HEAD")[:10]
    day = small_git.git("show", "-s", "--date=format-local:%Y-%m-%d", "--format=%cd")
    assert run.out.splitlines()[0].startswith(f" 1. commit {head}  Fill a cup  Ada · {day[:8]}")
    assert run.out.count("Fill a cup") == 1
    assert "    files: src/cup.py\n" in run.out


def test_a_commit_names_as_many_files_as_a_line_holds(
    verdigris: Verdigris, small_git: GitFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        small_git.write(f"src/porcelain_{number:02}.py", "x = 1\n")
    small_git.commit("Buy porcelain")
    monkeypatch.setenv("COLUMNS", "60")
    asked = ("scry", "buy porcelain", "--kind", "commit", "-k", "1")
    run = verdigris(*asked, inside=small_git.root)
    assert "    files: src/porcelain_00.py and 59 more\n" in run.out
    (hit,) = json.loads(verdigris(*asked, "--json", inside=small_git.root).out)["results"]
    assert (len(hit["files"]), hit["file_count"]) == (50, 60)


def test_words_need_no_quotes(verdigris: Verdigris, small_git: GitFolder) -> None:
    run = verdigris("scry", "how", "is", "water", "heated", "--json", inside=small_git.root)
    assert json.loads(run.out)["query"] == "how is water heated"


def test_explain_names_every_lane(verdigris: Verdigris, small_git: GitFolder) -> None:
    run = verdigris("scry", "boil water", "--explain", "-k", "1", inside=small_git.root)
    assert re.search(r"score \d\.\d+ = .*dense #\d", run.out)
    assert "lexical-passages #1" in run.out


def test_no_line_is_wider_than_the_terminal(
    verdigris: Verdigris, small_git: GitFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_git.write("docs/pots.yaml", "pots: 3\n")
    small_git.write("notes.rst", "Notes\n=====\n\nWater is heated in the kettle.\n")
    monkeypatch.setenv("COLUMNS", "60")
    for asked in (("scry", "how is water heated?", "--explain"), ("status",), ("doctor",)):
        lines = verdigris(*asked, inside=small_git.root).out.splitlines()
        assert [line for line in lines if len(line) > 60 and not _has_path(line)] == []


def test_what_is_known_of_a_long_path_stands_below_it(
    verdigris: Verdigris, small_git: GitFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "src/porcelain/cups_with_handles/saucers.py"
    small_git.write(path, "def polish(): ...\n")
    monkeypatch.setenv("COLUMNS", "60")
    run = verdigris("scry", "polish", "-k", "1", inside=small_git.root)
    head, facts, name, *_ = run.out.splitlines()
    assert head == f" 1. {path}:1"
    assert facts.startswith("    code · no commit · ")
    assert name == "    polish"


def _has_path(line: str) -> bool:
    """Whether a word is so long that no line holds it with others: a path stays whole."""
    return max(map(len, line.split())) > 40


def test_quiet_prints_hits_alone(verdigris: Verdigris, small_git: GitFolder) -> None:
    run = verdigris("scry", "boil water", "--quiet", inside=small_git.root)
    assert "src/kettle.py" in run.out
    assert "index:" not in run.out
    assert run.err == ""


def test_nothing_found_is_exit_1(verdigris: Verdigris, small_git: GitFolder) -> None:
    run = verdigris("scry", "boil", "--path", "no/such/folder", inside=small_git.root)
    assert run.code == 1
    assert run.out.startswith("Nothing found.")
    assert "no file in the index matches the path 'no/such/folder'" in run.err + run.out
    quiet = verdigris("scry", "boil", "--path", "no/such/folder", "-q")
    assert (quiet.code, quiet.out) == (1, "")
    as_json = verdigris("scry", "boil", "--path", "no/such/folder", "--json")
    assert (as_json.code, json.loads(as_json.out)["results"]) == (1, [])


def test_without_refresh_nothing_is_indexed_and_said_so(
    verdigris: Verdigris, small_git: GitFolder
) -> None:
    run = verdigris("scry", "boil", "--no-refresh", "--strict", inside=small_git.root)
    assert run.code == 3
    assert "Nothing is indexed here yet" in run.out
    assert "verdigris scrape" in run.out
    assert "behind by 3 commits and 3 files" in run.out


def test_strict_is_content_with_a_current_index(verdigris: Verdigris, small_git: GitFolder) -> None:
    assert verdigris("scry", "boil", "--strict", inside=small_git.root).code == 0


def test_empty_question_and_unknown_lane_are_errors(
    verdigris: Verdigris, small_git: GitFolder
) -> None:
    empty = verdigris("scry", " ", inside=small_git.root)
    assert (empty.code, empty.out) == (2, "")
    assert empty.err.startswith("verdigris: the question is empty")
    lane = verdigris("scry", "boil", "--lane", "psychic")
    assert lane.code == 2
    assert "dense, lexical-passages, lexical-documents" in lane.err


def test_a_very_long_question_is_answered(verdigris: Verdigris, small_git: GitFolder) -> None:
    question = "how is water boiled in a kettle " * 320
    assert verdigris("scry", question, "-k", "1000", inside=small_git.root).code == 0


def test_paths_are_shown_and_taken_from_the_folder_of_the_reader(
    verdigris: Verdigris, small_git: GitFolder
) -> None:
    run = verdigris("scry", "boil", "--path", "kettle.py", inside=small_git.root / "src")
    assert re.match(r" 1\. kettle\.py:1-3 ", run.out)
    other = verdigris("scry", "tea", "--path", "docs")
    assert "../docs/tea.md:" in other.out
    as_json = verdigris("scry", "tea", "--path", "../docs", "--json")
    assert [hit["path"] for hit in json.loads(as_json.out)["results"]] == ["docs/tea.md"]


def test_the_whole_repository_may_be_named_as_a_path(
    verdigris: Verdigris, small_git: GitFolder
) -> None:
    run = verdigris("scry", "boil", "--path", ".", inside=small_git.root)
    assert "src/kettle.py" in run.out


def test_an_uncommitted_file_says_so(verdigris: Verdigris, small_git: GitFolder) -> None:
    small_git.write("notes.md", "# Samovar\n\nA samovar keeps water hot all day.\n")
    run = verdigris("scry", "samovar", "--kind", "doc", "-k", "1", inside=small_git.root)
    assert "notes.md:1-3  Samovar  doc · no commit" in run.out


def test_a_session_log_is_shown_with_its_block(verdigris: Verdigris, small_git: GitFolder) -> None:
    small_git.write(
        "sessions/20250801-090000.md",
        "# Session: tea trials\n\n**ID**: 20250801-090000\n\n## Activity Log\n\n"
        "### 09:30 - Decision: porcelain\n\nPorcelain pots keep the heat of oolong best.\n",
    )
    run = verdigris("scry", "oolong porcelain", "--kind", "session", "-k", "1",
                    inside=small_git.root)  # fmt: skip
    head = run.out.splitlines()[0]
    assert "sessions/20250801-090000.md:" in head
    assert "tea trials" in head
    assert "session" in head


def test_a_narrow_terminal_wraps_nothing_by_itself(
    verdigris: Verdigris, small_git: GitFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_git.write("docs/long.md", "# Long\n\n" + "samovar and porcelain " * 60 + "\n")
    monkeypatch.setenv("COLUMNS", "50")
    run = verdigris("scry", "samovar porcelain", "-k", "1", inside=small_git.root)
    *hits, _, _ = run.out.rstrip("\n").split("\n")
    assert max(map(len, hits)) <= 50
    assert "…" in run.out


@pytest.mark.parametrize(
    ("question", "moment"),
    [
        ("when was version 1.0 released?", "release 1.0"),
        ("which was the first release?", "release 0.9"),
        ("when was the latest version published?", "release 2.0"),
        ("when did this project begin?", "first commit"),
    ],
)
def test_moments_are_findable_answers(
    verdigris: Verdigris, small_git: GitFolder, question: str, moment: str
) -> None:
    for tag, commit in (("v0.9", "HEAD~2"), ("v1.0.0", "HEAD~1"), ("v2.0", "HEAD")):
        small_git.git("tag", tag, commit)
    run = verdigris("scry", question, "--json", inside=small_git.root)
    found = json.loads(run.out)["results"][0]["moments"]
    assert any(one.startswith(moment) for one in found)


def test_where_only_pre_releases_came_out_the_last_of_them_is_the_latest(
    small_git: GitFolder,
) -> None:
    for tag, commit in (("v1.0a1", "HEAD~2"), ("v1.0a2", "HEAD~1")):
        small_git.git("tag", tag, commit)
    with KnowledgeBase(small_git.root) as knowledge_base:
        knowledge_base.refresh()
        meant = commits_meant("which is the latest release?", knowledge_base.facts)
    assert meant == [small_git.git("rev-parse", "v1.0a2")]


def test_a_commit_shows_its_moment(verdigris: Verdigris, small_git: GitFolder) -> None:
    small_git.git("tag", "v1.0")
    run = verdigris("scry", "when was 1.0 released?", "-k", "1", "-q", inside=small_git.root)
    assert run.out.splitlines()[0].endswith(" · release 1.0")
    assert run.out.count("Fill a cup") == 1
    status = verdigris("status", "--moments")
    head = small_git.git("rev-parse", "HEAD")[:10]
    assert re.search(rf"{head}  release 1.0   Fill a cup", status.out)


def test_a_session_says_what_became_of_the_code_it_names(
    verdigris: Verdigris, small_git: GitFolder
) -> None:
    started = verdigris("session", "start", "A faster kettle", inside=small_git.root)
    assert started.code == 0
    verdigris("session", "note", "`boil` in `src/kettle.py` heats `src/cup.py`, `boil()` is slow")
    small_git.commit("Keep the session")
    fresh = verdigris("scry", "what heats slow?", "--kind", "session", "-k", "1", "-q")
    assert "    fresh: src/kettle.py, src/cup.py, boil" in fresh.out
    small_git.write("src/kettle.py", "def boil(litres):\n    return 5\n")
    small_git.git("mv", "src/cup.py", "src/mug.py")
    run = verdigris("scry", "what heats slow?", "--kind", "session", "-k", "1", "-q")
    assert "    drifted: boil in src/kettle.py:1-2, +1 -2 lines\n" in run.out
    assert "    gone: src/cup.py" in run.out
    answer = json.loads(
        verdigris("scry", "what heats slow?", "--kind", "session", "-k", "1", "--json").out
    )
    states = {one["name"]: one["state"] for one in answer["results"][0]["anchors"]}
    assert states == {"boil": "drifted", "src/kettle.py": "drifted", "src/cup.py": "gone"}
    drifted = next(one for one in answer["results"][0]["anchors"] if one["name"] == "boil")
    assert drifted["then"]["lines"] == [1, 3]
    assert (drifted["now"], drifted["added"]) == ({"path": "src/kettle.py", "lines": [1, 2]}, 1)


def test_in_a_pipe_a_question_embeds_what_it_needs_and_tells_what_lacks_vectors(
    verdigris: Verdigris, small_git: GitFolder
) -> None:
    notes = "\n\n".join(f"## Note {number}\n\nTea of kind {number}." for number in range(400))
    small_git.write("notes.md", notes)
    asked = ("scry", "tea of kind 7", "--json")
    first = verdigris(*asked, inside=small_git.root)
    index = json.loads(first.out)["index"]
    assert 0 < index["vectors"] < index["chunks"] / 2
    missing = index["chunks_without_vectors"]
    assert first.err == (
        f"note: words alone find {missing} passages; embed them, once: verdigris scrape\n"
    )
    assert verdigris(*asked, "--quiet").err == ""
    verdigris("scrape", "-q")
    assert verdigris(*asked).err == ""
