"""Rows of results, and the markdown they become."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One measured number beside what it must be; `met` is None where nothing is demanded."""

    what: str
    must: str
    measured: str
    met: bool | None = None


def requirements(rows: Sequence[Row]) -> str:
    """A table of what was measured and what it must be."""
    marks = {True: "yes", False: "**no**", None: ""}
    return table(
        ("what", "must", "measured", "met"),
        [(row.what, row.must, row.measured, marks[row.met]) for row in rows],
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def spread(seconds: Sequence[float]) -> str:
    """Median, and the fastest and slowest of the runs."""
    return (
        f"{statistics.median(seconds):.2f} s ({min(seconds):.2f}-{max(seconds):.2f}, "
        f"n = {len(seconds)})"
    )
