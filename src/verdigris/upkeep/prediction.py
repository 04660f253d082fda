"""What projections learned about files: which ones probably belong to a given one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from verdigris.database import storage_errors
from verdigris.learn.artifacts import ServedProjection
from verdigris.learn.network import Array
from verdigris.learn.pair_sources import SOURCES
from verdigris.records import Kind
from verdigris.store.document_chunks import Ids
from verdigris.store.index import Index
from verdigris.store.vector_search import VectorSearch
from verdigris.views import Prediction

KINDS: tuple[Kind, ...] = ("session", "doc", "code")


def predicted_files(
    index: Index, search: VectorSearch, served: Sequence[ServedProjection], path: str
) -> list[Prediction]:
    """Files that probably change with `path`, or that it depends on, by tasks that were won.

    They are compared by mean vectors, as in training; best first within each task.
    """
    tasks = [(one, name) for one in served for name in one.won if _is_of_files(name)]
    if not tasks:
        return []
    documents, means = _all_means(search)
    row = index.connection.execute("SELECT id FROM documents WHERE name = ?", (path,)).fetchone()
    mine = np.flatnonzero(documents == row[0]) if row else np.empty(0, np.int64)
    if not len(mine):
        return []
    found = []
    for one, task in tasks:
        others = one.projection(means) if one.side == "shared" else means
        cosines = others @ one.projection(means[mine])[0]
        cosines[mine] = -np.inf
        best = np.argsort(-cosines, kind="stable")
        names = _names(index, documents[best])
        found += [
            Prediction(task, name, round(float(cosine), 3))
            for name, cosine in zip(names, cosines[best], strict=True)
            if np.isfinite(cosine)
        ]
    return found


def _is_of_files(task: str) -> bool:
    source = SOURCES.get(task)
    return source is not None and source.asks == "index" and source.target == "files"


def _all_means(search: VectorSearch) -> tuple[Ids, Array]:
    parts = [search.document_means(kind) for kind in KINDS]
    parts = [(documents, means) for documents, means in parts if len(documents)]
    if not parts:
        return np.empty(0, np.int64), np.empty((0, 0), np.float32)
    documents, means = zip(*parts, strict=True)
    return np.concatenate(documents), np.concatenate(means)


def _names(index: Index, documents: Ids) -> list[str]:
    with storage_errors(index.path):
        return [
            index.connection.execute(
                "SELECT name FROM documents WHERE id = ?", (document,)
            ).fetchone()[0]
            for document in documents.tolist()
        ]
