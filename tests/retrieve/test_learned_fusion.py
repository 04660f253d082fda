"""Learned fusion orders files among themselves; commits and sessions keep their places."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import GitFolder

from verdigris.answers import Filters
from verdigris.errors import StorageError
from verdigris.knowledge_base import KnowledgeBase
from verdigris.retrieve.features import FEATURES
from verdigris.retrieve.fusion_file import read_fusion, write_fusion
from verdigris.retrieve.lanes import DENSE, Question
from verdigris.retrieve.learned_fusion import FusionWeights, prior_weights
from verdigris.retrieve.search import Search
from verdigris.store.vector_search import VectorSearch

FILES = ("oven", "kettle", "fridge", "toaster")


@pytest.fixture
def kitchen(make_git: Callable[[str], GitFolder]) -> Iterator[KnowledgeBase]:
    """Four modules and their history: whoever mends `noise` changes the fridge."""
    folder = make_git("kitchen")
    for name in FILES:
        folder.write(f"src/{name}.py", f"def start_{name}():\n    return '{name}'\n")
    folder.write("tests/test_oven.py", "def test_oven():\n    assert True\n")
    folder.commit("Furnish the kitchen")
    for turn in range(4):
        folder.write("src/fridge.py", f"def start_fridge():\n    return {turn}\n")
        folder.write("docs/noise.md", f"# Noise\n\nDecibels: {turn}\n")
        folder.commit(f"Mend the humming noise, attempt {turn}")
    with KnowledgeBase(folder.root) as opened:
        opened.refresh()
        opened.embed()
        yield opened


def search_with(knowledge_base: KnowledgeBase, **weights: float) -> Search:
    """A search whose only weights are these, by feature with _ for spaces."""
    vectors = VectorSearch(knowledge_base.index, knowledge_base.locations.folder)
    values = tuple(weights.get(name.replace(" ", "_"), 0.0) for name in FEATURES)
    assert np.count_nonzero(values) == len(weights)
    fitted = FusionWeights(values)
    return Search(knowledge_base.index, vectors, knowledge_base.facts, lambda: fitted)


def ask(knowledge_base: KnowledgeBase, text: str) -> Question:
    return Question(text, knowledge_base.embedder.embed_query(text))


def test_the_package_has_a_weight_for_every_feature() -> None:
    assert len(prior_weights().weights) == len(FEATURES)
    assert any(prior_weights().weights)
    with pytest.raises(ValueError, match="weights for"):
        FusionWeights((1.0,))


def test_commits_keep_their_places_and_scores_still_fall(kitchen: KnowledgeBase) -> None:
    question = ask(kitchen, "mend the humming")
    fixed = search_with(kitchen).search(question, Filters(), 50)
    learned = search_with(kitchen, similar_commits_share=9.0).search(question, Filters(), 50)
    kinds = [hit.kind for hit in fixed]
    assert [hit.kind == "commit" for hit in learned] == [kind == "commit" for kind in kinds]
    assert sorted(hit.document for hit in learned) == sorted(hit.document for hit in fixed)
    scores = [hit.score for hit in learned]
    assert scores == sorted(scores, reverse=True)
    assert [hit.document for hit in learned if hit.kind == "commit"] == [
        hit.document for hit in fixed if hit.kind == "commit"
    ]


def test_what_similar_commits_changed_comes_first_and_says_why(kitchen: KnowledgeBase) -> None:
    question = ask(kitchen, "stop the humming noise")
    only_code = kitchen.filters(kinds=("code",))
    best = search_with(kitchen, similar_commits_share=30.0).search(question, only_code, 5)[0]
    assert best.path == "src/fridge.py"
    assert best.reasons[0].feature == "similar commits share"
    assert best.reasons[0].weight > 0


def test_history_before_a_time_knows_nothing_later(kitchen: KnowledgeBase) -> None:
    search, past = search_with(kitchen), kitchen.questions.search.past_changes()
    question = ask(kitchen, "stop the humming noise")
    column = list(FEATURES).index("similar commits share")
    fridge = kitchen.index.connection.execute(
        "SELECT id FROM documents WHERE name = 'src/fridge.py'"
    ).fetchone()[0]
    known = {}
    for row in (0, 1, len(past.commits)):
        candidates, features = search.described(question, past.before(row))
        known[row] = features[candidates.document_ids == fridge, column].tolist()
    assert known == {0: [0.0], 1: [1.0], len(past.commits): [1.0]}
    changes = list(FEATURES).index("changes log")
    _, none = search.described(question, past.before(0))
    assert np.allclose(none[:, changes], np.log(0.01))


def test_files_without_any_history_can_be_asked(make_git: Callable[[str], GitFolder]) -> None:
    folder = make_git("new")
    folder.write("src/oven.py", "def bake():\n    return 1\n")
    with KnowledgeBase(folder.root) as opened:
        assert opened.ask("how do I bake?").hits[0].path == "src/oven.py"
        assert opened.ask("bake bread").hits[0].path == "src/oven.py"


def test_one_lane_alone_keeps_its_order(kitchen: KnowledgeBase) -> None:
    question = ask(kitchen, "stop the humming noise")
    search = search_with(kitchen, changes_log=50.0)
    rankings = search.rankings(question, Filters(), (DENSE,))
    assert search.ranked(question, rankings, 9) == search_with(kitchen).ranked(
        question, rankings, 9
    )


def test_each_kind_of_text_has_weights_of_its_own() -> None:
    ones, twos = (1.0,) * len(FEATURES), (2.0,) * len(FEATURES)
    subject, question = "Mend the fridge", "why does the fridge hum?"
    told = {
        weights: [
            None if found is None else float(found[0])
            for found in (weights.of(subject, 1), weights.of(subject, 0.5), weights.of(question, 1))
        ]
        for weights in (
            FusionWeights(ones), FusionWeights(ones, twos), FusionWeights((), twos), FusionWeights()
        )
    }  # fmt: skip
    assert list(told.values()) == [
        [1.0, 0.55, 0.1], [1.0, 0.55, 2.0], [None, None, 2.0], [None, None, None]
    ]  # fmt: skip


PRIOR = dict(zip(FEATURES, prior_weights().weights, strict=True))


class TestFile:
    """`projections/fusion.json`."""

    def test_comes_back_as_written(self, tmp_path: Path) -> None:
        path = tmp_path / "fusion.json"
        sha256 = write_fusion(path, "print", PRIOR, {})
        assert read_fusion(path, "print", sha256) == prior_weights()
        assert read_fusion(path, "print", write_fusion(path, "print", {}, {})) == FusionWeights()
        sha256 = write_fusion(path, "print", {}, PRIOR)
        assert read_fusion(path, "print", sha256) == FusionWeights((), prior_weights().weights)

    @pytest.mark.parametrize(
        "change",
        [
            {"fingerprint": "another"},
            {"weights": {"an old feature": 1.0}},
            {"weights": dict.fromkeys(FEATURES, float("nan"))},
            {"questions": dict.fromkeys(FEATURES, float("inf"))},
        ],
    )
    def test_is_refused_where_it_does_not_fit(
        self, tmp_path: Path, change: dict[str, object]
    ) -> None:
        path = tmp_path / "fusion.json"
        sha256 = write_fusion(path, "print", PRIOR, {})
        path.write_text(json.dumps(json.loads(path.read_text()) | change))
        with pytest.raises(StorageError, match=r"not the file that was written.*oxidize"):
            read_fusion(path, "print", sha256)
        known = hashlib.sha256(path.read_bytes()).hexdigest()
        with pytest.raises(StorageError, match="verdigris oxidize"):
            read_fusion(path, "print", known)

    def test_a_missing_one_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(StorageError, match="verdigris oxidize"):
            read_fusion(tmp_path / "none.json", "print", "")
