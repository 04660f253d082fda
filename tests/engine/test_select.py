"""Selection: gates, order, explanations, and the fallback that always works."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from verdigris.engine.engine_choice import EngineChoice
from verdigris.engine.select import (
    FALLBACK,
    Candidate,
    Gates,
    Readings,
    choose,
    installed_choices,
    installed_runtimes,
    rejections,
    select_model,
)
from verdigris.errors import EngineError

TINY = str(Path(__file__).parent / "models" / "bert-mean")
READINGS = Readings(
    p50=8, p95=10, quality=0.9, memory=200 * 1024**2, cold_start=0.3, disk=20 * 1024**2,
    texts_per_second=500,
)  # fmt: skip


def candidate(name: str, rejected: str = "", **changes: float) -> Candidate:
    readings = replace(READINGS, **changes)  # type: ignore[arg-type]
    return Candidate(EngineChoice(name), 1, readings, (rejected,) if rejected else ())


@pytest.mark.parametrize(
    ("gates", "says"),
    [
        (Gates(p95=9.9), "p95 is 10.00 ms, more than 9.9"),
        (Gates(quality=0.91), "quality is 0.9000, less than 0.91"),
        (Gates(memory=100 * 1024**2), "memory is 200 MB, more than 100"),
        (Gates(cold_start=0.2), "cold start is 0.30 s, more than 0.2"),
        (Gates(disk=1024**2), "its files are 20.0 MB, more than 1.0"),
        (Gates(texts_per_second=600), "500 texts a second, less than 600"),
    ],
)
def test_each_gate_explains_its_rejection(gates: Gates, says: str) -> None:
    assert rejections(gates, READINGS) == [says]
    assert rejections(Gates(), READINGS) == []
    assert rejections(Gates(10, 0.9, 200 * 1024**2, 0.3, 20 * 1024**2, 500), READINGS) == []


def test_a_quality_that_is_no_number_never_passes() -> None:
    assert rejections(Gates(quality=0), replace(READINGS, quality=float("nan")))


def test_the_best_quality_wins_and_among_equals_the_fastest() -> None:
    slow, fast = candidate("slow", quality=0.92, p50=30), candidate("fast", quality=0.916, p50=5)
    weak, out = candidate("weak", quality=0.8, p50=1), candidate("out", "p95", quality=0.99)
    found = choose(Gates(), [weak, out, slow, fast])
    assert (found.chosen.model, found.fallback) == ("fast", False)
    assert [one.choice.model for one in found.candidates] == ["fast", "slow", "weak", "out"]
    assert found.reason == "the fastest of 2 that keep all gates and are equally good"
    assert choose(Gates(), [slow, weak]).reason == "the best of 2 that keep all gates"
    assert choose(Gates(), [weak, out]).reason == "the only one that keeps all gates"


def test_nothing_passes_then_the_fallback_with_its_faults() -> None:
    own = replace(candidate("x", "p95 is 10.00 ms, more than 1"), choice=FALLBACK)
    found = choose(Gates(p95=1), [candidate("y", "slow"), own])
    assert (found.chosen, found.fallback) == (FALLBACK, True)
    assert found.reason.endswith("but: p95 is 10.00 ms, more than 1")


def test_a_fallback_that_does_not_run_is_an_error() -> None:
    broken = Candidate(FALLBACK, 3, None, ("cannot run: damaged",))
    with pytest.raises(EngineError, match="cannot run: damaged"):
        choose(Gates(), [broken])
    with pytest.raises(EngineError, match="not measured"):
        choose(Gates(), [])


def test_candidates_are_measured_and_what_cannot_run_is_rejected() -> None:
    told: list[EngineChoice] = []
    choices = [EngineChoice("nope"), EngineChoice(TINY)]
    found = select_model(Gates(quality=0.8), choices, threads=1, told=told.append)
    assert found.chosen == FALLBACK
    assert not found.fallback
    assert set(told) == {*choices, FALLBACK}
    reasons = {one.choice.model: one.rejections for one in found.candidates}
    assert reasons["nope"][0].startswith("cannot run: no model named 'nope'")
    assert reasons[TINY][0].startswith("quality is ")
    assert reasons[FALLBACK.model] == ()
    tiers = {one.choice.model: one.tier for one in found.candidates}
    assert tiers == {"nope": 2, TINY: 1, FALLBACK.model: 3}


def test_what_takes_too_long_is_rejected_and_the_fallback_is_waited_for() -> None:
    told: list[EngineChoice] = []
    choices = [EngineChoice(TINY, "openvino"), EngineChoice(TINY)]
    found = select_model(Gates(), choices, threads=1, told=told.append, most_seconds=0)
    assert told == [EngineChoice(TINY), FALLBACK, EngineChoice(TINY, "openvino")]
    assert found.chosen == FALLBACK
    assert not found.fallback
    slow = next(one for one in found.candidates if one.choice == EngineChoice(TINY))
    assert slow.rejections == ("takes more than 0 s to measure; name it to wait for it",)
    assert slow.readings is None


def test_only_models_that_are_here_are_candidates() -> None:
    assert installed_choices() == [
        EngineChoice(FALLBACK.model, runtime) for runtime in installed_runtimes()
    ]
    assert FALLBACK in installed_choices()
    assert ("openvino" in installed_runtimes()) == (find_spec("openvino") is not None)
