"""The knowledge base at a cut knows nothing of what came later."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from verdigris.benchmark import (
    FILE_KINDS,
    commit_benchmark,
    knowledge_base_at,
    run_benchmark,
)
from verdigris.errors import EvaluationError, RepositoryError
from verdigris.evaluate.history import PastCommit, choose_cut, read_history
from verdigris.knowledge_base import KnowledgeBase
from verdigris.serve.cli.program import cli

if TYPE_CHECKING:
    from tests.conftest import GitFolder

PLANTED = "xylophonics"
THINGS = ("kettle", "garden", "boat", "tide", "lamp", "bridge", "violin", "oven", "clock", "fence")


@pytest.fixture
def household(make_git: Callable[[str], GitFolder], monkeypatch: pytest.MonkeyPatch) -> GitFolder:
    """60 commits over ten files; the newer ones say a word that none of the older ones says."""
    folder = make_git("household")
    for number in range(60):
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"2024-01-01T10:{number:02d}:00Z")
        thing = THINGS[number % 10]
        word = PLANTED if number >= 38 else "nothing"
        old = folder.root / f"src/{thing}.py"
        before = old.read_text() if old.exists() else f'"""About the {thing}."""\n'
        text = f"{before}\n\ndef {thing}_{number}():\n    return '{word}'\n"
        folder.write(f"src/{thing}.py", text)
        if number == 45:
            folder.write(f"docs/{PLANTED}.md", f"# {PLANTED}\n")
        folder.commit(f"Teach the {thing} trick number {'i' * number} about {word}")
        if number in (5, 50):
            folder.git("tag", "--annotate", f"v{number}", "--message", f"Tagged with {word}")
    folder.git("branch", PLANTED)
    folder.git("tag", "--annotate", "late", "HEAD~55", "--message", f"Late, of {PLANTED}")
    folder.write("untracked.md", PLANTED)
    return folder


def _everything(database: Path) -> str:
    """All that a database holds, as its tables say it and as the file has it."""
    connection = sqlite3.connect(database)
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master "
              "WHERE type = 'table'")]  # fmt: skip
    rows = [str(row) for table in tables for row in connection.execute(f'SELECT * FROM "{table}"')]
    connection.close()
    return "\n".join([*rows, database.read_bytes().decode("latin-1")])


def test_nothing_later_is_in_any_file_of_the_cut(household: GitFolder) -> None:
    with KnowledgeBase(household.root) as source, commit_benchmark(source) as benchmark:
        at_cut = benchmark.knowledge_base
        databases = sorted(at_cut.locations.folder.glob("*.db"))
        held = {path.name: _everything(path) for path in databases}
        root = at_cut.repository.root
        tracked = [path for path in root.rglob("*") if path.is_file()]
        names = [str(path) for path in tracked]
        texts = [path.read_bytes().decode("latin-1") for path in tracked]
        log = household.git("-C", str(root), "log", "--all", "--format=%B")
        later = [commit.details.sha for commit in benchmark.cut.after]
        hits = at_cut.ask(PLANTED, limit=50).hits
        everything = _everything(source.locations.index)
    assert sorted(held) == ["index.db", "log.db"]
    assert len(later) == 30
    assert PLANTED in everything  # the check sees it where it is
    for text in [*held.values(), *names, *texts, log]:
        assert PLANTED not in text
        assert not any(sha in text for sha in later)
    assert all(hit.commit not in later for hit in hits)
    assert not root.exists()


def test_later_subjects_ask_for_files_that_were_there(household: GitFolder) -> None:
    with KnowledgeBase(household.root) as source, commit_benchmark(source) as benchmark:
        at_cut = benchmark.knowledge_base
        state = at_cut.state(current=True)
        paths = at_cut.facts.paths()
        shas = [query.id for query in benchmark.queries]
        filters = at_cut.filters(kinds=FILE_KINDS)
        first = benchmark.queries[0]
        found = at_cut.ask(first.text, filters, limit=1).hits[0]
        again = choose_cut(read_history(source.repository, source.log))
    assert state.vectors == state.chunks > 0
    assert shas == [commit.details.sha for commit in benchmark.cut.after]
    assert all(set(query.relevant) <= paths for query in benchmark.queries)
    assert (found.document,) == first.relevant
    assert again == benchmark.cut


def test_side_branches_arrive_with_their_merge(make_git: Callable[[str], GitFolder]) -> None:
    """A commit made early and merged late is a later commit: nobody on main could know it."""
    folder = make_git("merged")
    for number in range(3):
        folder.write("a.py", f"{number}\n")
        folder.commit(f"First line of work {number}")
    folder.git("switch", "--quiet", "--create", "side", "HEAD~2")
    folder.write("b.py", "side\n")
    side = folder.commit("Work on the side branch")
    folder.git("switch", "--quiet", "main")
    folder.git("merge", "--quiet", "--no-ff", "side", "--message", "Merge the side")
    with KnowledgeBase(folder.root) as source:
        source.refresh(("git",))
        history = read_history(source.repository, source.log)
    arrivals = {commit.subject: commit.arrival for commit in history}
    assert [*arrivals.values()].count(3) == 2
    assert arrivals["Work on the side branch"] == arrivals["Merge the side"] == 3
    assert side in {commit.details.sha for commit in history}


def test_no_commit_and_too_few(make_git: Callable[[str], GitFolder], small_git: GitFolder) -> None:
    for folder in (make_git("empty"), small_git):
        with (
            KnowledgeBase(folder.root) as source,
            pytest.raises(EvaluationError, match="at least 10 are needed"),
            commit_benchmark(source),
        ):
            pass


def test_an_interrupt_leaves_no_folder(small_git: GitFolder) -> None:
    seen: list[Path] = []
    with (
        KnowledgeBase(small_git.root) as source,
        pytest.raises(KeyboardInterrupt),
        knowledge_base_at(source, small_git.git("rev-parse", "HEAD~1")) as at_cut,
    ):
        seen.append(at_cut.repository.root)
        raise KeyboardInterrupt
    assert [root.exists() for root in seen] == [False]


def test_a_commit_that_is_not_there(small_git: GitFolder) -> None:
    with (
        KnowledgeBase(small_git.root) as source,
        pytest.raises(RepositoryError),
        knowledge_base_at(source, "f" * 40),
    ):
        pass


def test_the_line_of_a_history(household: GitFolder) -> None:
    with KnowledgeBase(household.root) as source:
        source.refresh(("git",))
        history: tuple[PastCommit, ...] = read_history(source.repository, source.log)
    assert [commit.arrival for commit in history] == list(range(60))


def test_raw_random_and_trained_are_told_together(
    make_git: Callable[[str], GitFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Words of the subjects say nothing of the files but by habit, which training can learn."""
    folder = make_git("habits")
    habits = {
        "Paint": "Ships sail across the ocean",
        "Water": "Violins play in concert halls",
        "Repair": "Taxes follow the rules of accounting",
    }
    for number in range(150):
        verb = [*habits][number * 7 % 3]
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"{1_700_000_000 + 60 * number} +0000")
        folder.write(f"{verb[::-1].lower()}.md", f"{habits[verb]}, {number} times.\n")
        house = "".join("abcdefghij"[int(digit)] for digit in f"{number:03}")
        folder.commit(f"{verb} the {THINGS[number % 10]} of house {house}")
    with KnowledgeBase(folder.root) as source:
        (suite,) = run_benchmark(source, ["commits"]).suites
    found = {one.lane: one.metrics.mrr for one in suite.lanes}
    assert {"files raw", "files random", "files trained", "most-changed"} < set(found)
    assert found["files trained"] > max(found["files raw"], found["files random"]) + 0.1


