"""The command that refreshes as files change, and the git hooks that do so after commits."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from verdigris.errors import Busy, VerdigrisError
from verdigris.records import ScrapeReport
from verdigris.serve.cli import FOUND, NOTHING_FOUND
from verdigris.serve.cli.answers import SCHEMA_VERSION, envelope
from verdigris.serve.cli.console import one_line, open_knowledge_base, plural, warn
from verdigris.serve.cli.index_text import kinds_text
from verdigris.serve.cli.options import JSON, QUIET

if TYPE_CHECKING:
    from verdigris.upkeep.git_hooks import HookState

_POLITE_SECONDS = 1.0
_LOWER_PRIORITY = 10


@dataclass(frozen=True, slots=True)
class _Refreshed:
    """What one refresh did."""

    report: ScrapeReport
    embedded: int
    seconds: float
    warnings: tuple[str, ...]


@click.command()
@click.option(
    "--vectors/--no-vectors", default=True, help="Embed what is new (default), or do not."
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object a refresh, a line each."
)
@QUIET
@click.pass_context
def watch(ctx: click.Context, vectors: bool, as_json: bool, quiet: bool) -> None:
    """Refresh as files change and commits are made, until Ctrl-C.

    Says in one line what each refresh read. What git ignores is not looked at. Needs the extra
    `watch`: pip install 'verdigris[watch]'.
    """
    from verdigris.upkeep.watching import changes

    with open_knowledge_base(ctx.obj, quiet=True) as knowledge_base:
        repository, locations = knowledge_base.repository, knowledge_base.locations
    found = changes(repository, locations)
    try:
        _refresh(ctx.obj, vectors, as_json, quiet)
        if not (quiet or as_json):
            click.echo(f"watching {one_line(str(repository.root))}; Ctrl-C ends it", err=True)
        for _ in found:
            _refresh(ctx.obj, vectors, as_json, quiet)
    except KeyboardInterrupt:
        if not quiet:
            click.echo("stopped; nothing is lost", err=True)
    ctx.exit(FOUND)


def _refresh(folder: str, vectors: bool, as_json: bool, quiet: bool) -> None:
    """Refresh once and tell it; what goes wrong is told too, and watching goes on."""
    try:
        done = _refreshed(folder, vectors, quiet)
    except VerdigrisError as error:  # such as a repository in the middle of something
        warn(one_line(str(error)))
        return
    line = _text_line(done)  # '' where there was nothing new
    if line and (as_json or not quiet):
        click.echo(_json_line(done) if as_json else line)
    if not quiet:
        for warning in done.warnings:
            warn(one_line(warning))


def _refreshed(folder: str, vectors: bool, quiet: bool) -> _Refreshed:
    started = time.monotonic()
    with open_knowledge_base(folder, quiet) as knowledge_base:
        try:
            report = knowledge_base.refresh(wait=_POLITE_SECONDS)
        except Busy:
            if not quiet:
                warn("another verdigris is refreshing; waiting for it")
            report = knowledge_base.refresh()
        knowledge_base.anchor()
        embedded = knowledge_base.embed() if vectors else 0
        warnings = (*knowledge_base.warnings, *report.warnings)
    return _Refreshed(report, embedded, time.monotonic() - started, warnings)


def _text_line(done: _Refreshed) -> str:
    """`14:03:12  2 code files, 1 commit · 1 gone · 12 passages embedded · 0.42 s`, or ''."""
    parts = [kinds_text(done.report.documents)]
    if done.report.gone:
        parts.append(f"{done.report.gone:,} gone")
    if done.report.secrets:
        parts.append(f"{plural(done.report.secrets, 'secret')} redacted")
    if done.embedded:
        parts.append(f"{plural(done.embedded, 'passage')} embedded")
    told = " · ".join(part for part in parts if part)
    now = datetime.now().strftime("%H:%M:%S")
    return f"{now}  {told} · {done.seconds:.2f} s" if told else ""


def _json_line(done: _Refreshed) -> str:
    value = {
        "schema_version": SCHEMA_VERSION,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "scraped": asdict(done.report),
        "embedded": done.embedded,
        "seconds": round(done.seconds, 3),
        "warnings": list(done.warnings),
    }
    return json.dumps(value, ensure_ascii=False)


@click.group()
def hook() -> None:
    """Refresh after commits, merges, checkouts and rebases, by git hooks, in the background."""


@hook.command("install")
@JSON
@click.pass_context
def install_command(ctx: click.Context, as_json: bool) -> None:
    """Add a marked block to git's hooks of this repository; what is in them stays."""
    from verdigris.scrape.repository import open_repository
    from verdigris.upkeep.git_hooks import install_hooks

    _show(install_hooks(open_repository(Path(ctx.obj))), "installed", as_json)


@hook.command("remove")
@JSON
@click.pass_context
def remove_command(ctx: click.Context, as_json: bool) -> None:
    """Take the block out again, and delete hooks that held nothing else."""
    from verdigris.scrape.repository import open_repository
    from verdigris.upkeep.git_hooks import remove_hooks

    found = remove_hooks(open_repository(Path(ctx.obj)))
    _show(found, "removed", as_json)
    if not found:
        ctx.exit(NOTHING_FOUND)


@hook.command("status")
@JSON
@click.pass_context
def status_command(ctx: click.Context, as_json: bool) -> None:
    """Show which hooks refresh the index. Exit 1 where none does."""
    from verdigris.scrape.repository import open_repository
    from verdigris.upkeep.git_hooks import hook_states

    states = hook_states(open_repository(Path(ctx.obj)))
    _show(states, "installed", as_json)
    if not any(state.installed for state in states):
        ctx.exit(NOTHING_FOUND)


@hook.command("run")
@click.pass_context
def run_command(ctx: click.Context) -> None:
    """What the hooks call: refresh and embed, quietly, one at a time."""
    from verdigris.upkeep.git_hooks import run_in_turn

    with suppress(AttributeError, OSError):  # not on Windows
        os.nice(_LOWER_PRIORITY)
    with open_knowledge_base(ctx.obj, quiet=True) as knowledge_base:
        locations = knowledge_base.locations
    run_in_turn(locations, lambda: _refresh(ctx.obj, True, False, True))


def _show(states: list[HookState], done: str, as_json: bool) -> None:
    if as_json:
        rows = [{**asdict(state), "path": str(state.path)} for state in states]
        click.echo(envelope(hooks=rows))
        return
    if not any(state.installed for state in states):
        click.echo("no hook is installed; to install them: verdigris hook install")
        return
    for state in states:
        told = done if state.installed else "not installed"
        others = ", other commands stay" if state.others and state.installed else ""
        click.echo(f"{state.name:<14} {told + others:<30}  {one_line(str(state.path))}")
