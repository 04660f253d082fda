"""The history of HEAD, and where to cut it: later commits ask, earlier ones answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from verdigris.errors import EvaluationError
from verdigris.event_log import EventLog
from verdigris.records import CommitDetails, SeenDetails
from verdigris.scrape.repository import Repository, git_output
from verdigris.views.subjects import is_by_a_tool, without_references

TEST_SHARE = 0.22
"""Share of the usable commits that ask; the newest ones."""
LEAST_TEST_COMMITS = 30
"""As many are taken even where that is a larger share, but never more than half."""
LEAST_USABLE_COMMITS = 10
SHORTEST_SUBJECT = 3
"""Words of a subject that asks for something."""
MOST_FILES = 10
"""Files of a commit that still is about one thing."""

_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True)
class PastCommit:
    """A commit of HEAD's history."""

    subject: str
    details: CommitDetails
    arrival: int
    """Place on the line of first parents at which HEAD's history first had it, from 0."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The last commit that may answer; `before` and `after` are in the order of the history."""

    sha: str
    time: str
    before: tuple[PastCommit, ...]
    """The cut's own history, itself included."""
    after: tuple[PastCommit, ...]


def read_history(repository: Repository, log: EventLog) -> tuple[PastCommit, ...]:
    """All commits of HEAD, oldest first, as the log has them."""
    commits: dict[str, SeenDetails] = {}
    for marker in log.markers(after=0):
        details = marker.event.details
        if isinstance(details, SeenDetails) and details.commit:
            commits[details.commit.sha] = details
    arguments = ("rev-list", "--date-order", "--reverse", "HEAD", "--")
    order = git_output(repository.root, *arguments).decode().split() if repository.head else []
    known = {sha: found.commit for sha in order if (found := commits.get(sha)) and found.commit}
    arrivals = _arrivals(known, repository.head)
    return tuple(
        PastCommit(commits[sha].title, commit, arrivals.get(sha, 0))
        for sha, commit in known.items()
    )


def _arrivals(commits: Mapping[str, CommitDetails], head: str) -> dict[str, int]:
    """Commit → place of the first commit of the line of first parents that reaches it."""
    line = []
    sha = head
    while sha in commits:
        line.append(sha)
        sha = next(iter(commits[sha].parents), "")
    arrivals: dict[str, int] = {}
    for place, tip in enumerate(reversed(line)):
        waiting = [tip]
        while waiting:
            sha = waiting.pop()
            if sha in commits and sha not in arrivals:
                arrivals[sha] = place
                waiting += commits[sha].parents
    return arrivals


def is_work(commit: PastCommit) -> bool:
    """Whether a commit is the work of a person on one thing: no merge, bot, release or revert."""
    return (
        not commit.details.marks
        and 1 <= len(commit.details.files) <= MOST_FILES
        and not is_by_a_tool(commit.subject)
    )


def is_usable(commit: PastCommit) -> bool:
    """Whether a commit is such work and says in words what it is."""
    words = _WORD.findall(without_references(commit.subject))
    return is_work(commit) and len(words) >= SHORTEST_SUBJECT


def choose_cut(history: Sequence[PastCommit]) -> Cut:
    """Cut so that the newest usable commits ask: TEST_SHARE of them, or LEAST_TEST_COMMITS.

    The cut lies on the line of first parents, so that everything before it is one commit's
    history. Raises EvaluationError where the history is too short.
    """
    arrivals = sorted(commit.arrival for commit in history if is_usable(commit))
    if len(arrivals) < LEAST_USABLE_COMMITS:
        raise EvaluationError(
            f"{len(arrivals)} of {len(history)} commits say in words what people changed; at least "
            f"{LEAST_USABLE_COMMITS} are needed (merges, bots, releases, and commits of more than "
            f"{MOST_FILES} files do not count)"
        )
    wanted = max(round(TEST_SHARE * len(arrivals)), LEAST_TEST_COMMITS)
    wanted = min(wanted, len(arrivals) // 2)
    return cut_at(history, max(arrivals[-wanted] - 1, 0))


def cut_at(history: Sequence[PastCommit], arrival: int) -> Cut:
    """Cut behind the commit at that place of the line of first parents."""
    before = tuple(commit for commit in history if commit.arrival <= arrival)
    after = tuple(commit for commit in history if commit.arrival > arrival)
    last = _tip(before, arrival)
    return Cut(last.details.sha, last.details.committed, before, after)


def _tip(before: Iterable[PastCommit], arrival: int) -> PastCommit:
    """The commit of the line itself: no other one that arrived with it has it as a parent."""
    arrived = [commit for commit in before if commit.arrival == arrival]
    parents = {parent for commit in arrived for parent in commit.details.parents}
    return next(commit for commit in arrived if commit.details.sha not in parents)
