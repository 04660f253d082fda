"""Comparing models: a model with itself, tiny ones with each other, and the verdict's words."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from verdigris.engine.compare import (
    Comparison,
    ComparisonPlan,
    LabelledQuery,
    compare_models,
    verdict,
)
from verdigris.engine.comparison_texts import (
    MOST_TEXTS,
    ComparedTexts,
    read_queries,
    read_texts,
    thinned_out,
)
from verdigris.engine.engine_choice import EngineChoice
from verdigris.engine.measurements import sample_texts
from verdigris.errors import InvalidInput

TINY = Path(__file__).parent / "models"
BUNDLED = EngineChoice("all-minilm-l6-v2")
OTHER = EngineChoice(str(TINY / "bert-mean"))
TEXTS = tuple(sample_texts()[:40])


@pytest.fixture(scope="module")
def apart() -> Comparison:
    query = LabelledQuery(TEXTS[0], (1,))
    return compare_models(ComparisonPlan(BUNDLED, OTHER, TEXTS, (query,), threads=1, starts=1))


def test_a_model_agrees_with_itself() -> None:
    found = compare_models(ComparisonPlan(BUNDLED, BUNDLED, threads=1, starts=1))
    (agreement,) = found.agreements
    assert agreement.domain == "cross-domain"
    assert (agreement.top_k_overlap, agreement.same_nearest) == (1, 1)
    assert agreement.kendall_tau == pytest.approx(1)
    assert agreement.largest_difference == 0
    assert found.mean_cosine == pytest.approx(1)
    assert found.verdict == "all-minilm-l6-v2 is all-minilm-l6-v2: there is nothing to choose."


def test_another_model_has_other_answers_and_other_costs(apart: Comparison) -> None:
    assert apart.mean_cosine is None
    assert [one.domain for one in apart.agreements] == ["in-domain", "cross-domain"]
    own = apart.agreements[0]
    assert own.texts == len(TEXTS)
    assert 0 <= own.top_k_overlap < 0.7
    assert own.kendall_tau < 0.7
    assert own.largest_difference >= own.score_difference > 0.05
    assert (apart.a.dims, apart.b.dims) == (384, 32)
    assert apart.b.texts_per_second > apart.a.texts_per_second
    assert apart.b.bytes_on_disk < apart.a.bytes_on_disk / 50
    assert apart.a.ndcg == pytest.approx(1 / 1.584962500721156)
    assert apart.b.ndcg is not None


def test_the_verdict_says_whether_b_may_stand_in_for_a(apart: Comparison) -> None:
    a, b = replace(apart.a, ndcg=None), replace(apart.b, ndcg=None)
    good = replace(apart.agreements[0], top_k_overlap=0.95, kendall_tau=0.93)
    assert "can stand in for" in verdict(a, b, good)
    assert "95 % of the ten nearest texts in common" in verdict(a, b, good)
    nearly = replace(good, kendall_tau=0.8)
    assert "gives nearly the answers of" in verdict(a, b, nearly)
    assert "gives other answers than" in verdict(a, b, replace(good, top_k_overlap=0.5))
    assert "with nDCG@10" in apart.verdict
    assert "an unknown share of the memory" in verdict(replace(a, peak_rss=0), b, good)
    assert all(text.count(". ") == 0 for text in (apart.verdict, verdict(a, b, good)))


@pytest.mark.parametrize(
    ("texts", "queries", "says"),
    [
        (TEXTS[:10], (), "too few"),
        ((), (LabelledQuery("q", (0,)),), "need the texts"),
        (TEXTS, (LabelledQuery("q", (40,)),), "not among the texts"),
        (TEXTS, (LabelledQuery("q", ()),), "not among the texts"),
    ],
)
def test_what_cannot_be_compared_is_said(
    texts: tuple[str, ...], queries: tuple[LabelledQuery, ...], says: str
) -> None:
    with pytest.raises(InvalidInput, match=says):
        compare_models(ComparisonPlan(BUNDLED, BUNDLED, texts, queries))


def test_texts_are_read_once_each(tmp_path: Path) -> None:
    file = tmp_path / "texts"
    file.write_text("one\n\ntwo\none\n  \nthree\n")
    found = read_texts(file)
    assert found.texts == ("one", "two", "three")
    assert found.places == {0: 0, 2: 1, 3: 0, 5: 2}
    with pytest.raises(InvalidInput, match="cannot read"):
        read_texts(tmp_path / "none")


def numbered(count: int) -> tuple[str, ...]:
    return tuple(f"text {number}" for number in range(count))


def test_many_texts_are_sampled_evenly() -> None:
    texts, _ = thinned_out(numbered(3 * MOST_TEXTS), ())
    assert len(texts) == MOST_TEXTS
    assert texts[:2] == ("text 0", "text 3")
    few = numbered(MOST_TEXTS)
    assert thinned_out(few, ()) == (few, ())


def test_texts_that_answer_a_question_stay_in_the_sample() -> None:
    queries = (LabelledQuery("q", (1, 2_999)), LabelledQuery("r", (2, 1)))
    texts, moved = thinned_out(numbered(3 * MOST_TEXTS), queries)
    assert len(texts) == MOST_TEXTS
    named = [[texts[place] for place in query.relevant] for query in moved]
    assert named == [["text 1", "text 2999"], ["text 2", "text 1"]]
    assert [query.query for query in moved] == ["q", "r"]
    every = (LabelledQuery("q", tuple(range(MOST_TEXTS + 1))),)
    with pytest.raises(InvalidInput, match="1,001 texts answer the questions"):
        thinned_out(numbered(3 * MOST_TEXTS), every)


def test_queries_name_texts_by_id(tmp_path: Path) -> None:
    texts_file, queries_file = tmp_path / "texts.jsonl", tmp_path / "queries.jsonl"
    texts_file.write_text('{"id": "a", "text": "one"}\n"two"\n{"id": "again", "text": "one"}\n')
    queries_file.write_text('{"query": "q", "relevant": ["a", 1]}\n\n')
    assert read_queries(queries_file, read_texts(texts_file)) == (LabelledQuery("q", (0, 1)),)
    queries_file.write_text('{"query": "q", "relevant": ["again", "a", 1]}\n')  # a repeated text
    assert read_queries(queries_file, read_texts(texts_file)) == (LabelledQuery("q", (0, 1)),)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("nope", 'write {"query": '),
        ('["q"]', 'write {"query": '),
        ('{"query": "q"}', 'write {"query": '),
        ('{"query": 1, "relevant": [0]}', 'write {"query": '),
        ('{"query": "q", "relevant": []}', 'write {"query": '),
        ('{"query": "q", "relevant": [[0]]}', 'write {"query": '),
        ('{"query": "q", "relevant": [0, 9]}', "no text that is compared has the id 9"),
    ],
)
def test_a_bad_query_is_named_by_its_line(tmp_path: Path, line: str, says: str) -> None:
    texts_file, queries_file = tmp_path / "texts", tmp_path / "queries.jsonl"
    texts_file.write_text("one\n")
    queries_file.write_text(f"\n{line}\n")
    with pytest.raises(InvalidInput, match=r"queries\.jsonl:2: " + re.escape(says)):
        read_queries(queries_file, read_texts(texts_file))


def test_questions_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot read"):
        read_queries(tmp_path / "none", ComparedTexts((), {}))


def test_line_ends_that_json_allows_in_a_text_end_no_line(tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("one\ntwo\n", "utf-8")
    line = json.dumps({"query": "a\u2028b\u0085c", "relevant": [1]}, ensure_ascii=False)
    (tmp_path / "queries.jsonl").write_text(line + "\n", "utf-8")
    [query] = read_queries(tmp_path / "queries.jsonl", read_texts(tmp_path / "texts.txt"))
    assert query.query == "a\u2028b\u0085c"
