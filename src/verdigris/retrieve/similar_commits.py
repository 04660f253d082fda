"""Commits whose subject says nearly what an issue's title says, where nothing names the issue."""

from __future__ import annotations

from collections.abc import Callable

from verdigris.answers import LinkedCommit
from verdigris.database import storage_errors
from verdigris.store.index import Index
from verdigris.store.neighbour_file import Scores
from verdigris.store.vector_search import VectorSearch

CANDIDATES = 20
LIKELY, ALIKE = 0.6, 0.8
"""Cosines of a title to a whole message, to be a candidate, and to its subject, to be linked.

On issues whose commit is known, wrong subjects reached 0.70 (docs/experiments.md)."""

Embed = Callable[[str], Scores | None]


def similar_commits(
    index: Index, vectors: VectorSearch, title: str, since: str, embed: Embed
) -> tuple[LinkedCommit, ...]:
    """Commits after `since` (UTC) that are alike, the nearest first; mostly none.

    embed: a text's unit vector in the index's space, None where there is none yet.
    """
    question = embed(title)
    if question is None:
        return ()
    found = vectors.nearest("commit", question, CANDIDATES, None)
    near = found.ids[found.scores >= LIKELY].tolist()
    alike = []
    for commit in _commits(index, near, since):
        subject = embed(commit.subject)
        cosine = 0.0 if subject is None else float(question @ subject)
        if cosine >= ALIKE:
            alike.append((cosine, commit))
    return tuple(commit for _, commit in sorted(alike, key=lambda one: (-one[0], one[1].sha)))


def _commits(index: Index, chunk_ids: list[int], since: str) -> list[LinkedCommit]:
    """The commits of those passages; merges, bulk and bot commits, and older ones, left out."""
    marks = ",".join("?" * len(chunk_ids))
    with storage_errors(index.path):
        rows = index.connection.execute(
            "SELECT DISTINCT sha, subject, commits.time FROM chunks "
            "JOIN documents ON documents.id = document_id "
            "JOIN commits ON 'commit:' || sha = name "
            f"WHERE chunks.id IN ({marks}) AND marks = '' AND commits.time >= ?",
            (*chunk_ids, since),
        ).fetchall()
    return [LinkedCommit(sha, subject, time, "text") for sha, subject, time in rows]
