"""Runs kept as JSON with the result of every query, so that two of them can be compared."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from verdigris.errors import EvaluationError
from verdigris.evaluate.report import BenchmarkReport

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class _SavedRun:
    schema_version: int
    report: BenchmarkReport


def require_savable(path: Path) -> None:
    """Find out before a long run, not after it. Raises EvaluationError."""
    if path.is_dir() or not path.parent.is_dir():
        raise EvaluationError(
            f"cannot save the run to {path}: it is a folder, or its folder does not exist; "
            "name a file in an existing folder"
        )


def save_run(path: Path, report: BenchmarkReport) -> None:
    """Write a run. Raises EvaluationError where the file cannot be written."""
    try:
        path.write_bytes(msgspec.json.encode(_SavedRun(SCHEMA_VERSION, report)) + b"\n")
    except OSError as error:
        raise EvaluationError(
            f"cannot save the run to {path} ({error.strerror}); name another file"
        ) from error


def load_run(path: Path) -> BenchmarkReport:
    """Read a run. Raises EvaluationError for a file that is none, or of another version."""
    again = "make one: verdigris eval --save FILE"
    try:
        saved = msgspec.json.decode(path.read_bytes(), type=_SavedRun)
    except OSError as error:
        raise EvaluationError(f"cannot read {path} ({error.strerror}); {again}") from error
    except msgspec.MsgspecError as error:
        raise EvaluationError(f"{path} is not a saved run ({error}); {again}") from error
    if saved.schema_version != SCHEMA_VERSION:
        raise EvaluationError(
            f"{path} was saved in version {saved.schema_version} of the format, this verdigris "
            f"reads {SCHEMA_VERSION}; {again}"
        )
    return saved.report
