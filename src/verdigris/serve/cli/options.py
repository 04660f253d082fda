"""Options that several commands share."""

from __future__ import annotations

import click

JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
QUIET = click.option("-q", "--quiet", is_flag=True, help="No progress and no notes.")
STRICT = click.option("--strict", is_flag=True, help="Exit 3 when the index is behind.")
REFRESH = click.option(
    "--refresh/--no-refresh", default=True, help="Read what changed first (default), or do not."
)
