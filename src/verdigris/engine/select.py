"""Chooses a model by measuring every candidate here: gates first, then the best that passes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from verdigris.engine.catalog import DEFAULT_MODEL, known_rows
from verdigris.engine.engine_choice import EngineChoice
from verdigris.engine.fresh_process import measure_fresh_process
from verdigris.engine.measurements import measure_latency, measure_throughput
from verdigris.engine.model_store import find_model
from verdigris.engine.runtimes.opening import RUNTIMES
from verdigris.engine.similarity_pairs import measure_quality
from verdigris.errors import EngineError

FALLBACK = EngineChoice(DEFAULT_MODEL)
"""Comes with the package and runs everywhere."""
EQUAL_QUALITY = 0.005
"""Differences of Spearman up to this are noise over so few pairs: the faster one is better."""
MOST_SECONDS = 30.0
"""For a candidate that nobody named: MLX without a GPU, say, would take minutes."""
_FLOATS = ("fp", "bf", "float")
_LATENCY_RUNS = 200
_PASSAGE_TOKENS = 64
_SECONDS = 0.5
_MB = 1024**2


@dataclass(frozen=True, slots=True)
class Gates:
    """What a model must keep; None lets everything pass."""

    p95: float | None = None
    """Milliseconds for one short text, one thread."""
    quality: float | None = None
    """Least Spearman over the labelled pairs."""
    memory: int | None = None
    """Bytes at most."""
    cold_start: float | None = None
    """Seconds at most."""
    disk: int | None = None
    """Bytes at most."""
    texts_per_second: float | None = None
    """At least, passages of 64 tokens, all threads."""


@dataclass(frozen=True, slots=True)
class Readings:
    """What was measured of one candidate."""

    p50: float
    """Milliseconds for one short text; on a busy machine steadier than p95."""
    p95: float
    quality: float
    memory: int
    cold_start: float
    disk: int
    texts_per_second: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to embed, with its readings, and why it was rejected."""

    choice: EngineChoice
    tier: int
    """1: weights in floats, 2: quantised weights, 3: the guaranteed fallback."""
    readings: Readings | None
    """None where it could not be measured; the reason is a rejection."""
    rejections: tuple[str, ...]
    """() where it passes."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The choice, and everything that led to it."""

    gates: Gates
    candidates: tuple[Candidate, ...]
    """Best first; rejected ones last."""
    chosen: EngineChoice
    fallback: bool
    """Nothing passed: this is the guaranteed one."""
    reason: str


Told = Callable[[EngineChoice], None]


def installed_runtimes() -> tuple[str, ...]:
    """The default, and those whose library is here: an extra has its library's name."""
    return tuple(name for name in RUNTIMES if find_spec(name))


def installed_choices() -> list[EngineChoice]:
    """Every model and precision that is on this machine, with each runtime that is."""
    runtimes = installed_runtimes()
    found = []
    for row in known_rows():
        for precision in row.precisions:
            exact = row.in_precision(precision)
            try:
                find_model(exact)
            except EngineError:  # not pulled, or damaged: `model list` and `model check` tell
                continue
            found += [EngineChoice(exact.reference, runtime) for runtime in runtimes]
    return found


def select_model(
    gates: Gates,
    choices: Sequence[EngineChoice],
    threads: int,
    told: Told = lambda _: None,
    most_seconds: float = math.inf,
) -> Selection:
    """Measure every choice, probably quick ones first, and take the best that keeps all gates.

    told: is called before each measurement. most_seconds: a choice that takes longer is rejected
    as soon as a step of its measurement ends. What cannot be loaded is a rejection, not an error.
    The fallback is always among the candidates, and waited for. Raises EngineError if even that
    does not run.
    """
    candidates = []
    for choice in sorted({*choices, FALLBACK}, key=_slowness):
        told(choice)
        seconds = math.inf if choice == FALLBACK else most_seconds
        candidates.append(_candidate(choice, gates, _Steps(threads, seconds)))
    return choose(gates, candidates)


def _slowness(choice: EngineChoice) -> tuple[int, int, str]:
    """Sorts without measuring: runtimes in the order of their list, then small models first."""
    try:
        size = choice.bytes_on_disk()
    except EngineError:
        size = 0
    return RUNTIMES.index(choice.runtime), size, str(choice)


