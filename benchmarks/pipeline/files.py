"""Files of real repositories: reading all of them, and reading on after one changed."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.pipeline.processes import Verdigris, git
from benchmarks.pipeline.repositories import Source, clone, forget
from benchmarks.pipeline.table import Row, table

MOST_SECONDS, FILES_OF_THE_DEMAND = 5.0, 500
_CODE = frozenset(
    ".c .cc .cpp .cs .go .h .java .js .kt .php .py .rb .rs .scala .sh .swift .ts".split()
)
_LARGEST = 1 << 20
_COLUMNS = (
    "repository", "files", "parsed", "lines", "symbols", "passages", "read and index",
    "per 500 files", "nothing new", "one file changed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReadFiles:
    """What the files of one repository hold, and seconds."""

    name: str
    files: int
    parsed: int
    lines: int
    symbols: int
    passages: int
    reading: float
    nothing_new: float
    one_changed: float

    @property
    def per_demand(self) -> float:
        """Seconds for as many files as the demand names."""
        return self.reading / self.files * FILES_OF_THE_DEMAND


def measure_files(sources: Sequence[Source], work: Path, rounds: int) -> list[ReadFiles]:
    """`verdigris scrape code docs --no-vectors` in a fresh clone of each, then again."""
    return [_measure(source, work, rounds) for source in sources]


def _measure(source: Source, work: Path, rounds: int) -> ReadFiles:
    verdigris = Verdigris(work / f"{source.name}-cache")
    repository = clone(source, work / source.name)
    reading = []
    for _ in range(rounds):
        forget(repository, verdigris.cache)
        reading.append(_scrape(verdigris, repository))
    nothing = [_scrape(verdigris, repository) for _ in range(rounds)]
    status = verdigris.run(repository, "status", "--json").json()
    inventory = verdigris.run(repository, "assay", "inventory", "--json").json()["results"]
    return ReadFiles(
        name=source.name,
        files=status["index"]["documents"],
        parsed=status["parsers"].get("tree-sitter", 0),
        lines=sum(one["lines"] for one in inventory),
        symbols=sum(one["symbols"] for one in inventory),
        passages=status["index"]["chunks"],
        reading=statistics.median(reading),
        nothing_new=statistics.median(nothing),
        one_changed=_after_a_change(verdigris, repository, rounds),
    )


def _after_a_change(verdigris: Verdigris, repository: Path, rounds: int) -> float:
    """Seconds after the largest file of the language with most files got a line more."""
    tracked = [repository / name for name in git(repository, "ls-files").split("\n")]
    code = [path for path in tracked if path.suffix in _CODE]
    language, _ = Counter(path.suffix for path in code).most_common(1)[0]
    sizes = {path: path.stat().st_size for path in code if path.suffix == language}
    edited = max((path for path, size in sizes.items() if size <= _LARGEST), key=sizes.__getitem__)
    seconds = []
    for _ in range(rounds):
        with edited.open("ab") as file:
            file.write(b"\n")
        seconds.append(_scrape(verdigris, repository))
    return statistics.median(seconds)


def _scrape(verdigris: Verdigris, repository: Path) -> float:
    return verdigris.run(repository, "scrape", "code", "docs", "--no-vectors", "-q").seconds


def files_rows(measured: Sequence[ReadFiles]) -> list[Row]:
    """The demand, which the repository that takes longest must meet, too."""
    if not measured:
        return []
    slowest = max(measured, key=lambda one: one.per_demand)
    middle = statistics.median(one.per_demand for one in measured)
    return [
        Row(
            f"files of {len(measured)} repositories: read, parse and index, no vectors",
            f"≤ {MOST_SECONDS:.0f} s per {FILES_OF_THE_DEMAND} files",
            f"{middle:.2f} s, at most {slowest.per_demand:.2f} s ({slowest.name})",
            slowest.per_demand <= MOST_SECONDS,
        )
    ]


def files_table(measured: Sequence[ReadFiles]) -> str:
    """One repository a row."""
    rows = [
        (
            one.name, f"{one.files:,}", f"{one.parsed:,}", f"{one.lines:,}", f"{one.symbols:,}",
            f"{one.passages:,}", f"{one.reading:.2f} s", f"{one.per_demand:.2f} s",
            f"{one.nothing_new:.2f} s", f"{one.one_changed:.2f} s",
        )
        for one in measured
    ]  # fmt: skip
    return table(_COLUMNS, rows)
