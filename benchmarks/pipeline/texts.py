"""Session logs: what indexing costs beside bare inference, an empty refresh, and retrieval."""

from __future__ import annotations

import json
import sqlite3
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.pipeline.processes import Failed, Verdigris
from benchmarks.pipeline.repositories import forget, make_texts_repository
from benchmarks.pipeline.table import Row, spread, table
from verdigris.engine import usable_cpus

MOST_OVER_BARE_INFERENCE = 1.3
MOST_FOR_AN_EMPTY_REFRESH = 0.3
LEAST_MRR = 0.85
LEAST_HIT_AT_10 = 0.96


@dataclass(frozen=True, slots=True)
class Retrieval:
    """The rows that something is demanded of, and a table of all lanes."""

    rows: list[Row]
    lanes: str


def measure_indexing(texts: Path, work: Path, rounds: int, refreshes: int) -> list[Row]:
    """`verdigris scrape` of the texts with nothing known, in turns with the bare inference."""
    verdigris = Verdigris(work / "cache")
    repository = make_texts_repository(texts, work / "texts")
    whole: list[float] = []
    bare: list[float] = []
    for _ in range(rounds):
        forget(repository, verdigris.cache)
        whole.append(verdigris.run(repository, "scrape", "-q").seconds)
        bare.append(bare_inference_seconds(repository, work / "texts.json"))
    ratio = statistics.median(whole) / statistics.median(bare)
    chunks = chunks_with_vectors(verdigris, repository)
    files = len(list(texts.glob("*.md")))
    return [
        Row(
            f"scrape + embed + index of {files} logs ({chunks:,} passages) over the bare "
            f"`session.run` loop of their different texts, {usable_cpus()} threads",
            f"≤ {MOST_OVER_BARE_INFERENCE} ×",
            f"{ratio:.2f} × ({spread(whole)} over {spread(bare)})",
            ratio <= MOST_OVER_BARE_INFERENCE,
        ),
        empty_refresh_row("the logs", verdigris, repository, refreshes),
    ]


def chunks_with_vectors(verdigris: Verdigris, repository: Path) -> int:
    """How many passages there are; each must have its vector by now. Raises Failed."""
    state = verdigris.run(repository, "status", "--json").json()["index"]
    if state["chunks_without_vectors"]:
        raise Failed(f"{state['chunks_without_vectors']} passages were not embedded")
    return int(state["chunks"])


def bare_inference_seconds(repository: Path, file: Path) -> float:
    """The bare loop over the different texts that were embedded, in a process of its own."""
    database = repository / ".verdigris" / "local" / "index.db"
    connection = sqlite3.connect(database)
    rows = connection.execute("SELECT prefix || text FROM chunks GROUP BY text_hash").fetchall()
    connection.close()
    file.write_text(json.dumps([row[0] for row in rows]), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.pipeline.bare_inference", file, str(usable_cpus())],
        check=True, capture_output=True, cwd=Path(__file__).parents[2],
        env=Verdigris(repository).environment(),
    )  # fmt: skip
    return float(json.loads(done.stdout))


def empty_refresh_row(name: str, verdigris: Verdigris, repository: Path, rounds: int) -> Row:
    """`verdigris scrape` where nothing changed."""
    seconds = [verdigris.run(repository, "scrape", "-q").seconds for _ in range(rounds)]
    return Row(
        f"refresh with nothing new: {name}", f"≤ {MOST_FOR_AN_EMPTY_REFRESH} s", spread(seconds),
        statistics.median(seconds) <= MOST_FOR_AN_EMPTY_REFRESH,
    )  # fmt: skip


def measure_retrieval(texts: Path, queries: Path, work: Path) -> Retrieval:
    """`verdigris eval`, with the sections left out from which the queries were made."""
    repository = make_texts_repository(texts, work / "stripped", without_context=True)
    arguments = ("eval", "--queries", str(queries.resolve()), "--json")
    found = Verdigris(work / "cache").run(repository, *arguments).json()
    fused = found["lanes"]["fused"]
    met = fused["MRR"] >= LEAST_MRR and fused["hit@10"] >= LEAST_HIT_AT_10
    row = Row(
        f"{found['queries']} queries, fused ({len(found['missing'])} relevant documents missing)",
        f"MRR ≥ {LEAST_MRR}, hit@10 ≥ {LEAST_HIT_AT_10}",
        f"MRR {fused['MRR']:.3f}, hit@10 {fused['hit@10']:.3f}", met,
    )  # fmt: skip
    return Retrieval([row], lanes_table(found))


def lanes_table(found: dict[str, Any]) -> str:
    """Every lane's metrics and the latency, from the JSON of `verdigris eval`."""
    names = list(found["lanes"]["fused"])
    rows = [
        (lane, *(f"{metrics[name]:.3f}" for name in names))
        for lane, metrics in found["lanes"].items()
    ]
    latency = found["latency_ms"]
    return (
        f"{table(('lane', *names), rows)}\n\n"
        f"A search took {latency['p50']:.1f} ms (p50), {latency['p95']:.1f} ms (p95)."
    )
