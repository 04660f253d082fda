"""What belongs to a commit, as text for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from verdigris.serve.cli.anchor_text import statements_text
from verdigris.serve.cli.console import crop, one_line, plural
from verdigris.serve.cli.places import Places

if TYPE_CHECKING:
    from verdigris.views import RelatedCommit
    from verdigris.views.history import ChangedFile

_SHOWN_BRANCHES = 5
_SHOWN_FILES = 30


def commit_text(found: RelatedCommit, places: Places, width: int) -> str:
    """Who, when and where it is held; its trailers, its files, and the sessions that name it."""
    commit = found.commit
    head = f"commit {commit.sha}"
    blocks = [
        "\n".join(
            [
                click.style(head, fg="cyan", bold=True),
                crop(one_line(commit.subject), width),
                " · ".join(filter(None, map(one_line, _facts(found)))),
                _holders(found, width),
            ]
        )
    ]
    if found.trailers:
        rows = [f"  {crop(one_line(f'{one.key}: {one.value}'), width)}" for one in found.trailers]
        blocks.append("\n".join(["Trailers", *rows]))
    if found.files:
        shown = [f"  {_file(file, places)}" for file in found.files[:_SHOWN_FILES]]
        left = len(found.files) - len(shown)
        more = [f"  and {left:,} more"] if left else []
        blocks.append("\n".join([plural(len(found.files), "file"), *shown, *more]))
    if found.statements:
        blocks.append(statements_text(found.statements, places, width))
    return "\n\n".join(blocks)


def _facts(found: RelatedCommit) -> tuple[str, ...]:
    commit = found.commit
    scope = f"({commit.scope})" if commit.scope else ""
    breaking = "breaking" if commit.breaking else ""
    kind = f"{commit.type}{scope}"
    return (commit.author, commit.time[:10], kind, breaking, commit.marks, *found.moments)


def _holders(found: RelatedCommit, width: int) -> str:
    """`on main, topic and 3 more; first released in 4.0.0`."""
    names = ", ".join(map(one_line, found.branches[:_SHOWN_BRANCHES]))
    left = len(found.branches) - _SHOWN_BRANCHES
    more = f" and {left} more" if left > 0 else ""
    where = f"on {names}{more}" if names else "on no local branch"
    release = f"first released in {one_line(found.first_release)}"
    return crop(f"{where}; {release if found.first_release else 'in no release'}", width)


def _file(file: ChangedFile, places: Places) -> str:
    """`R  src/pot.py from src/kettle.py, now src/can.py`."""
    origin = f" from {places.shown(file.old_path)}" if file.old_path else ""
    now = f", now {places.shown(file.now)}" if file.now and file.now != file.path else ""
    gone = ", since deleted" if not file.now and file.status != "D" else ""
    return f"{file.status}  {places.shown(file.path)}{origin}{now}{gone}"
