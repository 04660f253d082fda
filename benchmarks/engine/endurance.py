"""What a long life does to memory: many texts, and many loads, each in a process of its own.

Both run at once: company costs them time, which is not measured here, and no memory.

`python -m benchmarks.engine.endurance texts|loads COUNT` prints the megabytes before and after.
"""

from __future__ import annotations

import gc
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count as numbers
from itertools import cycle, islice
from pathlib import Path

STATUS = Path("/proc/self/status")
WARM_UP_TEXTS = 2_000
WARM_UP_LOADS = 10
TIMES_AS_LONG = (*(1,) * 17, 2, 3, 5)
"""Most texts are short, some are not, as in an index."""


@dataclass(frozen=True)
class Growth:
    """Resident memory, in MB, after a warm-up and at the end."""

    what: str
    before: float
    after: float

    @property
    def share(self) -> float:
        """Growth as a share of what there was before."""
        return self.after / self.before - 1


def growths(texts: int, loads: int) -> list[Growth]:
    """Both, side by side; [] where the system does not tell a process its memory."""
    if not STATUS.exists():
        return []
    with ThreadPoolExecutor() as side_by_side:
        return list(side_by_side.map(growth, ("texts", "loads"), (texts, loads)))


def growth(what: str, count: int) -> Growth:
    """Measure in a new process."""
    command = [sys.executable, "-m", "benchmarks.engine.endurance", what, str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    before, after = map(float, done.stdout.split())
    return Growth(f"{count:,} {what}", before, after)


def many_texts(count: int) -> tuple[float, float]:
    """Embed different texts of mixed lengths through one iterator."""
    from verdigris.engine import Embedder
    from verdigris.engine.measurements import sample_texts

    several = zip(numbers(), cycle(sample_texts()), cycle(TIMES_AS_LONG), strict=False)
    texts = (f"{number} {text * times}" for number, text, times in several)
    with Embedder() as embedder:
        vectors = embedder.embed(islice(texts, WARM_UP_TEXTS + count))
        for _ in islice(vectors, WARM_UP_TEXTS):
            pass
        before = rss()
        for _ in vectors:
            pass
        return before, rss()


def many_loads(count: int) -> tuple[float, float]:
    """Load the bundled model, embed one text, and let it go, again and again."""
    before = 0.0
    for number in range(WARM_UP_LOADS + count):
        load_once()
        if number + 1 == WARM_UP_LOADS:
            before = rss()
    return before, rss()


def load_once() -> None:
    """As a process that lives long does it."""
    from verdigris.engine import Embedder, LazyEmbedder

    with LazyEmbedder(Embedder, idle_seconds=0) as lazy, lazy.borrowed() as embedder:
        embedder.embed_query("why?")


def rss() -> float:
    """Resident memory in MB, without garbage and what the allocator keeps for later."""
    from verdigris.engine.memory import return_freed_memory

    gc.collect()
    return_freed_memory()
    found = re.search(r"VmRSS:\s+(\d+)", STATUS.read_text(encoding="ascii"))
    assert found
    return int(found[1]) / 1024


if __name__ == "__main__":
    measure = {"texts": many_texts, "loads": many_loads}[sys.argv[1]]
    print(*measure(int(sys.argv[2])))
