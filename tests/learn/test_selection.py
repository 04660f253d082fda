"""Training finds what there is to find, the gate keeps what is none, and both are repeatable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from verdigris.errors import NothingToLearn
from verdigris.learn.gate import (
    Gain,
    count_table_scores,
    measure,
    paired_gain,
    projected_scores,
)
from verdigris.learn.network import Array
from verdigris.learn.pairs import NOT_A_CANDIDATE, PairSet, make_pairs
from verdigris.learn.selection import choose_and_gate, plan_variants, split_by_time, train_on_all
from verdigris.learn.training import Plan, train

MakeRotated = Callable[..., PairSet]


def eye(rows: int, columns: int = 0) -> Array:
    return np.eye(rows, columns or rows, dtype=np.float32)


SMALL = Plan(hidden=32, batch_size=64, learning_rate=1e-2)


def test_training_learns_a_rotation_that_raw_vectors_cannot_know(make_rotated: MakeRotated) -> None:
    pairs = make_rotated()
    later, plan = pairs.part(300, 400), Plan(hidden=0, batch_size=64, learning_rate=1e-2)
    projection = list(islice(train([pairs.part(0, 300)], plan), 20))[-1]
    raw = measure(later.queries @ later.candidates.T, later)
    trained = measure(projected_scores(projection, "query", later), later)
    assert raw.mrr < 0.3
    assert trained.mrr > 0.8


def test_the_same_seed_gives_the_same_weights_bit_for_bit(make_rotated: MakeRotated) -> None:
    pairs = make_rotated()
    first, again = (next(islice(train([pairs], SMALL), 2, None)) for _ in range(2))
    for name, values in first.weights.items():
        assert np.array_equal(values, again.weights[name])


def test_epochs_do_not_depend_on_what_follows(make_rotated: MakeRotated) -> None:
    pairs = make_rotated()
    third = list(islice(train([pairs], SMALL), 5))[2]
    np.testing.assert_array_equal(
        train_on_all({"made-up": pairs}, SMALL, 3).weights["w2.weight"], third.weights["w2.weight"]
    )


def test_what_helps_passes_the_gate(make_rotated: MakeRotated) -> None:
    """Two candidates in three were never answers before: only what generalises can find them."""
    pairs = make_rotated(600)
    fitted = choose_and_gate({"made-up": pairs}, plan_variants(SMALL, "1", "query"), 15)
    verdict = fitted.verdicts["made-up"]
    assert verdict.over_raw.sure
    assert verdict.trained.mrr > verdict.random.mrr


def test_a_history_of_one_moment_cannot_test_what_it_teaches(make_rotated: MakeRotated) -> None:
    pairs = make_rotated()
    at_once = replace(pairs, times=("2024-01-01T00:00:00Z",) * len(pairs))
    with pytest.raises(NothingToLearn, match="nearly all of one moment"):
        choose_and_gate({"made-up": at_once}, [SMALL], 5)


def test_where_raw_vectors_are_right_nothing_is_served(make_rotated: MakeRotated) -> None:
    fitted = choose_and_gate({"made-up": make_rotated(rotation=0)}, [SMALL], 5)
    assert fitted.verdicts["made-up"].raw.mrr > 0.95
    assert fitted.won == ()


def test_a_refusal_says_which_rival_was_not_beaten(make_rotated: MakeRotated) -> None:
    won = choose_and_gate({"made-up": make_rotated(600)}, [SMALL], 15).verdicts["made-up"]
    sure, chance, none = Gain(0.1, 0.05), Gain(0.1, -0.01), Gain(0.0, -0.1)
    won = replace(won, over_raw=sure, over_count_table=sure)
    assert won.served
    assert replace(won, over_raw=none).refusal == "not better than raw vectors by 0.01 or more"
    refused = replace(won, over_count_table=chance)
    assert refused.refusal == "what it gains over counting may be chance"
    assert not refused.served
    assert replace(won, raw=won.trained, trained=won.raw).refusal.startswith("raw vectors have the")


def test_random_answers_pass_no_gate() -> None:
    generator = np.random.default_rng(7)
    queries, candidates = (
        generator.normal(size=(count, 16)).astype(np.float32) for count in (200, 50)
    )
    answers = [[int(one)] for one in generator.integers(0, 50, 200)]
    times = [f"2024-01-{1 + row // 10:02}T00:{row % 10:02}:00Z" for row in range(200)]
    pairs = make_pairs(queries, candidates, answers, [1.0] * 200, times)
    assert choose_and_gate({"noise": pairs}, plan_variants(SMALL, "auto", "auto"), 5).won == ()


def test_no_later_query_is_trained_on_or_chosen_with(make_rotated: MakeRotated) -> None:
    split = split_by_time({"made-up": make_rotated(200)})["made-up"]
    assert split.train.times[-1] < split.stop.times[0] <= split.stop.times[-1] < split.gate.times[0]
    assert len(split.train) + len(split.stop) + len(split.gate) == 200
    assert len(split.before_gate) + len(split.gate) == 200


def test_all_sources_are_cut_at_the_same_times(make_rotated: MakeRotated) -> None:
    splits = split_by_time({"first": make_rotated(200), "second": make_rotated(120)})
    assert splits["second"].before_gate.times[-1] < splits["first"].gate.times[0]
    assert len(splits["second"].gate) == 0  # all of it is older


def test_ties_count_against_the_answer() -> None:
    pairs = make_pairs(eye(1, 4), eye(4), [[2]], [1.0], ["2024"])
    assert measure(np.zeros((1, 4), np.float32), pairs).mrr == 1 / 4


def test_a_query_that_is_a_candidate_is_not_its_own_competitor() -> None:
    pairs = make_pairs(eye(2, 4), eye(4), [[1], [0]], [1.0, 1.0], ["2023", "2024"], [0, 1])
    scores = np.array([[9, 5, 1, 1], [5, 9, 1, 1]], np.float32)
    assert measure(scores, pairs).mrr == 1


def test_the_count_table_gives_a_file_what_it_had_before() -> None:
    known = make_pairs(eye(2, 4), eye(4), [[3], [2]], [1.0, 1.0], ["2023", "2024"], [0, 1])
    later = make_pairs(eye(1, 4), eye(4), [[3]], [1.0], ["2025"], [0])
    assert count_table_scores(known, later).argmax() == 3
    assert later.own[0] != NOT_A_CANDIDATE


def test_a_gain_by_chance_is_not_sure() -> None:
    pairs = make_pairs(eye(60), eye(60), [[i] for i in range(60)], [1.0] * 60, ["2024"] * 60)
    scores = eye(60)
    right = measure(scores, pairs)
    scores[0] = -1
    nearly = measure(scores, pairs)
    assert not paired_gain(right, nearly, 0).sure
    assert paired_gain(right, measure(-eye(60), pairs), 0).sure


def test_many_candidates_are_sampled_with_every_answer_among_them() -> None:
    generator = np.random.default_rng(0)
    candidates = generator.normal(size=(1500, 16)).astype(np.float32)
    candidates /= np.linalg.norm(candidates, axis=1, keepdims=True)
    answers = [[row, 1499 - row] for row in range(70)]
    pairs = make_pairs(candidates[:70], candidates, answers, [1.0] * 70, ["2024"] * 70, range(70))
    plan = Plan(hidden=8, side="shared", batch_size=32)
    first, second = islice(train([pairs], plan), 2)
    assert not np.array_equal(first.weights["w2.weight"], second.weights["w2.weight"])
    assert all(np.isfinite(values).all() for values in second.weights.values())
