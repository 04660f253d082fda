"""Writes the readings as a fragment of markdown."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.engine.endurance import Growth
from benchmarks.engine.fidelity import Fidelity, Parity
from benchmarks.engine.latency import Latency
from benchmarks.engine.measure import Reading, Setting

PACKAGES = (
    "onnxruntime",
    "openvino",
    "mlx",
    "tokenizers",
    "numpy",
    "sentence-transformers",
    "torch",
    "fastembed",
)


def throughput(setting: Setting, readings: dict[str, Reading]) -> list[str]:
    """All engines on the same passages."""
    own = readings["verdigris"]
    count = len(setting.passages)
    return [
        machine(),
        "",
        f"{count:,} passages, {setting.threads} threads for every engine, "
        f"{len(own.seconds)} interleaved rounds in one process, medians; tokenising, pooling and "
        "normalising included. Peak memory of each in a process of its own.",
        "",
        "| engine | texts/s | verdigris is | peak RSS | cosine to fp32, mean / min |",
        "|---|---|---|---|---|",
        *(row(reading, count) for reading in readings.values()),
        "",
        f"Overhead over the bare loop: {1 / readings['bare'].own_advantage - 1:+.1%}.",
    ]


def own_readings(startup: dict[str, float], identical: dict[str, bool]) -> list[str]:
    """What concerns the default engine alone."""
    lines = ["| verdigris | |", "|---|---|"]
    lines += [f"| {name} | {seconds * 1000:.0f} ms |" for name, seconds in startup.items()]
    return lines + [
        f"| same bits alone and {company} | {'yes' if same else 'NO'} |"
        for company, same in identical.items()
    ]


def latency(latencies: list[Latency]) -> list[str]:
    """One short text; the last row is what the others are compared with."""
    bare = latencies[-1]
    rows = [
        f"| {one.title} | {one.p50:.2f} | {one.p95:.2f} | {one.p99:.2f} | "
        f"{one.p95 / bare.p95:.2f} × |"
        for one in latencies
    ]
    return [
        "One short text, one thread, by turns in one process (owed: p95 ≤ 1.25 × the bare one).",
        "",
        "| milliseconds | p50 | p95 | p99 | p95 over the bare run |",
        "|---|---|---|---|---|",
        *rows,
    ]


def endurance(growths: list[Growth]) -> list[str]:
    """Resident memory over a long life."""
    if not growths:
        return ["Memory over a long life: not measured, this system has no /proc."]
    rows = [
        f"| {one.what} | {one.before:,.0f} MB | {one.after:,.0f} MB | {one.share:+.1%} |"
        for one in growths
    ]
    return [
        "Resident memory after a warm-up and at the end, bundled model, each in a process of its "
        "own (owed: ≤ +5 %).",
        "",
        "| | before | after | growth |",
        "|---|---|---|---|",
        *rows,
    ]


def fidelity(found: Fidelity | None) -> list[str]:
    """Every runtime against the original, and what 8 bits cost."""
    if found is None:
        return ["Fidelity: not measured, the fp32 original is missing."]
    return [
        f"Cosine to {found.reference}.",
        "",
        "| runtime and weights | passages | mean / min | owed (mean) |",
        "|---|---|---|---|",
        *(parity_row(one) for one in found.parities),
        "",
        f"Spearman over the {found.pairs} labelled pairs: int8 {found.spearman_int8:.4f}, fp32 "
        f"{found.spearman_fp32:.4f}: {found.points_lost:+.2f} points lost (owed: ≤ 0.2).",
    ]


def parity_row(one: Parity) -> str:
    """One way to run the model; what could not be measured says why."""
    if one.missing:
        return f"| {one.way.title} | | not measured: {one.missing} | {one.way.owed} |"
    cosines = f"{one.cosines.mean():.5f} / {one.cosines.min():.5f}"
    return f"| {one.way.title} | {len(one.cosines):,} | {cosines} | {one.way.owed} |"


def row(reading: Reading, passages: int) -> str:
    """One engine; what could not be measured says why."""
    title = reading.engine.title
    if reading.missing:
        return f"| {title} | not measured: {reading.missing} | | | |"
    if reading.texts < passages:
        title += f" ({reading.texts:,} of the passages)"
    cosine = ""
    if reading.cosines is not None:
        cosine = f"{reading.cosines.mean():.4f} / {reading.cosines.min():.4f}"
    speed = f"{reading.texts_per_second:,.0f} | {reading.own_advantage:.2f} × as fast"
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
