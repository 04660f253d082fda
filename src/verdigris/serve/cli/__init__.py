"""The `verdigris` command: subcommands load when called, errors become exit codes."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import chdir, suppress
from difflib import get_close_matches
from importlib import import_module
from types import FrameType

import click

from verdigris import __version__
from verdigris.errors import VerdigrisError

COMMANDS = {
    "doctor": "verdigris.serve.cli.upkeep",
    "embed": "verdigris.serve.cli.embed",
    "embeddings": "verdigris.serve.cli.embeddings",
    "eval": "verdigris.serve.cli.evaluation",
    "init": "verdigris.serve.cli.upkeep",
    "model": "verdigris.serve.cli.models",
    "rebuild": "verdigris.serve.cli.upkeep",
    "related": "verdigris.serve.cli.questions",
    "scrape": "verdigris.serve.cli.upkeep",
    "scry": "verdigris.serve.cli.questions",
    "session": "verdigris.serve.cli.session",
    "status": "verdigris.serve.cli.upkeep",
}
"""Command → module with a click command of that name (`eval` is `evaluate` there)."""

_INTERRUPTED = "interrupted; nothing is lost, the next run goes on from here"
FOUND, NOTHING_FOUND, ERROR, STALE, INTERRUPTED = 0, 1, 2, 3, 130


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, by name."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; each also takes --debug."""
        if cmd_name not in COMMANDS:
            return None
        attribute = "evaluate" if cmd_name == "eval" else cmd_name
        command: click.Command = getattr(import_module(COMMANDS[cmd_name]), attribute)
        add_debug(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name. Raises UsageError that names the nearest one."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS, n=1)
            meant = f"; did you mean {near[0]}?" if near else ""
            raise click.UsageError(f"no command {args[0]!r}{meant}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Each command with its first sentence, whole."""
        commands = [(name, self.get_command(ctx, name)) for name in COMMANDS]
        rows = [(name, one.get_short_help_str(limit=200)) for name, one in commands if one]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> object:
        """Run; a reader that went away (`| head`) is no error."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # The interpreter flushes standard output once more when it exits.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return ctx.exit(FOUND)


def add_debug(command: click.Command) -> None:
    """Let a command, and those inside it, take --debug."""
    if not any(parameter.name == "debug" for parameter in command.params):
        command.params.append(_debug_option())
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            add_debug(inner)


def _debug_option() -> click.Option:
    # main() looks for the flag itself: it matters only after the context is gone.
    return click.Option(
        ["--debug"], is_flag=True, expose_value=False, help="Show the trace of an error."
    )


@click.group(
    cls=LazyGroup,
    params=[_debug_option()],
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="verdigris")
@click.option(
    "-C",
    "folder",
    default=".",
    metavar="FOLDER",
    type=click.Path(exists=True, file_okay=False),
    help="Run as if started in FOLDER.",
)
@click.pass_context
def cli(ctx: click.Context, folder: str) -> None:
    """A local-first memory for a software project.

    Ask about sessions, history, code and documents of the repository you stand in:

        verdigris scry "why did we choose SQLite?"
    """
    if os.environ.get("NO_COLOR"):  # https://no-color.org: click leaves it to the program
        ctx.color = False
    ctx.with_resource(chdir(folder))
    ctx.obj = "."


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit; the only place where errors become exit codes.

    arguments: what follows the program's name, by default what the process was started with.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in arguments[: arguments.index("--") if "--" in arguments else None]
    interrupt = _Interrupt()
    try:
        code = cli.main(arguments, prog_name="verdigris", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        code = ERROR
    except click.ClickException as error:
        code = _fail(error, debug, _usage(error))
    except (KeyboardInterrupt, click.Abort) as error:
        if debug:
            traceback.print_exception(error)
        click.echo(_INTERRUPTED, err=True)
        code = INTERRUPTED
    except (VerdigrisError, OSError, MemoryError) as error:
        code = _fail(error, debug, str(error) or type(error).__name__)
    except Exception as error:  # a bug must not look like `nothing found`, exit 1
        if interrupt.came:  # half an import raises anything
            click.echo(_INTERRUPTED, err=True)
            code = INTERRUPTED
        else:
            trace = "please report it with the trace of --debug"
            code = _fail(error, debug, f"internal error, {trace}: {error!r}")
    sys.exit(code if isinstance(code, int) else FOUND)


class _Interrupt:
    """Remembers that Ctrl-C came: libraries turn a KeyboardInterrupt into errors of their own."""

    def __init__(self) -> None:
        self.came = False
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            with suppress(ValueError):  # not the main thread
                signal.signal(signal.SIGINT, self._handle)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.came = True
        signal.default_int_handler(number, frame)


def _fail(error: Exception, debug: bool, message: str) -> int:
    """Show an error as one line, with its trace where --debug asks for it."""
    if debug:
        traceback.print_exception(error)
    click.echo(f"verdigris: {' '.join(message.split())}", err=True)
    return ERROR


def _usage(error: click.ClickException) -> str:
    """What is wrong with the arguments, and where the right ones are listed."""
    message = error.format_message().rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path if context else "verdigris"
    return f"{message[:1].lower()}{message[1:]}; see: {path} --help"
