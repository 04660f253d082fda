"""Commits that say why the best files are as they are: those that changed them, few others beside.

History and names speak for files alone, so that a commit's words have to stand against more than
words where a reason is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from verdigris.retrieve.features import FILE_KINDS, Evidence
from verdigris.retrieve.fusion import Fused, sorted_by_score
from verdigris.retrieve.lanes import HISTORY
from verdigris.retrieve.past_changes import PastChanges, Weights
from verdigris.retrieve.wording import asks_why
from verdigris.store.document_chunks import is_among

MOST = 0.2
"""By what share a score rises at most. The figures behind it are in docs/experiments.md."""
BEST_FILES = 5


def explaining_commits(evidence: Evidence, fused: Fused) -> dict[int, float]:
    """Commits by document id, and by what share their scores are to rise; {} if none is asked for.

    A file hands the square of its share of the best score to each commit that changed it; a
    commit keeps that over the square root of how many files it changed.
    """
    past = next((one.past for one in evidence.rankings if one.lane == HISTORY and one.past), None)
    if past is None or not asks_why(evidence.text):
        return {}
    handed = _handed(past, _best_files(evidence, fused))
    shares = MOST * handed / (handed.max(initial=0.0) or 1.0)
    found = shares.nonzero()
    return dict(zip(past.commits[found].tolist(), shares[found].tolist(), strict=True))


def put_forward(fused: Fused, shares: Mapping[int, float]) -> Fused:
    """The same documents, best first, with scores raised by these shares."""
    factors = np.array([1 + shares.get(one, 0.0) for one in fused.document_ids.tolist()])
    return sorted_by_score(fused.document_ids, factors * fused.scores)


def _best_files(evidence: Evidence, fused: Fused) -> Fused:
    of_files = [one.document_ids for one in evidence.rankings if one.kind in FILE_KINDS]
    files = is_among(fused.document_ids, np.concatenate([fused.document_ids[:0], *of_files]))
    return Fused(fused.document_ids[files], fused.scores[files]).first(BEST_FILES)


def _handed(past: PastChanges, files: Fused) -> Weights:
    """What each commit is handed by these files, (commits,)."""
    handed = np.zeros(len(past.commits))
    shares = files.scores / files.scores.max(initial=1e-9)
    for file, share in zip(files.document_ids, shares, strict=True):
        handed[past.commit_of[past.files[past.file_of] == file]] += share**2
    return handed / np.sqrt(np.maximum(past.sizes, 1))
