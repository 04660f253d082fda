"""What the processor can multiply in hardware, which decides precision and speed."""

from __future__ import annotations

import ctypes
import platform
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")

_X86_VNNI = ("avx512_vnni", "avx_vnni", "avx512vnni", "avxvnni")
_X86_BF16 = ("avx512_bf16", "avx512bf16", "amx_bf16")
_X86_AMX = ("amx_int8", "amx_bf16", "amx_fp16")
_ARM_DOT = ("asimddp", "feat_dotprod", "dotprod")
_ARM_BF16 = ("bf16", "feat_bf16")
_ARM_I8MM = ("i8mm", "feat_i8mm")
_ALSO_SHOWN = ("avx2", "avx512f", "avx512_fp16", "sve", "sve2", "sme", "feat_sme", "asimdhp")
_MATTERS = frozenset(
    (*_X86_VNNI, *_X86_BF16, *_X86_AMX, *_ARM_DOT, *_ARM_BF16, *_ARM_I8MM, *_ALSO_SHOWN)
)
_WINDOWS_FEATURES = {40: "avx2", 41: "avx512f", 43: "asimddp", 67: "bf16", 68: "i8mm"}
"""Numbers of IsProcessorFeaturePresent (Windows SDK, winnt.h); it says nothing of VNNI."""


@dataclass(frozen=True, slots=True)
class CpuCapability:
    """The processor and its vector extensions that matter for matrix products."""

    name: str
    architecture: str
    features: tuple[str, ...]
    """As the system spells them, sorted; () where it does not say."""

    @property
    def vnni(self) -> bool:
        """8-bit products on x86 in one instruction and without saturation in between."""
        return self._has(_X86_VNNI)

    @property
    def amx(self) -> bool:
        """Matrix tiles on x86."""
        return self._has(_X86_AMX)

    @property
    def bf16(self) -> bool:
        """bfloat16 products."""
        return self._has(_X86_BF16) or self._has(_ARM_BF16)

    @property
    def dot_product(self) -> bool:
        """8-bit dot products, on any architecture."""
        return self.vnni or self._has(_ARM_DOT) or self._has(_ARM_I8MM)

    @property
    def known(self) -> bool:
        """Whether the system tells the features at all."""
        return bool(self.features)

    @property
    def int8_path(self) -> str:
        """How 8-bit products are computed here, in words."""
        if self.dot_product:
            return "8-bit dot products in hardware"
        if not self.known:
            return "unknown: the system does not list the processor's features"
        return (
            "8-bit products in pairs with 16-bit saturation; the bundled weights are scaled so "
            "that no pair saturates, those of other int8 models may be off"
        )

    def _has(self, names: tuple[str, ...]) -> bool:
        return not set(names).isdisjoint(self.features)


@cache
def cpu_capability() -> CpuCapability:
    """The processor of this machine, from /proc/cpuinfo, sysctl or the Windows API."""
    if sys.platform == "darwin":
        return _from_sysctl()
    if sys.platform == "win32":
        return _from_windows()
    return from_cpuinfo(_read(CPUINFO))


def from_cpuinfo(text: str) -> CpuCapability:
    """Read the first processor of a /proc/cpuinfo; x86 says `flags`, ARM says `Features`."""
    fields: dict[str, str] = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            fields.setdefault(name.strip(), value.strip())
    listed = fields.get("flags") or fields.get("Features") or ""
    name = fields.get("model name") or fields.get("Model") or platform.processor()
    return _capability(name, listed.split())


def from_sysctl(text: str) -> CpuCapability:
    """Read what `sysctl machdep.cpu hw.optional` prints on macOS."""
    fields = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    arm = [
        name.removeprefix("hw.optional.arm.").lower()
        for name, value in fields.items()
        if name.startswith("hw.optional.arm.") and value.strip() == "1"
    ]
    names = ("machdep.cpu.features", "machdep.cpu.leaf7_features")
    intel = " ".join(fields.get(name, "") for name in names).lower().replace(".", "_").split()
    return _capability(fields.get("machdep.cpu.brand_string", ""), [*arm, *intel])


def _from_sysctl() -> CpuCapability:
    command = ["/usr/sbin/sysctl", "machdep.cpu", "hw.optional"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return _capability(platform.processor(), [])
    return from_sysctl(done.stdout)


def _from_windows() -> CpuCapability:
    """What the Windows API tells: AVX2, AVX-512 and, on ARM, dot products."""
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 (exists on Windows alone)
    found = [
        name
        for number, name in _WINDOWS_FEATURES.items()
        if kernel.IsProcessorFeaturePresent(number)
    ]
    return _capability(platform.processor(), found)


def _capability(name: str, listed: list[str]) -> CpuCapability:
    features = sorted(_MATTERS & set(listed))
    return CpuCapability(name or "unknown processor", platform.machine(), tuple(features))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
