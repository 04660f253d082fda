"""Long histories: reading 50,000 commits, reading on after a few more, and real ones."""

from __future__ import annotations

import random
import statistics
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.pipeline.processes import Failed, Verdigris, git
from benchmarks.pipeline.repositories import Source, clone
from benchmarks.pipeline.table import Row, spread, table

COMMITS = 50_000
MOST_SECONDS = 90.0
COMMITS_MORE = 500
LONG_HISTORY = 5_000
"""Real repositories with fewer commits are left out."""
_FILES = 2_000
_FIRST_DAY = 1_200_000_000
_SECONDS_APART = 7_200
_WORDS = (
    "add remove fix parse kettle cup steam filter read write cache lock index query error test "
    "handle path commit branch merge format option default value reader log".split()
)
_COLUMNS = (
    "repository", "commits", "files ever", "releases", "rewrites", "with trailers",
    "read and index", "nothing new", "last 100 commits",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LongHistory:
    """What one real history holds, and seconds."""

    name: str
    commits: int
    files: int
    releases: int
    rewrites: int
    trailers: int
    reading: float
    nothing_new: float
    last_commits: float


def measure_made_history(work: Path, rounds: int, commits: int = COMMITS) -> list[Row]:
    """`verdigris scrape git --no-vectors` on a made history, then after some commits more."""
    verdigris = Verdigris(work / "cache")
    repository = make_history(work / "made", commits)
    whole = _scrape(verdigris, repository)
    nothing = [_scrape(verdigris, repository) for _ in range(rounds)]
    more = []
    for number in range(rounds):
        make_history(repository, COMMITS_MORE, begin=commits + number * COMMITS_MORE)
        more.append(_scrape(verdigris, repository))
    return [
        Row(
            f"history of {commits:,} made commits: read and index, no vectors",
            f"≤ {MOST_SECONDS:.0f} s for {COMMITS:,}",
            f"{whole:.1f} s",
            whole <= MOST_SECONDS if commits == COMMITS else None,
        ),
        Row(
            f"the same after {COMMITS_MORE} commits more",
            "in proportion to what is new",
            f"{spread(more)}; with nothing new {statistics.median(nothing):.2f} s",
        ),
    ]


def make_history(target: Path, commits: int, begin: int = 0) -> Path:
    """A repository of commits of 1 to 5 files each, with tags and trailers; or as many more.

    The same on every machine. Method: `git fast-import`.
    """
    if not begin:
        target.mkdir(parents=True)
        git(target, "init", "-q", "-b", "main")
    done = subprocess.run(
        ["git", "fast-import", "--quiet", "--force"], cwd=target, capture_output=True,
        input="".join(_fast_import(commits, begin)).encode(),
    )  # fmt: skip
    if done.returncode:
        raise Failed(f"git fast-import: {done.stderr.decode(errors='replace')}")
    return target


def _fast_import(commits: int, begin: int) -> Iterator[str]:
    chance = random.Random(begin)
    for number in range(begin, begin + commits):
        subject = f"{' '.join(chance.choices(_WORDS, k=6))} {number}"
        message = f"{subject}\n\n{' '.join(chance.choices(_WORDS, k=20))}\n\nReviewed-by: Eve\n"
        when = f"Ada <ada@example.org> {_FIRST_DAY + number * _SECONDS_APART} +0000"
        yield f"commit refs/heads/main\nauthor {when}\ncommitter {when}\n{_data(message)}"
        if number == begin and begin:
            yield "from refs/heads/main^0\n"
        for _ in range(chance.randint(1, 5)):
            path = f"src/part{chance.randrange(20)}/file{chance.randrange(_FILES // 20)}.txt"
            yield f"M 644 inline {path}\n{_data(f'{number} {chance.random()}')}"
        if number % 1_000 == 999:
            yield f"reset refs/tags/v{number // 1_000}.0\nfrom refs/heads/main\n\n"
    yield "done\n"


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def _scrape(verdigris: Verdigris, repository: Path) -> float:
    return verdigris.run(repository, "scrape", "git", "--no-vectors", "-q").seconds


def measure_histories(sources: Sequence[Source], work: Path, rounds: int) -> list[LongHistory]:
    """Those of the repositories that have a long history."""
    long = (s for s in sources if int(git(s.path, "rev-list", "--count", "HEAD")) >= LONG_HISTORY)
    return [_measure(source, work, rounds) for source in long]


def _measure(source: Source, work: Path, rounds: int) -> LongHistory:
    verdigris = Verdigris(work / f"{source.name}-cache")
    repository = clone(source, work / source.name)
    reading = _scrape(verdigris, repository)
    nothing = [_scrape(verdigris, repository) for _ in range(rounds)]
    moments = verdigris.run(repository, "status", "--json").json()["moments"]
    kinds = [moment["kind"] for moment in moments]
    later = clone(source, work / f"{source.name}-later")
    branch = git(later, "symbolic-ref", "--short", "HEAD")
    tip = git(later, "rev-parse", "HEAD")
    git(later, "reset", "-q", "--hard", "HEAD~100")
    _scrape(verdigris, later)
    git(later, "update-ref", f"refs/heads/{branch}", tip)
    return LongHistory(
        name=source.name,
        commits=int(git(repository, "rev-list", "--count", "HEAD")),
        files=len(set(git(repository, "log", "--format=", "--name-only").split("\n"))),
        releases=kinds.count("release"),
        rewrites=kinds.count("rewrite"),
        trailers=_commits_with_trailers(repository),
        reading=reading,
        nothing_new=statistics.median(nothing),
        last_commits=_scrape(verdigris, later),
    )


def _commits_with_trailers(repository: Path) -> int:
    told = git(repository, "log", "--format=%x00%(trailers:only)").split("\0")
    return sum(bool(trailers.strip()) for trailers in told)


def histories_table(measured: Sequence[LongHistory]) -> str:
    """One repository a row."""
    rows = [
        (
            one.name, f"{one.commits:,}", f"{one.files:,}", f"{one.releases:,}",
            f"{one.rewrites:,}", f"{one.trailers:,}", f"{one.reading:.2f} s",
            f"{one.nothing_new:.2f} s", f"{one.last_commits:.2f} s",
        )
        for one in measured
    ]  # fmt: skip
    return table(_COLUMNS, rows)
