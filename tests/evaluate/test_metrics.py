"""Metrics against values computed by hand."""

from __future__ import annotations

from math import log2
from random import Random

import pytest

from verdigris.evaluate.metrics import Judged, compute_metrics
from verdigris.evaluate.report import percentile

OTHERS = [f"other/{n}.py" for n in range(20)]


def test_one_relevant_document_in_third_place() -> None:
    found = compute_metrics([Judged(["a"], ["x", "y", "a", "z"])])
    assert found.mrr == pytest.approx(1 / 3)
    assert (found.recall_at_5, found.recall_at_10) == (1, 1)
    assert (found.hit_at_5, found.hit_at_10) == (1, 1)
    assert found.ndcg_at_10 == pytest.approx(1 / log2(4))


def test_several_relevant_documents() -> None:
    """Second, seventh and twelfth place of the three that are relevant; a fourth is not found."""
    ranking = [*OTHERS]
    ranking[1], ranking[6], ranking[11] = "a", "b", "c"
    found = compute_metrics([Judged(["a", "b", "c", "d"], ranking)])
    assert found.mrr == pytest.approx(1 / 2)
    assert found.recall_at_5 == pytest.approx(1 / 4)
    assert found.recall_at_10 == pytest.approx(2 / 4)
    assert (found.hit_at_5, found.hit_at_10) == (1, 1)
    ideal = sum(1 / log2(rank + 1) for rank in (1, 2, 3, 4))
    assert found.ndcg_at_10 == pytest.approx((1 / log2(3) + 1 / log2(8)) / ideal)


def test_means_count_a_query_without_results_as_zero() -> None:
    found = compute_metrics(
        [
            Judged(["a"], ["a"]),
            Judged(["a"], []),
            Judged(["a"], [*OTHERS[:5], "a"]),
            Judged(["a"], [*OTHERS[:10], "a"]),
        ]
    )
    assert found.mrr == pytest.approx((1 + 0 + 1 / 6 + 1 / 11) / 4)
    assert found.hit_at_5 == found.recall_at_5 == pytest.approx(1 / 4)
    assert found.hit_at_10 == found.recall_at_10 == pytest.approx(2 / 4)
    assert found.ndcg_at_10 == pytest.approx((1 + 1 / log2(7)) / 4)


def test_nothing_found_at_all() -> None:
    found = compute_metrics([Judged(["a"], [])])
    assert found.mrr == found.recall_at_10 == found.hit_at_10 == found.ndcg_at_10 == 0


def test_any_name_can_be_measured() -> None:
    names = ["a b", "tab\there", "line\nbreak", "nul\0", "\udcff", "日本", "%20"]
    found = compute_metrics([Judged([name], ["x", name]) for name in names])
    assert found.mrr == pytest.approx(1 / 2)


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([5.0], 50, 5),
        ([3.0, 1.0, 2.0], 50, 2),
        ([4.0, 3.0, 1.0, 2.0], 50, 2),
        ([float(n) for n in range(1, 101)], 95, 95),
        ([float(n) for n in range(1, 21)], 95, 19),
        ([], 95, 0),
    ],
)
def test_percentile_is_one_of_the_values(
    values: list[float], percent: float, expected: float
) -> None:
    assert percentile(values, percent) == expected


def test_agrees_with_ir_measures_on_random_rankings() -> None:
    ir_measures = pytest.importorskip("ir_measures")
    random = Random(7)
    names = [f"d{number}" for number in range(40)]
    for _ in range(60):
        relevant = random.sample(names, random.randint(1, 12))
        ranking = random.sample(names, random.randint(0, 40))
        expected = ir_measures.calc_aggregate(
            [ir_measures.RR, ir_measures.R @ 5, ir_measures.R @ 10, ir_measures.nDCG @ 10],
            [ir_measures.Qrel("q", name, 1) for name in relevant],
            [ir_measures.ScoredDoc("q", name, -place) for place, name in enumerate(ranking)],
        )
        found = compute_metrics([Judged(relevant, ranking)])
        assert found.mrr == pytest.approx(expected.get(ir_measures.RR, 0))
        assert found.recall_at_5 == pytest.approx(expected.get(ir_measures.R @ 5, 0))
        assert found.recall_at_10 == pytest.approx(expected.get(ir_measures.R @ 10, 0))
        assert found.ndcg_at_10 == pytest.approx(expected.get(ir_measures.nDCG @ 10, 0))