def run_eval(folder: GitFolder, *arguments: object) -> Result:
    words = ["-C", str(folder.root), "eval", *map(str, arguments)]
    return CliRunner().invoke(cli, words, catch_exceptions=False)


def test_the_command_runs_what_can_be_made_and_says_what_cannot(
    household: GitFolder, tmp_path: Path
) -> None:
    saved, chart = tmp_path / "run.json", tmp_path / "run.svg"
    options = ("--save", saved, "--chart", chart, "--json", "--fail-under", "commits:MRR=0.9")
    result = run_eval(household, *options)
    assert result.exit_code == 0, result.output
    value = json.loads(result.stdout)
    commits = value["suites"][0]
    assert [one["suite"] for one in value["suites"]] == ["commits"]
    assert [one["suite"] for one in value["not_made"]] == [
        "issues",
        "cochanges",
        "docstrings",
        "sessions",
    ]
    assert commits["queries"] == 30
    assert commits["index"] == {
        "commit": household.git("rev-parse", "HEAD~30"),
        "time": "2024-01-01T10:29:00Z",
    }
    low, high = (commits["intervals"]["fused"][end]["MRR"] for end in ("low", "high"))
    assert low <= commits["lanes"]["fused"]["MRR"] <= high
    assert set(commits["contribution"]) < set(commits["lanes"])
    assert "most-changed" in commits["lanes"]
    assert chart.read_text().startswith("<svg")

    again = tmp_path / "again.json"
    table = run_eval(household, "--suite", "commits", "--save", again, "--fail-under", "MRR=1")
    assert "commits: the subject of a later commit asks" in table.stdout
    assert "30 questions, 30 right answers; the index ends at" in table.stdout
    below = re.search(r"below the threshold MRR=1: commits has 0\.\d+", table.stderr)
    assert table.exit_code == (4 if below else 0)
    compared = run_eval(household, "--compare", saved, again)
    assert compared.exit_code == 0
    assert "no difference in MRR that can be told from chance" in " ".join(compared.stdout.split())
    same = json.loads(run_eval(household, "--compare", saved, again, "--json").stdout)
    lanes = same["suites"][0]["lanes"].values()
    assert all(one["MRR"]["difference"]["mean"] == 0 for one in lanes)  # deterministic


def test_nothing_to_ask_is_nothing_found(small_git: GitFolder) -> None:
    result = run_eval(small_git)
    assert result.exit_code == 1
    assert "commits: not made; 2 of 3 commits say" in result.stdout
    assert "sessions: not made; there is no session log" in result.stdout


