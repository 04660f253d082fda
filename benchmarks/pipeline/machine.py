"""What the numbers were measured on."""

from __future__ import annotations

import os
import platform
import sqlite3
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.pipeline.processes import Failed, git
from verdigris.engine import usable_cpus

_PACKAGES = ("onnxruntime", "numpy", "tokenizers", "usearch", "tree-sitter")


def describe_machine() -> str:
    """Two lines: machine and threads, versions and commit."""
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    versions = [f"{name} {_version(name)}" for name in _PACKAGES]
    return (
        f"Machine: {_processor()}, {usable_cpus()} usable processors, "
        f"{platform.system()} {platform.machine()}; load average at the start {load}. "
        f"Threads: {usable_cpus()}.\n"
        f"Versions: Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"{', '.join(versions)}, {git(Path.cwd(), '--version')}. verdigris commit: {_commit()}."
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def _commit() -> str:
    project = Path(__file__).parent
    try:
        commit = git(project, "rev-parse", "--short=10", "HEAD")
        return commit + (" with changes" if git(project, "status", "--porcelain") else "")
    except Failed:
        return "none"
