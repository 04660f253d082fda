"""Runs the whole comparison and writes benchmarks/results/engine.md, section by section."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.engine import report
from benchmarks.engine.endurance import growths
from benchmarks.engine.engines import MAX_TOKENS
from benchmarks.engine.fidelity import measure_fidelity
from benchmarks.engine.latency import short_text_latency
from benchmarks.engine.measure import Setting, bit_identical, measure_engines, startup_times
from benchmarks.engine.passages import read_passages

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "engine.md"

SECTIONS: dict[str, Callable[[Setting], list[str]]] = {
    "throughput": lambda its: report.throughput(its, measure_engines(its)),
    "start and bits": lambda its: report.own_readings(
        startup_times(its.rounds), bit_identical(its.passages, its.threads)
    ),
    "latency": lambda its: report.latency(short_text_latency(its.latency_runs)),
    "fidelity": lambda its: report.fidelity(measure_fidelity(its.original, its.passages)),
    "memory over a long life": lambda its: report.endurance(
        growths(its.many_texts, its.many_loads)
    ),
}
"""Each is measured, printed and written before the next one begins."""


def main() -> None:
    """Parse the command line, measure, write, and show."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine", description=__doc__)
    parser.add_argument("--texts", type=Path, required=True, help="folder of markdown files")
    parser.add_argument("--passages", type=int, default=1_000)
    parser.add_argument("--threads", type=int, default=2, help="for every engine")
    parser.add_argument("--rounds", type=int, default=3, help="at least")
    parser.add_argument("--seconds", type=float, default=120, help="for rounds, at least")
    parser.add_argument("--original", type=Path, help="folder of build_model.py --fp32-to")
    parser.add_argument("--latency-runs", type=int, default=2_000)
    parser.add_argument("--many-texts", type=int, default=100_000)
    parser.add_argument("--many-loads", type=int, default=1_000)
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        setting = Setting(
            passages=read_passages(options.texts, options.passages),
            original=peers_folder(options.original, Path(scratch)),
            scratch=Path(scratch),
            threads=options.threads,
            rounds=options.rounds,
            seconds=options.seconds,
            latency_runs=options.latency_runs,
            many_texts=options.many_texts,
            many_loads=options.many_loads,
        )
        measure(setting, options.output)


def measure(setting: Setting, output: Path) -> None:
    """Take section after section; a run that is cut keeps those before, and names the others."""
    output.parent.mkdir(parents=True, exist_ok=True)
    waiting = list(SECTIONS)
    written = "## Embedding engine\n"
    print(written, flush=True)
    for name, section in SECTIONS.items():
        lines = "\n".join([*section(setting), ""])
        print(lines, flush=True)
        waiting.remove(name)
        written += f"\n{lines}"
        rest = f"\nNot measured yet: {', '.join(waiting)}.\n" if waiting else ""
        output.write_text(written + rest, encoding="utf-8")


def peers_folder(original: Path | None, scratch: Path) -> Path:
    """A copy of the fp32 original with the limit that all engines get: 256 tokens.

    Without `original` it is made by scripts/build_model.py; where that cannot run, the folder
    stays empty and the table says that the peers are missing.
    """
    folder = scratch / "original"
    folder.mkdir()
    if original is None:
        script = str(ROOT / "scripts" / "build_model.py")
        subprocess.run([sys.executable, script, "--fp32-to", str(folder)], check=False)
    else:
        shutil.copytree(original, folder, dirs_exist_ok=True)
    limits = folder / "tokenizer_config.json"
    if limits.exists():
        stated = json.loads(limits.read_text(encoding="utf-8"))
        limits.write_text(json.dumps({**stated, "model_max_length": MAX_TOKENS}), encoding="utf-8")
    return folder


if __name__ == "__main__":
    main()
