"""File → files that changed with it: in each commit after the cut, one file asks for the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from random import Random

from verdigris.evaluate.commit_queries import MOST_QUERIES, NamesAtCut, sample_evenly
from verdigris.evaluate.history import Cut, PastCommit, is_work
from verdigris.evaluate.queries import EvaluationQuery


def cochange_queries(cut: Cut, paths: Collection[str], seed: int = 0) -> list[EvaluationQuery]:
    """A query for each commit after the cut that changed two files or more of `paths`.

    Which file asks is drawn by the seed; the same file and others are asked only once.
    """
    random = Random(seed)
    names = NamesAtCut(paths)
    queries: dict[tuple[str, ...], EvaluationQuery] = {}
    for commit in cut.after:
        files = names.of(commit.details.files)
        if len(files) < 2 or not is_work(commit):
            continue
        asking = random.choice(files)
        wanted = tuple(sorted(set(files) - {asking}))
        query = EvaluationQuery(f"{commit.details.sha} {asking}", asking, wanted)
        queries.setdefault((asking, *wanted), query)
    return sample_evenly(list(queries.values()), MOST_QUERIES, seed)


def most_changed(commits: Sequence[PastCommit], paths: Collection[str]) -> list[tuple[str, float]]:
    """Files by how many of the commits changed them, whatever is asked: the least to be beaten."""
    counts = Counter(
        change.path for commit in commits if is_work(commit) for change in commit.details.files
    )
    known = {path: count for path, count in counts.items() if path in paths}
    return [(path, float(known[path])) for path in sorted(known, key=lambda p: (-known[p], p))]
