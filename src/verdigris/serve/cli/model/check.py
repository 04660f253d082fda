"""`verdigris model check`: whether models here are whole and compute what they should."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from verdigris.serve.cli import ERROR
from verdigris.serve.cli.answers import envelope
from verdigris.serve.cli.console import one_line
from verdigris.serve.cli.model.options import settings_here
from verdigris.serve.cli.options import JSON, QUIET

_NO_GOLDEN = "files whole, vectors sound; there are no golden vectors to compare with"


@dataclass(frozen=True, slots=True)
class _Checked:
    """What the check of one model found."""

    model: str
    problems: tuple[str, ...]
    said: str
    """What was compared, in words."""


@click.command()
@click.argument("models", nargs=-1, metavar="[NAME[@PRECISION]]...")
@click.option("--all", "every", is_flag=True, help="Check every model that is on this machine.")
@JSON
@QUIET
@click.pass_context
def check(
    ctx: click.Context, models: tuple[str, ...], every: bool, as_json: bool, quiet: bool
) -> None:
    """Verify files by SHA-256, embed a few texts, and compare with golden vectors if there are any.

    Without a name, the configured model. Exit 2 when something is wrong.
    """
    names = list(models) + (_here() if every else [])
    found = [_check(name) for name in dict.fromkeys(names or [settings_here().model])]
    if as_json:
        click.echo(envelope(models=[_json(one) for one in found]))
    else:
        for one in found:
            if one.problems or not quiet:
                state = "; ".join(one.problems) or f"ok: {one.said}"
                click.echo(f"{one_line(one.model)}: {one_line(state)}")
    if any(one.problems for one in found):
        ctx.exit(ERROR)


def _here() -> list[str]:
    """Every precision of every model whose files are here, whole or not."""
    from verdigris.engine.catalog import known_rows
    from verdigris.engine.model_store import find_model
    from verdigris.errors import CorruptModel, ModelNotFound

    names = []
    for row in known_rows():
        for precision in row.precisions:
            one = row.in_precision(precision)
            try:
                find_model(one)
            except ModelNotFound:
                continue
            except CorruptModel:
                pass  # the check will say what is wrong
            names.append(one.reference)
    return names


def _check(name: str) -> _Checked:
    from verdigris.engine import Embedder, run_selfcheck
    from verdigris.engine.selfcheck import read_golden
    from verdigris.errors import EngineError

    try:
        with Embedder(name, threads=1) as embedder:
            health = embedder.health_check()
            if read_golden(Path(embedder.model_info().folder)) is None:
                return _Checked(name, health.problems, _NO_GOLDEN)
            compared = run_selfcheck(embedder)
    except EngineError as error:
        return _Checked(name, (str(error),), "")
    wrong = () if compared.passed else (compared.verdict,)
    return _Checked(name, (*health.problems, *wrong), f"files whole, {compared.verdict}")


def _json(one: _Checked) -> dict[str, object]:
    return {
        "model": one.model,
        "ok": not one.problems,
        "problems": list(one.problems),
        "checked": one.said or None,
    }
