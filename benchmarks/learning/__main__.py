"""`python -m benchmarks.learning --repos NAME=PATH …`: measure, and write a markdown fragment."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from benchmarks.learning.measure import Measured, measure_repository
from benchmarks.learning.systems import (
    FUSIONS,
    LANES_ALONE,
    RAW,
    RRF,
    SERVED,
    WITH_PROJECTION,
)
from benchmarks.pipeline.__main__ import tell
from benchmarks.pipeline.machine import describe_machine
from benchmarks.pipeline.repositories import parse_source
from benchmarks.pipeline.table import table
from verdigris.evaluate.statistics import paired_difference

RESULTS = Path(__file__).parents[1] / "results" / "learning.md"
HEAD = """## Learning

Subject of a later commit → the files that it changed: MRR / recall at 10. The history is cut so
that the newest 22 % of the usable commits come after (docs/evaluation.md); everything is learned
before the cut. Gain: of what serves after `oxidize`, the learned fusion with the projection, over
equal RRF in MRR, with the 95 % interval of a paired bootstrap. RRF takes the files of the nearest
commits however unsure they are. What was tuned on what: docs/experiments.md."""


def main() -> None:
    """Measure every repository and write the fragment."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.learning", description=__doc__)
    parser.add_argument(
        "--repos", nargs="+", required=True, type=parse_source, metavar="[NAME=]PATH",
        help="git repositories, cloned before anything is done with them",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    measured = []
    for source in arguments.repos:
        tell(f"repository {source.name}")
        with tempfile.TemporaryDirectory(prefix="verdigris-bench-") as work:
            measured.append(measure_repository(source, Path(work)))
        write(arguments.out, measured)
    print(arguments.out.read_text(encoding="utf-8"))


def write(out: Path, measured: Sequence[Measured]) -> None:
    """What has been measured so far: a long run that breaks off leaves its results."""
    blocks = [
        HEAD, describe_machine(), gains_table(measured), projection_table(measured),
        lanes_table(measured),
    ]  # fmt: skip
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")


def gains_table(measured: Sequence[Measured]) -> str:
    """The fusions beside the best lane."""
    rows = []
    for one in measured:
        best = max(LANES_ALONE, key=lambda lane: fmean(one.reciprocal_ranks[lane]))
        ours, theirs = one.reciprocal_ranks[WITH_PROJECTION], one.reciprocal_ranks[RRF]
        gain, base = paired_difference(ours, theirs), fmean(theirs) or 1.0
        rows.append(
            (
                one.name, f"{one.commits:,}", str(one.files), str(len(ours)),
                f"{best} {_both(one, best)}", *(_both(one, name) for name in FUSIONS),
                f"**{gain.mean / base:+.1%}** ({gain.low / base:+.1%} to {gain.high / base:+.1%})",
                f"{one.fusion.chosen}, {one.oxidize_seconds:.1f} s",
            )
        )  # fmt: skip
    head = (
        "repository", "commits", "files", "queries", "best lane alone", *FUSIONS, "gain over RRF",
        "weights, oxidize",
    )  # fmt: skip
    return table(head, rows)


def projection_table(measured: Sequence[Measured]) -> str:
    """The served projection beside the vectors that it turns."""
    rows = []
    for one in measured:
        told = ("not served", "–")
        if SERVED in one.recalls:
            gain = paired_difference(one.recalls[SERVED], one.recalls[RAW])
            base = fmean(one.recalls[RAW]) or 1.0
            apart = f"({gain.low / base:+.0%} to {gain.high / base:+.0%})"
            told = (_both(one, SERVED), f"**{gain.mean / base:+.0%}** {apart}")
        rows.append((one.name, _both(one, RAW), *told))
    head = ("repository", RAW, SERVED, "gain in recall at 10")
    return "The projection of commit subjects, alone:\n\n" + table(head, rows)


def lanes_table(measured: Sequence[Measured]) -> str:
    """Every lane alone."""
    rows = [(one.name, *(_both(one, lane) for lane in LANES_ALONE)) for one in measured]
    return "Lanes alone:\n\n" + table(("repository", *LANES_ALONE), rows)


def _both(one: Measured, system: str) -> str:
    return f"{fmean(one.reciprocal_ranks[system]):.3f}/{fmean(one.recalls[system]):.3f}"


if __name__ == "__main__":
    main()
