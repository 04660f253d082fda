"""`verdigris model pull | import | export`: models come from the hub or as archives."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from verdigris.errors import EngineError
from verdigris.serve.cli.answers import envelope
from verdigris.serve.cli.console import ProgressBar, one_line
from verdigris.serve.cli.options import JSON, QUIET

if TYPE_CHECKING:
    from verdigris.engine.model_store import StoredModel


@click.command()
@click.argument("models", nargs=-1, required=True, metavar="NAME[@PRECISION]...")
@click.option("--offline", is_flag=True, help="Open no socket: fail if a model is not here.")
@JSON
@QUIET
def pull(models: tuple[str, ...], offline: bool, as_json: bool, quiet: bool) -> None:
    """Fetch models from the Hugging Face hub at their pinned revisions, and verify them.

    Interrupted, the next pull goes on from there. HF_ENDPOINT (a mirror), HF_TOKEN, HTTPS_PROXY
    and HF_HUB_OFFLINE are respected.
    """
    from verdigris.engine.catalog import model_row
    from verdigris.engine.hub import pull as pull_model

    progress = ProgressBar() if sys.stderr.isatty() and not quiet else None
    rows = [model_row(name) for name in models]
    stored = [pull_model(row, offline=offline, progress=progress) for row in rows]
    _tell(stored, "here and verified", as_json, quiet)


@click.command("import")
@click.argument("archive", type=click.Path(path_type=Path))
@JSON
@QUIET
def import_(archive: Path, as_json: bool, quiet: bool) -> None:
    """Unpack a model from ARCHIVE, which `verdigris model export` wrote, and verify it."""
    from verdigris.engine.archive import import_model

    _tell([import_model(archive)], "imported and verified", as_json, quiet)


@click.command()
@click.argument("name", metavar="NAME[@PRECISION]")
@click.argument("archive", required=False, type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace ARCHIVE if it is there.")
@JSON
@QUIET
def export(name: str, archive: Path | None, force: bool, as_json: bool, quiet: bool) -> None:
    """Write a model into one ARCHIVE for a machine without a network.

    A .tar or a .zip, by its name; NAME.tar where none is given.
    """
    from verdigris.engine.archive import export_model
    from verdigris.engine.catalog import model_row

    row = model_row(name)
    target = archive or Path(f"{row.reference}.tar")
    if target.exists() and not force:
        raise EngineError(f"{target} is there already; name another file, or use --force")
    stored = export_model(row, target)
    _tell([stored], f"written to {target}", as_json, quiet)


def _tell(models: list[StoredModel], done: str, as_json: bool, quiet: bool) -> None:
    if as_json:
        click.echo(envelope(models=[_json(stored) for stored in models]))
    elif not quiet:
        for stored in models:
            row = stored.row
            size = f"{row.precision}, {stored.bytes / 1e6:,.1f} MB"
            click.echo(f"{row.name} ({size}): {one_line(done)}")


def _json(stored: StoredModel) -> dict[str, object]:
    return {
        "model": stored.row.reference,
        "precision": stored.row.precision,
        "bytes": stored.bytes,
        "folder": str(stored.folder),
        "fingerprint": stored.fingerprint(),
    }
