"""Commands that write a work session down: start, update, note, end, resume, list, show."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from verdigris.capture.sessions import Captured, SessionCapture, SessionSummary, Statements
from verdigris.capture.work_tree import open_work_tree
from verdigris.serve.cli import NOTHING_FOUND
from verdigris.serve.cli.console import crop, one_line, printable, warn
from verdigris.serve.cli.options import JSON, QUIET

_TITLE_WIDTH = 60
_STDIN = "-"


@click.group()
def session() -> None:
    """Write down what is done and why, in a log that scrape reads.

    A log is markdown, kept in .verdigris/sessions or where the repository keeps logs already;
    edit it as you like. Beginning and end are git tags.
    """


@session.command()
@click.argument("title")
@click.option("--goal", "goals", multiple=True, help="A goal, by default the title; repeatable.")
@click.option("--llm", default="", metavar="NAME", help="The model or agent that takes part.")
@click.option("--archive", is_flag=True, help="Set aside a session that is still open.")
@QUIET
@click.pass_context
def start(
    ctx: click.Context, title: str, goals: tuple[str, ...], llm: str, archive: bool, quiet: bool
) -> None:  # fmt: skip
    """Begin a session: make its log and its tag."""
    _show(_capture(ctx).start(title, goals, llm, archive), "started", quiet)


@session.command()
@click.argument("text", nargs=-1)
@click.option("--work", multiple=True, metavar="TEXT", help="Work completed; repeatable.")
@click.option("--decision", multiple=True, metavar="TEXT", help="A key decision; repeatable.")
@click.option(
    "--challenge",
    multiple=True,
    metavar="TEXT",
    help="A challenge faced, with a second line `Solution: …`; repeatable.",
)
@click.option("--pattern", multiple=True, metavar="TEXT", help="A pattern observed; repeatable.")
@QUIET
@click.pass_context
def update(
    ctx: click.Context,
    text: tuple[str, ...],
    work: tuple[str, ...],
    decision: tuple[str, ...],
    challenge: tuple[str, ...],
    pattern: tuple[str, ...],
    quiet: bool,
) -> None:
    """Add what happened since the last update; git's facts are filled in.

    TEXT is markdown of any form, - reads it from standard input.
    """
    said = Statements(work, decision, challenge, pattern, _given(text))
    _show(_capture(ctx).update(said), "updated", quiet)


@session.command()
@click.argument("text", nargs=-1, required=True)
@QUIET
@click.pass_context
def note(ctx: click.Context, text: tuple[str, ...], quiet: bool) -> None:
    """Add a note, with branch and commit; - reads it from standard input."""
    _show(_capture(ctx).note(_given(text)), "noted in", quiet)


@session.command()
@click.option("--archive", is_flag=True, help="Set it aside unclassified; resume can reopen it.")
@QUIET
@click.pass_context
def end(ctx: click.Context, archive: bool, quiet: bool) -> None:
    """Close the session: git's facts, classification, end tag."""
    capture = _capture(ctx)
    if archive:
        _show(capture.archive(), "archived", quiet)
    else:
        _show(capture.end(), "ended", quiet)


@session.command()
@click.argument("session_id", metavar="[ID]", default="")
@QUIET
@click.pass_context
def resume(ctx: click.Context, session_id: str, quiet: bool) -> None:
    """Go on with the open session, or reopen the one whose id begins with ID."""
    _show(_capture(ctx).resume(session_id), "resumed", quiet)


@session.command("list")
@JSON
@click.pass_context
def list_sessions(ctx: click.Context, as_json: bool) -> None:
    """List all sessions, newest first. Exit 1 when there is none."""
    found = _capture(ctx).sessions()
    if as_json:
        _echo_json(sessions=[asdict(one) for one in found])
    elif found:
        click.echo("\n".join(_rows(found)))
    else:
        click.echo('no session yet; begin one: verdigris session start "TITLE"', err=True)
    if not found:
        ctx.exit(NOTHING_FOUND)


@session.command()
@click.argument("session_id", metavar="[ID]", default="")
@JSON
@click.pass_context
def show(ctx: click.Context, session_id: str, as_json: bool) -> None:
    """Show a log: the open session's, the newest, or the one whose id begins with ID."""
    summary, text = _capture(ctx).show(session_id)
    if as_json:
        _echo_json(session=asdict(summary), text=_encodable(text))
    else:
        click.echo(_encodable(printable(text.replace("\r\n", "\n"))), nl=not text.endswith("\n"))


def _capture(ctx: click.Context) -> SessionCapture:
    from verdigris.settings import load_settings

    tree = open_work_tree(Path(ctx.obj))
    return SessionCapture(tree, load_settings(tree.root).sessions_dir)


def _given(words: tuple[str, ...]) -> str:
    if words != (_STDIN,):
        return " ".join(words)
    return sys.stdin.buffer.read().decode("utf-8", "surrogateescape")


def _show(captured: Captured, verb: str, quiet: bool) -> None:
    """What was written and where; what could not be had goes to standard error."""
    for text in captured.notes:
        warn(one_line(text))
    if quiet:
        return
    click.echo(f"{verb} session {captured.id}: {_encodable(one_line(captured.title))}")
    click.echo(_encodable(one_line(str(captured.path))))
    if captured.text:
        click.echo(f"\n{_encodable(printable(captured.text))}")


def _rows(sessions: list[SessionSummary]) -> list[str]:
    width = max(len(one.branch) for one in sessions)
    head = f"{'id':<15}  {'status':<8}  {'branch':<{width}}  {'minutes':>7}  {'commits':>7}  title"
    return [
        head,
        *(
            f"{one.id:<15}  {one.status or '-':<8}  {one_line(one.branch):<{width}}  "
            f"{_number(one.minutes):>7}  {_number(one.commits):>7}  "
            f"{_encodable(crop(one_line(one.title), _TITLE_WIDTH))}"
            for one in sessions
        ),
    ]


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _encodable(text: str) -> str:
    """Text without the stand-ins for bytes that are no UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _echo_json(**content: object) -> None:
    from verdigris.serve.cli.answers import envelope

    click.echo(envelope(**content))
