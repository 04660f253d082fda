"""All facts of one work tree: of its code, its history, its issues, and what sessions name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from verdigris.answers import IssueFacts, LinkedIssue
from verdigris.frozen_dataclass import dataclass
from verdigris.records import AgedAnchor, Event, SeenDetails, Trailer
from verdigris.views import anchors, code, history, imports, issues
from verdigris.views.anchors import AnchorFacts
from verdigris.views.co_changes import CoChange, CoChangeFacts
from verdigris.views.code import Symbol
from verdigris.views.history import ChangedFile, CommitFacts
from verdigris.views.imports import Reference
from verdigris.views.issues import IssueLinks
from verdigris.views.references import ReferenceFacts

SCHEMA = history.SCHEMA + code.SCHEMA + imports.SCHEMA + issues.SCHEMA + anchors.SCHEMA


class Facts(ReferenceFacts, CoChangeFacts, IssueLinks, AnchorFacts):
    """Facts of one work tree, in the tables of SCHEMA; the caller opens the transactions."""

    def add(self, seen: Event, content: Sequence[Event]) -> None:
        """Put in the facts of a version of a document that has none here yet."""
        details = seen.details
        if not isinstance(details, SeenDetails):
            return
        if details.commit:
            self.add_commit(details.commit, details.title)
            self.add_message(seen.document, content)
        elif details.issue:
            self.add_issue(seen, details, content)
        elif details.file:
            self.add_file(seen.document, details.file, content)

    def remove(self, document: str) -> None:
        """Forget a document."""
        self.remove_links(document)
        if document.startswith("commit:"):
            self.remove_commit(document.removeprefix("commit:"))
        else:
            self.remove_file(document)
            self.remove_anchors(document)

    def issue(self, document: str) -> IssueFacts | None:
        """What is known of `issue:12` or `pr:45`, with its commits and files; None: unknown."""
        found = self.issue_facts(document)
        if found is None:
            return None
        present = self.paths()
        by_commit = self.files_of_commits(commit.sha for commit in found.commits)
        files = [*sorted(set().union(*by_commit.values())), *self.issue_files(document)]
        return replace(found, files=tuple(dict.fromkeys(p for p in files if p in present)))


@dataclass(frozen=True, slots=True)
class Prediction:
    """A file that a projection names; task: `co-changes` or `imports`; cosine: how near it lies."""

    task: str
    path: str
    cosine: float


@dataclass(frozen=True, slots=True)
class Related:
    """What belongs to a path or a symbol."""

    target: str
    path: str
    symbols: tuple[Symbol, ...]
    co_changes: tuple[CoChange, ...]
    callers: tuple[Reference, ...]
    """Calls that probably mean it, most certain first."""
    importers: tuple[Reference, ...]
    unlikely_callers: int = 0
    """Further calls of the name, less sure than LIKELY."""
    issues: tuple[LinkedIssue, ...] = ()
    """Issues and pull requests behind its commits."""
    predicted: tuple[Prediction, ...] = ()
    """What `oxidize` learned besides: files that no commit or import names yet."""
    statements: tuple[AgedAnchor, ...] = ()
    """What sessions name of it, newest first, and what became of it."""


@dataclass(frozen=True, slots=True)
class RelatedCommit:
    """What belongs to a commit."""

    commit: CommitFacts
    moments: tuple[str, ...]
    trailers: tuple[Trailer, ...]
    branches: tuple[str, ...]
    """Local branches that hold it."""
    first_release: str
    """The oldest release that holds it; '' where none does."""
    files: tuple[ChangedFile, ...]
    statements: tuple[AgedAnchor, ...]
    """Where sessions name it."""
