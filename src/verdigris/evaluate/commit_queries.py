"""Commit subject → files: what a later commit says is asked, what it changed is wanted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from random import Random
from typing import TypeVar

from verdigris.evaluate.history import Cut, PastCommit, is_usable
from verdigris.evaluate.queries import EvaluationQuery
from verdigris.records import FileChange, Kind
from verdigris.views.subjects import without_references

MOST_QUERIES = 400
FILE_KINDS: tuple[Kind, ...] = ("doc", "code")

One = TypeVar("One")


def commit_queries(cut: Cut, paths: Collection[str], seed: int = 0) -> list[EvaluationQuery]:
    """Queries of the commits after the cut, evenly sampled in time, at most MOST_QUERIES.

    paths: what the index at the cut holds; only these are wanted, under the name they had then.
    A subject that an earlier commit had already is left out: the index would know the answer.
    """
    known = {_normal(commit.subject) for commit in cut.before}
    names = NamesAtCut(paths)
    queries = []
    for commit in cut.after:
        files = names.of(commit.details.files)
        subject = _normal(commit.subject)
        if files and is_usable(commit) and subject not in known:
            queries.append(_query(commit, files))
        known.add(subject)
    return sample_evenly(queries, MOST_QUERIES, seed)


def _query(commit: PastCommit, files: Sequence[str]) -> EvaluationQuery:
    text = without_references(commit.subject)
    return EvaluationQuery(commit.details.sha, text, tuple(files), kinds=FILE_KINDS)


def _normal(subject: str) -> str:
    return without_references(subject).lower().rstrip(".")


class NamesAtCut:
    """Follows renames from the cut on, one commit after the other."""

    def __init__(self, paths: Collection[str]) -> None:
        self._paths = paths
        self._names: dict[str, str] = {}

    def of(self, changes: Sequence[FileChange]) -> list[str]:
        """The changed files by their names at the cut; those that came later are left out."""
        before = [self._then(change.old_path if change.status == "R" else change.path)
                  for change in changes if change.status != "C"]  # fmt: skip
        # Together: two files may take each other's names in one commit.
        self._names |= {c.path: self._then(c.old_path) for c in changes if c.status == "R"}
        return list(dict.fromkeys(name for name in before if name in self._paths))

    def _then(self, path: str) -> str:
        return self._names.get(path, path)


def sample_evenly(items: Sequence[One], most: int, seed: int) -> list[One]:
    """At most `most` of the items in their order, one from each of as many equal stretches."""
    if len(items) <= most:
        return list(items)
    random = Random(seed)
    return [items[int((place + random.random()) * len(items) / most)] for place in range(most)]