def test_suites_that_do_not_exist(small_git: GitFolder) -> None:
    with pytest.raises(EvaluationError, match="unknown suite 'commit'; suites: commits, issues"):
        run_eval(small_git, "--suite", "commit")


def test_session_logs_outside_of_git_come_along_up_to_the_cut(household: GitFolder) -> None:
    for day in (1, 2):
        id = f"2024010{day}-090000"
        log = f"# Session: Day {day}\n**ID**: {id}\n**Started**: 2024-01-0{day}T09:00:00Z\n"
        household.write(f"logs/sessions/{id}.md", log)
    with KnowledgeBase(household.root) as source:
        cut, head = household.git("rev-parse", "HEAD~30", "HEAD").split()
        found = {}
        for commit in (cut, head):
            with knowledge_base_at(source, commit) as at_commit:
                paths = at_commit.facts.paths()
                found[commit] = sorted(path for path in paths if path.startswith("logs/"))
    early, late = (f"logs/sessions/2024010{day}-090000.md" for day in (1, 2))
    assert found == {cut: [early], head: [early, late]}


@pytest.mark.parametrize(
    "later",
    [
        "### 2024-01-02 09:00 - Note\n\n- wrote on the next day\n",
        "### 10:20 - Note\n\n- what {sha} does was made later than the entry says\n",
    ],
)
def test_a_session_log_that_went_on_after_the_cut_stays_away(
    household: GitFolder, later: str
) -> None:
    """It began before the cut, but its later entries tell what commits after it do."""
    cut, newer = household.git("rev-parse", "HEAD~30", "HEAD~3").split()
    head = "# Session: Long\n**ID**: 20240101-090000\n**Started**: 2024-01-01T09:00:00Z\n"
    log = f"{head}\n## Activity Log\n\n### 09:10 - Note\n\n- began\n\n{later}"
    household.write("logs/sessions/20240101-090000.md", log.format(sha=newer[:10]))
    with KnowledgeBase(household.root) as source, knowledge_base_at(source, cut) as at_cut:
        assert not [path for path in at_cut.facts.paths() if path.startswith("logs/")]


def issue(number: int, title: str, updated: str) -> dict[str, object]:
    return {
        "number": number, "title": title, "body": f"{title}, says everybody.\n\nAnd more.",
        "createdAt": "2024-01-01T09:00:00Z", "updatedAt": updated,
        "url": f"https://forge.example/x/y/issues/{number}",
    }  # fmt: skip


def test_solved_issues_ask_for_the_files_of_their_commits(
    household: GitFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2024-01-01T11:00:00Z")
    for number, thing in ((1, "kettle"), (2, "boat")):
        household.write(f"src/{thing}.py", f"# mended {number}\n")
        household.commit(f"Mend what was wrong with the {thing}, fixes #{number}")
    known, late = "2024-01-01T09:30:00Z", "2024-01-01T12:00:00Z"
    issues = [
        issue(1, f"Boiling is {PLANTED}", late),
        issue(2, "Sailing was known to the cut", known),
        issue(3, "Nobody ever solved this one", late),
    ]
    exported = tmp_path / "issues.json"
    exported.write_text(json.dumps(issues))
    with KnowledgeBase(household.root) as source:
        source.import_issues(exported)
        with commit_benchmark(source) as benchmark:
            at_cut = benchmark.knowledge_base
            held = [at_cut.documents_named(f"issue:{number}") for number in (1, 2, 3)]
            everything = "".join(map(_everything, at_cut.locations.folder.glob("*.db")))
        report = run_benchmark(source, ["issues"])
    assert held == [[], ["issue:2"], []]
    assert PLANTED not in everything
    (suite,) = report.suites
    assert [query.id for query in suite.per_query] == ["issue:1"]
    assert suite.per_query[0].text == f"Boiling is {PLANTED}, says everybody."
    assert suite.relevant == 1


def test_what_became_of_an_issue_after_the_cut_is_not_known_at_it(
    household: GitFolder, tmp_path: Path
) -> None:
    """Exported records need not say when they changed last: other times may show it."""
    early, late = "2024-01-01T09:30:00Z", "2024-01-01T12:00:00Z"
    comment = {"author": {"login": "ada"}, "body": "Done.", "createdAt": late}
    records = [
        issue(1, "Open and never touched", early),
        issue(2, "Closed later", early) | {"state": "CLOSED", "closedAt": late},
        issue(3, "Closed at an unknown time", early) | {"state": "CLOSED"},
        issue(4, "Spoken of later", early) | {"comments": [comment]},
        issue(5, "Closed before the cut", early) | {"state": "CLOSED", "closedAt": early},
    ]
    for record in records:
        record["createdAt"] = record.pop("updatedAt")
    exported = tmp_path / "issues.json"
    exported.write_text(json.dumps(records))
    with KnowledgeBase(household.root) as source:
        source.import_issues(exported)
        with knowledge_base_at(source, household.git("rev-parse", "HEAD~30")) as at_cut:
            known = at_cut.facts.issues()
    assert known == ["issue:1", "issue:5"]
