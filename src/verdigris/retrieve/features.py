"""What speaks for each file that may answer a question, as numbers: the columns of FEATURES.

A lane's score enters as its share of the best (how much better than the next) and as a
reciprocal rank (steady, whatever the scores do); what history says also as a logarithm, since
many files have next to none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from verdigris.database import storage_errors
from verdigris.records import Kind
from verdigris.retrieve.history import history_confidence
from verdigris.retrieve.lanes import (
    DENSE,
    LEXICAL,
    LEXICAL_DOCUMENTS,
    NAMES,
    PROJECTED,
    Ranking,
)
from verdigris.retrieve.past_changes import NO_CHANGES, PastChanges, Weights
from verdigris.retrieve.path_kinds import is_test
from verdigris.retrieve.path_words import PathWords
from verdigris.retrieve.wording import asks_about_tests
from verdigris.store.document_chunks import Ids, distinct, is_among
from verdigris.store.index import Index

FILE_KINDS: tuple[Kind, ...] = ("doc", "code")

FEATURES: Mapping[str, str] = {
    "dense share": "its best passages' cosines, over those of the best file",
    "dense rank": "its place among all files by these",
    "dense passage rank": "its place by its one nearest passage",
    "words share": "BM25 of its best passages, over that of the best file",
    "words rank": "its place by these",
    "words passage rank": "its place by its one best passage",
    "document words share": "BM25 of the whole file, over that of the best",
    "document words rank": "its place by this",
    "names share": "symbols and paths that the question spells out",
    "projected share": "cosine to the question as the trained projection turns it",
    "projected rank": "its place by this",
    "similar commits share": "changed by commits with a message of near meaning",
    "similar commits log": "the logarithm of this share",
    "similar commits rank": "its place by this",
    "similar commits sure": "this share, as far as some message says nearly the same",
    "worded commits share": "changed by commits with the same words in their message",
    "worded commits log": "the logarithm of this share",
    "worded commits rank": "its place by this",
    "worded commits sure": "this share, as far as some message says nearly the same",
    "changes log": "how often it ever changed",
    "recent changes log": "how often in about the last hundred commits",
    "newest changes log": "how often in about the last thirty commits",
    "changes with found": "changed together with what the lanes found",
    "path words": "the question's words in its path, rare ones counting more",
    "name words": "share of its name's words that the question has",
    "test": "a test, where the question is not about tests",
    "test asked": "a test, where the question is about tests",
    "code": "code rather than a document",
    "length log": "how many passages it has",
}
"""Name → what it says of a file; the order is that of the columns."""

_FLOOR = 0.01
"""Share below which logarithms do not tell files apart."""
_RANK_OFFSET = 10
_COSINE_WIDTH = 0.05
"""A commit whose cosine is so much below the nearest one's counts 1/e."""
_NEAREST_COMMITS = 100
_FADING = 300
"""A similar commit counts 1/e after so many others."""
_RECENT, _NEWEST = 100, 30
_FOUND_FILES = 5
_CO_CHANGE_FADING = 500

Column = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Files that may answer, with the fixed fusion's score of each; shapes (files,)."""

    document_ids: Ids
    """Sorted."""
    scores: Column


@dataclass(frozen=True, slots=True)
class Evidence:
    """A question, and what every lane found."""

    text: str
    rankings: Sequence[Ranking]

    @property
    def history(self) -> tuple[PastChanges, Sequence[Ranking]]:
        """The past, and what the lanes say of its commits; nothing where history was not asked."""
        for ranking in self.rankings:
            if ranking.past is not None:
                return ranking.past, ranking.commits
        return NO_CHANGES, ()


def compute_features(index: Index, evidence: Evidence, candidates: Candidates) -> Column:
    """The features of each candidate, (files, len(FEATURES)). Raises StorageError."""
    columns = {
        **_lane_columns(evidence, candidates),
        **_history_columns(evidence, candidates),
        **_file_columns(index, evidence, candidates),
    }
    return np.stack([columns[name] for name in FEATURES], axis=1)


def _lane_columns(evidence: Evidence, candidates: Candidates) -> dict[str, Column]:
    columns = {}
    for lane, name in (
        (DENSE, "dense"),
        (LEXICAL, "words"),
        (LEXICAL_DOCUMENTS, "document words"),
        (NAMES, "names"),
        (PROJECTED, "projected"),
    ):
        mine = [r for r in evidence.rankings if r.lane == lane and r.kind in FILE_KINDS]
        found = _Scored.of([r.document_ids for r in mine], [r.scores for r in mine])
        columns[f"{name} share"] = found.shares(candidates.document_ids)
        columns[f"{name} rank"] = found.reciprocal_ranks(candidates.document_ids)
        passages = _Scored.of([r.chunk_documents for r in mine], [r.chunk_scores for r in mine])
        columns[f"{name} passage rank"] = passages.reciprocal_ranks(candidates.document_ids)
    return columns


def _history_columns(evidence: Evidence, candidates: Candidates) -> dict[str, Column]:
    (past, commits), ids = evidence.history, candidates.document_ids
    columns = {}
    confidence = history_confidence(past, commits)
    for name, weights in (
        ("similar commits", _similar_commits(past, commits)),
        ("worded commits", _worded_commits(past, commits)),
    ):
        found = _Scored.of([past.files], [_handed_on(past, weights, _FADING)])
        columns[f"{name} share"] = shares = found.shares(ids)
        columns[f"{name} log"] = np.log(_FLOOR + shares)
        columns[f"{name} rank"] = found.reciprocal_ranks(ids)
        columns[f"{name} sure"] = confidence * shares
    everything = np.ones(len(past.commits))
    for name, fading in (("", np.inf), ("recent ", _RECENT), ("newest ", _NEWEST)):
        found = _Scored.of([past.files], [_handed_on(past, everything, fading)])
        columns[f"{name}changes log"] = np.log(_FLOOR + found.shares(ids))
    columns["changes with found"] = _co_changes(past, candidates)
    return columns


