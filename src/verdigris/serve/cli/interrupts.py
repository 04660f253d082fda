"""Ctrl-C and SIGTERM end a run in the same way, so that what it began is put in order."""

from __future__ import annotations

import signal
from contextlib import suppress
from types import FrameType

from verdigris.serve.cli import interrupted


def run_program(arguments: list[str], debug: bool) -> int:
    """Run a command of click; returns the exit code, also after an interrupt."""
    interrupt = _Interrupt()
    try:
        from verdigris.serve.cli.program import run

        return run(arguments, debug)
    except KeyboardInterrupt as error:
        return interrupted(error, debug, interrupt.came or signal.SIGINT)
    except Exception as error:
        if not interrupt.came:
            raise
        return interrupted(error, False, interrupt.came)  # half an import raises anything


class _Interrupt:
    """Remembers that a signal came: libraries turn the exception into errors of their own."""

    def __init__(self) -> None:
        self.came = 0
        """The signal's number; 0: none yet."""
        for number, default in (
            (signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL)
        ):  # fmt: skip
            if signal.getsignal(number) is default:
                with suppress(ValueError):  # not the main thread
                    signal.signal(number, self._handle)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.came = number
        signal.default_int_handler(number, frame)
