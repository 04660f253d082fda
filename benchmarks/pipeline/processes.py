"""Runs verdigris and git as a user's shell does, and times them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import verdigris

COMMAND = (sys.executable, "-c", "from verdigris.serve.cli import main; main()")
"""The console script without the need to have it on PATH."""


@dataclass(frozen=True, slots=True)
class Run:
    """A finished process."""

    seconds: float
    output: str

    def json(self) -> Any:  # noqa: ANN401
        """Its standard output, read as JSON."""
        return json.loads(self.output)


class Failed(RuntimeError):
    """A process that should have succeeded ended with an error."""


@dataclass(frozen=True, slots=True)
class Verdigris:
    """The command line with its own, at first empty, user cache."""

    cache: Path

    def run(self, repository: Path, *arguments: str, nothing_found_is_fine: bool = True) -> Run:
        """Run a command to its end. Raises Failed."""
        started = time.perf_counter()
        done = subprocess.run(
            [*COMMAND, *arguments], cwd=repository, env=self.environment(), capture_output=True,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        seconds = time.perf_counter() - started
        if done.returncode not in ((0, 1) if nothing_found_is_fine else (0,)):
            raise Failed(
                f"verdigris {' '.join(arguments)}: {done.stderr.decode(errors='replace')[-2000:]}"
            )
        return Run(seconds, done.stdout.decode("utf-8"))

    def seconds_to_first_output(self, repository: Path, *arguments: str) -> float:
        """Time until something is printed where a person watches; then the process is ended.

        Standard error is a terminal, so that verdigris answers first and embeds afterwards.
        """
        with _terminal() as terminal:
            started = time.perf_counter()
            process = subprocess.Popen(
                [*COMMAND, *arguments], cwd=repository, env=self.environment(),
                stdout=subprocess.PIPE, stderr=terminal, stdin=subprocess.DEVNULL,
            )  # fmt: skip
            output: IO[bytes] | None = process.stdout
            assert output is not None
            first = output.read(1)
            seconds = time.perf_counter() - started
            process.terminate()
            output.close()
            process.wait()
        if not first:
            raise Failed(f"verdigris {' '.join(arguments)} printed nothing")
        return seconds

    def environment(self) -> dict[str, str]:
        """This process's environment without verdigris's settings, able to import it anywhere."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("VERDIGRIS_")}
        package = str(Path(verdigris.__file__).resolve().parents[1])
        paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
        return kept | {
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONUTF8": "1",
            "VERDIGRIS_CACHE_DIR": str(self.cache),
            "VERDIGRIS_CONFIG_DIR": str(self.cache / "no-config"),
        }


@contextmanager
def _terminal() -> Iterator[int]:
    """A pseudo-terminal whose output is thrown away, as a file descriptor (POSIX only)."""
    import pty

    reader, writer = pty.openpty()

    def drain() -> None:
        with suppress(OSError):
            while os.read(reader, 65_536):
                pass

    thread = threading.Thread(target=drain, daemon=True)
    thread.start()
    try:
        yield writer
    finally:
        os.close(writer)
        thread.join(timeout=2)
        os.close(reader)


def bare_python_seconds() -> float:
    """What starting this Python costs by itself."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.perf_counter() - started


def git(folder: Path, *arguments: str) -> str:
    """Output of a git command, under a name of its own. Raises Failed."""
    identity = [
        "-c", "user.name=Benchmark", "-c", "user.email=benchmark@example.org",
        "-c", "commit.gpgsign=false",
    ]  # fmt: skip
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True)
    if done.returncode:
        raise Failed(f"git {' '.join(arguments)}: {done.stderr.decode(errors='replace')}")
    return done.stdout.decode("utf-8", "replace").strip()
