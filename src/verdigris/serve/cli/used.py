"""The command that says which results helped: used."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from verdigris.serve.cli import NOTHING_FOUND
from verdigris.serve.cli.answers import envelope
from verdigris.serve.cli.console import one_line, open_knowledge_base
from verdigris.serve.cli.options import JSON, QUIET
from verdigris.serve.cli.places import Places, places_of

if TYPE_CHECKING:
    from verdigris.upkeep.feedback import Feedback, KeptAnswer
    from verdigris.views.used_results import UsedResult

_LINES = re.compile(r":\d+(?:-\d+)?\Z")
_NOT_FILES = ("commit:", "issue:", "pr:", "discussion:", "transcript:")


@click.command()
@click.argument("results", metavar="[N|PATH|COMMIT]...", nargs=-1)
@click.option("--undo", is_flag=True, help="Take back what was said last.")
@JSON
@QUIET
@click.pass_context
def used(
    ctx: click.Context, results: tuple[str, ...], undo: bool, as_json: bool, quiet: bool
) -> None:
    """Say which results of an answer helped; `verdigris oxidize` learns from that.

    N counts as the newest answer does. A path or commit may belong to any of the last 20 answers,
    or to none: then it is what the newest one should have shown. Without any, the newest answer is
    listed. Question and results go into the log of this repository, nowhere else. Exit codes: 0
    said or listed, 1 no answer is kept, 2 error.
    """
    if undo and results:
        raise click.UsageError("--undo takes no results: it takes back what was said last", ctx)
    with open_knowledge_base(ctx.obj, quiet) as knowledge_base:
        feedback = knowledge_base.feedback
        places = places_of(knowledge_base.repository.root)
        if not results and not undo:
            _show_newest(ctx, feedback, places, as_json)
            return
        said = feedback.take_back() if undo else feedback.use(_names(results, places))
    if as_json:
        click.echo(envelope(**{"taken_back" if undo else "used": [asdict(one) for one in said]}))
    elif not quiet:
        for one in said:
            verb = "taken back" if undo else "used"
            click.echo(f'{verb} for "{one_line(one.text)}": {_shown(one.document, places)}')


def _names(results: Sequence[str], places: Places) -> list[str]:
    """Results as the index names them: files from the root, without the lines that answers show."""
    return [
        one
        if one.isdecimal() or one.startswith(_NOT_FILES)
        else places.from_root(_LINES.sub("", one)).removeprefix("./")
        for one in results
    ]


def _show_newest(ctx: click.Context, feedback: Feedback, places: Places, as_json: bool) -> None:
    kept = feedback.kept()[:1]
    known = [one for one in feedback.used() if kept and one.question == kept[0].name]
    if as_json:
        click.echo(envelope(answer=asdict(kept[0]) if kept else None, used=_documents(known)))
    elif kept:
        click.echo("\n".join(_lines(kept[0], _documents(known), places)))
    else:
        click.echo('No answer is kept here. Ask first: verdigris scry "why …?"')
    if not kept:
        ctx.exit(NOTHING_FOUND)


def _documents(used: Sequence[UsedResult]) -> list[str]:
    return [one.document for one in used]


def _lines(answer: KeptAnswer, known: Sequence[str], places: Places) -> list[str]:
    shown = [
        f"{number:2}. {_shown(document, places)}{'  used' if document in known else ''}"
        for number, document in enumerate(answer.documents, start=1)
    ]
    others = [document for document in known if document not in answer.documents]
    return [
        one_line(answer.text),
        *shown,
        *(f"    {_shown(document, places)}  used, not shown" for document in others),
    ]


def _shown(document: str, places: Places) -> str:
    return one_line(document) if ":" in document else places.shown(document)
