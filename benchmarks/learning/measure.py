"""One repository: its history is cut, the earlier part teaches, later commits ask."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from benchmarks.learning.systems import (
    FIXED,
    LEARNED,
    PRIOR,
    document_names,
    open_search,
    rank_all,
    rank_by_vector,
)
from benchmarks.pipeline.repositories import Source, clone
from verdigris.benchmark import FILE_KINDS, CommitBenchmark, commit_benchmark
from verdigris.evaluate.metrics import Judged, recall_at_k, reciprocal_rank
from verdigris.knowledge_base import KnowledgeBase
from verdigris.learn.examples import file_vectors
from verdigris.learn.lock import FusionLock
from verdigris.retrieve.learned_fusion import FusionWeights, prior_weights
from verdigris.upkeep.served import Served


@dataclass(frozen=True, slots=True)
class Measured:
    """Per-query results of every system, in the order of the queries."""

    name: str
    commits: int
    """Before the cut."""
    files: int
    cut: str
    reciprocal_ranks: dict[str, list[float]]
    recalls: dict[str, list[float]]
    """Recall at 10."""
    fusion: FusionLock
    oxidize_seconds: float
    """Of `oxidize`, all vectors being there."""


def measure_repository(source: Source, work: Path) -> Measured:
    """Clone, cut, fit on what came before the cut, ask what came after."""
    with (
        KnowledgeBase(clone(source, work / source.name)) as whole,
        commit_benchmark(whole) as benchmark,
    ):
        return _measure(source.name, benchmark)


def _measure(name: str, benchmark: CommitBenchmark) -> Measured:
    at_cut = benchmark.knowledge_base
    done = at_cut.oxidize()
    searches = {
        FIXED: open_search(at_cut, FusionWeights()),
        PRIOR: open_search(at_cut, prior_weights()),
        LEARNED: open_search(at_cut, Served(at_cut.index, at_cut.locations, []).fusion_weights()),
    }
    means, names = file_vectors(at_cut.index), document_names(at_cut)
    ranks: dict[str, list[float]] = defaultdict(list)
    recalls: dict[str, list[float]] = defaultdict(list)
    with searches[FIXED].for_many_questions():
        for query in benchmark.queries:
            question = at_cut.questions.of(query.text)
            found = rank_all(searches, question, names) | rank_by_vector(means, question)
            for system, ranked in found.items():
                judged = Judged(query.relevant, ranked)
                ranks[system].append(reciprocal_rank(judged))
                recalls[system].append(recall_at_k(judged, 10))
    counts = at_cut.index.counts_by("kind")
    files = sum(counts.get(kind, 0) for kind in FILE_KINDS)
    return Measured(
        name, counts.get("commit", 0), files, benchmark.cut.time[:10], ranks, recalls,
        done.lock.fusion, done.seconds,
    )  # fmt: skip
