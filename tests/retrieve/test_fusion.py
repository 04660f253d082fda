"""Fusion keeps how sure a lane is, and lets kinds compete without one drowning the others."""

from __future__ import annotations

import numpy as np
import pytest

from verdigris.records import Kind
from verdigris.retrieve.fusion import fuse, places_of
from verdigris.retrieve.lanes import DENSE, LEXICAL, LEXICAL_DOCUMENTS, Ranking


def ranking(lane: str, kind: Kind, *pairs: tuple[int, float]) -> Ranking:
    ids = np.array([pair[0] for pair in pairs], np.int64)
    scores = np.array([pair[1] for pair in pairs], np.float32)
    none = np.empty(0, np.int64)
    return Ranking(lane, kind, ids, scores, none, none)


def test_one_lane_alone_keeps_its_order_and_scores_shares_of_its_best() -> None:
    fused = fuse([ranking(DENSE, "code", (3, 0.8), (1, 0.4), (2, 0.2))])
    assert fused.document_ids.tolist() == [3, 1, 2]
    assert fused.scores.tolist() == pytest.approx([1, 0.5, 0.25])


def test_a_document_found_by_two_lanes_beats_one_found_by_one() -> None:
    rankings = [
        ranking(DENSE, "code", (1, 0.6), (2, 0.58)),
        ranking(LEXICAL, "code", (2, 9.0), (3, 8.0)),
    ]
    assert fuse(rankings).document_ids.tolist() == [2, 1, 3]
    places = places_of(2, rankings)
    assert [(place.lane, place.rank) for place in places] == [(DENSE, 2), (LEXICAL, 1)]


def test_a_lane_that_is_sure_outweighs_one_that_is_not() -> None:
    hesitant = ranking(LEXICAL, "code", (1, 2.0), (2, 1.99))
    sure = ranking(LEXICAL_DOCUMENTS, "code", (2, 9.0), (1, 1.0))
    assert fuse([hesitant, sure]).document_ids[0] == 2


def test_the_best_of_a_weaker_kind_stands_before_the_many_of_a_stronger_one() -> None:
    prose = ranking(DENSE, "doc", *((number, 0.60 - number / 1000) for number in range(1, 100)))
    code = ranking(DENSE, "code", (200, 0.55), (201, 0.1))
    order = fuse([prose, code]).document_ids.tolist()
    assert order.index(200) < 30
    assert order.index(201) > 90


def test_nothing_found_is_nothing() -> None:
    assert not len(fuse([]).document_ids)
    assert not len(fuse([ranking(DENSE, "code")]).document_ids)


def test_scores_that_are_all_zero_do_not_divide_by_zero() -> None:
    assert fuse([ranking(DENSE, "code", (1, 0.0), (2, 0.0))]).scores.tolist() == [0, 0]


def test_equal_scores_are_ordered_by_document() -> None:
    fused = fuse([ranking(DENSE, "code", (5, 0.5)), ranking(DENSE, "doc", (4, 0.5))])
    assert fused.document_ids.tolist() == [4, 5]
