"""Asking a large index from a cold start of the process."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

from benchmarks.pipeline.processes import Verdigris, bare_python_seconds
from benchmarks.pipeline.repositories import Source, make_large_repository
from benchmarks.pipeline.table import Row, spread
from benchmarks.pipeline.texts import chunks_with_vectors, empty_refresh_row

CHUNKS_WANTED = 20_000
MOST_FOR_A_QUESTION = 0.6
QUESTIONS = (
    "how are configuration files read and merged?",
    "why was the default changed?",
    "where are errors turned into exit codes?",
    "how is a pattern matched against a path?",
    "what happens when a task is cancelled?",
    "which tests cover parsing of arguments?",
    "how do I add a new command?",
    "what was decided about the release process?",
    "where is the cache invalidated?",
)


def measure_large_index(
    texts: Path, queries: Path | None, sources: Sequence[Source], work: Path, rounds: int
) -> list[Row]:
    """`verdigris scry` in a new process each time, on everything there is, nothing stale."""
    verdigris = Verdigris(work / "cache")
    repository = make_large_repository(texts, sources, work / "large")
    verdigris.run(repository, "scrape", "-q")
    chunks = chunks_with_vectors(verdigris, repository)
    asked = islice(cycle([*QUESTIONS, *_some_queries(queries)]), rounds)
    seconds = [verdigris.run(repository, "scry", question, "--json").seconds for question in asked]
    python = statistics.median(bare_python_seconds() for _ in range(rounds))
    enough = chunks >= CHUNKS_WANTED
    missing = "" if enough else f" (too few: {CHUNKS_WANTED:,} are wanted; give more --repos)"
    met = enough and statistics.median(seconds) <= MOST_FOR_A_QUESTION
    return [
        Row(
            f"cold `verdigris scry` on an index of {chunks:,} chunks{missing}, "
            "nothing stale, files in the system's cache",
            f"≤ {MOST_FOR_A_QUESTION} s",
            f"{spread(seconds)}; of this bare Python {python:.2f} s",
            met if enough else None,
        ),
        empty_refresh_row(f"{chunks:,} chunks", verdigris, repository, rounds),
    ]


def _some_queries(queries: Path | None) -> list[str]:
    """The last three questions of a query file: long ones."""
    if queries is None:
        return []
    lines = queries.read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["query"] for line in lines[-3:] if line.strip()]
