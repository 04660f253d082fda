"""What became of what a session names, in words."""

from __future__ import annotations

from collections.abc import Sequence

import click

from verdigris.records import AgedAnchor
from verdigris.serve.cli.console import crop, one_line, plural
from verdigris.serve.cli.places import Places

_SHOWN = 3
_SHORT_HASH = 10
_COLOURS = {"drifted": "yellow", "gone": "red", "fresh": "green"}


def anchor_lines(anchors: Sequence[AgedAnchor], places: Places, width: int) -> list[str]:
    """One line for each target that is gone or drifted, and one for all fresh ones."""
    once = list({(a.anchor.path, a.anchor.symbol, a.anchor.commit): a for a in anchors}.values())
    changed = [one for one in once if one.state != "fresh"]
    changed.sort(key=lambda one: (one.state != "gone", -one.added - one.removed))
    lines = [_styled(one.state, crop(changed_text(one, places), width)) for one in changed[:_SHOWN]]
    if (left := len(changed) - _SHOWN) > 0:
        lines.append(click.style(f"and {left:,} more that drifted or are gone", dim=True))
    fresh = [one for one in once if one.state == "fresh" and one.anchor.form != "commit"]
    if fresh:
        names = ", ".join(dict.fromkeys(_name(one) for one in fresh))
        lines.append(_styled("fresh", crop(f"fresh: {names}", width)))
    return lines


def statements_text(aged: Sequence[AgedAnchor], places: Places, width: int) -> str:
    """Where sessions name something, one row a statement, and what became of what they name."""
    shown = [places.shown(one.anchor.document, one.anchor.line) for one in aged]
    column = max(len(place) for place in shown)
    lines = ["Named in sessions"]
    for one, place in zip(aged, shown, strict=True):
        padded = click.style(place, fg="cyan") + " " * (column - len(place))
        told = changed_text(one, places) if one.state != "fresh" else f"fresh: {_name(one)}"
        lines.append(f"  {padded}  {_styled(one.state, crop(told, width - column - 4))}")
    return "\n".join(lines)


def changed_text(aged: AgedAnchor, places: Places) -> str:
    """`drifted: Kettle.boil in src/kettle.py:3-9, +3 -1 lines, 2 commits, last 5aa76a4450 …`."""
    name = _name(aged)
    where = _where(aged, places)
    return ", ".join([f"{aged.state}: {name}{where}", *_changes(aged)])


def _changes(aged: AgedAnchor) -> list[str]:
    """`+3 -1 lines` and `2 commits since: last 5aa76a4450 Boil faster`, as far as known."""
    facts = []
    if aged.added or aged.removed:
        facts.append(f"+{aged.added:,} -{aged.removed:,} lines")
    if aged.commits:
        last = f"last {aged.last_commit[:_SHORT_HASH]} {one_line(aged.last_subject)}"
        of = "its file's " if aged.anchor.symbol or aged.anchor.lines else ""
        facts.append(f"{of}{plural(aged.commits, 'commit')} since: {last}")
    return facts


def old_lines_text(aged: AgedAnchor, places: Places) -> str:
    """`src/kettle.py:9-10 at 5aa76a4450 is now src/pot.py:12-13, unchanged`."""
    then = f"{_name(aged)} at {aged.anchor.commit[:_SHORT_HASH]}"
    if aged.state == "gone":
        return f"{then} is {', '.join(['gone', *_changes(aged)])}"
    changes = _changes(aged) if aged.state == "drifted" else ["unchanged"]
    return ", ".join([f"{then} is now {places.shown(aged.now, aged.lines)}", *changes])


def _name(aged: AgedAnchor) -> str:
    """The name as the statement spells it, `src/kettle.py:3-9`."""
    anchor = aged.anchor
    lines = f":{anchor.lines}" if anchor.form == "path" and anchor.lines else ""
    return f"{one_line(anchor.name)}{lines}"


def _where(aged: AgedAnchor, places: Places) -> str:
    """` in src/kettle.py:3-9`, ` now src/pot.py`, or nothing where the name says it all."""
    if aged.state == "gone":
        if aged.anchor.form == "commit":
            return ", no branch has it"
        return f", now in {places.shown(aged.now, aged.lines)}" if aged.now else ""
    if aged.anchor.form == "path" and not aged.anchor.lines:
        return "" if aged.now == aged.anchor.name else f" ({places.shown(aged.now)})"
    return f" in {places.shown(aged.now, aged.lines)}"


def _styled(state: str, text: str) -> str:
    return click.style(text, fg=_COLOURS[state])
