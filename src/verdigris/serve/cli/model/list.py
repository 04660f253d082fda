"""`verdigris model list`: the models that have a name, and which of them are here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import click

from verdigris.serve.cli.answers import envelope
from verdigris.serve.cli.console import one_line
from verdigris.serve.cli.model.options import settings_here
from verdigris.serve.cli.options import JSON

if TYPE_CHECKING:
    from verdigris.engine.model_rows import ModelRow

Place = Literal["bundled", "here", "not here", "damaged"]


@dataclass(frozen=True, slots=True)
class _Listed:
    """One model in one precision."""

    row: ModelRow
    place: Place
    bytes: int
    """Of the files that are here, else those that are known to be pulled; 0 if not known."""


@click.command("list")
@JSON
def list_(as_json: bool) -> None:
    """Show the models that have a name; the configured one is marked *.

    A folder in the layout of sentence-transformers is a model too, named by its path.
    """
    from verdigris.engine.catalog import known_rows

    configured = settings_here().model
    listed = [_look(row.in_precision(one)) for row in known_rows() for one in row.precisions]
    if as_json:
        click.echo(envelope(models=[_json(one, configured) for one in listed]))
        return
    click.echo(f"  {'model':<32}{'dims':>5}{'tokens':>8}{'MB':>8}  {'':<9}licence")
    for one in listed:
        click.echo(_line(one, configured))
    if all(one.row.reference != configured for one in listed):
        click.echo(f"* {one_line(configured)}")


def _look(row: ModelRow) -> _Listed:
    from verdigris.engine.model_store import BUNDLED_MODELS, find_model
    from verdigris.errors import CorruptModel, ModelNotFound

    known = [file.bytes for file in row.files]
    size = sum(known) if all(known) else 0
    try:
        stored = find_model(row)
    except ModelNotFound:
        return _Listed(row, "not here", size)
    except CorruptModel:
        return _Listed(row, "damaged", size)
    bundled = stored.folder.is_relative_to(BUNDLED_MODELS)
    return _Listed(row, "bundled" if bundled else "here", stored.bytes)


def _line(one: _Listed, configured: str) -> str:
    row = one.row
    mark = "*" if configured in (row.reference, f"{row.name}@{row.precision}") else " "
    size = f"{one.bytes / 1e6:,.0f}" if one.bytes else "?"
    numbers = f"{row.dims:>5}{row.max_tokens:>8,}{size:>8}"
    return f"{mark} {row.name + '@' + row.precision:<32}{numbers}  {one.place:<9}{row.licence}"


def _json(one: _Listed, configured: str) -> dict[str, object]:
    row = one.row
    return {
        "model": row.reference,
        "configured": configured in (row.reference, f"{row.name}@{row.precision}"),
        "name": row.name,
        "precision": row.precision,
        "place": one.place,
        "bytes": one.bytes or None,
        "dims": row.dims,
        "matryoshka_dims": list(row.matryoshka_dims),
        "max_tokens": row.max_tokens,
        "pooling": row.pooling,
        "query_prefix": row.query_prefix,
        "passage_prefix": row.passage_prefix,
        "licence": row.licence,
        "repository": row.repository or None,
        "revision": row.revision or None,
        "files": [
            {"name": f.name, "bytes": f.bytes or None, "sha256": f.sha256 or None}
            for f in row.files
        ],
    }
