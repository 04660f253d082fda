"""The command that shows what belongs together: related."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from verdigris.serve.cli import NOTHING_FOUND
from verdigris.serve.cli.anchor_text import old_lines_text
from verdigris.serve.cli.answers import anchor_json, envelope, related_json
from verdigris.serve.cli.commit_text import commit_text
from verdigris.serve.cli.console import one_line, open_knowledge_base, terminal_width, warn
from verdigris.serve.cli.options import JSON, QUIET, REFRESH, limit_option
from verdigris.serve.cli.places import Places, places_of
from verdigris.serve.cli.related_text import forgotten_text, related_text

if TYPE_CHECKING:
    from verdigris.views import Forgotten


@click.command()
@click.argument("target", metavar="PATH|SYMBOL|COMMIT|PATH:LINES@COMMIT", required=False)
@click.option("--staged", is_flag=True, help="What usually changes with the staged files.")
@limit_option("Rows of each list.")
@REFRESH
@JSON
@QUIET
@click.pass_context
def related(
    ctx: click.Context, target: str | None, staged: bool, limit: int, refresh: bool,
    as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Show what changes together with a path or symbol, what calls it and what imports it.

    weight: each common commit counts 1/(its files - 1), so that small commits say more, and less
    with its age; merges, bulk and bot commits do not count. For a commit, by 7 or more digits of
    its hash: its files, trailers, branches, and the first release that has it. For lines of an old
    version (src/a.py:10-20@5aa76a4): where they are today. --staged: files that you may have
    forgotten, before you commit. Exit codes: 0 found, 1 nothing related, 2 error.
    """
    if staged == bool(target):
        raise click.UsageError("give either a path, symbol or commit, or --staged", ctx)
    with open_knowledge_base(ctx.obj, quiet) as knowledge_base:
        places = places_of(knowledge_base.repository.root)
        for note in knowledge_base.refresh_if_free() if refresh else []:
            warn(one_line(note))
        if not target:
            _show_forgotten(ctx, knowledge_base.forgotten(limit), places, as_json)
            return
        if lines := knowledge_base.old_lines(target):
            click.echo(envelope(**anchor_json(lines)) if as_json else old_lines_text(lines, places))
            return
        if commit := knowledge_base.related_commit(target, limit):
            width = terminal_width()
            click.echo(related_json(commit) if as_json else commit_text(commit, places, width))
            return
        found = knowledge_base.related(target, limit)
    if as_json:
        click.echo(related_json(found))
    else:
        click.echo(related_text(found, places, terminal_width()))
    lists = (found.co_changes, found.callers, found.importers, found.issues, found.statements)
    if not any(lists):
        ctx.exit(NOTHING_FOUND)


def _show_forgotten(ctx: click.Context, found: Forgotten, places: Places, as_json: bool) -> None:
    click.echo(related_json(found) if as_json else forgotten_text(found, places, terminal_width()))
    if not found.companions:
        ctx.exit(NOTHING_FOUND)
