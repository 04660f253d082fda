"""The command that answers: scry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from verdigris.answers import Answer, IndexState
from verdigris.records import KINDS
from verdigris.serve.cli import NOTHING_FOUND, STALE
from verdigris.serve.cli.answer_text import Page, answer_text
from verdigris.serve.cli.answers import answer_json
from verdigris.serve.cli.console import (
    is_terminal,
    one_line,
    open_knowledge_base,
    plural,
    terminal_width,
    warn,
)
from verdigris.serve.cli.index_text import is_behind
from verdigris.serve.cli.options import JSON, QUIET, REFRESH, STRICT, limit_option
from verdigris.serve.cli.places import places_of

if TYPE_CHECKING:
    from verdigris.knowledge_base import KnowledgeBase


@click.command()
@click.argument("question", nargs=-1, required=True)
@limit_option("How many entries.")
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(KINDS),
    help="Only this kind; may be repeated.",
)
@click.option(
    "--lane",
    "lanes",
    multiple=True,
    metavar="LANE",
    help="Only this lane: dense, lexical-passages, lexical-documents, names, history, "
    "projected, projected-passages; may be repeated.",
)
@click.option(
    "--path",
    default="",
    metavar="PATH",
    help="Only this file, what lies below this folder, or what a glob matches.",
)
@click.option(
    "--since",
    default="",
    metavar="TIME",
    help="Only what changed since TIME: 2025-08-31, '2 weeks ago', yesterday.",
)
@click.option(
    "--before",
    default="",
    metavar="TIME",
    help="Only what existed before TIME, or before the session of that id.",
)
@click.option("--branch", default="", metavar="NAME", help="Only what is on this branch.")
@REFRESH
@click.option(
    "--explain", is_flag=True, help="Show each lane's rank and score, and what moved the result."
)
@JSON
@STRICT
@QUIET
@click.pass_context
def scry(
    ctx: click.Context, question: tuple[str, ...], limit: int, kinds: tuple[str, ...],
    lanes: tuple[str, ...], path: str, since: str, before: str, branch: str, refresh: bool,
    explain: bool, as_json: bool, strict: bool, quiet: bool,
) -> None:  # fmt: skip
    """Answer QUESTION with path, lines and commit.

    Reads what changed first. On a terminal, what has no vector yet is embedded after the answer;
    Ctrl-C ends that safely; in a pipe each question embeds a little of it. Exit codes: 0 found,
    1 nothing found, 2 error, 3 behind (--strict).
    """
    watched = is_terminal() and not quiet
    with open_knowledge_base(ctx.obj, quiet) as knowledge_base:
        places = places_of(knowledge_base.repository.root)
        chosen = knowledge_base.filters(kinds, places.from_root(path), since, before, branch)
        answer = knowledge_base.ask(" ".join(question), chosen, limit, lanes, refresh)
        _print(answer, as_json, quiet, Page(places, terminal_width(), explain, not quiet))
        knowledge_base.feedback.keep(answer)
        if watched and refresh and answer.state.chunks_to_embed:
            _embed_rest(knowledge_base, answer.state.chunks_to_embed)
        elif not quiet and answer.state.chunks and answer.state.chunks_without_vectors:
            warn(_missing(answer.state))
    if strict and is_behind(answer.state):
        ctx.exit(STALE)
    if not answer.hits:
        ctx.exit(NOTHING_FOUND)


def _print(answer: Answer, as_json: bool, quiet: bool, page: Page) -> None:
    if as_json:
        click.echo(answer_json(answer))
        return
    if answer.hits or not quiet:
        click.echo(answer_text(answer, page))
    if not quiet:
        for warning in answer.warnings:
            warn(one_line(warning))


def _missing(state: IndexState) -> str:
    missing = plural(state.chunks_without_vectors, "passage")
    return f"words alone find {missing}; embed them, once: verdigris scrape"


def _embed_rest(knowledge_base: KnowledgeBase, missing: int) -> None:
    """Embed what the answer did not need. The answer stands: Ctrl-C changes no exit code."""
    try:
        click.echo(
            f"Embedding the other {plural(missing, 'passage')} for the next questions. "
            "Ctrl-C is safe: what is done is kept.",
            err=True,
        )
        knowledge_base.embed()
    except KeyboardInterrupt:
        knowledge_base.progress.finish()
        left = knowledge_base.state(current=True).chunks_to_embed
        click.echo(f"Stopped with {plural(left, 'passage')} to go; the next run goes on.", err=True)
