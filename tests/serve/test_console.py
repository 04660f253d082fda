"""What only a terminal shows: bars, colours, and what Ctrl-C does."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from verdigris.serve.cli.console import (
    ProgressBar,
    ProgressLines,
    crop,
    crop_heading,
    one_line,
    plural,
    printable,
)

if TYPE_CHECKING:
    from tests.conftest import GitFolder
    from tests.serve.conftest import Verdigris

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")

PROGRAM = [sys.executable, "-c", "from verdigris.serve.cli import main; main()"]


class Terminal:
    """A program with a pseudo-terminal for all three streams."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        self._master, slave = os.openpty()
        self.program = subprocess.Popen(
            [*PROGRAM, *arguments], cwd=folder, stdin=slave, stdout=slave, stderr=slave,
            env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "100"} | environment,
            start_new_session=True, preexec_fn=_take_terminal,
        )  # fmt: skip
        os.close(slave)
        self.text = ""

    def read_until(self, wanted: str, seconds: float = 60) -> str:
        """Read until the text appears ('' = until the program ends); returns all so far."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not (wanted and wanted in self.text):
            if not select.select([self._master], [], [], 0.1)[0]:
                continue
            try:
                part = os.read(self._master, 65_536)
            except OSError:  # Linux: the other end is closed
                break
            if not part:
                break
            self.text += part.decode(errors="replace").replace("\r\n", "\n")
        return self.text

    def press(self, key: str) -> None:
        os.write(self._master, key.encode())

    def end(self) -> int:
        self.read_until("")
        os.close(self._master)
        return self.program.wait(60)


def _take_terminal() -> None:
    import fcntl
    import termios

    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored where the tests run in the background
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _many_passages(folder: GitFolder, count: int) -> None:
    """Enough text that no model has seen, so that embedding takes seconds."""
    for number in range(count // 50):
        sections = "".join(
            f"## Recipe {number}-{row}\n\n"
            + f"Blend {number} with leaf {row} and stir. " * 12
            + "\n\n"
            for row in range(50)
        )
        folder.write(f"recipes/{number}.md", f"# Book {number}\n\n{sections}")
    folder.commit("Add recipes")


def test_a_terminal_gets_colours_unless_told_not_to(
    verdigris: Verdigris, small_git: GitFolder
) -> None:
    verdigris("scrape", "-q", inside=small_git.root)
    coloured = Terminal(small_git.root, "scry", "heat water", "-k", "1")
    assert coloured.end() == 0
    assert "\x1b[36m\x1b[1msrc/kettle.py:1-3\x1b[0m" in coloured.text
    plain = Terminal(small_git.root, "scry", "heat water", "-k", "1", NO_COLOR="1")
    assert plain.end() == 0
    assert "\x1b" not in plain.text


@pytest.mark.slow
def test_the_rest_is_embedded_after_the_answer_and_ctrl_c_is_safe(
    verdigris: Verdigris, small_git: GitFolder
) -> None:
    _many_passages(small_git, 4_000)
    terminal = Terminal(small_git.root, "scry", "blend with leaf 7", "-k", "2")
    text = terminal.read_until("Ctrl-C is safe")
    assert re.search(r" 1\. \S*recipes/\d+\.md:", re.sub(r"\x1b\[\d+m", "", text))
    terminal.read_until("of 3,")  # the bar of what is left, not an earlier one
    terminal.press("\x03")
    assert terminal.end() == 0
    assert re.search(r"Stopped with [\d,]+ passages to go; the next run goes on\.", terminal.text)
    assert terminal.text.rfind("\x1b[?25h") > terminal.text.rfind("\x1b[?25l")
    assert "Traceback" not in terminal.text
    status = verdigris("status", "--strict", inside=small_git.root)
    assert status.code == 3
    assert re.search(r"[1-9]\d* % embedded", status.out)


@pytest.mark.slow
def test_ctrl_c_in_a_scrape_is_exit_130_and_the_next_one_goes_on(
    verdigris: Verdigris, small_git: GitFolder
) -> None:
    _many_passages(small_git, 1_000)
    terminal = Terminal(small_git.root, "scrape")
    terminal.read_until("embedding")
    terminal.press("\x03")
    assert terminal.end() == 130
    assert "interrupted; nothing is lost, the next run goes on from here" in terminal.text
    assert verdigris("scrape", "-q", inside=small_git.root).code == 0
    assert verdigris("status", "--strict").code == 0


class _Screen:
    """Standard error as a terminal, kept in a pipe of its own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._master, slave = os.openpty()
        self._stream = os.fdopen(slave, "w")
        monkeypatch.setattr(sys, "stderr", self._stream)
        monkeypatch.setenv("TERM", "xterm-256color")

        self._text = ""

    def wait_for(self, wanted: str) -> None:
        """Read until the text stands there, colours aside; gives up after ten seconds."""
        end = time.monotonic() + 10
        while wanted not in re.sub(r"\x1b\[[\d;]*m", "", self._text):
            assert time.monotonic() < end, f"{wanted!r} is not in {self._text!r}"
            self._read()

    def close(self) -> str:
        """All that was shown."""
        self._stream.flush()
        self._read()
        self._stream.close()
        os.close(self._master)
        return self._text

    def _read(self) -> None:
        if select.select([self._master], [], [], 0.2)[0]:
            self._text += os.read(self._master, 65_536).decode()


