"""`verdigris session`: the commands as a user and a program see them."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

import verdigris as package
from verdigris.serve.cli.program import cli

if TYPE_CHECKING:
    from tests.conftest import GitFolder
    from tests.serve.conftest import Verdigris


def test_a_session_from_start_to_end(small_git: GitFolder, verdigris: Verdigris) -> None:
    started = verdigris("session", "start", "Make", "--llm", "x", inside=small_git.root / "src")
    assert started.code == 0
    first, path, *_ = started.out.splitlines()
    session = first.removeprefix("started session ").removesuffix(": Make")
    log = Path(path)
    assert log == small_git.root / ".verdigris" / "sessions" / f"{session}.md"
    assert verdigris("session", "note", "two", "words").out.endswith("\ntwo words\n")
    updated = verdigris("session", "update", "--work", "Boiled", "--decision", "Tea", "and talk")
    assert "**Work completed:**\n- Boiled\n\n**Key decisions:**\n- Tea" in updated.out
    assert updated.out.endswith("**Discussion context:**\n\nand talk\n")
    ended = verdigris("session", "end")
    assert ended.out.startswith(f"ended session {session}: Make\n")
    assert "- Work Type: exploration" in ended.out
    assert "two words" in log.read_text(encoding="utf-8")
    assert small_git.git("tag").split() == [f"session-{session}-end", f"session-{session}-start"]


def test_what_is_captured_can_be_asked_for(small_git: GitFolder, verdigris: Verdigris) -> None:
    verdigris("session", "start", "Choose a teapot", inside=small_git.root)
    verdigris("session", "update", "--decision", "The samovar stays, since guests like it")
    run = verdigris("scry", "why keep the samovar?", "--kind", "session", "--json")
    (hit,) = json.loads(run.out)["results"]
    assert hit["title"] == "Choose a teapot"
    assert "The samovar stays" in hit["passages"][0]["text"]


def test_a_log_that_was_edited_by_hand_is_read_again(
    small_git: GitFolder, verdigris: Verdigris
) -> None:
    verdigris("session", "start", "Choose a teapot", inside=small_git.root)
    log = Path(
        verdigris("session", "note", "The samovar stays, since guests like it").out.split("\n")[1]
    )
    verdigris("scry", "samovar", "--kind", "session")
    edited = log.read_text(encoding="utf-8").replace("samovar stays", "zarf goes")
    log.write_text(edited, encoding="utf-8")
    verdigris("session", "note", "A second note")
    run = verdigris("scry", "what about the zarf?", "--kind", "session", "--json")
    (hit,) = json.loads(run.out)["results"]
    texts = [passage["text"] for passage in hit["passages"]]
    assert sum("zarf goes" in text for text in texts) == 1
    assert not any("samovar" in text for text in texts)
    assert log.read_text(encoding="utf-8").count("A second note") == 1
    assert "zarf goes" in log.read_text(encoding="utf-8")


def test_text_comes_from_standard_input(
    small_git: GitFolder, verdigris: Verdigris, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdigris("session", "start", "Piped", inside=small_git.root)
    for command in ("note", "update"):
        given = io.TextIOWrapper(io.BytesIO(b"first\n\n- caf\xe9 \xc3\xbc\n"))
        monkeypatch.setattr(sys, "stdin", given)
        assert "first\n\n- caf? ü\n" in verdigris("session", command, "-").out
    monkeypatch.setattr(sys, "stdin", None)
    run = verdigris("session", "note", "-")
    assert (run.code, run.out) == (2, "")
    assert run.err.endswith("is closed; give the text as an argument\n")


def test_the_last_words_of_a_session_are_noted(small_git: GitFolder, verdigris: Verdigris) -> None:
    verdigris("session", "start", "Short", inside=small_git.root)
    assert verdigris("session", "end", "Tea", "it is").out.startswith("ended session ")
    shown = verdigris("session", "show").out
    assert 0 < shown.index("\nTea it is\n") < shown.index(" - Session End")


def test_list_and_show(small_git: GitFolder, verdigris: Verdigris) -> None:
    empty = verdigris("session", "list", inside=small_git.root)
    assert (empty.code, empty.out) == (1, "")
    assert empty.err == 'no session yet; begin one: verdigris session start "TITLE"\n'
    assert json.loads(verdigris("session", "list", "--json").out)["sessions"] == []
    verdigris("session", "start", "First")
    verdigris("session", "start", "Second \x1b[31m", "--archive")
    listed = json.loads(verdigris("session", "list", "--json").out)
    assert listed["schema_version"] == 1
    newest, oldest = listed["sessions"]
    assert [newest["status"], oldest["status"]] == ["active", "archived"]
    assert (newest["branch"], newest["minutes"], newest["commits"]) == ("main", 0, 0)
    assert (oldest["minutes"], oldest["commits"]) == (None, None)
    head, *rows = verdigris("session", "list").out.splitlines()
    assert head.split() == ["id", "status", "branch", "minutes", "commits", "title"]
    assert rows[1].split() == [oldest["id"], "archived", "main", "-", "-", "First"]
    shown = verdigris("session", "show", oldest["id"])
    text = (small_git.root / oldest["path"]).read_text(encoding="utf-8")
    assert shown.out == text
    as_json = json.loads(verdigris("session", "show", oldest["id"], "--json").out)
    assert (as_json["session"], as_json["text"]) == (oldest, text)
    assert "\x1b" not in verdigris("session", "show").out


def test_a_list_ends_with_how_many_are_older(small_git: GitFolder, verdigris: Verdigris) -> None:
    for minute in range(23):
        small_git.write(
            f".verdigris/sessions/20250101-12{minute:02}00.md",
            f"# Session 20250101-12{minute:02}00: Tea {minute}\n\n**Status:** completed\n",
        )
    _, *rows, last = verdigris("session", "list", inside=small_git.root).out.splitlines()
    assert [row.split()[-1] for row in rows] == [str(minute) for minute in range(22, 2, -1)]
    assert last == "… and 3 older: verdigris session list --all"
    assert len(verdigris("session", "list", "--all").out.splitlines()) == 1 + 23
    assert len(json.loads(verdigris("session", "list", "--json").out)["sessions"]) == 23


def test_resume_and_archive(small_git: GitFolder, verdigris: Verdigris) -> None:
    verdigris("session", "start", "Left", inside=small_git.root)
    assert verdigris("session", "end", "--archive").out.startswith("archived session ")
    assert verdigris("session", "resume").out.startswith("resumed session ")
    assert verdigris("session", "resume", "--quiet").out == ""


def test_errors_are_one_line_that_says_what_to_do(
    small_git: GitFolder, verdigris: Verdigris, tmp_path: Path
) -> None:
    run = verdigris("session", "note", "x", inside=tmp_path)
    assert (run.code, run.err.count("\n")) == (2, 1)
    assert run.err.endswith("or run: git init\n")
    run = verdigris("session", "note", "x", inside=small_git.root)
    assert (run.code, run.out) == (2, "")
    assert run.err.endswith('begin one: verdigris session start "TITLE"\n')
    verdigris("session", "start", "Open")
    run = verdigris("session", "start", "Another")
    assert (run.code, run.err.count("\n")) == (2, 1)
    assert "verdigris session end" in run.err
    assert "Traceback" in verdigris("session", "start", "Another", "--debug").err
    assert verdigris("session", "note").err.endswith("see: verdigris session note --help\n")


def test_without_commits_the_missing_tag_is_said(
    make_git: Callable[[str], GitFolder], verdigris: Verdigris
) -> None:
    run = verdigris("session", "start", "Early", inside=make_git("empty").root)
    assert (run.code, run.err) == (0, "note: no tag: the repository has no commit yet\n")


def test_the_folder_can_be_configured(small_git: GitFolder, verdigris: Verdigris) -> None:
    small_git.write(".verdigris/config.toml", 'sessions_dir = "journal"\n')
    verdigris("session", "start", "Elsewhere", "--quiet", inside=small_git.root)
    assert len(list((small_git.root / "journal").glob("*.md"))) == 1


def test_logs_that_git_ignores_are_found(small_git: GitFolder, verdigris: Verdigris) -> None:
    small_git.write(".gitignore", "/.verdigris/\n")
    verdigris("session", "start", "Roofs", inside=small_git.root)
    verdigris("session", "note", "We chose zinc for the roof of the tea house.")
    hits = json.loads(verdigris("scry", "zinc roof", "--json").out)["results"]
    assert "session" in {hit["kind"] for hit in hits}


def test_every_subcommand_and_option_has_help(verdigris: Verdigris) -> None:
    group = cli.get_command(click.Context(cli), "session")
    assert isinstance(group, click.Group)
    for command in group.commands.values():
        assert command.help
        assert all(one.help for one in command.params if isinstance(one, click.Option))
    assert all(f"\n  {name} " in verdigris("session", "--help").out for name in group.commands)


def test_a_note_loads_nothing_heavy(small_git: GitFolder, verdigris: Verdigris) -> None:
    verdigris("session", "start", "Light", inside=small_git.root)
    program = (
        "import sys, atexit\n"
        "heavy = {'numpy', 're', 'yaml', 'rich', 'sqlite3', 'tree_sitter', 'typing'}\n"
        "heavy |= {'click', 'dataclasses', 'datetime', 'json', 'pathlib', 'signal', 'subprocess'}\n"
        "atexit.register(lambda: print(sorted(heavy & sys.modules.keys())))\n"
        f"sys.path.insert(0, {str(Path(package.__file__).parents[1])!r})\n"
        "from verdigris.serve.cli import main\n"
        "main(['session', 'note', 'light', '--quiet'])\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=small_git.root, capture_output=True, check=True
    )
    assert ran.stdout == b"[]\n"
