"""The command that learns from the repository's own history: oxidize."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from verdigris.errors import RecipeError
from verdigris.serve.cli.answers import envelope
from verdigris.serve.cli.console import is_terminal, one_line, open_knowledge_base, warn
from verdigris.serve.cli.learned_text import oxidized_text, rolled_back_text
from verdigris.serve.cli.options import JSON, QUIET

if TYPE_CHECKING:
    from verdigris.upkeep.fetching_recipes import FetchedRecipe


@click.command()
@click.option(
    "--recipe",
    metavar="SOURCE",
    help="Another recipe than .verdigris/oxidize.yaml: a file, https://…, or git+URL#NAME; what is "
    "fetched is shown first. @sha256:HEX at the end pins its content.",
)
@click.option(
    "--locked",
    is_flag=True,
    help="Make again what oxidize.lock names, bit for bit; fail where that is not possible.",
)
@click.option("--dry-run", is_flag=True, help="Train and measure, but change nothing.")
@click.option(
    "--export",
    "export",
    nargs=2,
    metavar="onnx FOLDER",
    help="Write what serves as ONNX graphs from token ids to vectors; trains nothing.",
)
@click.option("--rollback", is_flag=True, help="Serve what served before the last training.")
@JSON
@QUIET
@click.pass_context
def oxidize(
    ctx: click.Context, recipe: str | None, locked: bool, dry_run: bool, rollback: bool,
    export: tuple[str, str] | None, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Learn from this repository's own history; serve only what wins on later history.

    Small projections of the embeddings are trained on commits, sessions and code, in seconds. The
    newest fifth is kept apart: a projection serves only if it surely beats raw vectors and plain
    counting there. Exit codes: 0 done, 2 error.
    """
    from verdigris.upkeep.oxidizing import Wishes

    if (rollback or export) and (recipe or locked or dry_run or (rollback and export)):
        raise click.UsageError("--rollback and --export go with no other option", ctx)
    if export and export[0] != "onnx":
        raise click.UsageError(f"--export takes onnx and a folder, not {export[0]!r}", ctx)
    fetched = _fetched(recipe) if recipe else None
    with open_knowledge_base(ctx.obj, quiet) as knowledge_base:
        if rollback:
            click.echo(rolled_back_text(knowledge_base.roll_back()))
            return
        if export:
            for one in knowledge_base.export_onnx(Path(export[1])):
                click.echo(f"{one.path}: same vectors, largest difference {one.difference:.1e}")
            return
        done = knowledge_base.oxidize(Wishes(fetched, locked, dry_run))
        notes = list(knowledge_base.warnings)
    if as_json:
        seconds = round(done.seconds, 2)
        click.echo(envelope(written=done.written, seconds=seconds, **asdict(done.lock)))
    elif not quiet:
        click.echo(oxidized_text(done))
        for note in notes:
            warn(one_line(note))


def _fetched(source: str) -> FetchedRecipe:
    """A recipe; one from elsewhere is shown, and used only where a person or a pin agrees."""
    from verdigris.upkeep.fetching_recipes import fetch_recipe, is_remote

    found = fetch_recipe(source)
    if is_remote(source) and not found.pinned:
        click.echo(f"{found.source}@sha256:{found.sha256}\n{found.text.rstrip()}", err=True)
        if not is_terminal():
            raise RecipeError(
                "nobody is here to agree to this recipe; pin it: "
                f"--recipe {found.source}@sha256:{found.sha256}"
            )
        click.confirm("Train by this recipe?", abort=True, err=True)
    return found
