"""What belongs to a path or a symbol, as text for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from verdigris.serve.cli.anchor_text import statements_text
from verdigris.serve.cli.console import crop, issue_name, one_line, plural
from verdigris.serve.cli.places import Places

if TYPE_CHECKING:
    from verdigris.answers import LinkedIssue
    from verdigris.views import CoChange, Companion, Forgotten, Prediction, Reference, Related

_HEADINGS = "  commits  share   weight  file"
_STAGED_HEADINGS = "   sure  file"
_SHORT_HASH = 10
_MIN_SUBJECT = 20
_MIN_CALLER = 12


def related_text(found: Related, places: Places, width: int) -> str:
    """Three lists, one row an entry: co-changes with their measures, callers, importers."""
    is_path = found.path in (found.target, places.from_root(found.target))
    subject = "it" if is_path else "its file"
    blocks = [_title(found, places, is_path)]
    if found.co_changes:
        commits = plural(_commits(found.co_changes[0]), "commit")
        heading = f"Changes together with {subject}, in its {commits}"
        blocks.append(_co_changes(heading, found.co_changes, places, width))
    if found.callers:
        blocks.append(_references("Called from", found.callers, places, width))
    if found.importers:
        blocks.append(
            _references(f"{subject.capitalize()} is imported by", found.importers, places, width)
        )
    if found.predicted:
        blocks.append(_predictions(found.predicted, places))
    if found.issues:
        blocks.append(_issues(found.issues, width))
    if found.statements:
        blocks.append(statements_text(found.statements, places, width))
    if len(blocks) == 1:
        blocks.append("Nothing changes together with it, calls it or imports it.")
    if found.unlikely_callers:
        blocks.append(_unlikely(found))
    return "\n\n".join(blocks)


def forgotten_text(found: Forgotten, places: Places, width: int) -> str:
    """Files that usually change with the staged ones, one row each, surest first."""
    staged = plural(len(found.staged), "staged file")
    if not found.companions:
        return f"Nothing else usually changes with the {staged}."
    names = [places.shown(row.path) for row in found.companions]
    column = max(len(name) for name in names)
    lines = [f"Usually changes with the {staged}, and is not staged", _STAGED_HEADINGS]
    for row, name in zip(found.companions, names, strict=True):
        padded = click.style(name, fg="cyan") + " " * (column - len(name))
        start = f"{100 * row.confidence:5.0f} %  "
        because = crop(_because(row, places), width - len(start) - column - 2)
        lines.append(f"{start}{padded}  {click.style(because, dim=True)}".rstrip())
    return "\n".join(lines)


def _predictions(rows: tuple[Prediction, ...], places: Places) -> str:
    """Files that no commit or import names, but projections that won their gate do."""
    verbs = {"co-changes": "may change with it", "imports": "it may depend on"}
    names = [places.shown(row.path) for row in rows]
    column = max(len(name) for name in names)
    lines = ["Learned from history (verdigris oxidize)"]
    for row, name in zip(rows, names, strict=True):
        padded = click.style(name, fg="cyan") + " " * (column - len(name))
        lines.append(f"  {row.cosine:6.2f}  {padded}  {verbs.get(row.task, row.task)}")
    return "\n".join(lines)


def _because(row: Companion, places: Places) -> str:
    """`in 7 of the 12 commits of src/kettle.py, last 5aa76a4450 Add a lid`."""
    sha, subject = row.example
    commits = plural(row.commits, "commit")
    of = f"{row.support:,} of the {commits} of {places.shown(row.because_of)}"
    return f"in {of}, last {sha[:_SHORT_HASH]} {one_line(subject)}"


def _title(found: Related, places: Places, is_path: bool) -> str:
    path = places.shown(found.path)
    if is_path:
        return click.style(path, bold=True)
    return f"{click.style(one_line(found.target), bold=True)}, defined in {path}"


def _commits(row: CoChange) -> int:
    """Commits of the asked file: what the confidence is a share of."""
    return round(row.support / row.confidence)


def _co_changes(heading: str, rows: tuple[CoChange, ...], places: Places, width: int) -> str:
    lines = [heading, _HEADINGS]
    names = [places.shown(row.path) for row in rows]
    column = max(len(name) for name in names)
    for row, name in zip(rows, names, strict=True):
        measures = f"{row.support:9,}  {100 * row.confidence:3.0f} %  {row.weight:#7.3g}  "
        room = width - len(measures) - column - 2
        subject = crop(_example(row), room) if room >= _MIN_SUBJECT else ""
        padded = click.style(name, fg="cyan") + " " * (column - len(name))
        shown = f"{padded}  {click.style(subject, dim=True)}" if subject else padded.rstrip()
        lines.append(f"{measures}{shown}")
    return "\n".join(lines)


def _example(row: CoChange) -> str:
    sha, subject = row.examples[0]
    return f"{sha[:_SHORT_HASH]} {one_line(subject)}"


def _issues(issues: tuple[LinkedIssue, ...], width: int) -> str:
    lines = ["Issues behind its commits"]
    names = [issue_name(issue.document) for issue in issues]
    column = max(len(name) for name in names)
    for issue, name in zip(issues, names, strict=True):
        facts = f"  {one_line(issue.state):<6}  {issue.how} {issue.commit[:_SHORT_HASH]}"
        title = crop(one_line(issue.title), width - column - len(facts) - 4)
        padded = click.style(name, fg="cyan") + " " * (column - len(name))
        lines.append(f"  {padded}  {title}{click.style(facts, dim=True)}")
    return "\n".join(lines)


def _unlikely(found: Related) -> str:
    name = one_line(found.target)
    calls = plural(found.unlikely_callers, "call")
    return f"{calls} by this name are less sure: verdigris assay callers {name}"


def _references(heading: str, references: tuple[Reference, ...], places: Places, width: int) -> str:
    shown = [places.shown(reference.path, reference.line) for reference in references]
    column = max(len(place) for place in shown)
    lines = [heading]
    for reference, place in zip(references, shown, strict=True):
        caller, target = one_line(reference.symbol), one_line(reference.target)
        sure = "" if reference.confidence == 1 else f"  ({100 * reference.confidence:.0f} % sure)"
        room = max(width - column - len(target) - len(sure) - 7, _MIN_CALLER)
        call = f"{crop(caller, room)} → {target}" if caller else target
        padded = click.style(place, fg="cyan") + " " * (column - len(place))
        lines.append(f"  {padded}  {call}{sure}")
    return "\n".join(lines)
