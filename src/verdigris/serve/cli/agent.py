"""Commands that tie a coding agent to the memory: install, remove, status."""

from __future__ import annotations

import difflib
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from verdigris.capture.agents.installing import Change, FileStatus, install, remove, status
from verdigris.capture.agents.known import AGENTS, Agent
from verdigris.capture.agents.place import Place
from verdigris.capture.agents.spool import ERRORS, spool_folder, waiting
from verdigris.capture.work_tree import open_work_tree
from verdigris.errors import AgentError
from verdigris.serve.cli import FOUND, NOTHING_FOUND
from verdigris.serve.cli.answers import envelope
from verdigris.serve.cli.console import one_line, plural, printable
from verdigris.serve.cli.options import JSON
from verdigris.serve.cli.session import take_over_hooks
from verdigris.settings import load_settings

_BY_NAME = {agent.name: agent for agent in AGENTS}
_NAME = click.argument("name", type=click.Choice(list(_BY_NAME)), metavar="|".join(_BY_NAME))
_GLOBAL = click.option(
    "--global/--project",
    "is_global",
    default=False,
    help="For all projects, in your home folder, or for this repository (default).",
)
_DRY_RUN = click.option("--dry-run", is_flag=True, help="Print what would change, change nothing.")


@click.group()
def agent() -> None:
    """Let coding agents use the memory, and write down what they are asked and answer.

    Hooks write to .verdigris/local; session commands and scrape move that into the session log.
    """


@agent.command("install")
@_NAME
@_GLOBAL
@_DRY_RUN
def install_(name: str, is_global: bool, dry_run: bool) -> None:
    """Put hooks and instructions in place.

    What stands in an agent's files stays. Installing again changes nothing; remove brings the
    files back as they were.
    """
    chosen, place = _BY_NAME[name], _place(is_global)
    changes = install(chosen, place, _command(), dry_run=dry_run)
    if dry_run:
        _show_diff(changes)
        return
    _report(changes, "already installed", chosen)
    if changes and chosen.advice:
        click.echo(chosen.advice)
    if is_global:
        click.echo("the hooks write only where a repository has a folder .verdigris")


@agent.command("remove")
@_NAME
@_GLOBAL
@_DRY_RUN
def remove_(name: str, is_global: bool, dry_run: bool) -> None:
    """Take them out again, without a trace."""
    chosen, place = _BY_NAME[name], _place(is_global)
    if place.root and not dry_run:
        take_over_hooks(str(place.root), load_settings(place.root).sessions_dir)
    changes = remove(chosen, place, dry_run=dry_run)
    if dry_run:
        _show_diff(changes)
    else:
        _report(changes, "not installed", chosen)


@agent.command("status")
@click.argument("name", default="", metavar=f"[{'|'.join(_BY_NAME)}]")
@JSON
@click.pass_context
def status_(ctx: click.Context, name: str, as_json: bool) -> None:
    """Show which agents are installed.

    And where, and how much of what their hooks wrote down waits. Exit 1 when none is installed.
    """
    if name and name not in _BY_NAME:
        raise click.UsageError(f"no agent {name!r}; known: {', '.join(_BY_NAME)}", ctx)
    rows = [row for one in AGENTS if name in ("", one.name) for row in _status_rows(one)]
    folder = spool_folder(open_work_tree("").root)
    count, errors = waiting(folder), _errors(folder)
    if as_json:
        shown = [
            {
                "agent": row.agent,
                "scope": row.scope,
                "path": str(row.file.path),
                "state": row.file.state,
                "problem": row.file.problem,
            }
            for row in rows
        ]
        click.echo(envelope(agents=shown, waiting=count, errors=errors))
    else:
        click.echo("\n".join(_status_text(rows, count, errors)))
    installed = any(row.file.state in ("installed", "edited") for row in rows)
    ctx.exit(FOUND if installed else NOTHING_FOUND)


@agent.command("hook", hidden=True)
@click.argument("name")
@click.pass_context
def hook(ctx: click.Context, name: str) -> None:
    """Write down the event on standard input: what the installed hooks call."""
    from verdigris.capture.agents.hook import run

    ctx.exit(run(name))


@dataclass(frozen=True, slots=True)
class _Row:
    agent: str
    scope: str
    file: FileStatus


def _status_rows(agent: Agent) -> list[_Row]:
    places = [("project", _place(False)), *([("global", _place(True))] if agent.home else [])]
    return [
        _Row(agent.name, scope, file) for scope, place in places for file in status(agent, place)
    ]


def _status_text(rows: list[_Row], count: int, errors: list[str]) -> list[str]:
    found = [row for row in rows if row.file.state != "missing"]
    lines = [
        f"{row.agent:<8} {row.scope:<8} {row.file.state:<10} {one_line(str(row.file.path))}"
        for row in found
    ]
    lines = lines or ["no agent is installed; see: verdigris agent install --help"]
    lines += [one_line(row.file.problem) for row in found if row.file.problem]
    if count:
        lines.append(f"{plural(count, 'record')} of hooks wait for the next scrape")
    if errors:
        lines.append(
            f"hooks failed {plural(len(errors), 'time')}, the last: {one_line(errors[-1])}"
        )
    return lines


def _errors(folder: str) -> list[str]:
    path = Path(folder) / ERRORS
    return path.read_text("utf-8", "replace").splitlines() if path.exists() else []


def _place(is_global: bool) -> Place:
    if is_global:
        import platformdirs

        return Place(Path(platformdirs.user_data_dir("verdigris")) / "agents")
    root = open_work_tree("").root
    return Place(Path(spool_folder(root)) / "agents", Path(root))


def _command() -> str:
    """How a hook starts verdigris: by name where the shell finds it, else by its whole path."""
    if shutil.which("verdigris"):
        return "verdigris"
    program = Path(sys.argv[0]).resolve()
    if program.stem != "verdigris":
        raise AgentError("the program verdigris is not installed; run: pip install verdigris")
    return shlex.quote(str(program))


def _show_diff(changes: list[Change]) -> None:
    for change in changes:
        before, after = (
            (content or b"").decode("utf-8", "replace").splitlines(keepends=True)
            for content in (change.before, change.after)
        )
        name = str(change.path)
        diff = difflib.unified_diff(
            before,
            after,
            name if change.before is not None else "/dev/null",
            name if change.after is not None else "/dev/null",
        )
        for line in diff:
            click.echo(printable(line.rstrip("\r\n")))
    if not changes:
        click.echo("nothing would change")


def _report(changes: list[Change], otherwise: str, agent: Agent) -> None:
    if not changes:
        click.echo(f"{agent.title}: {otherwise}")
    for change in changes:
        verb = (
            "removed" if change.after is None else "created" if change.before is None else "changed"
        )
        click.echo(f"{verb} {one_line(str(change.path))}")
