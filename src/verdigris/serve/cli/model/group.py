"""The command group `model`: each subcommand is imported from its own module when it is called."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module

import click

from verdigris.serve.cli.program import add_debug

_HERE = "verdigris.serve.cli.model"
SUBCOMMANDS = {
    "bench": f"{_HERE}.bench",
    "check": f"{_HERE}.check",
    "compare": f"{_HERE}.compare",
    "export": f"{_HERE}.transfer",
    "import": f"{_HERE}.transfer",
    "list": f"{_HERE}.list",
    "pull": f"{_HERE}.transfer",
    "select": f"{_HERE}.select",
    "use": f"{_HERE}.use",
    "validate": f"{_HERE}.validate",
}
"""Subcommand → module with a click command of that name (`list_` and `import_` end in `_`)."""


class ModelGroup(click.Group):
    """A group whose subcommands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All subcommands, by name."""
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand of that name; each also takes --debug."""
        if cmd_name not in SUBCOMMANDS:
            return None
        module = import_module(SUBCOMMANDS[cmd_name])
        command: click.Command = getattr(module, cmd_name, None) or getattr(module, f"{cmd_name}_")
        add_debug(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The subcommand that the arguments name. Raises UsageError that names the nearest one."""
        if args[0] not in SUBCOMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], SUBCOMMANDS, n=1)
            meant = f"; did you mean {near[0]}?" if near else ""
            raise click.UsageError(f"no command {args[0]!r}{meant}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Each subcommand with its first sentence, whole."""
        commands = [(name, self.get_command(ctx, name)) for name in SUBCOMMANDS]
        rows = [(name, one.get_short_help_str(limit=200)) for name, one in commands if one]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.group(cls=ModelGroup)
def model() -> None:
    """Embedding models: list, pull, import, export, choose and check them."""
