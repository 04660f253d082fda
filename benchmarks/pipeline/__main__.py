"""`python -m benchmarks.pipeline --texts FOLDER`: measure, and write a markdown fragment."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.pipeline.files import files_rows, files_table, measure_files
from benchmarks.pipeline.history import (
    histories_table,
    measure_histories,
    measure_made_history,
)
from benchmarks.pipeline.machine import describe_machine
from benchmarks.pipeline.public_repositories import (
    first_answer_rows,
    measure_repository,
    repositories_table,
)
from benchmarks.pipeline.questions import measure_large_index
from benchmarks.pipeline.repositories import parse_source
from benchmarks.pipeline.table import requirements
from benchmarks.pipeline.texts import measure_indexing, measure_retrieval

RESULTS = Path(__file__).parents[1] / "results" / "pipeline.md"
HISTORIES = (
    "Commits with their files, no vectors, in clones made by "
    "`python -m benchmarks.pipeline --texts FOLDER --only history --repos NAME=PATH … --out FILE`."
)
FILES = (
    "Code and documents, no vectors, in clones made by "
    "`python -m benchmarks.pipeline --texts FOLDER --only files --repos NAME=PATH … --out FILE`; "
    "whole commands, medians, nothing indexed before."
)
SECTIONS = ("indexing", "retrieval", "large", "repos", "files", "history")


def main() -> None:
    """Measure what was asked for and write the fragment."""
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory(prefix="verdigris-bench-", ignore_cleanup_errors=True) as work:
        blocks = list(measure(arguments, Path(work)))
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    text = "\n\n".join(["## Pipeline", *blocks]) + "\n"
    arguments.out.write_text(text, encoding="utf-8")
    print(text)


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pipeline", description=__doc__)
    parser.add_argument(
        "--texts", type=Path, required=True, metavar="FOLDER", help="session logs, *.md"
    )
    parser.add_argument(
        "--queries",
        type=Path,
        metavar="FILE.jsonl",
        help="queries over the logs, their documents named sessions/NAME.md",
    )
    parser.add_argument(
        "--repos",
        nargs="+",
        default=[],
        type=parse_source,
        metavar="[NAME=]PATH",
        help="git repositories, cloned before anything is done with them",
    )
    parser.add_argument("--rounds", type=int, default=7, help="runs of each short measurement")
    parser.add_argument(
        "--slow-rounds", type=int, default=3, help="runs of indexing and bare inference, in turns"
    )
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS)
    parser.add_argument("--out", type=Path, default=RESULTS)
    return parser.parse_args()  # fmt: skip


def measure(arguments: argparse.Namespace, work: Path) -> Iterator[str]:
    """The blocks of the fragment, each in its own folder with its own empty cache."""
    yield describe_machine()
    rows = []
    details = []
    if "indexing" in arguments.only:
        tell("indexing the texts, in turns with bare inference")
        rows += measure_indexing(
            arguments.texts, made(work / "indexing"), arguments.slow_rounds, arguments.rounds
        )
    if "retrieval" in arguments.only and arguments.queries:
        tell("retrieval")
        found = measure_retrieval(arguments.texts, arguments.queries, made(work / "retrieval"))
        rows += found.rows
        details.append(f"### Retrieval\n\n{found.lanes}")
    if "large" in arguments.only:
        tell("a large index")
        rows += measure_large_index(
            arguments.texts, arguments.queries, arguments.repos, made(work / "large"),
            arguments.rounds,
        )  # fmt: skip
    if "repos" in arguments.only and arguments.repos:
        measured = []
        for source in arguments.repos:
            tell(f"repository {source.name}")
            measured.append(measure_repository(source, made(work / "repos"), arguments.rounds))
        rows += first_answer_rows(measured)
        details.append(f"### Repositories\n\n{repositories_table(measured)}")
    if "files" in arguments.only and arguments.repos:
        tell("files")
        read = measure_files(arguments.repos, made(work / "files"), arguments.slow_rounds)
        rows += files_rows(read)
        details.append(f"### Files\n\n{FILES}\n\n{files_table(read)}")
    if "history" in arguments.only:
        tell("a long history")
        rows += measure_made_history(made(work / "history"), arguments.slow_rounds)
        histories = measure_histories(
            arguments.repos, made(work / "histories"), arguments.slow_rounds
        )
        if histories:
            details.append(f"### Long histories\n\n{HISTORIES}\n\n{histories_table(histories)}")
    yield requirements(rows)
    yield from details


def made(folder: Path) -> Path:
    """The folder, which now exists."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def tell(step: str) -> None:
    """Say on standard error what is being done."""
    print(f"… {step}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
