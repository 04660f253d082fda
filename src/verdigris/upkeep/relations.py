"""What belongs to a path, a symbol, a commit, or to what is staged."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, replace

from verdigris.errors import QueryError
from verdigris.records import AgedAnchor, Lines, StatementAnchor
from verdigris.retrieve.path_kinds import is_test
from verdigris.scrape.git.history_position import holders_of
from verdigris.scrape.git.moments import release_of
from verdigris.scrape.git.old_content import blob_texts, files_at, whole_hash
from verdigris.scrape.repository import Repository, staged_files
from verdigris.store.index import Index
from verdigris.upkeep.anchor_upkeep import AnchorUpkeep
from verdigris.upkeep.anchoring import hash_of
from verdigris.upkeep.structure import Structure
from verdigris.views import LIKELY, Facts, Forgotten, Prediction, Reference, Related, RelatedCommit

_MANY = 10_000
_PREDICTED = 5
_OLD_LINES = re.compile(
    r"(?P<path>.+):(?P<start>\d{1,9})(?:-(?P<end>\d{1,9}))?@(?P<commit>[0-9a-f]{7,64})"
)
_COMMIT_HASH = re.compile(r"[0-9a-f]{7,64}")


@dataclass(frozen=True, slots=True)
class Relations:
    """Answers from the facts of one work tree."""

    repository: Repository
    index: Index
    facts: Facts
    anchors: AnchorUpkeep
    structure: Structure
    predict: Callable[[str, Set[str], int], tuple[Prediction, ...]]
    """(path, files that are known to belong to it, how many) → files that projections name."""

    def of_file(self, target: str, limit: int = 10) -> Related:
        """What changes with a path or symbol, and what depends on it. Raises QueryError."""
        self.structure.prepare()
        with self.index.snapshot():
            subject = self.structure.subject(target)
            path = subject.path
            named = self.facts.anchors_to_files(self.facts.names_of(path))
            if subject.symbols != tuple(self.facts.symbols_in(path)):
                wanted = {symbol.name for symbol in subject.symbols}
                named = [one for one in named if one.symbol in wanted]
            callers = self.structure.callers_of(subject)
            likely = _tests_last(one for one in callers if one.confidence >= LIKELY)
            importers = _tests_last(self.facts.importers(path, _MANY))
            found = Related(
                target=target,
                path=path,
                symbols=subject.symbols,
                co_changes=tuple(self.facts.co_changes(path, limit)),
                callers=tuple(likely[:limit]),
                unlikely_callers=len(callers) - len(likely),
                importers=tuple(importers[:limit]),
                issues=tuple(self.facts.issues_behind(self.facts.names_of(path), limit)),
            )
            known = {path, *(one.path for one in self.facts.co_changes(path, _MANY))}
            known |= {one.path for one in importers}
            predicted = self.predict(path, known, min(limit, _PREDICTED))
        statements = self.anchors.became_of(named[:limit])
        return replace(found, statements=statements, predicted=predicted)

    def of_commit(self, target: str, limit: int = 10) -> RelatedCommit | None:
        """What belongs to a commit, named by at least 7 digits of its hash; None for all else."""
        found = self.facts.commits_like(target) if _COMMIT_HASH.fullmatch(target) else []
        commit = self.facts.commit(found[0]) if len(found) == 1 else None
        if commit is None:
            return None
        branches, tags = holders_of(self.repository, commit.sha)
        releases = [one for one in self.facts.moments() if one.kind == "release"]
        holding = {moment.label for moment in map(release_of, tags) if moment}
        named = self.facts.anchors_to_commit(commit.sha)
        return RelatedCommit(
            commit=commit,
            moments=self.facts.moments_of(commit.sha),
            trailers=tuple(self.facts.trailers_of(commit.sha)),
            branches=tuple(branches),
            first_release=next((one.label for one in releases if one.label in holding), ""),
            files=tuple(self.facts.files_changed_by(commit.sha)),
            statements=self.anchors.became_of(named[:limit]),
        )

    def of_old_lines(self, target: str) -> AgedAnchor | None:
        """Where `PATH:LINES@COMMIT` is today, by following the changes; None for all else.

        Raises QueryError where there is no such commit, file or line.
        """
        match = _OLD_LINES.fullmatch(target)
        if match is None:
            return None
        commit = whole_hash(self.repository, match["commit"])
        if not commit:
            raise QueryError(f"there is no commit {match['commit']} here; see: git log")
        path, start = match["path"].removeprefix("./"), int(match["start"])
        lines = Lines(start, max(int(match["end"] or 0), start))
        blob = files_at(self.repository, commit).get(path, "")
        if not blob:
            raise QueryError(f"commit {commit[:10]} has no file {path!r}; see: git ls-tree")
        text = blob_texts(self.repository, [blob]).get(blob)
        if text is None:  # where it is missing, in a partial clone, git fetches it to show it
            old = f"{commit[:10]}:{path}"
            raise QueryError(f"{old} is no text, too large, or not here; see: git show {old}")
        if not start or lines.end > len(text.splitlines()):
            last = len(text.splitlines())
            raise QueryError(f"{path} had {last:,} lines at {commit[:10]}; ask for some of them")
        anchor = StatementAnchor(
            "", 0, "path", path, commit, path, "", lines, blob, hash_of(text, lines)
        )
        return self.anchors.became_of([anchor])[0]

    def of_staged(self, limit: int = 10) -> Forgotten:
        """Files that usually change with the staged ones and are neither staged nor new.

        Raises QueryError where nothing is staged.
        """
        staged = staged_files(self.repository)
        if not staged:
            raise QueryError("nothing is staged; stage something: git add FILE")
        with self.index.snapshot():
            return Forgotten(staged, tuple(self.facts.usually_changed_with(staged, limit)))


def _tests_last(references: Iterable[Reference]) -> list[Reference]:
    """The same order, but tests behind all other code, of which there is less to look at."""
    return sorted(references, key=lambda one: is_test(one.path))
