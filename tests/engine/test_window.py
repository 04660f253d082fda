"""Texts in flight."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest

from verdigris.engine.embedder import Embedder
from verdigris.engine.window import GROUP_SIZE, REMEMBERED_TEXTS, Embedded, Window
from verdigris.errors import EngineError


class LengthModel:
    """Stands for a model: the vector of a text is its length. Records what it was asked."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.pool = pool
        self.inferred: list[str] = []

    def submit(self, texts: list[str]) -> Future[list[Embedded]]:
        self.inferred += texts
        return self.pool.submit(
            lambda: [Embedded(np.array([len(text)], np.float32), 1, False) for text in texts]
        )

    def lengths(self, texts: Iterable[str], groups: int = 2) -> list[int]:
        window = Window(self.submit, groups)
        results = [result for text in texts for result in window.add(text)]
        return [int(result.vector[0]) for result in [*results, *window.drain()]]


@pytest.fixture
def model() -> Iterable[LengthModel]:
    with ThreadPoolExecutor(2) as pool:
        yield LengthModel(pool)


@pytest.mark.parametrize("count", [0, 1, GROUP_SIZE - 1, GROUP_SIZE, GROUP_SIZE + 1, 100])
def test_results_come_in_order(model: LengthModel, count: int) -> None:
    assert model.lengths("x" * length for length in range(count)) == list(range(count))


def test_equal_texts_are_inferred_once(model: LengthModel) -> None:
    assert model.lengths(["aa", "b", "aa"] * 200) == [2, 1, 2] * 200
    assert model.inferred == ["aa", "b"]


def test_texts_are_forgotten_after_a_while(model: LengthModel) -> None:
    model.lengths(["first", *map(str, range(REMEMBERED_TEXTS)), "first"])
    assert model.inferred.count("first") == 2


def test_no_more_than_the_window_is_read_ahead(model: LengthModel) -> None:
    window = Window(model.submit, groups=2)
    taken = 0
    for number in range(1000):
        taken += len(list(window.add(str(number))))
        assert number + 1 - taken <= 2 * GROUP_SIZE


def test_cancelled_texts_raise_rather_than_hang() -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting: list[Future[list[Embedded]]] = []

        def never_started(_: list[str]) -> Future[list[Embedded]]:
            waiting.append(Future())
            return waiting[-1]

        window = Window(never_started, groups=1)
        for number in range(GROUP_SIZE):
            list(window.add(str(number)))
        window.cancel()
        assert waiting[0].cancelled()
        with pytest.raises(EngineError, match="closed"):
            list(window.drain())
        pool.shutdown()


def test_a_group_started_early_takes_no_further_texts() -> None:
    """Equal texts can fill the window while their group is not full yet."""
    with Embedder(threads=2) as embedder:
        texts = ["the same text"] * 100 + [f"another text {number}" for number in range(30)]
        together = list(embedder.embed(texts))
        for text, vector in zip(texts[99:], together[99:], strict=True):
            assert (vector == embedder.embed_passage(text)).all()
