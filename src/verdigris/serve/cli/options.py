"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

Command = Callable[..., Any]

JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
QUIET = click.option("-q", "--quiet", is_flag=True, help="No progress and no notes.")
STRICT = click.option("--strict", is_flag=True, help="Exit 3 when the index is behind.")
REFRESH = click.option(
    "--refresh/--no-refresh", default=True, help="Read what changed first (default), or do not."
)


def limit_option(text: str, default: int = 10, most: int = 1000) -> Callable[[Command], Command]:
    """`-k N`: how many of what `text` says."""
    number = click.IntRange(1, most)
    return click.option(
        "-k",
        "--k",
        "limit",
        default=default,
        show_default=True,
        metavar="N",
        type=number,
        help=text,
    )
