"""The command that measures what is installed and chooses: model select."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from verdigris.serve.cli import NOTHING_FOUND
from verdigris.serve.cli.answers import envelope
from verdigris.serve.cli.console import one_line, plural, warn
from verdigris.serve.cli.model.choice import write_choice
from verdigris.serve.cli.model.options import THREADS
from verdigris.serve.cli.options import JSON, QUIET

if TYPE_CHECKING:
    from verdigris.engine.engine_choice import EngineChoice
    from verdigris.engine.select import Candidate, Gates, Selection

_MB = 1024**2


def _quantity(units: dict[str, float], default_unit: str) -> Callable[[str], float]:
    """A reader of numbers like `20ms`; without a unit the default one is meant."""

    def read(text: str) -> float:
        found = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*([A-Za-z]*)\s*", text)
        unit = (found[2] or default_unit).lower() if found else ""
        if not found or unit not in units:
            known = ", ".join(units)
            raise click.BadParameter(f"{text!r} is no number with a unit of {known}")
        return float(found[1]) * units[unit]

    return read


_MILLISECONDS = _quantity({"ms": 1.0, "s": 1000.0}, "ms")
_BYTES = _quantity({"kb": 1024.0, "mb": 1024.0**2, "gb": 1024.0**3}, "mb")


@click.command()
@click.argument("candidates", nargs=-1, metavar="[MODEL[+RUNTIME]]...")
@click.option(
    "--p95", type=_MILLISECONDS, metavar="MS", help="Latency of one short text, like 20ms."
)
@click.option(
    "--min-quality",
    type=click.FloatRange(-1, 1),
    metavar="RHO",
    help="Least Spearman over the labelled pairs, like 0.85.",
)
@click.option("--max-memory", type=_BYTES, metavar="MB", help="Peak memory, like 300MB.")
@click.option(
    "--max-disk", type=_BYTES, metavar="MB", help="Size of the model's files, like 100MB."
)
@click.option(
    "--max-cold-start", type=_MILLISECONDS, metavar="MS", help="To the first vector, like 1s."
)
@click.option(
    "--min-speed", type=click.FloatRange(0), metavar="N", help="Texts a second, of 64 tokens."
)
@click.option("--user", is_flag=True, help="Choose for all projects that do not choose themselves.")
@click.option("--dry-run", is_flag=True, help="Measure and explain; change no configuration.")
@THREADS
@JSON
@QUIET
@click.pass_context
def select(  # noqa: PLR0913 - one parameter an option
    ctx: click.Context, candidates: tuple[str, ...], p95: float | None, min_quality: float | None,
    max_memory: float | None, max_disk: float | None, max_cold_start: float | None,
    min_speed: float | None, user: bool, dry_run: bool, threads: int | None, as_json: bool,
    quiet: bool,
) -> None:  # fmt: skip
    """Measure the installed models, and use the best one.

    The best is the one of highest quality that keeps every gate; of equally good ones the fastest.
    Candidates are all models, precisions and runtimes on this machine, for at most half a minute
    each, or those that are named, however long they take.
    Where none keeps all gates, the bundled model is used: exit 1.
    """
    from verdigris.engine.select import Gates

    gates = Gates(
        p95=p95,
        quality=min_quality,
        memory=None if max_memory is None else int(max_memory),
        cold_start=None if max_cold_start is None else max_cold_start / 1000,
        disk=None if max_disk is None else int(max_disk),
        texts_per_second=min_speed,
    )
    found = _measure(gates, candidates, threads or 0, quiet or as_json)
    written = "" if dry_run else write_choice(found.chosen, user)
    if as_json:
        click.echo(envelope(**asdict(found), written=written or None))
    else:
        click.echo("\n".join([*_lines(found), *([written] if written else [])]))
    if found.fallback:
        ctx.exit(NOTHING_FOUND)


def _measure(gates: Gates, names: tuple[str, ...], threads: int, quiet: bool) -> Selection:
    from verdigris.engine.cpus import usable_cpus
    from verdigris.engine.engine_choice import parse_choice
    from verdigris.engine.select import MOST_SECONDS, installed_choices, select_model

    choices = [parse_choice(name) for name in names] or installed_choices()
    most_seconds = math.inf if names else MOST_SECONDS
    if not names and not quiet:
        warn(f"{plural(len(choices), 'candidate')}, at most about {MOST_SECONDS:g} s for each")

    def told(choice: EngineChoice) -> None:
        if not quiet:
            warn(f"measuring {one_line(str(choice))}")

    return select_model(gates, choices, threads or usable_cpus(), told, most_seconds)


def _lines(found: Selection) -> list[str]:
    lines = [
        f"{'tier':>4}  {'p50 ms':>8}{'p95 ms':>8}{'quality':>9}{'texts/s':>9}{'memory':>9}"
        f"{'start s':>9}{'disk MB':>9}  candidate"
    ]
    for one in found.candidates:
        lines.append(_row(one))
        lines += [f"      rejected: {one_line(reason)}" for reason in one.rejections]
    return [*lines, "", f"{found.chosen}: {one_line(found.reason)}"]


def _row(one: Candidate) -> str:
    name = one_line(str(one.choice))
    if one.readings is None:
        return f"{one.tier:>4}  {'':>61}  {name}"
    r = one.readings
    return (
        f"{one.tier:>4}  {r.p50:>8.2f}{r.p95:>8.2f}{r.quality:>9.4f}{r.texts_per_second:>9,.0f}"
        f"{r.memory / _MB:>9.0f}{r.cold_start:>9.2f}{r.disk / _MB:>9.1f}  {name}"
    )
