"""The `verdigris` command: arguments in, exit code out; each command loads when it is called."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

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

_MENDS = {
    errno.ENOSPC: "; free some space and run the same command again",
    errno.EACCES: "; mend its permissions",
    errno.EPERM: "; mend its permissions",
    errno.EROFS: "; make the disk writable",
}
_INTERRUPTED = "interrupted; nothing is lost, the next run goes on from here"
FOUND, NOTHING_FOUND, ERROR, STALE = 0, 1, 2, 3
_SIGNALLED = 128
"""Plus the signal's number, as shells count: 130 after Ctrl-C, 143 after SIGTERM."""
_SIGINT = 2
"""Its number everywhere; `signal` has no place where only this is needed, being slow to import."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit; the only place where errors become exit codes.

    arguments: what follows the program's name, by default what the process was started with.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    # Before numpy is loaded: its idle threads spin, for a sixth of what a question takes.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    debug = "--debug" in arguments[: arguments.index("--") if "--" in arguments else None]
    if sys.stderr is None:  # closed by whoever started this; the exit code still tells
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    try:
        code = _run(arguments, debug)
    except KeyboardInterrupt as error:
        code = interrupted(error, debug)
    except Exception as error:
        code = fail(error, debug, _said(error))
    sys.exit(code)


def _said(error: Exception) -> str:
    """What went wrong, in words; a bug must not look like `nothing found`."""
    if isinstance(error, OSError):
        return _said_by_system(error)
    if isinstance(error, VerdigrisError | MemoryError):
        return str(error) or type(error).__name__
    return f"internal error, please report it with the trace of --debug: {error!r}"


def _said_by_system(error: OSError) -> str:
    """What the system refused, to what, and what mends it, as far as that is known."""
    mend = _MENDS.get(error.errno or 0, "")
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{error.strerror or error}{mend}"


def _run(arguments: list[str], debug: bool) -> int:
    is_session = arguments[:1] == ["session"]
    is_hook = arguments[:2] == ["agent", "hook"] and len(arguments) == 3
    code = _run_light(arguments) if is_session or is_hook else None
    if code is not None:
        return code
    from verdigris.serve.cli.interrupts import run_program

    return run_program(arguments, debug)


def _run_light(arguments: list[str]) -> int | None:
    """Sessions and agents' hooks run without click, whose import takes longer than they do.

    None where their parser does not take the arguments (help, a wrong option): click says why.
    SIGTERM ends them at once: what they write is written whole or not at all.
    """
    import atexit
    import gc

    atexit.register(gc.freeze)  # else Python looks through all objects for garbage as it ends
    if arguments[0] == "agent":
        from verdigris.capture.agents.hook import run as run_hook

        return run_hook(arguments[2])
    from verdigris.serve.cli.plain import run_verb
    from verdigris.serve.cli.session import VERBS

    return run_verb(VERBS, arguments[1:])


def interrupted(error: BaseException, debug: bool, number: int = _SIGINT) -> int:
    """Say that a run was interrupted; returns the exit code. number: the signal's."""
    if debug:
        _trace(error)
    _complain(_INTERRUPTED)
    return _SIGNALLED + number


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
