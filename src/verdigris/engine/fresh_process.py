"""What only a new process can tell: how long a cold start takes, and how much memory it needs."""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from verdigris.engine.engine_choice import EngineChoice
from verdigris.errors import EngineError

_PROGRAM = """
import json, sys, time
begin = time.perf_counter()
from verdigris.engine.engine_choice import EngineChoice
model, runtime, provider, threads = sys.argv[1:]
embedder = EngineChoice(model, runtime, provider).open(int(threads))
embedder.embed_query("how is the event log kept append-only?")
seconds = time.perf_counter() - begin
from verdigris.engine.fresh_process import peak_rss
from verdigris.engine.measurements import BUCKETS, texts_of_length
texts = [
    text
    for tokens in BUCKETS
    for text in texts_of_length(embedder, min(tokens, embedder.max_tokens), 8 * int(threads))
]
embedder.embed_batch(texts)
print(json.dumps([seconds, peak_rss()]))
"""


@dataclass(frozen=True, slots=True)
class FreshProcess:
    """A process that loads a model, embeds one text, then some of every length."""

    cold_start: float
    """Seconds for import, loading and the first vector; the median of some starts."""
    peak_rss: int
    """Bytes of memory at most; 0 where the system does not tell."""
    starts: int


def measure_fresh_process(choice: EngineChoice, threads: int, starts: int = 3) -> FreshProcess:
    """Start some processes one after the other. Raises EngineError where one fails."""
    readings = [_start(choice, threads) for _ in range(starts)]
    cold_start = statistics.median(seconds for seconds, _ in readings)
    return FreshProcess(cold_start, max(rss for _, rss in readings), starts)


def _start(choice: EngineChoice, threads: int) -> tuple[float, int]:
    arguments = [choice.model, choice.runtime, choice.provider, str(threads)]
    search_path = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *arguments],
        env={**os.environ, "PYTHONPATH": search_path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise EngineError(f"{choice} fails in a process of its own: {reason}")
    seconds, rss = json.loads(done.stdout.splitlines()[-1])
    return float(seconds), int(rss)


def peak_rss() -> int:
    """The most memory, in bytes, that this process has held; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would be that of the process that started this one
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))
        return int(found[1]) * 1024 if found else 0
    try:
        import resource
    except ImportError:  # Windows
        return 0
    kilobytes_or_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes_or_bytes if sys.platform == "darwin" else kilobytes_or_bytes * 1024
