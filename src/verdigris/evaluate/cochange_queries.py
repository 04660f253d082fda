"""File → files that changed with it: in each commit after the cut, one file asks for the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from random import Random

from verdigris.evaluate.commit_queries import MOST_QUERIES, NamesAtCut, sample_evenly
from verdigris.evaluate.history import Cut, is_work
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


def most_changed(changes: Iterable[Collection[str]]) -> list[tuple[str, float]]:
    """Files by how many commits changed them, whatever is asked: the least to be beaten.

    changes: of each commit the files that it changed, by their names at the cut.
    """
    counts = Counter(path for files in changes for path in files)
    return [(path, float(counts[path])) for path in sorted(counts, key=lambda p: (-counts[p], p))]
