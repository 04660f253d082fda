"""Runs that are kept, compared, held against thresholds and drawn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from verdigris.errors import EvaluationError
from verdigris.evaluate.chart import draw_run
from verdigris.evaluate.comparison import compare_runs
from verdigris.evaluate.queries import EvaluationQuery
from verdigris.evaluate.report import BenchmarkReport, Difference, LeftOut, Source
from verdigris.evaluate.run import LaneList, Suite, System, Trial, evaluate
from verdigris.evaluate.saved_run import load_run, require_savable, save_run
from verdigris.evaluate.threshold import missed, parse_threshold
from verdigris.serve.cli.evaluation_text import benchmark_text


def run_of(ranks: list[int], others: int = 3) -> BenchmarkReport:
    """A run of one suite: at which rank each query's document is; a second lane is worse."""

    def ask(query: EvaluationQuery) -> Trial:
        rank = ranks[int(query.id)]
        lists = [
            LaneList(lane, [(f"x{n}", 1.0) for n in range(place - 1)] + [("wanted", 1.0)])
            for lane, place in (("fused", rank), ("words", rank + others))
        ]
        return Trial(0.001, lists, without=[LaneList("words", lists[0].documents)])

    system = System(lambda _: None, ask, lambda name: [name], lambda _: None)
    queries = [EvaluationQuery(str(n), f"question {n}", ("wanted",)) for n in range(len(ranks))]
    suite = evaluate(Suite("commits", Source("a asks for b", "c0ffee"), queries, system), 100)
    return BenchmarkReport("root", "head", "tiny", 0, (suite,))


def test_a_saved_run_comes_back_whole(tmp_path: Path) -> None:
    run = run_of([1, 2, 30])
    save_run(tmp_path / "run.json", run)
    assert load_run(tmp_path / "run.json") == run


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{}", "not a saved run"),
        ("nothing", "not a saved run"),
        ('{"schema_version": 9, "report": {"repository": "", "head": "", "model": "", "seed": 0, '
         '"suites": []}}', "version 9"),
    ],
)  # fmt: skip
def test_files_that_are_no_run(tmp_path: Path, content: str, complaint: str) -> None:
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(EvaluationError, match=f"{complaint}.*verdigris eval --save"):
        load_run(tmp_path / "run.json")
    with pytest.raises(EvaluationError, match=r"cannot read .*verdigris eval --save"):
        load_run(tmp_path / "gone.json")
    with pytest.raises(EvaluationError, match="name a file in an existing folder"):
        require_savable(tmp_path)


def test_the_lane_that_changes_nothing_and_the_rival_are_told() -> None:
    (suite,) = run_of([1] * 40).suites
    assert [(one.lane, one.found, one.gains) for one in suite.left_out] == [("words", True, False)]
    told = " ".join(benchmark_text(run_of([1] * 40)).split())
    assert "contribute nothing here: words (without it MRR +0.000, recall@10 +0.000)" in told
    assert suite.rival is not None
    assert suite.rival.lane == "words"
    assert suite.rival.mrr.mean == pytest.approx(0.75)
    assert suite.rival.mrr.is_sure


def test_a_lane_whose_loss_chance_may_explain_is_not_called_useless() -> None:
    run = run_of([1] * 40)
    unsure = Difference(0.06, -0.02, 0.14, 0.2)
    suite = replace(run.suites[0], left_out=(LeftOut("words", True, unsure, unsure),))
    told = " ".join(benchmark_text(replace(run, suites=(suite,))).split())
    assert "seem to contribute, but 40 questions are too few to be sure: words (without it" in told
    assert "contribute nothing" not in told


def test_two_runs_are_compared_query_by_query() -> None:
    a, b = run_of([4] * 30), run_of([2] * 30)
    (suite,) = compare_runs(a, b).suites
    assert (suite.suite, suite.queries) == ("commits", 30)
    fused = suite.lanes[0]
    assert (fused.lane, fused.mrr.a, fused.mrr.b) == ("fused", 0.25, 0.5)
    assert fused.mrr.difference.mean == pytest.approx(0.25)
    assert fused.mrr.difference.p < 0.001
    assert fused.recall_at_10.difference.p == 1


def test_a_lane_that_was_silent_on_a_query_found_nothing_there() -> None:
    a = run_of([1, 1])
    first, second = a.suites[0].per_query
    silent = replace(second, scores={"fused": second.scores["fused"]})
    b = replace(a, suites=(replace(a.suites[0], per_query=(first, silent)),))
    (suite,) = compare_runs(a, b).suites
    words = next(one for one in suite.lanes if one.lane == "words")
    assert words.mrr.b == words.mrr.a / 2


def test_what_makes_runs_hard_to_compare_is_said() -> None:
    a = run_of([1, 2, 3])
    shorter = replace(a.suites[0], per_query=a.suites[0].per_query[:2], source=Source("", "beef"))
    b = replace(a, suites=(shorter,), model="other", repository="another")
    comparison = compare_runs(a, b)
    assert comparison.suites[0].queries == 2
    told = " | ".join(comparison.notes)
    assert all(word in told for word in ("two repositories", "tiny and other", "two commits", "1 "))


def test_runs_without_a_common_query() -> None:
    a = run_of([1])
    with pytest.raises(EvaluationError, match="no query in common"):
        compare_runs(a, replace(a, suites=(replace(a.suites[0], suite="sessions"),)))


def test_thresholds() -> None:
    run = run_of([2, 2])
    suites = ("commits", "sessions")
    kept = [parse_threshold(text, suites) for text in ("MRR=0.5", "commits:recall@10=1")]
    assert missed(kept, run) == []
    failed = [parse_threshold(text, suites) for text in ("mrr=0.6", "sessions:nDCG@10=0.1")]
    assert missed(failed, run) == [
        "MRR=0.6: commits has 0.5000", "sessions:nDCG@10=0.1: not measured",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["MRR", "MRR=2", "MRR=x", "MAP=0.5", "none:MRR=0.5", "", "=1"])
def test_thresholds_that_cannot_be_understood(text: str) -> None:
    with pytest.raises(EvaluationError, match=r"\[SUITE:\]METRIC=VALUE"):
        parse_threshold(text, ("commits",))


def test_the_chart_is_well_formed_and_has_every_lane(tmp_path: Path) -> None:
    draw_run(run_of([1, 3]), tmp_path / "run.svg")
    drawn = ElementTree.fromstring((tmp_path / "run.svg").read_text())
    texts = [element.text for element in drawn.iter() if element.text]
    assert texts.count("fused") == texts.count("words") == 2
    assert "0.667" in texts
    assert len([e for e in drawn.iter() if e.tag.endswith("path")]) == 4


def test_the_chart_as_png(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    draw_run(run_of([1, 3]), tmp_path / "run.png")
    assert (tmp_path / "run.png").read_bytes().startswith(b"\x89PNG")