def _handed_on(past: PastChanges, weights: Weights, fading: float) -> Weights:
    """Commits' weights handed to their files: each 1/√(files changed), less with its age."""
    faded = weights * np.exp(-past.ages / fading)
    return past.per_file(faded / np.sqrt(np.maximum(past.sizes, 1)))


def _similar_commits(past: PastChanges, commits: Sequence[Ranking]) -> Weights:
    """Weights of commits by the cosines of their messages, (commits,)."""
    for ranking in commits:
        if ranking.lane == DENSE:
            cosines = past.per_commit(ranking.chunk_documents, ranking.chunk_scores)
            nearest = cosines.max(initial=0.0)
            weights = np.where(cosines > 0, np.exp((cosines - nearest) / _COSINE_WIDTH), 0.0)
            weights[np.argsort(-weights, kind="stable")[_NEAREST_COMMITS:]] = 0
            return weights
    return np.zeros(len(past.commits))


def _worded_commits(past: PastChanges, commits: Sequence[Ranking]) -> Weights:
    """Weights of commits by the BM25 of their messages, (commits,)."""
    for ranking in commits:
        if ranking.lane == LEXICAL:
            scores = past.per_commit(ranking.document_ids, ranking.scores)
            weights: Weights = (scores / (scores.max(initial=0.0) or 1.0)) ** 2
            return weights
    return np.zeros(len(past.commits))


def _co_changes(past: PastChanges, candidates: Candidates) -> Column:
    """One step from the best candidates over common commits, as shares of the strongest."""
    best = np.argsort(-candidates.scores, kind="stable")[:_FOUND_FILES]
    found = np.zeros(len(past.files))
    mine = is_among(past.files, candidates.document_ids[best])
    order = np.searchsorted(candidates.document_ids, past.files[mine])
    found[mine] = candidates.scores[order]
    found /= found.sum() or 1.0
    per_size = 1 / np.maximum(past.sizes, 1) * (past.sizes > 1)
    fading = np.exp(-past.ages / _CO_CHANGE_FADING) * per_size
    seeds = found[past.file_of]
    mass = np.bincount(past.commit_of, seeds, len(past.commits)) * fading
    spread = past.per_file(mass) - np.bincount(
        past.file_of, seeds * fading[past.commit_of], len(past.files)
    )
    return _Scored.of([past.files], [spread]).shares(candidates.document_ids)


def _file_columns(index: Index, evidence: Evidence, candidates: Candidates) -> dict[str, Column]:
    rows = _files(index, candidates.document_ids)
    names = [name for name, _, _ in rows]
    tests = np.array([is_test(name) for name in names], float)
    about_tests = asks_about_tests(evidence.text)
    words = PathWords(names)
    return {
        "path words": words.in_paths(evidence.text),
        "name words": words.in_names(evidence.text),
        "test": tests * (not about_tests),
        "test asked": tests * about_tests,
        "code": np.array([kind == "code" for _, kind, _ in rows], float),
        "length log": np.log1p(np.array([chunks for _, _, chunks in rows], float)),
    }


def _files(index: Index, document_ids: Ids) -> list[tuple[str, str, int]]:
    """(path, kind, passages) of each document, in order."""
    found = {}
    ids = document_ids.tolist()
    with storage_errors(index.path):
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            marks = ",".join("?" * len(part))
            rows = index.connection.execute(
                f"SELECT id, name, kind, chunks FROM documents WHERE id IN ({marks})", part
            )
            found.update({row[0]: row[1:] for row in rows})
    return [found[document] for document in ids]


@dataclass(frozen=True, slots=True)
class _Scored:
    """Documents with the best score that each has; `document_ids` (n,) sorted, `scores` (n,)."""

    document_ids: Ids
    scores: Column

    @classmethod
    def of(cls, document_ids: Sequence[Ids], scores: Sequence[npt.NDArray[np.floating]]) -> _Scored:
        """From lists that may name a document several times."""
        ids = np.concatenate([np.empty(0, np.int64), *document_ids])
        values = np.concatenate([np.empty(0), *scores])
        known, rows = distinct(ids)
        best = np.zeros(len(known))
        np.maximum.at(best, rows, values)
        return cls(known[best > 0], best[best > 0])

    def shares(self, wanted: Ids) -> Column:
        """Each score over the best one; 0 for a document without."""
        return self._of(wanted, self.scores / (self.scores.max(initial=0.0) or 1.0))

    def reciprocal_ranks(self, wanted: Ids) -> Column:
        """11/(10 + rank): 1 for the first, 0 for a document without."""
        ranks = np.empty(len(self.scores))
        ranks[np.argsort(-self.scores, kind="stable")] = np.arange(1, len(self.scores) + 1)
        return self._of(wanted, (_RANK_OFFSET + 1) / (_RANK_OFFSET + ranks))

    def _of(self, wanted: Ids, values: Column) -> Column:
        if not len(values):
            return np.zeros(len(wanted))
        places = np.minimum(np.searchsorted(self.document_ids, wanted), len(values) - 1)
        return np.where(self.document_ids[places] == wanted, values[places], 0.0)
