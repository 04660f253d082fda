"""The passages that are shown are those that the lanes are surest of."""

from __future__ import annotations

import numpy as np

from verdigris.retrieve.best_passages import best_passages
from verdigris.retrieve.lanes import DENSE, LEXICAL, Ranking

SCORES = np.ones(1, np.float32)


def ranking(lane: str, *passages: tuple[int, int, float]) -> Ranking:
    """A lane's passages as (document, chunk, score), best first."""
    documents, chunks, scores = (np.array(column) for column in zip(*passages, strict=True))
    return Ranking(lane, "code", np.unique(documents), SCORES, chunks, documents, scores)


SURE_OF_12 = [
    ranking(DENSE, (1, 11, 0.52), (1, 12, 0.50), (2, 21, 0.49), (1, 13, -0.1)),
    ranking(LEXICAL, (1, 12, 20.0), (1, 11, 5.0), (1, 13, 4.0)),
]


def test_a_lane_that_is_surer_of_a_passage_counts_more_than_its_place() -> None:
    found = best_passages(SURE_OF_12, np.array([1]))
    assert [chunk for chunk, _ in found[1]] == [12, 11, 13]


def test_what_is_meant_stands_first_and_frames_last() -> None:
    found = best_passages(SURE_OF_12, np.array([1, 2]), meant={13}, last={12})
    assert {document: [chunk for chunk, _ in passages] for document, passages in found.items()} == {
        1: [13, 11, 12],
        2: [21],
    }


def test_a_lane_without_passages_or_likeness_says_nothing() -> None:
    unlike = ranking(DENSE, (1, 11, -0.2), (1, 12, -0.3))
    no_passages = Ranking(LEXICAL, "code", np.array([1]), SCORES)
    assert best_passages([no_passages], np.array([1])) == {1: []}
    assert dict(best_passages([unlike], np.array([1]))[1]) == {11: 0.0, 12: 0.0}
