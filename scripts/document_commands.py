"""Write docs/commands.md from the command line itself, so that it cannot tell anything else."""

from __future__ import annotations

from pathlib import Path

import click

from verdigris.serve.cli import COMMANDS
from verdigris.serve.cli.program import cli

TARGET = Path(__file__).resolve().parent.parent / "docs" / "commands.md"

_HEAD = """\
# Commands

Written by `make docs` from the program; do not edit.

**Exit codes:** 0 found or done · 1 nothing found · 2 error · 3 the index is behind and `--strict`
was given · 130 interrupted, 143 ended by SIGTERM. An error is one line on standard error that says
what to do next; `--debug`, before or after the command, adds the trace.

**Output:** answers go to standard output, progress and notes to standard error. `--json` prints
one object that begins with `schema_version`; its paths are relative to the repository's root,
those in text to the folder you stand in. `NO_COLOR` turns colours off, and so does a pipe.

**Completion:** `eval "$(_VERDIGRIS_COMPLETE=bash_source verdigris)"` in `~/.bashrc`,
`eval "$(_VERDIGRIS_COMPLETE=zsh_source verdigris)"` in `~/.zshrc`, and
`_VERDIGRIS_COMPLETE=fish_source verdigris | source` in fish.
"""


def commands_markdown() -> str:
    """The whole document: the program itself, then each command by name."""
    context = click.Context(cli, info_name="verdigris", **cli.context_settings)
    sections = [_HEAD, _section("verdigris", cli, context)]
    for name in sorted(COMMANDS):
        if command := cli.get_command(context, name):
            sections += _sections(f"verdigris {name}", command, context)
    return "\n".join(sections)


def _sections(title: str, command: click.Command, parent: click.Context) -> list[str]:
    """A command, and after a group each of its own commands by name."""
    context = click.Context(command, info_name=title.rsplit(" ", 1)[-1], parent=parent)
    sections = [_section(title, command, context)]
    if isinstance(command, click.Group):
        for name in sorted(command.list_commands(context)):
            if inner := command.get_command(context, name):
                sections += _sections(f"{title} {name}", inner, context)
    return sections


def _section(title: str, command: click.Command, context: click.Context) -> str:
    usage = " ".join([title, *command.collect_usage_pieces(context)])
    text = "\n".join(line.strip() for line in (command.help or "").strip().splitlines())
    rows = [
        _row(parameter)
        for parameter in command.get_params(context)
        if isinstance(parameter, click.Option) and parameter.name != "help"
    ]
    table = "\n".join(["| option | meaning |", "|---|---|", *rows])
    return f"## {title}\n\n```\n{usage}\n```\n\n{text}\n\n{table}\n"


def _row(option: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in [*option.opts, *option.secondary_opts])
    value = "" if option.is_flag or option.count else f" `{_value(option)}`"
    default = f" (default: {option.default})" if option.show_default else ""
    return f"| {names}{value} | {option.help or ''}{default} |"


def _value(option: click.Option) -> str:
    if option.metavar:
        return option.metavar
    if isinstance(option.type, click.Choice):
        return ", ".join(map(str, option.type.choices))
    return "N" if isinstance(option.type, click.IntRange) else "TEXT"


if __name__ == "__main__":
    TARGET.write_text(commands_markdown(), encoding="utf-8")
