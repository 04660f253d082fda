"""Recipes shared as files: recipe list, add, vote, export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from verdigris.errors import RecipeError, RepositoryError
from verdigris.serve.cli.answers import envelope
from verdigris.serve.cli.console import one_line, plural
from verdigris.serve.cli.options import JSON

if TYPE_CHECKING:
    from verdigris.learn.recipe import Recipe

BOOK = click.argument("book", metavar="BOOK", type=click.Path(path_type=Path, file_okay=False))


@click.group()
def recipe() -> None:
    """Share training recipes: a BOOK is a folder of YAML files with votes as files, kept in git.

    Nothing is fetched or sent: clone and push the folder with git as any other.
    """


@recipe.command("list")
@BOOK
@JSON
@click.pass_context
def list_recipes(ctx: click.Context, book: Path, as_json: bool) -> None:
    """List the recipes of a book, most votes first."""
    from verdigris.learn.recipe_book import RecipeBook

    entries = RecipeBook(book).entries()
    if as_json:
        rows = [{"name": e.name, "votes": e.votes, "projections": e.summary} for e in entries]
        click.echo(envelope(recipes=rows))
        return
    column = max((len(entry.name) for entry in entries), default=0)
    for entry in entries:
        click.echo(f"{entry.votes:5,}  {entry.name:<{column}}  {one_line(entry.summary)}")
    if not entries:
        ctx.exit(1)


@recipe.command()
@BOOK
@click.argument("name")
@click.pass_context
def add(ctx: click.Context, book: Path, name: str) -> None:
    """Put this repository's recipe into a book, which is begun where there is none."""
    from verdigris.learn.recipe import recipe_text
    from verdigris.learn.recipe_book import RecipeBook

    path = RecipeBook(book, new=True).add(name, recipe_text(_own_recipe(ctx.obj)))
    click.echo(f"{path}\nshare it: git -C {book} add -A && git -C {book} commit -m 'Add {name}'")


@recipe.command()
@BOOK
@click.argument("name")
@click.pass_context
def vote(ctx: click.Context, book: Path, name: str) -> None:
    """Vote for a recipe, once a person: a file named by the hash of your address in git."""
    from verdigris.learn.recipe_book import RecipeBook
    from verdigris.scrape.repository import git_output

    try:
        author = git_output(Path(ctx.obj), "var", "GIT_AUTHOR_IDENT").decode(errors="replace")
    except RepositoryError as error:
        raise RecipeError("git does not know who votes; run: git config user.email YOU") from error
    votes = RecipeBook(book).vote(name, author[author.find("<") : author.find(">")])
    click.echo(f"{name}: {plural(votes, 'vote')}")


@recipe.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.pass_context
def export(ctx: click.Context, file: Path | None) -> None:
    """Write this repository's recipe, the default one where it has none, to FILE or the screen."""
    from verdigris.learn.recipe import recipe_text

    text = recipe_text(_own_recipe(ctx.obj))
    if file is None:
        click.echo(text, nl=False)
    else:
        file.write_text(text, encoding="utf-8")


def _own_recipe(folder: str) -> Recipe:
    from verdigris.learn.recipe import read_recipe
    from verdigris.scrape.repository import open_repository
    from verdigris.settings import OXIDIZE_RECIPE, STATE_FOLDER

    return read_recipe(open_repository(Path(folder)).root / STATE_FOLDER / OXIDIZE_RECIPE)
