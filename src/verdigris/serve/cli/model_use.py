"""`verdigris model use`: choose the model of a project or of the user."""

from __future__ import annotations

import os
from pathlib import Path

import click

from verdigris.serve.cli.console import one_line, warn
from verdigris.serve.cli.model_choice import choose_model, project_config
from verdigris.serve.cli.model_options import settings_here
from verdigris.serve.cli.options import QUIET


@click.command()
@click.argument("name", metavar="NAME[@PRECISION]")
@click.option("--user", is_flag=True, help="For all projects that do not choose one themselves.")
@QUIET
def use(name: str, user: bool, quiet: bool) -> None:
    """Make NAME the model of this project: one line of .verdigris/config.toml changes.

    The model must be on this machine. Passages are embedded anew at the next refresh; vectors of
    the earlier model stay in the cache, so going back is quick.
    """
    from verdigris.engine.catalog import model_row
    from verdigris.engine.folders import user_rows_file
    from verdigris.engine.model_store import find_model

    row = model_row(name)
    find_model(row).verify()
    if row.folder and (name.startswith(("~", ".")) or "/" in name or os.sep in name):
        name = str(Path(name).expanduser().absolute())  # the configuration is read from elsewhere
    config = user_rows_file().with_name("config.toml") if user else project_config()
    changed = choose_model(config, name)
    if not quiet:
        done = "embeds with" if changed else "already embeds with"
        click.echo(f"{one_line(str(config))}: {done} {one_line(name)}")
        if changed:
            click.echo("embed the passages anew: verdigris embeddings generate")
    if (now := settings_here().model) != name:
        warn(f"{one_line(now)} is still in use here: the environment or the project asks for it")
