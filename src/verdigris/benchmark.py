"""Benchmarks from a repository's own past: its knowledge base as it was, and later questions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from verdigris.evaluate.commit_queries import commit_queries
from verdigris.evaluate.cut_repository import repository_at
from verdigris.evaluate.history import Cut, choose_cut, read_history
from verdigris.evaluate.queries import EvaluationQuery
from verdigris.knowledge_base import KnowledgeBase
from verdigris.records import Kind

FILE_KINDS: tuple[Kind, ...] = ("doc", "code")


@dataclass(frozen=True, slots=True)
class CommitBenchmark:
    """Subjects of later commits, and the knowledge base as it was before the first of them."""

    knowledge_base: KnowledgeBase
    """At the cut, indexed and embedded; it goes with the benchmark."""
    cut: Cut
    queries: tuple[EvaluationQuery, ...]
    """`relevant`: the files that the commit changed, by their names at the cut."""


@contextmanager
def commit_benchmark(source: KnowledgeBase, seed: int = 0) -> Iterator[CommitBenchmark]:
    """Commit subject → files, from the repository of `source`.

    Raises EvaluationError where the history is too short.
    """
    source.refresh(("git",))
    cut = choose_cut(read_history(source.repository, source.log))
    with knowledge_base_at(source, cut.sha) as knowledge_base:
        queries = commit_queries(cut, knowledge_base.facts.paths(), seed)
        yield CommitBenchmark(knowledge_base, cut, tuple(queries))


@contextmanager
def knowledge_base_at(source: KnowledgeBase, commit: str) -> Iterator[KnowledgeBase]:
    """The knowledge base as it was at a commit of `source`: indexed and embedded, later removed.

    It is made from a real repository in a temporary folder by the code that every user runs;
    only the user's cache of vectors is shared, which is asked by hash of a text.
    """
    with repository_at(source.repository, commit) as root:
        settings = replace(source.settings, local_dir="")
        with KnowledgeBase(root, settings, source.progress) as knowledge_base:
            knowledge_base.refresh()
            knowledge_base.embed()
            yield knowledge_base
