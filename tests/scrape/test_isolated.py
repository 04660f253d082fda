"""Reading in processes of their own: what crashes or hangs a parser costs one file."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from verdigris.knowledge_base import KnowledgeBase
from verdigris.scrape.file_events import FileEvents, read_events
from verdigris.scrape.isolated import IsolatedReaders

if TYPE_CHECKING:
    from tests.conftest import GitFolder

GO = "package a\n\nfunc F() {\n\tg()\n}\n"
PYTHON = "def f():\n    return g()\n"
MAX_BYTES = 1 << 20


@pytest.fixture
def grammar_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in front of the module path, for grammars that misbehave."""
    folder = tmp_path / "grammars"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A folder with `a.go`, which a test may break, and `a.py`, which stays whole."""
    folder = tmp_path / "sources"
    folder.mkdir()
    folder.joinpath("a.go").write_text(GO)
    folder.joinpath("a.py").write_text(PYTHON)
    return folder


def write_go_grammar(folder: Path, code: str) -> None:
    folder.joinpath("tree_sitter_go.py").write_text(f"import os\n\ndef language():\n    {code}\n")


def warning(file: FileEvents) -> str:
    assert file.seen is not None
    assert file.seen.file is not None
    return file.seen.file.warning


def is_whole(readers: IsolatedReaders, folder: Path, path: str = "a.py") -> bool:
    """Whether a file is read as in this process."""
    return readers.read(path) == read_events(folder, path, MAX_BYTES)


def reading_processes() -> int:
    """How many processes for reading this one has."""
    listed = subprocess.run(
        ["ps", "-ww", "-o", "args=", "--ppid", str(os.getpid())], capture_output=True, text=True
    )
    return listed.stdout.count("verdigris.scrape.isolated")


def test_events_are_the_same_as_without_a_process(sources: Path) -> None:
    token = "gh" + "p_" + "a1b2c3" * 6
    texts = {
        "long.py": "x = 1\n" * 200_000,
        "notes": "Some text.\n\nMore.\n",
        "guide.md": f"# Tea\n\nBoil.\n\n## Pots\n\nThe key: {token}\n",
        "page.html": "<title>Tea</title><p>Tea is a drink that is made with hot water.</p>",
        "tool": "#!/bin/sh\nboil water\n",
        "sessions/20260102-030405.md": "# Session: Tea\n\n### 09:10 - Update\n\n- Boiled water\n",
        "test_isolated.py": Path(__file__).read_text(),
        "latin.txt": "caf\xe9",
        "picture.png": "\0\0",
    }
    sources.joinpath("sessions").mkdir()
    for path, text in texts.items():
        sources.joinpath(path).write_text(text, "latin-1" if path == "latin.txt" else "utf-8")
    with closing(IsolatedReaders(sources, MAX_BYTES + 1_000_000)) as readers:
        for path in ("a.go", "a.py", "a.py", *texts, "gone.py"):
            assert readers.read(path) == read_events(sources, path, MAX_BYTES + 1_000_000)
        assert readers.read("guide.md").secrets == 1
        assert readers.read("gone.py").skipped == "missing"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are text")
def test_the_name_of_the_folder_need_not_be_text(sources: Path) -> None:
    folder = sources / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    folder.joinpath("a.py").write_text(PYTHON)
    with closing(IsolatedReaders(folder, MAX_BYTES)) as readers:
        assert is_whole(readers, folder)


def test_a_grammar_that_crashes_costs_one_file(grammar_that: Path, sources: Path) -> None:
    write_go_grammar(grammar_that, "os.abort()")
    with closing(IsolatedReaders(sources, MAX_BYTES)) as readers:
        file = readers.read("a.go")
        assert "its process crashed (exit code" in warning(file)
        assert [event.text for event in file.events[1:]] == [GO.rstrip("\n")]
        assert is_whole(readers, sources)


def test_a_grammar_that_hangs_is_ended(grammar_that: Path, sources: Path) -> None:
    write_go_grammar(grammar_that, "while True: pass")
    with closing(IsolatedReaders(sources, MAX_BYTES, seconds=0.5)) as readers:
        began = time.monotonic()
        file = readers.read("a.go")
        assert time.monotonic() - began < 30
        assert "longer than 0.5 s" in warning(file)
        assert reading_processes() == 0


@pytest.mark.slow
def test_a_long_session_log_has_more_time(sources: Path) -> None:
    entry = "### 09:10 - Update\n\n- Boiled water for the tea, twice\n- Decision: no sugar\n\n"
    path = ".verdigris/sessions/20260102-030405.md"
    sources.joinpath(path).parent.mkdir(parents=True)
    sources.joinpath(path).write_text("# Session: Tea\n\n" + entry * (15_000_000 // len(entry)))
    with closing(IsolatedReaders(sources, MAX_BYTES, seconds=3)) as readers:
        file = readers.read(path)
    assert file.seen is not None
    assert file.seen.kind == "session"
    assert len(file.events) > 100_000


def test_a_parser_that_raises_says_what(grammar_that: Path, sources: Path) -> None:
    write_go_grammar(grammar_that, "raise KeyError('odd')")
    with closing(IsolatedReaders(sources, MAX_BYTES)) as readers:
        assert "parsing failed (KeyError: 'odd')" in warning(readers.read("a.go"))
        assert is_whole(readers, sources)


def test_what_a_grammar_prints_does_not_disturb(grammar_that: Path, sources: Path) -> None:
    write_go_grammar(grammar_that, "print('hello'); os.write(1, b'there'); raise ImportError('no')")
    with closing(IsolatedReaders(sources, MAX_BYTES)) as readers:
        assert "no go grammar (no)" in warning(readers.read("a.go"))


def test_a_process_that_does_not_start_is_said(
    monkeypatch: pytest.MonkeyPatch, sources: Path
) -> None:
    monkeypatch.setattr("sys.executable", "/does/not/exist")
    with closing(IsolatedReaders(sources, MAX_BYTES)) as readers:
        assert "No such file" in warning(readers.read("a.go"))
    monkeypatch.setattr("sys.executable", "/bin/false")
    with closing(IsolatedReaders(sources, MAX_BYTES)) as readers:
        assert "does not start (exit code 1)" in warning(readers.read("a.go"))


def test_secrets_are_found_where_detectors_need_more_of_requests(
    grammar_that: Path, sources: Path
) -> None:
    """The stand-in for `requests` is for detectors that only name it."""
    folder = grammar_that / "detect_secrets"
    folder.mkdir()
    folder.joinpath("__init__.py").write_text(
        "import sys, requests\n"
        "requests.Session\n"
        "del sys.modules[__name__]\n"
        f"sys.path.remove({str(grammar_that)!r})\n"
        "import detect_secrets\n"
    )
    sources.joinpath("a.txt").write_text("key = " + "gh" + "p_" + "a1b2c3" * 6)
    with closing(IsolatedReaders(sources, MAX_BYTES)) as readers:
        assert readers.read("a.txt").secrets == 1


def test_closing_leaves_no_process(sources: Path) -> None:
    readers = IsolatedReaders(sources, MAX_BYTES)
    readers.read("a.py")
    assert reading_processes() == 1
    readers.close()
    readers.close()
    assert reading_processes() == 0


def test_threads_read_side_by_side_and_closing_ends_all(sources: Path) -> None:
    with closing(IsolatedReaders(sources, MAX_BYTES)) as readers, ThreadPoolExecutor(2) as pool:
        together = Barrier(2)

        def read(path: str) -> FileEvents:
            together.wait(timeout=60)
            return readers.read(path)

        whole = read_events(sources, "a.py", MAX_BYTES)
        assert list(pool.map(read, ["a.py"] * 20)) == [whole] * 20
        assert 1 <= reading_processes() <= 2
    assert reading_processes() == 0


def test_a_scrape_survives_a_grammar_that_crashes(small_git: GitFolder, grammar_that: Path) -> None:
    write_go_grammar(grammar_that, "os.abort()")
    for name in ("a", "b"):
        small_git.write(f"src/{name}.go", GO)
    with KnowledgeBase(small_git.root) as knowledge_base:
        report = knowledge_base.refresh()
        assert [text.partition(":")[0] for text in report.warnings] == ["src/a.go", "src/b.go"]
        assert knowledge_base.structure.symbols("boil")
        found = {one.language: one for one in knowledge_base.structure.inventory()}
        assert (found["go"].files, found["go"].not_parsed) == (2, 2)
        assert list(knowledge_base.status().not_parsed.values()) == [2]
