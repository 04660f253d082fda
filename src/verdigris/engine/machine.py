"""On what something was measured: without that, a number says nothing."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from verdigris.engine.cpu_features import cpu_capability
from verdigris.engine.cpus import usable_cpus

_PACKAGES = ("onnxruntime", "openvino", "mlx", "tokenizers", "numpy")


@dataclass(frozen=True, slots=True)
class Machine:
    """Processor, system and versions."""

    processor: str
    architecture: str
    features: tuple[str, ...]
    """Vector extensions that matter for matrix products."""
    int8_path: str
    """How 8-bit products are computed here."""
    processors: int
    usable_processors: int
    """Those that affinity and container quota leave to this process."""
    system: str
    python: str
    versions: dict[str, str]

    def __str__(self) -> str:
        """One line."""
        features = f" ({', '.join(self.features)})" if self.features else ""
        packages = ", ".join(f"{name} {found}" for name, found in self.versions.items())
        return (
            f"{self.processor or 'unknown processor'}{features}, {self.usable_processors} of "
            f"{self.processors} processors, {self.system} {self.architecture}; "
            f"Python {self.python}, {packages}"
        )


def this_machine() -> Machine:
    """The machine that this process runs on."""
    cpu = cpu_capability()
    return Machine(
        processor=cpu.name,
        architecture=cpu.architecture,
        features=cpu.features,
        int8_path=cpu.int8_path,
        processors=os.cpu_count() or 1,
        usable_processors=usable_cpus(),
        system=platform.system(),
        python=platform.python_version(),
        versions=dict(_installed()),
    )


def _installed() -> list[tuple[str, str]]:
    found = []
    for package in _PACKAGES:
        try:
            found.append((package, version(package)))
        except PackageNotFoundError:
            continue
    return found
