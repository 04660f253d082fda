"""The fusion learned from a repository is never worse than its best lane by more than noise."""

from __future__ import annotations

import random
from collections.abc import Callable
from statistics import fmean

import numpy as np
import pytest
from tests.conftest import GitFolder

from verdigris.benchmark import FILE_KINDS, commit_benchmark
from verdigris.evaluate.metrics import Judged, reciprocal_rank
from verdigris.evaluate.statistics import paired_difference
from verdigris.knowledge_base import KnowledgeBase
from verdigris.learn.fusion_fit import FusionExample
from verdigris.learn.lock import QuestionsLock
from verdigris.retrieve.features import FEATURES
from verdigris.retrieve.lanes import LANES, Question
from verdigris.retrieve.learned_fusion import prior_weights
from verdigris.upkeep.fusion_fitting import (
    LEAST_EXAMPLES,
    choose,
    fit_questions,
    fit_weights,
)

AREAS = {
    "billing": ("invoice", "tax", "refund", "discount"),
    "search": ("tokenizer", "ranking", "synonym", "highlight"),
    "storage": ("snapshot", "compaction", "replica", "checksum"),
    "mail": ("template", "bounce", "attachment", "unsubscribe"),
}
NICKNAMES = {"billing": "Falcon", "search": "Otter", "storage": "Badger", "mail": "Heron"}
PRIOR = dict(zip(FEATURES, prior_weights().weights, strict=True))
VERBS = ("Repair", "Speed up", "Simplify", "Harden", "Document", "Rework")


def in_words(area: str, topic: str, draw: random.Random) -> tuple[str, list[str]]:
    """The subject says what the file says."""
    return f"{draw.choice(VERBS)} the {topic} of {area}", [f"{area}/{topic}.py"]


def in_nicknames(area: str, topic: str, draw: random.Random) -> tuple[str, list[str]]:
    """The subject uses a name that stands in no file: only history knows whose it is."""
    files = [f"{area}/{AREAS[area][0]}.py", f"{area}/{AREAS[area][1]}.py"]
    return f"{draw.choice(VERBS)} what {NICKNAMES[area]} does in case {draw.randrange(99)}", files


def in_a_hub(area: str, topic: str, draw: random.Random) -> tuple[str, list[str]]:
    """Whatever is done, the registry is touched."""
    files = ["registry.py"] + ([f"{area}/{topic}.py"] if draw.random() < 0.3 else [])
    return f"{draw.choice(VERBS)} how {topic} behaves after release {draw.randrange(99)}", files


History = Callable[[str, str, random.Random], tuple[str, list[str]]]


def make_history(folder: GitFolder, history: History, commits: int = 110) -> None:
    for area, topics in AREAS.items():
        for topic in topics:
            folder.write(f"{area}/{topic}.py", f'def {topic}():\n    """The {topic}."""\n')
    folder.write("registry.py", "PARTS = []\n")
    folder.commit("Begin with all the parts")
    draw = random.Random(7)
    for number in range(commits):
        area = draw.choice(list(AREAS))
        subject, files = history(area, draw.choice(AREAS[area]), draw)
        for path in files:
            file = folder.root / path
            file.write_text(file.read_text() + f"STEP_{number} = {number}\n")
        folder.commit(subject)


@pytest.mark.slow
@pytest.mark.parametrize("history", [in_words, in_nicknames, in_a_hub])
def test_fused_is_not_below_the_best_lane(
    make_git: Callable[[str], GitFolder], history: History
) -> None:
    folder = make_git("project")
    make_history(folder, history)
    with KnowledgeBase(folder.root) as source, commit_benchmark(source) as benchmark:
        at_cut = benchmark.knowledge_base
        report = at_cut.oxidize().lock.fusion
        assert report.examples >= LEAST_EXAMPLES
        ranks: dict[str, list[float]] = {lane: [] for lane in (*LANES, "fused")}
        filters = at_cut.filters(kinds=FILE_KINDS)
        for query in benchmark.queries:
            question = Question(query.text, at_cut.embedder.embed_query(query.text))
            rankings = at_cut.questions.search.rankings(question, filters)
            found = {lane: at_cut.questions.search.ranked_by(lane, rankings, 50) for lane in LANES}
            found["fused"] = at_cut.questions.search.ranked(question, rankings, 50)
            for name, ranked in found.items():
                judged = Judged(query.relevant, [document for document, _ in ranked])
                ranks[name].append(reciprocal_rank(judged))
    best = max(LANES, key=lambda lane: fmean(ranks[lane]))
    assert paired_difference(ranks["fused"], ranks[best]).high >= 0
    assert fmean(ranks["fused"]) > 0.5


def made_up(count: int, telling: str) -> list[FusionExample]:
    """Examples in which one feature alone tells the answer, and the others are noise."""
    draw = np.random.default_rng(3)
    examples = []
    for _ in range(count):
        features = draw.normal(size=(20, len(FEATURES)))
        relevant = np.arange(20) == draw.integers(20)
        features[:, list(FEATURES).index(telling)] = relevant * 3 + draw.normal(size=20) * 0.1
        examples.append(FusionExample(features, np.zeros(20), relevant))
    return examples


def test_own_weights_serve_where_they_win() -> None:
    fitted = fit_weights(made_up(200, "code"))
    assert fitted.chosen == "own"
    assert fitted.own > max(fitted.prior, fitted.fixed)
    assert fitted.weights["code"] > PRIOR["code"]


def test_questions_get_weights_of_their_own_where_used_results_teach_them() -> None:
    code = fit_questions(made_up(200, "code"), PRIOR)
    assert code.own > code.tenth
    assert code.weights["code"] > PRIOR["code"]
    assert (code.examples, code.held_out) == (200, 60)


def test_questions_keep_a_tenth_where_nothing_surely_wins() -> None:
    draw = np.random.default_rng(9)
    noise = [
        FusionExample(one.features, one.base, np.arange(20) == draw.integers(20))
        for one in made_up(60, "code")
    ]
    fitted = fit_questions(noise, PRIOR)
    assert (fitted.weights, fitted.held_out) == ({}, 18)
    assert fit_questions(noise[: LEAST_EXAMPLES - 1], PRIOR) == QuestionsLock({}, 19)


@pytest.mark.parametrize(
    ("fixed", "own", "chosen"),
    [(1.0, 0.5, "fixed"), (0.51, 0.5, "own"), (0.1, 0.5, "own"), (0.3, 0.2, "prior")],
)
def test_the_fixed_fusion_serves_only_where_it_is_surely_better(
    fixed: float, own: float, chosen: str
) -> None:
    noise = np.random.default_rng(5).normal(size=(2, 75)) * 0.3
    ranks = {"fixed": fixed + noise[0], "prior": np.full(75, 0.3), "own": own + noise[1]}
    assert choose(ranks) == chosen


def test_few_commits_leave_the_weights_of_other_repositories() -> None:
    fitted = fit_weights(made_up(LEAST_EXAMPLES - 1, "code"))
    assert fitted.weights == PRIOR
    assert "needed" in fitted.reason


def test_a_repository_without_commits_can_be_fitted(make_git: Callable[[str], GitFolder]) -> None:
    folder = make_git("new")
    folder.write("a.py", "def a():\n    return 1\n")
    with KnowledgeBase(folder.root) as opened:
        assert opened.oxidize().lock.fusion.chosen == "prior"
        assert opened.ask("add a").hits[0].path == "a.py"
