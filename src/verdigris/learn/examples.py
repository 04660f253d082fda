"""What a history teaches: commits as questions, the files that they changed as answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from verdigris.database import storage_errors
from verdigris.learn.network import Array
from verdigris.records import Kind
from verdigris.settings import STATE_FOLDER
from verdigris.store.index import Index
from verdigris.store.vector_search import mean_vectors
from verdigris.views import Facts
from verdigris.views.subjects import is_by_a_tool, without_references

Ids = npt.NDArray[np.int64]

EmbedTexts = Callable[[Sequence[str]], Array]
"""Texts as questions → unit vectors (texts, dims) float32."""

FILE_KINDS: tuple[Kind, ...] = ("session", "doc", "code")
LEAST_WORDS = 3
"""A shorter subject (`fix typo`) says nothing about where."""


@dataclass(frozen=True, slots=True)
class FileVectors:
    """Files that are there today, with the mean of their passages' vectors.

    document_ids: (files,), in the order of the paths, which is the same on every machine;
    vectors: (files, dims) float32 of norm 1. Files without any vector, and verdigris's own
    configuration, are not among them.
    """

    document_ids: Ids
    paths: tuple[str, ...]
    kinds: tuple[Kind, ...]
    vectors: Array


@dataclass(frozen=True, slots=True)
class CommitExample:
    """A commit as a question with known answers.

    files: rows of FileVectors that it changed, under today's names; weight: 1/√(files changed),
    so that a tangled commit says less about each of its files.
    """

    sha: str
    time: str
    subject: str
    files: tuple[int, ...]
    weight: float


def file_vectors(index: Index, kinds: Sequence[Kind] = FILE_KINDS) -> FileVectors:
    """The mean vector of every file of these kinds. Raises StorageError."""
    marks = ",".join("?" * len(kinds))
    with storage_errors(index.path):
        rows = index.connection.execute(
            "SELECT chunks.document_id, vectors.vector FROM vectors JOIN chunks "
            f"ON chunks.id = vectors.chunk_id WHERE vectors.kind IN ({marks}) ORDER BY chunks.id",
            kinds,
        ).fetchall()
        named = index.connection.execute(
            f"SELECT id, name, kind FROM documents WHERE kind IN ({marks})", kinds
        ).fetchall()
    if not rows:
        return FileVectors(np.empty(0, np.int64), (), (), np.empty((0, 0), np.float32))
    owners, blobs = zip(*rows, strict=True)
    matrix = np.frombuffer(b"".join(blobs), "<f2").reshape(len(rows), -1)
    ids, means = mean_vectors(np.array(owners, np.int64), matrix)
    about = {document_id: (name, kind) for document_id, name, kind in named}
    known = [place for place in range(len(ids)) if not _is_own(*about[int(ids[place])])]
    order = sorted(known, key=lambda place: about[int(ids[place])])
    told = [about[int(ids[place])] for place in order]
    paths, its_kinds = tuple(name for name, _ in told), tuple(kind for _, kind in told)
    return FileVectors(ids[order], paths, its_kinds, means[order])


def _is_own(path: str, kind: Kind) -> bool:
    """Recipe and configuration: committing them must not change what they are trained on."""
    return path.startswith(f"{STATE_FOLDER}/") and kind != "session"


def commit_examples(index: Index, facts: Facts, files: FileVectors) -> list[CommitExample]:
    """Commits that teach something, oldest first.

    Left out: merges, bots, bulk commits, commits of tools and releases, subjects of fewer than
    LEAST_WORDS words, commits of which no file is there any more, and all but the first of equal
    subjects. Raises StorageError.
    """
    with storage_errors(index.path):
        rows = index.connection.execute(
            "SELECT sha, time, subject, size FROM commits WHERE marks = '' ORDER BY time, position"
        ).fetchall()
    changed = facts.files_of_commits(row[0] for row in rows)
    places = {path: place for place, path in enumerate(files.paths)}
    seen: set[str] = set()
    examples = []
    for sha, time, subject, size in rows:
        text = without_references(subject)
        mine = sorted(places[path] for path in changed.get(sha, ()) if path in places)
        if not mine or text in seen or not _teaches(subject, text):
            continue
        seen.add(text)
        examples.append(CommitExample(sha, time, text, tuple(mine), max(size, 1) ** -0.5))
    return examples


def _teaches(subject: str, text: str) -> bool:
    return len(text.split()) >= LEAST_WORDS and not is_by_a_tool(subject)
