"""Whole repositories with their history: the first answer, and what indexing them takes."""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.pipeline.processes import Verdigris, git
from benchmarks.pipeline.questions import QUESTIONS
from benchmarks.pipeline.repositories import Source, clone, forget
from benchmarks.pipeline.table import Row, table

MOST_FOR_THE_FIRST_ANSWER = 8.0
FILES_OF_THE_DEMAND, COMMITS_OF_THE_DEMAND = 500, 1_500
_COLUMNS = (
    "repository", "commits", "files", "documents", "chunks", "first answer (terminal)",
    "first answer (pipe)", "scrape + index", "embed", "refresh, nothing new", "scry, all indexed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """Sizes and seconds of one repository."""

    name: str
    commits: int
    files: int
    documents: str
    chunks: int
    watched_answer: float | None
    """None where this system has no pseudo-terminals."""
    piped_answer: float
    indexing: float
    embedding: float
    refresh: float
    question: float


def measure_repository(source: Source, work: Path, rounds: int) -> Measured:
    """One repository from a fresh clone on, each step in its own process."""
    verdigris = Verdigris(work / f"{source.name}-cache")
    repository = clone(source, work / source.name)
    question = QUESTIONS[0]
    watched = None
    if os.name == "posix":
        watched = verdigris.seconds_to_first_output(repository, "scry", question)
        forget(repository, verdigris.cache)
    piped = verdigris.run(repository, "scry", question, "--json").seconds
    forget(repository, verdigris.cache)
    indexing = verdigris.run(repository, "scrape", "--no-vectors", "-q").seconds
    embedding = verdigris.run(repository, "scrape", "-q").seconds
    refresh = [verdigris.run(repository, "scrape", "-q").seconds for _ in range(rounds)]
    questions = [
        verdigris.run(repository, "scry", text, "--json").seconds for text in QUESTIONS[:rounds]
    ]
    status = verdigris.run(repository, "status", "--json").json()
    return Measured(
        name=source.name,
        commits=int(git(repository, "rev-list", "--count", "HEAD")),
        files=len(git(repository, "ls-files", "-z").rstrip("\0").split("\0")),
        documents=", ".join(f"{n:,} {kind}" for kind, n in status["documents"].items()),
        chunks=status["index"]["chunks"],
        watched_answer=watched,
        piped_answer=piped,
        indexing=indexing,
        embedding=embedding,
        refresh=statistics.median(refresh),
        question=statistics.median(questions),
    )


def first_answer_rows(measured: Sequence[Measured]) -> list[Row]:
    """The demand on the first answer; it is made of repositories up to a size."""
    rows = []
    for one in measured:
        seconds = one.piped_answer if one.watched_answer is None else one.watched_answer
        large = one.files > FILES_OF_THE_DEMAND or one.commits > COMMITS_OF_THE_DEMAND
        met = seconds <= MOST_FOR_THE_FIRST_ANSWER
        rows.append(
            Row(
                f"first answer, nothing indexed: {one.name} "
                f"({one.files:,} files, {one.commits:,} commits)",
                f"≤ {MOST_FOR_THE_FIRST_ANSWER:.0f} s for {FILES_OF_THE_DEMAND} files and "
                f"{COMMITS_OF_THE_DEMAND:,} commits",
                f"{seconds:.2f} s",
                None if large and not met else met,
            )
        )
    return rows


def repositories_table(measured: Sequence[Measured]) -> str:
    """All sizes and times, one repository a row."""
    rows = [
        (
            one.name, f"{one.commits:,}", f"{one.files:,}", one.documents, f"{one.chunks:,}",
            "–" if one.watched_answer is None else f"{one.watched_answer:.2f} s",
            f"{one.piped_answer:.2f} s", f"{one.indexing:.2f} s", f"{one.embedding:.2f} s",
            f"{one.refresh:.2f} s", f"{one.question:.2f} s",
        )
        for one in measured
    ]  # fmt: skip
    return table(_COLUMNS, rows)
