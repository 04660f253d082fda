"""What people see: progress on standard error, as a bar or as lines, and text of all kinds."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from verdigris.named_tuple import TYPE_CHECKING

if TYPE_CHECKING:
    from threading import Timer

    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from verdigris.knowledge_base import KnowledgeBase
    from verdigris.upkeep.progress import Progress

_SHORT_STEP_SECONDS = 0.3
"""A step that is over sooner shows none: drawing (and importing) it would cost more."""
_PAUSE_SECONDS = 10.0
"""Between two lines of progress where there is no terminal."""
_CONTROL = r"[\x00-\x08\x0b-\x1f\x7f-\x9f]"
_BEFORE_MEASURE = r" (?=·|\(\d|[#+-]\d)"
_MIN_WIDTH, _MAX_WIDTH = 40, 120


class ProgressBar:
    """One line of progress a step on standard error, gone when the step is over.

    It appears by a timer, since a step may be long before it first says how far it is.
    """

    def __init__(self) -> None:
        from threading import Lock

        self._lock = Lock()
        self._timer: Timer | None = None
        self._bars: Bars | None = None
        self._task: TaskID | None = None
        self._step, self._total, self._done = "", 0, 0

    def start(self, step: str, total: int) -> None:
        """A step begins; `total` 0 is not known yet."""
        from threading import Timer

        self.finish()
        self._step, self._total, self._done = step, total, 0
        self._timer = Timer(_SHORT_STEP_SECONDS, self._show)
        self._timer.daemon = True
        self._timer.start()

    def advance(self, count: int) -> None:
        """Move the bar."""
        with self._lock:
            self._done += count
            if self._bars is not None and self._task is not None:
                self._bars.update(self._task, completed=self._done)

    def finish(self) -> None:
        """Take the bar away."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            if self._bars is not None:
                self._bars.stop()
            self._step, self._timer, self._bars, self._task = "", None, None, None

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bars

        with self._lock:
            if not self._step:  # it ended while the timer went off
                return
            name, count = TextColumn("{task.description:<16}"), TextColumn("{task.completed:,}")
            known = (BarColumn(30), count, TextColumn("of {task.total:,}"), TimeRemainingColumn())
            columns = (name, *known) if self._total else (SpinnerColumn(), name, count)
            self._bars = Bars(*columns, console=Console(stderr=True), transient=True)
            self._bars.start()
            self._task = self._bars.add_task(
                self._step, total=self._total or None, completed=self._done
            )


class ProgressLines:
    """Now and then a line on standard error that says how far a step is: for logs and pipes."""

    def __init__(self, pause: float = _PAUSE_SECONDS) -> None:
        """pause: seconds between two lines, and before the first one."""
        self._pause = pause
        self._told = time.monotonic()
        self._step, self._total, self._done = "", 0, 0

    def start(self, step: str, total: int) -> None:
        """A step begins; `total` 0 is not known yet."""
        self._step, self._total, self._done = step, total, 0
        self._tell()

    def advance(self, count: int) -> None:
        """Count on."""
        self._done += count
        self._tell()

    def finish(self) -> None:
        """Nothing to take away."""

    def _tell(self) -> None:
        if time.monotonic() - self._told < self._pause:
            return
        of_all = f" of {self._total:,}" if self._total else ""
        count = f": {self._done:,}{of_all}" if self._done or self._total else ""
        with suppress(BrokenPipeError):
            sys.stderr.write(f"{self._step}{count}\n")
            sys.stderr.flush()
        self._told = time.monotonic()


def is_terminal() -> bool:
    """Whether a person watches both the answer and the progress."""
    return sys.stdout is not None and sys.stdout.isatty() and sys.stderr.isatty()


def terminal_width() -> int:
    """Columns to write in: the terminal's (or COLUMNS) within what can be read; 120 in a pipe."""
    import shutil

    return min(max(shutil.get_terminal_size((_MAX_WIDTH, 24)).columns, _MIN_WIDTH), _MAX_WIDTH)


def line_width() -> int:
    """Columns that a row may fill: the terminal's; 0, which is any, where a program reads."""
    return terminal_width() if sys.stdout is not None and sys.stdout.isatty() else 0


@contextmanager
def open_knowledge_base(folder: str, quiet: bool = False) -> Iterator[KnowledgeBase]:
    """The knowledge base of the repository around `folder`; it shows its progress."""
    from verdigris.knowledge_base import KnowledgeBase

    progress = _progress(quiet)
    with KnowledgeBase(folder, progress=progress) as knowledge_base:
        try:
            yield knowledge_base
        finally:
            progress.finish()  # a bar left by an exception would keep the cursor hidden


def _progress(quiet: bool) -> Progress:
    from verdigris.upkeep.progress import Silent

    if quiet:
        return Silent()
    return ProgressBar() if sys.stderr.isatty() else ProgressLines()


def warn(text: str) -> None:
    """A line on standard error."""
    import click

    with suppress(BrokenPipeError):
        click.secho(f"note: {text}", fg="yellow", err=True)


def printable(text: str) -> str:
    """Text of a repository without control characters, which could steer the terminal."""
    if text.replace("\n", "").isprintable():
        return text
    import re  # a session command has no time for it, and hardly ever a need

    return re.sub(_CONTROL, "�", text)


def one_line(text: str) -> str:
    """Text as one printable line."""
    return printable(" ".join(text.split()))


def crop(text: str, width: int) -> str:
    """Text cut to a width, with an ellipsis where something is missing."""
    return text if len(text) <= width else text[: max(width - 1, 0)].rstrip() + "…"


def wrapped(text: str, width: int = 0) -> str:
    """Text in lines within a width, by default the terminal's, all but the first indented more.

    No line ends before a `·` or a measure: `dense #3 (0.890) ·` stays together.
    """
    import re
    import textwrap

    indent = " " * (len(text) - len(text.lstrip()) + 2)
    lines = textwrap.wrap(
        re.sub(_BEFORE_MEASURE, "\0", text), width or terminal_width(), subsequent_indent=indent,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    return "\n".join(lines).replace("\0", " ")


def crop_heading(name: str, width: int) -> str:
    """A heading path cut to a width; its last headings tell most: `… > Shielding`."""
    headings = name.split(" > ")
    shown = name
    while len(shown) > width and len(headings) > 1:
        headings = headings[1:]
        shown = " > ".join(["…", *headings])
    return crop(shown, width)


def issue_name(document: str) -> str:
    """`issue #12` of `issue:12`."""
    return document.replace(":", " #", 1)


def plural(number: int, noun: str) -> str:
    """`1 file`, `2,000 files`."""
    if number != 1:
        noun = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{number:,} {noun}"
