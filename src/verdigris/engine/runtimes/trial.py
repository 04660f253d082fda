"""Tries a provider in a process of its own first, because a broken one can crash the process.

A provider that is listed may segfault on a graph that it does not know, which no self-check in
the same process survives. What went well is remembered in the user's cache by graph, library and
processor, so that only the first load of a model pays for it.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import onnxruntime

from verdigris.engine.cpu_features import cpu_capability
from verdigris.engine.runtimes.onnxruntime import OnnxRuntime
from verdigris.engine.tokenizing import Encoding
from verdigris.errors import RuntimeBroken, VerdigrisError

LONGEST_TRIAL = 600
"""Seconds; a provider may compile a large graph for minutes, but not for ever."""
_FOLDER = "provider-trials"
_IDS = (0, 1, 2)


def try_apart(weights_file: Path, provider: str, python: str = sys.executable) -> None:
    """Load a graph and run it once in another process, unless that went well before.

    python: the interpreter of that process. Raises RuntimeBroken, with what it said, if it fails,
    crashes or does not end.
    """
    passed = _trials() / _key(weights_file, provider)
    frozen = getattr(sys, "frozen", False)  # the executable is then an application, not Python
    if frozen or passed.is_file():
        return
    what = f"provider {provider!r} of ONNX Runtime {onnxruntime.__version__}"
    command = [python, "-m", "verdigris.engine.runtimes.trial", str(weights_file), provider]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LONGEST_TRIAL,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RuntimeBroken(f"{what} did not load {weights_file.name} in 10 minutes") from error
    except OSError as error:
        raise RuntimeBroken(f"{what} cannot be tried: {error}") from error
    if done.returncode < 0 or done.returncode > 1:
        raise RuntimeBroken(f"{what} crashes on {weights_file.name} (exit {done.returncode})")
    if done.returncode == 1:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise RuntimeBroken(f"{what} does not work: {said}")
    _remember(passed)


def main(weights_file: str, provider: str) -> int:
    """What the other process does: load, run three tokens; 0, or 1 with the reason on stderr."""
    encoding = Encoding(_IDS, truncated=False)
    try:
        OnnxRuntime(Path(weights_file), provider).token_vectors(encoding)
    except VerdigrisError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _trials() -> Path:
    """The folder of remembered trials, in the user's cache."""
    if folder := os.environ.get("VERDIGRIS_CACHE_DIR"):
        return Path(folder).expanduser() / _FOLDER
    import platformdirs

    return Path(platformdirs.user_cache_dir("verdigris")) / _FOLDER


def _key(weights_file: Path, provider: str) -> str:
    """What a trial depends on: the file as it is now, the library and the processor."""
    stat = weights_file.stat()
    parts = (
        weights_file.resolve(),
        stat.st_size,
        stat.st_mtime_ns,
        provider,
        onnxruntime.__version__,
        cpu_capability().name,
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _remember(passed: Path) -> None:
    """Leave a mark; where nothing can be written, the next load tries again."""
    try:
        passed.parent.mkdir(parents=True, exist_ok=True)
        passed.touch()
    except OSError:
        return


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
