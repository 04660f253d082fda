"""Issue → files: what a later solved issue says asks for the files that its commits changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from verdigris.evaluate.commit_queries import (
    FILE_KINDS,
    MOST_QUERIES,
    NamesAtCut,
    sample_evenly,
)
from verdigris.evaluate.history import MOST_FILES, SHORTEST_SUBJECT, Cut
from verdigris.evaluate.queries import EvaluationQuery
from verdigris.event_log import SHARED, CursorChange, EventLog
from verdigris.records import Event, IssueDetails, SeenDetails
from verdigris.views.subjects import without_references

FORGE = "forge"
_LONGEST = 300
"""Characters of a question."""


@dataclass(frozen=True, slots=True)
class SolvedIssue:
    """An issue with the commits that solve it."""

    document: str
    text: str
    """Its title and the first paragraph of its body."""
    commits: tuple[str, ...]


def solved_issue(log: EventLog, seen: Event, commits: Iterable[str]) -> SolvedIssue:
    """An issue as a question; seen: its newest version."""
    title = seen.details.title if isinstance(seen.details, SeenDetails) else ""
    content = log.content(seen.document, seen.version)
    body = content[0].text.strip().split("\n\n", 1)[0] if content else ""
    text = body if title in body else f"{title}. {body}"
    return SolvedIssue(seen.document, without_references(text)[:_LONGEST], tuple(commits))


def issue_queries(
    cut: Cut, paths: Collection[str], issues: Iterable[SolvedIssue], seed: int = 0
) -> list[EvaluationQuery]:
    """Queries of the issues that commits after the cut solve, and none before it.

    paths: what the index at the cut holds; only these are wanted, under the name they had then.
    """
    names = NamesAtCut(paths)
    after = {one.details.sha: names.of(one.details.files) for one in cut.after}
    before = {one.details.sha for one in cut.before}
    place = {sha: number for number, sha in enumerate(after)}
    queries: dict[str, tuple[int, EvaluationQuery]] = {}
    for issue in issues:
        later = [sha for sha in issue.commits if sha in after]
        files = list(dict.fromkeys(path for sha in later for path in after[sha]))
        says_enough = len(issue.text.split()) >= SHORTEST_SUBJECT
        if says_enough and before.isdisjoint(issue.commits) and 1 <= len(files) <= MOST_FILES:
            query = EvaluationQuery(issue.document, issue.text, tuple(files), kinds=FILE_KINDS)
            queries.setdefault(issue.text.lower(), (place[later[0]], query))
    ordered = sorted(queries.values(), key=lambda one: (one[0], one[1].id))
    return sample_evenly([query for _, query in ordered], MOST_QUERIES, seed)


def newest_issues(log: EventLog, until: str = "") -> Iterator[Event]:
    """The marker of each issue's newest version that is not younger than a time, if any."""
    newest: dict[str, Event] = {}
    for marker in log.markers():
        seen = marker.event
        issue = seen.details.issue if isinstance(seen.details, SeenDetails) else None
        if issue and (not until or _was_known(seen, issue, log, until)):
            newest[seen.document] = seen
    yield from newest.values()


def _was_known(seen: Event, issue: IssueDetails, log: EventLog, until: str) -> bool:
    """Whether a version of an issue was all there at a time.

    An exported record may lack the time of its last change: then its end and its comments tell,
    and one that ended at an unknown time was not known.
    """
    written = [event.time for event in log.content(seen.document, seen.version)]
    ended = issue.state in ("closed", "merged")
    if not seen.time or (ended and not issue.closed and seen.time == issue.created):
        return False
    return max(seen.time, issue.closed, *written) <= until


def copy_issues(source: EventLog, target: EventLog, until: str = "") -> None:
    """Append to `target` what was known of issues and pull requests at a time; '' = all."""
    events = (
        event
        for seen in newest_issues(source, until)
        for event in (seen, *source.content(seen.document, seen.version))
    )
    target.append(events, CursorChange(FORGE, {}), SHARED)
