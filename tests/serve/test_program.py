"""The program around its commands: help, errors, exit codes, start-up."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from verdigris import __version__
from verdigris.retrieve.lanes import LANES
from verdigris.serve.cli import COMMANDS
from verdigris.serve.cli.program import cli

if TYPE_CHECKING:
    from tests.conftest import GitFolder
    from tests.serve.conftest import Verdigris

PROGRAM = [sys.executable, "-c", "from verdigris.serve.cli import main; main()"]


def test_every_command_and_option_has_help() -> None:
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        assert command.help, name
        options = [one for one in command.params if isinstance(one, click.Option)]
        assert all(option.help for option in options), name
        assert "--debug" in [text for option in options for text in option.opts]


def test_help_lists_commands_with_whole_sentences(verdigris: Verdigris) -> None:
    run = verdigris("--help")
    assert run.code == 0
    assert all(f"\n  {name} " in run.out for name in COMMANDS)
    assert "..." not in run.out.partition("Commands:")[2]
    assert verdigris("scry", "-h").code == 0
    assert verdigris().code == 2


def test_help_names_every_lane(verdigris: Verdigris) -> None:
    text = " ".join(verdigris("scry", "--help").out.split()).replace("- ", "-")
    assert all(lane in text for lane in LANES)


def test_version(verdigris: Verdigris) -> None:
    assert verdigris("--version").out == f"verdigris, version {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--bogus",), "no such option '--bogus'"),
        (("scy", "why"), "no command 'scy'; did you mean scry?; see: verdigris --help"),
        (("xyzzy",), "no command 'xyzzy'; see: verdigris --help"),
        (("scry",), "verdigris scry --help"),
        (("scry", "why", "--kind", "rumour"), "'rumour'"),
        (("scry", "why", "-k", "0"), "range"),
        (("scrape", "bananas"), "'bananas'"),
        (("-C", "no-such-folder", "status"), "'no-such-folder' does not exist"),
    ],
)
def test_wrong_arguments_are_one_line_and_exit_2(
    verdigris: Verdigris, tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    run = verdigris(*arguments, inside=tmp_path)
    assert (run.code, run.out, run.err.count("\n")) == (2, "", 1)
    assert run.err.startswith("verdigris: ")
    assert says in run.err


@pytest.mark.parametrize(
    "command", ["scry why", "related x", "scrape", "status", "init", "rebuild"]
)
def test_outside_a_repository_every_command_says_what_to_do(
    verdigris: Verdigris, tmp_path: Path, command: str
) -> None:
    run = verdigris(*command.split(), inside=tmp_path)
    assert (run.code, run.out, run.err.count("\n")) == (2, "", 1)
    assert "git init" in run.err


@pytest.mark.parametrize("arguments", [("--debug", "status"), ("status", "--debug")])
def test_debug_shows_the_trace_wherever_it_stands(
    verdigris: Verdigris, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    run = verdigris(*arguments, inside=tmp_path)
    assert run.code == 2
    assert "Traceback" in run.err
    assert "verdigris.errors.RepositoryError" in run.err


def test_a_question_may_look_like_an_option_after_two_dashes(
    verdigris: Verdigris, tmp_path: Path
) -> None:
    run = verdigris("scry", "--", "--debug", inside=tmp_path)
    assert (run.code, run.err.count("\n")) == (2, 1)


def test_a_bug_is_not_taken_for_nothing_found(
    verdigris: Verdigris, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(COMMANDS, "status", "json")
    run = verdigris("status")
    assert run.code == 2
    assert run.err.startswith("verdigris: internal error, please report it")


def test_dash_c_runs_as_if_started_there(
    verdigris: Verdigris, small_git: GitFolder, tmp_path: Path
) -> None:
    run = verdigris("-C", str(small_git.root / "src"), "scry", "boil", inside=tmp_path)
    assert ". kettle.py:1-3 " in run.out
    assert Path.cwd() == tmp_path


def test_a_reader_that_goes_away_is_no_error(small_git: GitFolder) -> None:
    program = subprocess.Popen(
        [*PROGRAM, "scry", "boil"],
        cwd=small_git.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert program.stdout is not None
    assert program.stderr is not None
    program.stdout.close()
    with program.stderr:
        assert program.stderr.read() == b""
    assert program.wait(60) == 0


def test_completion_offers_commands(tmp_path: Path) -> None:
    environment = os.environ | {
        "_VERDIGRIS_COMPLETE": "bash_complete", "COMP_WORDS": "verdigris sc", "COMP_CWORD": "1"
    }  # fmt: skip
    result = subprocess.run(
        PROGRAM, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert result.stdout.split() == ["plain,scrape", "plain,scry"]


def _modules_after(code: str, folder: Path) -> set[str]:
    program = f"import sys\n{code}\nprint(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True
    )
    return set(result.stdout.splitlines()[-1].split())


def _run_of(*arguments: str) -> str:
    return (
        "from verdigris.serve.cli import main\n"
        f"try: main({list(arguments)!r})\nexcept SystemExit: pass"
    )


HEAVY = {"numpy", "onnxruntime", "tree_sitter", "detect_secrets", "ftfy", "yaml", "rich"}


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    assert not HEAVY & _modules_after(_run_of("--help"), tmp_path)
    assert not HEAVY & _modules_after(_run_of("scry", "--help"), tmp_path)


def test_a_question_on_a_current_index_loads_no_parser_and_no_bar(
    verdigris: Verdigris, small_git: GitFolder
) -> None:
    verdigris("scrape", "-q", inside=small_git.root)
    loaded = _modules_after(_run_of("scry", "boil"), small_git.root)
    assert HEAVY & loaded == {"numpy", "onnxruntime"}
    assert "verdigris.scrape.git.events" not in loaded


def test_a_question_keeps_no_idle_threads_of_linear_algebra(small_git: GitFolder) -> None:
    told = "\nimport threadpoolctl as t; print(*{p['num_threads'] for p in t.threadpool_info()})"
    code = _run_of("scry", "boil", "-q") + told
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=small_git.root, capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == "1"


def test_a_scrape_with_nothing_new_loads_nothing_heavy(
    verdigris: Verdigris, small_git: GitFolder
) -> None:
    verdigris("scrape", "-q", inside=small_git.root)
    assert not HEAVY & _modules_after(_run_of("scrape"), small_git.root)


def test_status_needs_no_model(small_git: GitFolder) -> None:
    assert "onnxruntime" not in _modules_after(_run_of("status"), small_git.root)


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
@pytest.mark.parametrize("arguments", [["session", "list"], ["scry", "kettle"]])
def test_closed_streams_change_no_exit_code(small_git: GitFolder, arguments: list[str]) -> None:
    def code(closed: str) -> int:
        command = ["sh", "-c", f'"$@" {closed}', "sh", *PROGRAM, *arguments]
        return subprocess.run(command, cwd=small_git.root, capture_output=True).returncode

    assert code("") == code(">&-") == code("2>&-") == code(">&- 2>&-")
