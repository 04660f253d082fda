"""Commands as rows: both parsers read arguments alike, and the fast one does without click."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

import verdigris as package
from verdigris.serve.cli.plain import Given, Option, Verb, parse, run_verb
from verdigris.serve.cli.plain_group import command_group
from verdigris.serve.cli.session import VERBS

if TYPE_CHECKING:
    from tests.conftest import GitFolder
    from tests.serve.conftest import Verdigris

OPTIONS = (
    Option("goal", "Many.", "TEXT", repeatable=True),
    Option("llm", "One.", "NAME"),
    Option("quiet", "None.", short="q"),
)
WORDS = ("", "TITLE", "[ID]", "TEXT...", "[TEXT]...")
ARGUMENTS = (
    (),
    ("a",),
    ("a", "b"),
    ("",),
    ("-",),
    ("-q", "a"),
    ("a", "--quiet", "--goal", "x", "--goal=y=z", "--goal="),
    ("--goal", "--quiet", "a"),
    ("--llm", "x", "--llm", "y", "a"),
    ("a", "--", "--goal", "-q"),
    ("--goal",),
    ("--quiet=yes", "a"),
    ("--bogus", "a"),
    ("-x",),
    ("--help",),
)


def _as_click_reads(words: str, arguments: tuple[str, ...]) -> Given | None:
    """What the click command passes on; None where it shows an error or its help."""
    seen: list[Given] = []

    def keep(given: Given) -> int:
        seen.append(given)
        return 0

    verb = Verb("verb", "Help.", keep, OPTIONS, words)
    try:
        command_group("group", "", [verb]).main(["verb", *arguments], standalone_mode=False)
    except click.ClickException:
        return None
    return seen[0] if seen else None


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("arguments", ARGUMENTS, ids=" ".join)
def test_both_parsers_read_alike(words: str, arguments: tuple[str, ...]) -> None:
    verb = Verb("verb", "Help.", lambda given: 0, OPTIONS, words)
    ours, clicks = parse(verb, arguments), _as_click_reads(words, arguments)
    assert (ours is None) == (clicks is None)
    if ours and clicks:
        assert ours.words == clicks.words
        for option in OPTIONS:
            assert ours.flag(option.name) == clicks.flag(option.name)
            assert ours.text(option.name) == clicks.text(option.name)
            if option.repeatable:
                assert ours.texts(option.name) == clicks.texts(option.name)


def test_what_is_not_understood_runs_nothing() -> None:
    assert run_verb(VERBS, []) is None
    assert run_verb(VERBS, ["bogus"]) is None
    assert run_verb(VERBS, ["note", "--help"]) is None
    assert run_verb(VERBS, ["start", "two", "words"]) is None


@pytest.mark.parametrize("command", [("note", "x"), ("list", "--json"), ("show",), ("end",)])
def test_session_commands_do_without_click(
    small_git: GitFolder, verdigris: Verdigris, command: tuple[str, ...]
) -> None:
    verdigris("session", "start", "Light", inside=small_git.root)
    program = (
        "import sys, atexit\n"
        "atexit.register(lambda: print('loaded', {'click', 'tomllib'} & sys.modules.keys()))\n"
        f"sys.path.insert(0, {str(Path(package.__file__).parents[1])!r})\n"
        "from verdigris.serve.cli import main\n"
        f"main({['session', *command]!r})\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=small_git.root, capture_output=True, check=True
    )
    assert ran.stdout.endswith(b"loaded set()\n")


def test_a_reader_that_goes_away_is_no_error(small_git: GitFolder, verdigris: Verdigris) -> None:
    verdigris("session", "start", "Long", "--goal", "x" * 200_000, inside=small_git.root)
    environment = {"PYTHONPATH": str(Path(package.__file__).parents[1])}
    program = f"{sys.executable} -c 'from verdigris.serve.cli import main; main()' session show"
    ran = subprocess.run(
        ["bash", "-c", f"{program} | head -c 1; exit ${{PIPESTATUS[0]}}"],
        cwd=small_git.root,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"-", b"")