def choose(gates: Gates, candidates: Sequence[Candidate]) -> Selection:
    """The best candidate without rejections; the fallback where there is none."""
    passing = [one for one in candidates if not one.rejections]
    ranked = sorted(passing, key=_readings_quality, reverse=True)
    if ranked:
        enough = _readings_quality(ranked[0]) - EQUAL_QUALITY
        near = [one for one in ranked if _readings_quality(one) >= enough]
        best = min(near, key=lambda one: one.readings.p50 if one.readings else float("inf"))
        ordered = [best, *(one for one in ranked if one is not best)]
        rejected = [one for one in candidates if one.rejections]
        reason = _reason(best, near, len(ranked))
        return Selection(gates, (*ordered, *rejected), best.choice, False, reason)
    own = next((one for one in candidates if one.choice == FALLBACK), None)
    if own is None or own.readings is None:
        why = "; ".join(own.rejections) if own else "it was not measured"
        raise EngineError(f"not even {FALLBACK} runs here: {why}; run: verdigris model check")
    reason = f"nothing keeps all gates; {FALLBACK} always works, but: {'; '.join(own.rejections)}"
    return Selection(gates, tuple(candidates), FALLBACK, True, reason)


def _reason(best: Candidate, near: Sequence[Candidate], passing: int) -> str:
    if passing == 1:
        return "the only one that keeps all gates"
    if len(near) > 1:
        return f"the fastest of {len(near)} that keep all gates and are equally good"
    return f"the best of {passing} that keep all gates"


def _readings_quality(candidate: Candidate) -> float:
    return candidate.readings.quality if candidate.readings else float("-inf")


def _tier(choice: EngineChoice) -> int:
    if choice == FALLBACK:
        return 3
    try:
        return 1 if choice.precision().startswith(_FLOATS) else 2
    except EngineError:
        return 2


class _TooSlow(Exception):
    """Measuring takes longer than it may."""


class _Steps:
    """Takes a candidate's readings one after the other, until its time is over."""

    def __init__(self, threads: int, seconds: float) -> None:
        """threads: for throughput and memory. The time begins now."""
        self._threads, self._seconds = threads, seconds
        self._end = time.monotonic() + seconds

    def measure(self, choice: EngineChoice) -> Readings:
        """Raises EngineError for what cannot run, and _TooSlow."""
        with choice.open(1) as single:
            self._check_time()
            latency = measure_latency(single, _LATENCY_RUNS)
            self._check_time()
            quality = measure_quality(single)
        self._check_time()
        with choice.open(self._threads) as embedder:
            tokens = min(_PASSAGE_TOKENS, embedder.max_tokens)
            throughput = measure_throughput(embedder, tokens, _SECONDS)
        self._check_time()
        fresh = measure_fresh_process(choice, self._threads, starts=1)
        self._check_time()
        return Readings(
            p50=latency.p50,
            p95=latency.p95,
            quality=quality.spearman,
            memory=fresh.peak_rss,
            cold_start=fresh.cold_start,
            disk=choice.bytes_on_disk(),
            texts_per_second=throughput.texts_per_second,
        )

    def _check_time(self) -> None:
        if time.monotonic() > self._end:
            raise _TooSlow(
                f"takes more than {self._seconds:g} s to measure; name it to wait for it"
            )


def _candidate(choice: EngineChoice, gates: Gates, steps: _Steps) -> Candidate:
    try:
        readings = steps.measure(choice)
    except EngineError as error:
        return Candidate(choice, _tier(choice), None, (f"cannot run: {error}",))
    except _TooSlow as error:
        return Candidate(choice, _tier(choice), None, (str(error),))
    return Candidate(choice, _tier(choice), readings, tuple(rejections(gates, readings)))


def rejections(gates: Gates, found: Readings) -> list[str]:
    """Every gate that the readings do not keep, in words."""
    failed = []
    if gates.p95 is not None and found.p95 > gates.p95:
        failed.append(f"p95 is {found.p95:.2f} ms, more than {gates.p95:g}")
    if gates.quality is not None and not found.quality >= gates.quality:
        failed.append(f"quality is {found.quality:.4f}, less than {gates.quality:g}")
    if gates.memory is not None and found.memory > gates.memory:
        failed.append(f"memory is {found.memory / _MB:.0f} MB, more than {gates.memory / _MB:.0f}")
    if gates.cold_start is not None and found.cold_start > gates.cold_start:
        failed.append(f"cold start is {found.cold_start:.2f} s, more than {gates.cold_start:g}")
    if gates.disk is not None and found.disk > gates.disk:
        failed.append(f"its files are {found.disk / _MB:.1f} MB, more than {gates.disk / _MB:.1f}")
    if gates.texts_per_second is not None and found.texts_per_second < gates.texts_per_second:
        failed.append(
            f"{found.texts_per_second:.0f} texts a second, less than {gates.texts_per_second:g}"
        )
    return failed
