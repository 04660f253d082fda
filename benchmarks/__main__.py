"""`python -m benchmarks --texts FOLDER`: run every benchmark and write results.md."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
PARTS = ("engine", "pipeline", "learning")


def main() -> None:
    """Run the parts one after the other, so that none disturbs another, and join their results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--texts", required=True, metavar="FOLDER")
    parser.add_argument("--queries", metavar="FILE.jsonl")
    parser.add_argument("--original", metavar="FOLDER", help="of build_model.py --fp32-to")
    parser.add_argument("--repos", nargs="+", default=[], metavar="[NAME=]PATH")
    given = parser.parse_args()
    original = ["--original", given.original] if given.original else []
    run("engine", "--texts", given.texts, *original)
    queries = ["--queries", given.queries] if given.queries else []
    repositories = ["--repos", *given.repos] if given.repos else []
    run("pipeline", "--texts", given.texts, *queries, *repositories)
    if repositories:
        run("learning", *repositories)
    (FOLDER / "results.md").write_text("\n".join(["# Results\n", *fragments()]), encoding="utf-8")


def run(part: str, *arguments: str) -> None:
    """Run one part to its end; its failure is the whole run's."""
    subprocess.run([sys.executable, "-m", f"benchmarks.{part}", *arguments], check=True)


def fragments() -> list[str]:
    """What the parts wrote, now or earlier."""
    files = [FOLDER / "results" / f"{part}.md" for part in PARTS]
    return [file.read_text(encoding="utf-8") for file in files if file.exists()]


if __name__ == "__main__":
    main()
