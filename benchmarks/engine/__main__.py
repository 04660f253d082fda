"""Runs the whole comparison and writes benchmarks/results/engine.md."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.engine.endurance import growths
from benchmarks.engine.engines import MAX_TOKENS
from benchmarks.engine.fidelity import measure_fidelity
from benchmarks.engine.latency import short_text_latency
from benchmarks.engine.measure import Setting, bit_identical, measure_engines, startup_times
from benchmarks.engine.passages import read_passages
from benchmarks.engine.report import Findings, render

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "engine.md"


def main() -> None:
    """Parse the command line, measure, write, and show."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine", description=__doc__)
    parser.add_argument("--texts", type=Path, required=True, help="folder of markdown files")
    parser.add_argument("--passages", type=int, default=1_000)
    parser.add_argument("--threads", type=int, default=2, help="for every engine")
    parser.add_argument("--rounds", type=int, default=5)
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
            threads=options.threads,
            rounds=options.rounds,
            scratch=Path(scratch),
        )
        findings = Findings(
            readings=measure_engines(setting),
            identical=bit_identical(setting.passages, setting.threads),
            startup=startup_times(setting.rounds),
            latencies=short_text_latency(options.latency_runs),
            growths=growths(options.many_texts, options.many_loads),
            fidelity=measure_fidelity(setting.original, setting.passages),
        )
        fragment = render(setting, findings)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(fragment, encoding="utf-8")
    print(fragment)


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
