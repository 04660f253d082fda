"""scrape forge, and issues in answers, as a user sees them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.forge_program import ForgeProgram, issue

if TYPE_CHECKING:
    from tests.conftest import GitFolder
    from tests.serve.conftest import Verdigris


@pytest.fixture
def exported(tmp_path: Path, small_git: GitFolder) -> Path:
    small_git.write("src/kettle.py", "def boil(litres):\n    return 0\n")
    small_git.commit("Never boil (#12)")
    file = tmp_path / "issues.json"
    comment = {"author": {"login": "bob"}, "body": "Mine smokes when it boils dry."}
    file.write_text(json.dumps([issue(12, "Kettle boils dry", comments=[comment])]))
    return file


def test_an_exported_file_is_read_and_answers(
    verdigris: Verdigris, small_git: GitFolder, exported: Path
) -> None:
    run = verdigris("scrape", "forge", "--from", str(exported), inside=small_git.root)
    assert run.code == 0
    assert run.out.startswith("read: 1 issue\n")
    run = verdigris("scry", "kettle boils dry", "--kind", "issue")
    head, *rest = run.out.splitlines()
    assert head == " 1. issue #12  Kettle boils dry  open · ada · 2026-01-02"
    commit = small_git.git("rev-parse", "HEAD")[:10]
    assert f"    squash: commit {commit} Never boil (#12)" in rest
    assert "    https://github.com/ada/kettle/issues/12" in rest
    assert "    files: src/kettle.py" in rest
    assert "bob" in run.out
    assert "1 issue" in verdigris("status").out
    assert verdigris("scry", "who reported #12?", "-k", "1").out.startswith(" 1. issue #12")


def test_a_record_cannot_steer_the_terminal(
    verdigris: Verdigris, small_git: GitFolder, tmp_path: Path
) -> None:
    bad = "\x1b[2J"
    record = issue(12, f"Kettle{bad}", url=f"https://x.org/issues/12{bad}", state=f"open{bad}")
    file = tmp_path / "issues.json"
    file.write_text(json.dumps([record | {"author": {"login": bad}, "body": bad + "dry"}]))
    verdigris("scrape", "forge", "--from", str(file), inside=small_git.root)
    run = verdigris("scry", "kettle", "--kind", "issue")
    assert "issue #12" in run.out
    assert "\x1b" not in run.out


def test_json_has_the_issue(verdigris: Verdigris, small_git: GitFolder, exported: Path) -> None:
    verdigris("scrape", "forge", "--from", str(exported), inside=small_git.root)
    run = verdigris("scry", "kettle boils dry", "--json")
    hits = {hit["doc"]: hit for hit in json.loads(run.out)["results"]}
    found = hits["issue:12"]
    assert (found["kind"], found["path"]) == ("issue", None)
    assert found["issue"]["state"] == "open"
    assert found["issue"]["files"] == ["src/kettle.py"]
    assert hits["src/kettle.py"]["issue"] is None


def test_related_shows_the_issues_behind_a_file(
    verdigris: Verdigris, small_git: GitFolder, exported: Path
) -> None:
    verdigris("scrape", "forge", "--from", str(exported), inside=small_git.root)
    run = verdigris("related", "src/kettle.py")
    assert "Issues behind its commits\n  issue #12  Kettle boils dry  open    squash " in run.out
    found = json.loads(verdigris("related", "src/kettle.py", "--json").out)
    assert found["issues"][0]["document"] == "issue:12"


def test_a_configured_forge_is_part_of_every_scrape_and_of_no_question(
    verdigris: Verdigris, small_git: GitFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gh = ForgeProgram(tmp_path / "bin", "gh", monkeypatch)
    gh.holds("issues", issue(1, "One"))
    small_git.write(".verdigris/config.toml", 'forge = "gh"\n')
    verdigris("scry", "water", inside=small_git.root)
    assert gh.calls == []
    assert "1 issue" in verdigris("scrape").out
    assert len(gh.calls) == 3


def test_mistakes_are_told_in_one_line(
    verdigris: Verdigris, small_git: GitFolder, tmp_path: Path
) -> None:
    run = verdigris("scrape", "forge", "--from", str(tmp_path / "none.json"), inside=small_git.root)
    assert (run.code, run.out) == (2, "")
    assert "none.json" in run.err and "docs/forge.md" in run.err
    cut = tmp_path / "cut.json"
    cut.write_text('[{"number": 1, "title"')
    run = verdigris("scrape", "forge", "--from", str(cut))
    assert run.code == 2
    assert "cut.json, line 1: no valid JSON" in run.err
    run = verdigris("scrape", "docs", "--from", str(cut))
    assert run.code == 2
    assert "--from FILE goes with forge" in run.err
    small_git.write(".verdigris/config.toml", 'forge = "bitbucket"\n')
    run = verdigris("status")
    assert (run.code, "forge must be one of '', 'gh', 'glab'" in run.err) == (2, True)
