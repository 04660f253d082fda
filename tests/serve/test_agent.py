"""`verdigris agent` as a user sees it, and the way from a hook to an answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from verdigris.capture.agents.spool import append, spool_folder, waiting
from verdigris.capture.session_files import make_ignored

if TYPE_CHECKING:
    from tests.conftest import GitFolder
    from tests.serve.conftest import Verdigris


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's agents; a program of our name stands on the path."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "verdigris").write_text("#!/bin/sh\n", encoding="utf-8")
    (programs / "verdigris").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    for name in ("HOME", "USERPROFILE", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME"):
        monkeypatch.delenv(name, raising=False)


def _spool(root: Path, *events: tuple[str, str], session: str = "s1", at: str = "09:10") -> None:
    folder = spool_folder(root)
    make_ignored(folder)
    for event, text in events:
        files = "src/cup.py" if event == "tool" else ""
        append(
            folder,
            {
                "time": f"2026-03-02T{at}:00Z", "agent": "claude", "event": event,
                "session": session, "branch": "main", "commit": "a" * 40, "text": text,
                "files": files,
            },
        )  # fmt: skip


def test_install_status_remove(small_git: GitFolder, verdigris: Verdigris) -> None:
    assert verdigris("agent", "status", inside=small_git.root).code == 1
    shown = verdigris("agent", "install", "claude", "--dry-run")
    assert '+            "command": "verdigris agent hook claude' in shown.out
    assert small_git.git("status", "--porcelain") == ""
    installed = verdigris("agent", "install", "claude")
    assert installed.out.splitlines()[0].endswith("settings.json")
    assert installed.out.startswith("created ")
    assert "already installed" in verdigris("agent", "install", "claude").out
    listed = json.loads(verdigris("agent", "status", "claude", "--json").out)
    assert [row["state"] for row in listed["agents"]] == ["installed"] * 2 + ["missing"] * 2
    assert verdigris("agent", "status").code == 0
    assert "-## Project memory" in verdigris("agent", "remove", "claude", "--dry-run").out
    assert verdigris("agent", "remove", "claude").out.count("removed ") == 2
    assert "not installed" in verdigris("agent", "remove", "claude").out
    assert small_git.git("status", "--porcelain", "--ignored") == ""


def test_for_all_projects(small_git: GitFolder, verdigris: Verdigris, tmp_path: Path) -> None:
    run = verdigris("agent", "install", "codex", "--global", inside=small_git.root)
    assert "/hooks in Codex" in run.out
    assert (tmp_path / "home" / ".codex" / "hooks.json").exists()
    assert small_git.git("status", "--porcelain", "--ignored") == ""
    verdigris("agent", "remove", "codex", "--global")
    assert not (tmp_path / "home" / ".codex").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("install", "emacs"), "emacs"),
        (("status", "emacs"), "known: claude, codex, gemini, generic"),
        (("install", "generic", "--global"), "leave out --global"),
    ],
)
def test_errors_are_one_line(
    small_git: GitFolder, verdigris: Verdigris, arguments: tuple[str, ...], says: str
) -> None:
    run = verdigris("agent", *arguments, inside=small_git.root)
    assert (run.code, run.out, run.err.count("\n")) == (2, "", 1)
    assert says in run.err


def test_a_file_that_is_no_json_is_named(small_git: GitFolder, verdigris: Verdigris) -> None:
    small_git.write(".claude/settings.json", "{,}")
    run = verdigris("agent", "install", "claude", inside=small_git.root)
    assert run.code == 2
    assert "settings.json is left as it is" in run.err


def test_a_file_that_cannot_be_read_does_not_hide_the_other_agents(
    small_git: GitFolder, verdigris: Verdigris
) -> None:
    verdigris("agent", "install", "gemini", inside=small_git.root)
    settings = small_git.write(".claude/settings.json", "{,}")
    run = verdigris("agent", "status")
    assert (run.code, run.err) == (0, "")
    *rows, problem = run.out.splitlines()
    assert [row.split()[:3] for row in rows] == [
        ["claude", "project", "unreadable"],
        ["gemini", "project", "installed"],
        ["gemini", "project", "installed"],
    ]
    assert problem.startswith(f"{settings} is left as it is: ")
    assert verdigris("agent", "status", "claude").code == 1


def test_what_the_system_refuses_is_told_in_words(
    small_git: GitFolder, verdigris: Verdigris
) -> None:
    settings = small_git.root / ".claude" / "settings.json"
    settings.mkdir(parents=True)
    run = verdigris("agent", "install", "claude", inside=small_git.root)
    assert (run.code, run.err.count("\n")) == (2, 1)
    assert run.err.startswith(f"verdigris: {settings}: ")


def test_hooks_reach_the_open_session(small_git: GitFolder, verdigris: Verdigris) -> None:
    verdigris("session", "start", "Mine", inside=small_git.root)
    _spool(small_git.root, ("prompt", "Why is the cup empty?"), ("tool", "Edit"))
    _spool(small_git.root, ("answer", "# Found\nIt leaks."), ("end", ""))
    shown = verdigris("session", "show").out
    assert "- Prompt (claude) [main@aaaaaaa]\nWhy is the cup empty?\n" in shown
    assert "\n#### Found\nIt leaks.\n\n**Files edited:** `src/cup.py`\n" in shown
    assert json.loads(verdigris("session", "list", "--json").out)["sessions"][0]["status"] == (
        "active"
    )
    assert "note added" in verdigris("session", "note", "note added").out


@pytest.mark.parametrize("collected_by", [("scrape", "-q"), ("session", "list")])
def test_what_verdigris_printed_stays_out_of_the_log(
    small_git: GitFolder, verdigris: Verdigris, collected_by: tuple[str, ...]
) -> None:
    printed = verdigris("scry", "how is a kettle boiled?", inside=small_git.root).out
    related = verdigris("related", "src/kettle.py").out
    verdigris("session", "start", "Tea")
    _spool(
        small_git.root, ("answer", f"It says:\n\n{printed}\n\n{related}\n\nThe teapot is right.")
    )
    verdigris(*collected_by)
    log = next((small_git.root / ".verdigris" / "sessions").glob("*.md")).read_text()
    assert "It says:" in log
    assert "The teapot is right." in log
    assert "src/kettle.py:" not in log
    assert "Changes together with it" not in log


def test_without_a_session_the_agent_gets_its_own(
    small_git: GitFolder, verdigris: Verdigris
) -> None:
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    _spool(small_git.root, ("start", ""), ("prompt", f"Mend the samovar with token {secret}"))
    _spool(small_git.root, ("answer", "The samovar had no gasket."))
    run = verdigris("scry", "what was wrong with the samovar?", "--json", inside=small_git.root)
    (hit,) = [one for one in json.loads(run.out)["results"] if one["kind"] == "session"]
    assert hit["time"].startswith("2026-03-02T09:10")
    log = (small_git.root / hit["path"]).read_text(encoding="utf-8")
    assert secret not in log
    assert "[redacted:" in log
    assert log.count("Mend the samovar") == 2  # title and prompt, no goal that nobody ticks off
    assert small_git.git("tag") == ""
    _spool(small_git.root, ("end", ""), at="09:40")
    (one,) = json.loads(verdigris("session", "list", "--json").out)["sessions"]
    assert (one["status"], one["commits"] is None) == ("ended", False)
    assert small_git.git("tag") == ""


@pytest.mark.parametrize("source", ["transcripts", "git", "sessions"])
def test_every_scrape_takes_over_what_hooks_wrote(
    small_git: GitFolder, verdigris: Verdigris, source: str
) -> None:
    _spool(small_git.root, ("prompt", "Mend the samovar"))
    assert verdigris("scrape", source, "--no-vectors", inside=small_git.root).code == 0
    assert waiting(spool_folder(small_git.root)) == 0
    assert "Mend the samovar" in verdigris("session", "show").out


def test_another_session_of_an_agent_ends_the_first(
    small_git: GitFolder, verdigris: Verdigris
) -> None:
    _spool(small_git.root, ("prompt", "First"), session="s1")
    _spool(small_git.root, ("prompt", "Second"), session="s2", at="10:30")
    listed = json.loads(verdigris("session", "list", "--json", inside=small_git.root).out)
    assert [(one["title"], one["status"]) for one in listed["sessions"]] == [
        ("Second", "active"),
        ("First", "ended"),
    ]
    _spool(small_git.root, ("prompt", "Third"), session="s2", at="10:40")
    run = verdigris("session", "start", "Mine")
    assert run.err == f"note: ended session {listed['sessions'][0]['id']} (Second)\n"
    assert "Third" in verdigris("session", "show", listed["sessions"][0]["id"]).out


@pytest.mark.parametrize("session", ["s1", "s2"])
def test_a_log_that_was_deleted_blocks_nothing(
    small_git: GitFolder, verdigris: Verdigris, session: str
) -> None:
    _spool(small_git.root, ("prompt", "First"))
    listed = json.loads(verdigris("session", "list", "--json", inside=small_git.root).out)
    (small_git.root / listed["sessions"][0]["path"]).unlink()
    _spool(small_git.root, ("prompt", "Second"), ("end", ""), session=session)
    (one,) = json.loads(verdigris("session", "list", "--json").out)["sessions"]
    assert (one["title"], one["status"]) == ("Second", "ended")


def test_an_interrupted_run_doubles_nothing(small_git: GitFolder, verdigris: Verdigris) -> None:
    verdigris("session", "start", "Mine", inside=small_git.root)
    for _ in range(2):  # as if the first run ended between writing the log and dropping the spool
        _spool(small_git.root, ("prompt", "Only once"))
        verdigris("session", "list")
    assert verdigris("session", "show").out.count("Only once") == 1


def test_what_cannot_be_written_waits(small_git: GitFolder, verdigris: Verdigris) -> None:
    small_git.write("journal", "a file where the folder should be")
    small_git.write(".verdigris/config.toml", 'sessions_dir = "journal"\n')
    _spool(small_git.root, ("prompt", "Kept"))
    run = verdigris("scrape", "sessions", "--no-vectors", "--json", inside=small_git.root)
    assert run.code == 0
    assert "what agents' hooks wrote down waits" in run.out
    assert "1 record of hooks wait" in verdigris("agent", "status").out
    assert "wrote down waits" in verdigris("session", "list").err
    small_git.write(".verdigris/config.toml", "")
    verdigris("scrape", "sessions", "--no-vectors")
    assert "Kept" in verdigris("session", "show").out
