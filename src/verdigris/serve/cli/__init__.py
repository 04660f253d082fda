"""The `verdigris` command: arguments in, exit code out; each command loads when it is called."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType

from verdigris.errors import VerdigrisError

COMMANDS = {
    "agent": "verdigris.serve.cli.agent",
    "assay": "verdigris.serve.cli.assay",
    "doctor": "verdigris.serve.cli.upkeep",
    "embed": "verdigris.serve.cli.embed",
    "embeddings": "verdigris.serve.cli.embeddings",
    "eval": "verdigris.serve.cli.evaluation",
    "hook": "verdigris.serve.cli.watch",
    "init": "verdigris.serve.cli.upkeep",
    "model": "verdigris.serve.cli.model.group",
    "oxidize": "verdigris.serve.cli.oxidize",
    "rebuild": "verdigris.serve.cli.upkeep",
    "recipe": "verdigris.serve.cli.recipe",
    "related": "verdigris.serve.cli.related",
    "scrape": "verdigris.serve.cli.upkeep",
    "scry": "verdigris.serve.cli.scry",
    "session": "verdigris.serve.cli.session_group",
    "status": "verdigris.serve.cli.upkeep",
    "used": "verdigris.serve.cli.used",
    "watch": "verdigris.serve.cli.watch",
}
"""Command → module with a click command of that name (`eval` is `evaluate` there)."""

_INTERRUPTED = "interrupted; nothing is lost, the next run goes on from here"
FOUND, NOTHING_FOUND, ERROR, STALE = 0, 1, 2, 3
_SIGNALLED = 128
"""Plus the signal's number, as shells count: 130 after Ctrl-C, 143 after SIGTERM."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit; the only place where errors become exit codes.

    arguments: what follows the program's name, by default what the process was started with.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in arguments[: arguments.index("--") if "--" in arguments else None]
    interrupt = _Interrupt()
    if sys.stderr is None:  # closed by whoever started this; the exit code still tells
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    try:
        code = _run(arguments, debug)
    except KeyboardInterrupt as error:
        code = _interrupted(error, debug, interrupt)
    except Exception as error:
        if interrupt.came:  # half an import raises anything
            code = _interrupted(error, False, interrupt)
        else:
            code = fail(error, debug, _said(error))
    sys.exit(code)


def _said(error: Exception) -> str:
    """What went wrong, in words; a bug must not look like `nothing found`."""
    if isinstance(error, VerdigrisError | OSError | MemoryError):
        return str(error) or type(error).__name__
    return f"internal error, please report it with the trace of --debug: {error!r}"


def _run(arguments: list[str], debug: bool) -> int:
    """Sessions and agents' hooks run without click, whose import takes longer than they do.

    What their parser does not take (help, a wrong option) goes to click, which says why.
    """
    if arguments[:1] == ["session"]:
        from verdigris.serve.cli.plain import run_verb
        from verdigris.serve.cli.session import VERBS

        code = run_verb(VERBS, arguments[1:])
        if code is not None:
            return code
    if arguments[:2] == ["agent", "hook"] and len(arguments) == 3:
        from verdigris.capture.agents.hook import run as run_hook

        return run_hook(arguments[2])
    from verdigris.serve.cli.program import run

    return run(arguments, debug)


class _Interrupt:
    """Remembers that Ctrl-C or SIGTERM came: libraries turn the exception into errors of their own.

    Both end the run in the same way, so that what it began is put in order.
    """

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


def _interrupted(error: BaseException, debug: bool, interrupt: _Interrupt) -> int:
    if debug:
        _trace(error)
    _complain(_INTERRUPTED)
    return _SIGNALLED + (interrupt.came or signal.SIGINT)


def fail(error: Exception, debug: bool, message: str) -> int:
    """Show an error as one line, with its trace if --debug asks for it; returns the exit code."""
    if debug:
        _trace(error)
    _complain(f"verdigris: {' '.join(message.split())}")
    return ERROR


def leave_pipe() -> None:
    """The reader of standard output went away (`| head`), which is no error.

    The interpreter flushes it once more when it exits.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _trace(error: BaseException) -> None:
    import traceback

    traceback.print_exception(error)


def _complain(line: str) -> None:
    with suppress(OSError):
        sys.stderr.write(f"{line.encode('utf-8', 'replace').decode('utf-8')}\n")
        sys.stderr.flush()
