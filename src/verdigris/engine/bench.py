"""Measures a model on this machine: latency, throughput, cold start, memory, quality."""

from __future__ import annotations

from dataclasses import dataclass

from verdigris.engine.cpus import usable_cpus
from verdigris.engine.embedder import Embedder
from verdigris.engine.engine_choice import EngineChoice
from verdigris.engine.fresh_process import FreshProcess, measure_fresh_process
from verdigris.engine.machine import Machine, this_machine
from verdigris.engine.measurements import (
    BUCKETS,
    Batching,
    Latency,
    Throughput,
    measure_batching,
    measure_latency,
    measure_throughput,
)
from verdigris.engine.other_engines import OtherEngine, measure_other_engines
from verdigris.engine.similarity_pairs import Quality, measure_quality


@dataclass(frozen=True, slots=True)
class BenchPlan:
    """What is measured, and for how long."""

    choice: EngineChoice
    threads: tuple[int, ...] = ()
    """Numbers of threads for throughput; () means one, and all that may be used."""
    runs: int = 300
    """Of the short text."""
    seconds: float = 1.0
    """For each length and number of threads."""
    starts: int = 3
    """Cold starts."""
    compare: bool = False
    """Measure other engines that are installed, too."""
    original: str = ""
    """Folder with the original fp32 model, for the other engines."""


@dataclass(frozen=True, slots=True)
class BenchReport:
    """All readings of one model."""

    choice: EngineChoice
    precision: str
    dims: int
    max_tokens: int
    fingerprint: str
    bytes_on_disk: int
    machine: Machine
    latency: Latency
    """With one thread."""
    throughput: tuple[Throughput, ...]
    batching: Batching
    fresh: FreshProcess
    quality: Quality
    others: tuple[OtherEngine, ...]
    """This engine first, then the other ones; () unless they were asked for."""


def bench_model(plan: BenchPlan) -> BenchReport:
    """Take all readings, one after the other. Raises EngineError."""
    threads = plan.threads or tuple(dict.fromkeys((1, usable_cpus())))
    throughput: list[Throughput] = []
    for count in threads:
        with plan.choice.open(count) as embedder:
            throughput += _lengths(embedder, plan.seconds)
    with plan.choice.open(1) as embedder:
        return BenchReport(
            choice=plan.choice,
            precision=embedder.model.precision,
            dims=embedder.dims,
            max_tokens=embedder.max_tokens,
            fingerprint=embedder.fingerprint,
            bytes_on_disk=plan.choice.bytes_on_disk(),
            machine=this_machine(),
            latency=measure_latency(embedder, plan.runs),
            throughput=tuple(throughput),
            batching=measure_batching(embedder),
            fresh=measure_fresh_process(plan.choice, max(threads), plan.starts),
            quality=measure_quality(embedder),
            others=_others(plan, max(threads)),
        )


def _lengths(embedder: Embedder, seconds: float) -> list[Throughput]:
    """Throughput for each length that the model sees whole."""
    lengths = [tokens for tokens in BUCKETS if tokens <= embedder.max_tokens]
    return [measure_throughput(embedder, tokens, seconds) for tokens in lengths]


def _others(plan: BenchPlan, threads: int) -> tuple[OtherEngine, ...]:
    if not plan.compare:
        return ()
    return tuple(measure_other_engines(plan.choice, plan.original, threads))
