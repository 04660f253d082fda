"""Structural queries: assay callers, callees, imports, importers, symbols, inventory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import click

from verdigris.serve.cli import NOTHING_FOUND
from verdigris.serve.cli.answers import envelope
from verdigris.serve.cli.assay_text import (
    Page,
    callees_text,
    callers_text,
    importers_text,
    imports_text,
    inventory_text,
    symbols_text,
)
from verdigris.serve.cli.console import line_width, one_line, open_knowledge_base, warn
from verdigris.serve.cli.options import JSON, QUIET, REFRESH, limit_option
from verdigris.serve.cli.places import places_of

if TYPE_CHECKING:
    from verdigris.upkeep.structure import Structure

Look = Callable[["Structure", str], Sequence[Any]]
Text = Callable[[Sequence[Any], Page], str]


@dataclass(frozen=True, slots=True)
class _Query:
    """One subcommand: what it is called and does, whom it asks, how the answer looks."""

    name: str
    help: str
    look: Look
    text: Text
    target: str = "PATH|SYMBOL"
    """What it is asked about; in brackets where that may be left out."""


_QUERIES = (
    _Query(
        "callers",
        "Show what calls a symbol, or calls into a file.",
        lambda structure, target: structure.callers(target),
        callers_text,
    ),
    _Query(
        "callees",
        "Show what a symbol or a file calls, and where that is defined.",
        lambda structure, target: structure.callees(target),
        callees_text,
    ),
    _Query(
        "imports",
        "Show what a file imports, and to which files of the repository that leads.",
        lambda structure, target: structure.imports(target),
        imports_text,
    ),
    _Query(
        "importers",
        "Show what imports a file, or the file that defines a symbol.",
        lambda structure, target: structure.importers(target),
        importers_text,
    ),
    _Query(
        "symbols",
        "Show definitions: of a name, in a file, below a folder, or all.",
        lambda structure, target: structure.symbols(target),
        symbols_text,
        "[PATH|SYMBOL]",
    ),
    _Query(
        "inventory",
        "Count files, lines and symbols by language and kind.",
        lambda structure, target: structure.inventory(target),
        inventory_text,
        "[FOLDER]",
    ),
)


@click.group()
def assay() -> None:
    """Ask about the structure of code: callers, callees, imports, importers, symbols, inventory.

    Calls are matched by name, receiver, declared types and imports; each row says how sure it is.
    On a terminal rows are grouped and folded to its width; in a pipe each is one whole line.
    Exit codes: 0 found, 1 nothing found, 2 error.
    """


def _command(query: _Query) -> click.Command:
    """The click command of a query; all take the same options."""

    @click.command(query.name, help=query.help)
    @click.argument("target", metavar=query.target, default="", required=query.target[0] != "[")
    @limit_option("How many rows.", default=50, most=1_000_000)
    @REFRESH
    @JSON
    @QUIET
    @click.pass_context
    def command(
        ctx: click.Context, target: str, limit: int, refresh: bool, as_json: bool, quiet: bool
    ) -> None:  # fmt: skip
        with open_knowledge_base(ctx.obj, quiet) as knowledge_base:
            for note in knowledge_base.refresh_if_free() if refresh else []:
                warn(one_line(note))
            places = places_of(knowledge_base.repository.root)
            rows = query.look(knowledge_base.structure, target)
        if as_json:
            results = [asdict(row) for row in rows[:limit]]
            about = {"query": query.name, "target": target}
            click.echo(envelope(**about, results=results, total=len(rows)))
        else:
            click.echo(query.text(rows, Page(places, limit, line_width())))
        if not rows:
            ctx.exit(NOTHING_FOUND)

    return command


for _query in _QUERIES:
    assay.add_command(_command(_query))