def test_a_long_step_has_a_bar_with_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    screen, bar = _Screen(monkeypatch), ProgressBar()
    bar.start("embedding", 2_000)
    bar.advance(1_000)
    screen.wait_for("1,000 of 2,000")
    bar.advance(500)
    bar.finish()
    screen.wait_for("1,500 of 2,000")
    text = screen.close()
    assert "embedding" in text
    assert text.rfind("\x1b[?25h") > text.rfind("\x1b[?25l")


def test_a_short_step_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    screen, bar = _Screen(monkeypatch), ProgressBar()
    bar.start("reading files", 3)
    bar.advance(3)
    bar.finish()
    assert screen.close() == ""


def test_a_step_of_unknown_length_shows_that_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    screen, bar = _Screen(monkeypatch), ProgressBar()
    bar.start("reading history", 0)
    screen.wait_for("reading history")
    bar.finish()
    assert " of " not in screen.close()


def test_without_a_terminal_progress_is_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = ProgressLines(pause=0.05)
    lines.start("reading history", 0)
    assert capsys.readouterr().err == ""
    time.sleep(0.06)
    lines.start("reading files", 0)
    time.sleep(0.06)
    lines.start("embedding", 2_000)
    lines.advance(256)
    time.sleep(0.06)
    lines.advance(744)
    assert capsys.readouterr().err.splitlines() == [
        "reading files", "embedding: 0 of 2,000", "embedding: 1,000 of 2,000",
    ]  # fmt: skip


def test_texts_of_a_repository_cannot_steer_the_terminal() -> None:
    assert printable("a\x1b[31mb\x07\tc\nd") == "a�[31mb�\tc\nd"
    assert one_line(" a\n\tb\x00 ") == "a b�"


def test_crop_and_plural() -> None:
    assert [crop("kettle", width) for width in (6, 4, 1)] == ["kettle", "ket…", "…"]
    assert [plural(1, "query"), plural(2, "query"), plural(2_000, "file")] == [
        "1 query", "2 queries", "2,000 files",
    ]  # fmt: skip


def test_a_heading_path_keeps_its_last_headings() -> None:
    assert crop_heading("Tea > Green > Water", 30) == "Tea > Green > Water"
    assert crop_heading("Tea > Green > Water", 17) == "… > Green > Water"
    assert crop_heading("Tea > Green > Water", 12) == "… > Water"
    assert crop_heading("Tea > Green > Water", 6) == "… > W…"


def test_structural_rows_are_grouped_on_a_terminal_and_whole_in_a_pipe(
    small_git: GitFolder,
) -> None:
    question = ("assay", "callers", "boil")
    terminal = Terminal(small_git.root, *question)
    assert terminal.end() == 0
    assert re.sub(r"\x1b\[\d*m", "", terminal.text).endswith("boil\n  src/cup.py:5  fill\n")
    piped = subprocess.run(
        [*PROGRAM, *question], cwd=small_git.root, capture_output=True, text=True
    )
    assert piped.stdout == "src/cup.py:5  fill → boil\n"


def test_a_list_of_sessions_keeps_within_the_terminal(small_git: GitFolder) -> None:
    start = [*PROGRAM, "session", "start", "A long title " * 9, "-q"]
    subprocess.run(start, cwd=small_git.root, check=True)
    listing = Terminal(small_git.root, "session", "list", COLUMNS="80")
    assert listing.end() == 0
    head, row = listing.text.splitlines()
    assert head.endswith("title")
    assert 70 < len(row) <= 80 and row.endswith("…")
