"""`verdigris model use`: choose the model of a project or of the user, and what runs it."""

from __future__ import annotations

import click

from verdigris.serve.cli.console import one_line, warn
from verdigris.serve.cli.model.choice import absolute_model, write_choice
from verdigris.serve.cli.model.options import settings_here
from verdigris.serve.cli.options import QUIET


@click.command()
@click.argument("name", metavar="NAME[@PRECISION]")
@click.option(
    "--runtime",
    metavar="RUNTIME[:PROVIDER]",
    help="What runs it: onnxruntime, openvino, mlx; else what is configured stays.",
)
@click.option("--user", is_flag=True, help="For all projects that do not choose one themselves.")
@QUIET
def use(name: str, runtime: str | None, user: bool, quiet: bool) -> None:
    """Make NAME the model of this project: one line of .verdigris/config.toml changes.

    The model must be on this machine, and a runtime that is named must run it. Passages are
    embedded anew at the next refresh; until that is complete the earlier vectors answer. They
    stay in the cache, so going back is quick.
    """
    from verdigris.engine.catalog import model_row
    from verdigris.engine.engine_choice import configured_choice
    from verdigris.engine.model_store import find_model

    find_model(model_row(name)).verify()
    choice = configured_choice(name, runtime or settings_here().runtime)
    if runtime:
        choice.open().close()
    done = write_choice(choice, user, keep_runtime=not runtime)
    if not quiet:
        click.echo(done)
    now = settings_here()
    if (now.model, now.runtime) != (absolute_model(name), choice.runtime_setting):
        using = one_line(f"{now.model} on {now.runtime}")
        warn(f"{using} is still in use here: the environment or the project asks for it")
