"""Parsing in a process of its own: what crashes or hangs costs one file."""

from __future__ import annotations

import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from verdigris.knowledge_base import KnowledgeBase
from verdigris.records import Event, SeenDetails, SourceFile
from verdigris.scrape.code.events import parse_code
from verdigris.scrape.code.isolated import IsolatedParsers

if TYPE_CHECKING:
    from tests.conftest import GitFolder

GO = SourceFile("a.go", "package a\n\nfunc F() {\n\tg()\n}\n", "v1")
PYTHON = SourceFile("a.py", "def f():\n    return g()\n", "v1")


@pytest.fixture
def grammar_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in front of the module path, for grammars that misbehave."""
    folder = tmp_path / "grammars"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def write_go_grammar(folder: Path, code: str) -> None:
    folder.joinpath("tree_sitter_go.py").write_text(f"import os\n\ndef language():\n    {code}\n")


def warning(events: list[Event]) -> str:
    details = events[0].details
    assert isinstance(details, SeenDetails)
    assert details.file is not None
    return details.file.warning


def parsing_processes() -> int:
    """How many processes for parsing this one has."""
    listed = subprocess.run(
        ["ps", "-ww", "-o", "args=", "--ppid", str(os.getpid())], capture_output=True, text=True
    )
    return listed.stdout.count("verdigris.scrape.code.isolated")


def test_events_are_the_same_as_without_a_process() -> None:
    too_long = replace(PYTHON, text="x = 1\n" * 200_000)
    no_code = SourceFile("notes", "Some text.\n\nMore.\n", "v2", time="2026-01-02T03:04:05Z")
    itself = SourceFile("test_isolated.py", Path(__file__).read_text(), "v3", secrets=1)
    with IsolatedParsers() as parser:
        for file in (GO, PYTHON, PYTHON, too_long, no_code, itself):
            assert parser.parse(file) == parse_code(file)


def test_a_grammar_that_crashes_costs_one_file(grammar_that: Path) -> None:
    write_go_grammar(grammar_that, "os.abort()")
    with IsolatedParsers() as parser:
        events = parser.parse(GO)
        assert "its process crashed (exit code" in warning(events)
        assert [event.text for event in events[1:]] == [GO.text.rstrip("\n")]
        assert parser.parse(PYTHON) == parse_code(PYTHON)


def test_a_grammar_that_hangs_is_ended(grammar_that: Path) -> None:
    write_go_grammar(grammar_that, "while True: pass")
    with IsolatedParsers(seconds=0.5) as parser:
        began = time.monotonic()
        events = parser.parse(GO)
        assert time.monotonic() - began < 30
        assert "longer than 0.5 s" in warning(events)
    with IsolatedParsers() as parser:
        assert parser.parse(PYTHON) == parse_code(PYTHON)


def test_a_parser_that_raises_says_what(grammar_that: Path) -> None:
    write_go_grammar(grammar_that, "raise KeyError('odd')")
    with IsolatedParsers() as parser:
        assert "parsing failed (KeyError: 'odd')" in warning(parser.parse(GO))
        assert parser.parse(PYTHON) == parse_code(PYTHON)


def test_what_a_grammar_prints_does_not_disturb(grammar_that: Path) -> None:
    write_go_grammar(grammar_that, "print('hello'); os.write(1, b'there'); raise ImportError('no')")
    with IsolatedParsers() as parser:
        assert "no go grammar (no)" in warning(parser.parse(GO))


def test_a_process_that_does_not_start_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/does/not/exist")
    with IsolatedParsers() as parser:
        assert "No such file" in warning(parser.parse(GO))
    monkeypatch.setattr("sys.executable", "/bin/false")
    with IsolatedParsers() as parser:
        assert "does not start (exit code 1)" in warning(parser.parse(GO))


def test_closing_leaves_no_process() -> None:
    with IsolatedParsers() as parsers:
        parsers.parse(PYTHON)
        assert parsing_processes() == 1
    assert parsing_processes() == 0


def test_threads_parse_side_by_side_and_closing_ends_all() -> None:
    files = [replace(PYTHON, path=f"{number}.py") for number in range(20)]
    with IsolatedParsers() as parsers, ThreadPoolExecutor(2) as pool:
        together = Barrier(2)

        def parse(file: SourceFile) -> list[Event]:
            together.wait(timeout=60)
            return parsers.parse(file)

        assert list(pool.map(parse, files)) == [parse_code(file) for file in files]
        assert 1 <= parsing_processes() <= 2
    assert parsing_processes() == 0


def test_a_scrape_survives_a_grammar_that_crashes(small_git: GitFolder, grammar_that: Path) -> None:
    write_go_grammar(grammar_that, "os.abort()")
    for name in ("a", "b"):
        small_git.write(f"src/{name}.go", GO.text)
    with KnowledgeBase(small_git.root) as knowledge_base:
        report = knowledge_base.refresh()
        assert [text.partition(":")[0] for text in report.warnings] == ["src/a.go", "src/b.go"]
        assert knowledge_base.structure.symbols("boil")
        found = {one.language: one for one in knowledge_base.structure.inventory()}
        assert (found["go"].files, found["go"].not_parsed) == (2, 2)
        assert list(knowledge_base.status().not_parsed.values()) == [2]
