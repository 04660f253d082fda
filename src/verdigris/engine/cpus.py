"""How many processors this process may really use: affinity and container quota respected."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path

QuotaReader = Callable[[Path], "float | None"]

CGROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def usable_cpus(cgroups: Path = CGROUPS, membership: Path = MEMBERSHIP) -> int:
    """Processors that the scheduler lets this process use, at least 1.

    The smaller of the affinity mask (or of the machine, where there is none) and the CPU quota
    of every control group above the process, version 1 or 2, rounded up.
    """
    quotas = [math.ceil(quota) for quota in _quotas(cgroups, membership)]
    return max(1, min([available_to_scheduler(), *quotas]))


def available_to_scheduler() -> int:
    """Processors in the affinity mask, or in the machine where there is no such mask."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quotas(cgroups: Path, membership: Path) -> Iterator[float]:
    """CPU quotas, in processors, of the control groups that the process is in."""
    for line in _read(membership).splitlines():
        _, controllers, group = line.split(":", 2)
        if not controllers:
            yield from _quotas_upwards(cgroups, group, _quota_v2)
        elif "cpu" in controllers.split(","):
            for mount in dict.fromkeys((controllers, "cpu")):
                yield from _quotas_upwards(cgroups / mount, group, _quota_v1)


def _quotas_upwards(mount: Path, group: str, read_quota: QuotaReader) -> Iterator[float]:
    """Quotas from the process's group up to the mount; in a container the group is the mount."""
    folder = mount / group.strip("/")
    for level in (folder, *folder.parents):
        quota = read_quota(level)
        if quota is not None:
            yield quota
        if level == mount:
            return


def _quota_v2(folder: Path) -> float | None:
    """`cpu.max` holds 'max 100000' or 'QUOTA PERIOD' (kernel documentation, cgroup-v2)."""
    return _ratio(_read(folder / "cpu.max").split())


def _quota_v1(folder: Path) -> float | None:
    """The quota is -1 where there is none (kernel documentation, sched-bwc)."""
    names = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
    return _ratio([_read(folder / name).strip() for name in names])


def _ratio(fields: list[str]) -> float | None:
    if len(fields) != 2 or not all(field.isdigit() for field in fields):
        return None
    quota, period = map(int, fields)
    return quota / period if quota > 0 and period > 0 else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
