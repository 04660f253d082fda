"""Commands that write a work session down: start, update, note, end, resume, list, show."""

from __future__ import annotations

import sys

from verdigris.capture.agents.spool import spool_folder, waiting
from verdigris.capture.sessions import Captured, SessionCapture, SessionSummary, Statements
from verdigris.capture.work_tree import open_work_tree
from verdigris.errors import SessionError
from verdigris.serve.cli import FOUND, NOTHING_FOUND
from verdigris.serve.cli.console import crop, line_width, one_line, printable, warn
from verdigris.serve.cli.plain import Given, Option, Verb, write_line

_TITLE_WIDTH, _LEAST_TITLE = 60, 20
_LISTED = 20
_STDIN = "-"

HELP = """Write down what is done and why, in a log that scrape reads.

A log is markdown, kept in .verdigris/sessions or where the repository keeps logs already;
edit it as you like. Beginning and end are git tags.
"""


def _start(given: Given) -> int:
    (title,) = given.words
    goals, llm = given.texts("goal"), given.text("llm")
    return _show(_capture().start(title, goals, llm, given.flag("archive")), "started", given)


def _update(given: Given) -> int:
    said = Statements(
        given.texts("work"),
        given.texts("decision"),
        given.texts("challenge"),
        given.texts("pattern"),
        _text(given),
    )
    return _show(_capture().update(said), "updated", given)


def _note(given: Given) -> int:
    return _show(_capture().note(_text(given)), "noted in", given)


def _end(given: Given) -> int:
    if given.words:
        _capture().note(_text(given))
    if given.flag("archive"):
        return _show(_capture().archive(), "archived", given)
    return _show(_capture().end(), "ended", given)


def _resume(given: Given) -> int:
    return _show(_capture().resume("".join(given.words)), "resumed", given)


def _list(given: Given) -> int:
    capture = _capture()
    found = capture.sessions(None if given.flag("json") or given.flag("all") else _LISTED)
    if given.flag("json"):
        _write_json(sessions=[one._asdict() for one in found])
    elif found:
        write_line("\n".join(_rows(found)))
        if older := capture.count() - len(found):
            write_line(f"… and {older:,} older: verdigris session list --all")
    else:
        sys.stderr.write('no session yet; begin one: verdigris session start "TITLE"\n')
    return FOUND if found else NOTHING_FOUND


def _show_log(given: Given) -> int:
    summary, text = _capture().show("".join(given.words))
    if given.flag("json"):
        _write_json(session=summary._asdict(), text=_encodable(text))
    else:
        write_line(printable(text.replace("\r\n", "\n")).removesuffix("\n"))
    return FOUND


_QUIET = Option("quiet", "No progress and no notes.", short="q")
_JSON = Option("json", "Print one JSON object.")
_GOAL = Option("goal", "A goal, by default the title; repeatable.", "TEXT", repeatable=True)
_STATEMENTS = (
    Option("work", "Work completed; repeatable.", "TEXT", repeatable=True),
    Option("decision", "A key decision; repeatable.", "TEXT", repeatable=True),
    Option(
        "challenge",
        "A challenge faced, with a second line `Solution: …`; repeatable.",
        "TEXT",
        repeatable=True,
    ),
    Option("pattern", "A pattern observed; repeatable.", "TEXT", repeatable=True),
)
_UPDATE_HELP = """Add what happened since the last update; git's facts are filled in.

TEXT is markdown of any form, - reads it from standard input.
"""

VERBS = (
    Verb(
        "start",
        "Begin a session: make its log and its tag.",
        _start,
        (
            _GOAL,
            Option("llm", "The model or agent that takes part.", "NAME"),
            Option("archive", "Set aside a session that is still open."),
            _QUIET,
        ),
        "TITLE",
    ),
    Verb("update", _UPDATE_HELP, _update, (*_STATEMENTS, _QUIET), "[TEXT]..."),
    Verb(
        "note",
        "Add a note, with branch and commit; - reads it from standard input.",
        _note,
        (_QUIET,),
        "TEXT...",
    ),
    Verb(
        "end",
        "Close the session: git's facts, classification, end tag; TEXT is noted first.",
        _end,
        (Option("archive", "Set it aside unclassified; resume can reopen it."), _QUIET),
        "[TEXT]...",
    ),
    Verb(
        "resume",
        "Go on with the open session, or reopen the one whose id begins with ID.",
        _resume,
        (_QUIET,),
        "[ID]",
    ),
    Verb(
        "list",
        f"List the newest {_LISTED} sessions, newest first. Exit 1 when there is none.",
        _list,
        (Option("all", "List all."), Option("json", "Print one JSON object, of all.")),
    ),
    Verb(
        "show",
        "Show a log: the open session's, the newest, or the one whose id begins with ID.",
        _show_log,
        (_JSON,),
        "[ID]",
    ),
)


def _capture() -> SessionCapture:
    from verdigris.settings import load_settings

    tree = open_work_tree("")
    sessions_dir = load_settings(tree.root).sessions_dir
    if waiting(spool_folder(tree.root)):
        take_over_hooks(tree.root, sessions_dir)
    return SessionCapture(tree, sessions_dir)


def take_over_hooks(root: str, sessions_dir: str) -> None:
    """Write what agents' hooks wrote down into session logs; no command fails where that does."""
    from pathlib import Path

    from verdigris.records import ScrapeReport
    from verdigris.upkeep.capturing import collect_hooks

    report = ScrapeReport()
    collect_hooks(Path(root), sessions_dir, report)
    for text in report.warnings:
        warn(one_line(text))


def _text(given: Given) -> str:
    if given.words != (_STDIN,):
        return " ".join(given.words)
    if sys.stdin is None:
        raise SessionError("standard input is closed; give the text as an argument")
    if sys.stdin.isatty():
        warn("reading the text from the terminal; end with Ctrl-D")
    return sys.stdin.buffer.read().decode("utf-8", "surrogateescape")


def _show(captured: Captured, verb: str, given: Given) -> int:
    """What was written and where; what could not be had goes to standard error."""
    for text in captured.notes:
        warn(one_line(text))
    if given.flag("quiet"):
        return FOUND
    write_line(f"{verb} session {captured.id}: {one_line(captured.title)}")
    write_line(one_line(captured.path))
    if captured.text:
        write_line(f"\n{printable(captured.text)}")
    return FOUND


def _rows(sessions: list[SessionSummary]) -> list[str]:
    name = max(len(one.id) for one in sessions)
    width = max(len(one.branch) for one in sessions)
    head = (
        f"{'id':<{name}}  {'status':<8}  {'branch':<{width}}  {'minutes':>7}  {'commits':>7}  title"
    )
    room = line_width() - len(head) + len("title") if line_width() else _TITLE_WIDTH
    title_width = max(min(room, _TITLE_WIDTH), _LEAST_TITLE)
    return [
        head,
        *(
            f"{one_line(one.id):<{name}}  {one.status or '-':<8}  {one_line(one.branch):<{width}}  "
            f"{_number(one.minutes):>7}  {_number(one.commits):>7}  "
            f"{crop(one_line(one.title), title_width)}"
            for one in sessions
        ),
    ]


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _encodable(text: str) -> str:
    """Text without the stand-ins for bytes that are no UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _write_json(**content: object) -> None:
    from verdigris.serve.cli.answers import envelope

    write_line(_encodable(envelope(**content)))
