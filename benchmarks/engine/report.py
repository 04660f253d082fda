"""Writes the readings as a fragment of markdown."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.engine.engines import ENGINES
from benchmarks.engine.measure import Reading, Setting

PACKAGES = (
    "onnxruntime",
    "openvino",
    "tokenizers",
    "numpy",
    "sentence-transformers",
    "torch",
    "fastembed",
)


def render(
    setting: Setting,
    readings: dict[str, Reading],
    identical: dict[str, bool],
    startup: dict[str, float],
) -> str:
    """The whole fragment."""
    own = readings["verdigris"].throughput_time
    lines = [
        "## Embedding engine",
        "",
        machine(),
        "",
        f"{len(setting.passages):,} passages, {setting.threads} threads for every engine, "
        f"{setting.rounds} interleaved rounds in one process, medians; tokenising, pooling and "
        "normalising included. Peak memory of each in a process of its own.",
        "",
        "| engine | texts/s | verdigris is | peak RSS | cosine to fp32, mean / min |",
        "|---|---|---|---|---|",
    ]
    count = len(setting.passages)
    lines += [row(engine.title, readings[engine.key], own, count) for engine in ENGINES]
    lines += ["", "| verdigris | |", "|---|---|"]
    overhead = own / readings["bare"].throughput_time - 1
    lines.append(f"| overhead over the bare loop | {overhead:+.1%} |")
    lines += [f"| {name} | {seconds * 1000:.0f} ms |" for name, seconds in startup.items()]
    lines += [
        f"| same bits alone and {company} | {'yes' if same else 'NO'} |"
        for company, same in identical.items()
    ]
    return "\n".join(lines) + "\n"


def row(title: str, reading: Reading, own: float, passages: int) -> str:
    """One engine; what could not be measured says why."""
    if reading.missing:
        return f"| {title} | not measured: {reading.missing} | | | |"
    seconds = reading.throughput_time
    cosine = ""
    if reading.cosines is not None:
        cosine = f"{reading.cosines.mean():.4f} / {reading.cosines.min():.4f}"
    speed = f"{passages / seconds:,.0f} | {seconds / own:.2f} × as fast"
    return f"| {title} | {speed} | {reading.peak_rss:,.0f} MB | {cosine} |"


def machine() -> str:
    """Processor, system and versions in one line."""
    found = []
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"{package} not installed")
    python = ".".join(map(str, sys.version_info[:3]))
    where = f"{processor()}, {os.cpu_count()} processors, {platform.system()} {platform.machine()}"
    return f"Machine: {where}; Python {python}, {', '.join(found)}."


def processor() -> str:
    """The processor's name, with the vector extensions that matter for int8."""
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return platform.processor() or "unknown processor"
    fields = dict(
        line.split(":", 1) for line in cpuinfo.read_text().splitlines() if line.count(":") == 1
    )
    named = {name.strip(): value.strip() for name, value in fields.items()}
    flags = named.get("flags", "").split()
    int8 = [flag for flag in ("avx2", "avx_vnni", "avx512_vnni", "amx_int8") if flag in flags]
    return f"{named.get('model name', 'unknown processor')} ({', '.join(int8)})"
