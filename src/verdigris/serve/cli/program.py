"""The command line as click sees it: subcommands load when called, usage errors are one line."""

from __future__ import annotations

import os
from contextlib import chdir
from difflib import get_close_matches
from importlib import import_module

import click

from verdigris import __version__
from verdigris.serve.cli import COMMANDS, ERROR, FOUND, fail, leave_pipe


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
            leave_pipe()
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


def run(arguments: list[str], debug: bool) -> int:
    """Run a command; returns the exit code. Raises what the command raises, but no click errors."""
    try:
        code = cli.main(arguments, prog_name="verdigris", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return ERROR
    except click.ClickException as error:
        return fail(error, debug, _usage(error))
    except click.Abort as error:
        raise KeyboardInterrupt from error
    return code if isinstance(code, int) else FOUND


def _usage(error: click.ClickException) -> str:
    """What is wrong with the arguments, and where the right ones are listed."""
    message = error.format_message().rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path if context else "verdigris"
    return f"{message[:1].lower()}{message[1:]}; see: {path} --help"
