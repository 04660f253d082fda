"""Takes the readings: throughput interleaved in one process, the rest in processes of their own."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.engine.engines import ENGINES, Array, Embed, Engine

OWN, REFERENCE = "verdigris", "torch"
WARM_UP_PASSAGES = 64

PEAK_RSS = """
import json, re, resource, sys
from pathlib import Path
from benchmarks.engine.engines import ENGINES
key, original, threads, passages = sys.argv[1:]
engine = next(engine for engine in ENGINES if engine.key == key)
embed = engine.load(Path(original), int(threads))
texts = json.loads(Path(passages).read_text(encoding="utf-8"))
embed(texts)
embed(texts)
status = Path("/proc/self/status")
if status.exists():  # ru_maxrss would be that of the process that started this one
    print(int(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]) / 1024)
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024)
"""

FIRST_VECTOR = """
import time
begin = time.perf_counter()
from verdigris.engine import Embedder
Embedder().embed_query("how is the event log kept append-only?")
print(time.perf_counter() - begin)
"""

IMPORT_COST = """
import sys, time
begin = time.perf_counter()
import verdigris
cost = time.perf_counter() - begin
assert not {"numpy", "onnxruntime"} & set(sys.modules)
print(cost)
"""


@dataclass(frozen=True)
class Setting:
    """What is measured, and how."""

    passages: list[str]
    original: Path
    """Folder of the fp32 original; empty where it is missing."""
    scratch: Path
    threads: int
    """For every engine."""
    rounds: int
    """At least."""
    seconds: float
    """More rounds begin until so many have passed."""
    latency_runs: int
    many_texts: int
    many_loads: int


@dataclass
class Reading:
    """What was found out about one engine; `missing` says why there is nothing."""

    engine: Engine
    missing: str = ""
    texts: int = 0
    """In a round."""
    seconds: list[float] = field(default_factory=list)
    """Of each round."""
    own_seconds: list[float] = field(default_factory=list)
    """What verdigris took for the same texts in the same round."""
    peak_rss: float = 0.0
    cosines: Array | None = None

    @property
    def texts_per_second(self) -> float:
        """In the median round."""
        return self.texts / statistics.median(self.seconds)

    @property
    def own_advantage(self) -> float:
        """How many times as fast verdigris is, by the medians."""
        return statistics.median(self.seconds) / statistics.median(self.own_seconds)


def measure_engines(setting: Setting) -> dict[str, Reading]:
    """Throughput in interleaved rounds, cosine to the fp32 original, peak memory."""
    readings = {engine.key: Reading(engine) for engine in ENGINES}
    loaded = load_all(setting, readings)
    for embed in loaded.values():
        embed(setting.passages[:WARM_UP_PASSAGES])
    begin = time.perf_counter()
    vectors = measure_round(setting, loaded, readings)
    while len(readings[OWN].seconds) < setting.rounds or elapsed(begin) < setting.seconds:
        measure_round(setting, loaded, readings)
    for key in loaded:
        if REFERENCE in vectors:
            expected = vectors[REFERENCE][:: readings[key].engine.every]
            readings[key].cosines = (vectors[key] * expected).sum(axis=1)
        readings[key].peak_rss = peak_rss(setting, readings[key].engine)
    return readings


def measure_round(
    setting: Setting, loaded: dict[str, Embed], readings: dict[str, Reading]
) -> dict[str, Array]:
    """Let each engine in turn embed its passages; returns the vectors."""
    vectors = {}
    for key, embed in loaded.items():
        reading = readings[key]
        texts = setting.passages[:: reading.engine.every]
        begin = time.perf_counter()
        vectors[key] = embed(texts)
        reading.seconds.append(elapsed(begin))
        reading.texts = len(texts)
        reading.own_seconds.append(readings[OWN].seconds[-1])
        if len(texts) < len(setting.passages):
            begin = time.perf_counter()
            loaded[OWN](texts)
            reading.own_seconds[-1] = elapsed(begin)
    return vectors


def elapsed(begin: float) -> float:
    """Seconds since a reading of perf_counter."""
    return time.perf_counter() - begin


def peak_rss(setting: Setting, engine: Engine) -> float:
    """Megabytes that a process held at most which embedded the engine's passages twice."""
    passages = setting.scratch / "passages.json"
    passages.write_text(json.dumps(setting.passages[:: engine.every]), encoding="utf-8")
    arguments = [engine.key, str(setting.original), str(setting.threads), str(passages)]
    return run_alone(PEAK_RSS, arguments)


def load_all(setting: Setting, readings: dict[str, Reading]) -> dict[str, Embed]:
    """Load each engine; what is not installed, or cannot load, is noted and left out."""
    loaded = {}
    for engine in ENGINES:
        try:
            loaded[engine.key] = engine.load(setting.original, setting.threads)
        except Exception as error:
            readings[engine.key].missing = f"{type(error).__name__}: {str(error).splitlines()[0]}"
    return loaded


def bit_identical(passages: Sequence[str], threads: int) -> dict[str, bool]:
    """Whether a text's vector is the same, bit for bit, in other company."""
    from verdigris.engine import Embedder

    with Embedder(threads=1) as one, Embedder(threads=threads) as several:
        alone = np.stack([one.embed_passage(text) for text in passages]).tobytes()
        backwards = several.embed_batch(list(reversed(passages))).vectors[::-1]
        with Embedder(threads=2 * threads + 1) as many:
            return {
                "in a batch": several.embed_batch(passages).vectors.tobytes() == alone,
                "among others, in another order": backwards.tobytes() == alone,
                "one thread": one.embed_batch(passages).vectors.tobytes() == alone,
                f"{2 * threads + 1} threads": many.embed_batch(passages).vectors.tobytes() == alone,
            }


def startup_times(rounds: int) -> dict[str, float]:
    """Median seconds of `import verdigris`, and of import, load and first vector."""
    return {
        "`import verdigris` over bare Python": repeated(IMPORT_COST, rounds),
        "import + load + first vector": repeated(FIRST_VECTOR, rounds),
    }


def repeated(program: str, rounds: int) -> float:
    """Median of what a program prints, each time in a new process."""
    return statistics.median(run_alone(program, []) for _ in range(rounds))


def run_alone(program: str, arguments: list[str]) -> float:
    """Run a program in a process of its own and return the number that it prints last."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    return float(done.stdout.splitlines()[-1])
