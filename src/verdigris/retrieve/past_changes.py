"""Which commit changed which files, as arrays: what the past says of a question costs no SQL."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from verdigris.database import storage_errors
from verdigris.store.document_chunks import Ids, distinct, is_among
from verdigris.store.index import Index
from verdigris.views import Facts

MOST_COMMITS = 5_000
"""The newest commits that are looked at: more cost time and say little."""

Weights = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PastChanges:
    """Commits that count, oldest first, and the files of today that each changed.

    commits: (commits,) document ids; files: (files,) sorted document ids of what they changed.
    commit_of, file_of: (changes,) rows of `commits` and of `files`, one pair a changed file.
    """

    commits: Ids
    files: Ids
    commit_of: Ids
    file_of: Ids

    @property
    def sizes(self) -> Weights:
        """Files that each commit changed, (commits,)."""
        return np.bincount(self.commit_of, minlength=len(self.commits)).astype(float)

    @property
    def ages(self) -> Weights:
        """How many commits came after each one, (commits,)."""
        ages: Weights = np.arange(len(self.commits), dtype=float)[::-1]
        return ages

    def per_commit(self, document_ids: Ids, scores: npt.NDArray[np.floating]) -> Weights:
        """Scores of commits by their documents as (commits,): the best of each; 0 for no score."""
        found = np.zeros(len(self.commits))
        order = np.argsort(self.commits)
        known = self.commits[order]
        if not len(known):
            return found
        places = np.minimum(np.searchsorted(known, document_ids), len(known) - 1)
        mine = known[places] == document_ids
        np.maximum.at(found, order[places[mine]], scores[mine])
        return found

    def per_file(self, weights: Weights) -> Weights:
        """Each commit hands its weight (commits,) to each of its files; returns (files,)."""
        handed = np.bincount(self.file_of, weights[self.commit_of], len(self.files))
        return handed.astype(float)  # whole numbers where there is no commit

    def before(self, row: int) -> PastChanges:
        """What was known before the commit in that row."""
        return self._keep(np.arange(len(self.commits)) < row)

    def among(self, document_ids: Ids) -> PastChanges:
        """Only the commits with these documents."""
        return self._keep(is_among(self.commits, document_ids))

    def _keep(self, kept: npt.NDArray[np.bool_]) -> PastChanges:
        rows = np.cumsum(kept) - 1
        changes = kept[self.commit_of]
        return PastChanges(
            self.commits[kept],
            self.files,
            rows[self.commit_of[changes]],
            self.file_of[changes],
        )


_NONE = np.empty(0, np.int64)
NO_CHANGES = PastChanges(_NONE, _NONE, _NONE, _NONE)


def read_past_changes(index: Index, facts: Facts, most: int = MOST_COMMITS) -> PastChanges:
    """The changes that the index knows of. Raises StorageError."""
    with storage_errors(index.path):
        pairs = facts.counted_changes(most)
    table = np.fromiter(chain.from_iterable(pairs), np.int64).reshape(-1, 2)
    files, file_of = distinct(table[:, 1])
    starts = np.flatnonzero(np.diff(table[:, 0], prepend=-1))  # a commit's changes come together
    commit_of = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(table)))
    return PastChanges(table[starts, 0], files, commit_of, file_of)
