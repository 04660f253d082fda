"""The number of processors that a container really gives."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from verdigris.engine import usable_cpus
from verdigris.engine.cpus import available_to_scheduler


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_it_is_never_more_than_the_scheduler_allows() -> None:
    assert 1 <= usable_cpus() <= available_to_scheduler() <= (os.cpu_count() or 1)


def test_without_control_groups_the_scheduler_decides(tmp_path: Path) -> None:
    assert usable_cpus(tmp_path, tmp_path / "none") == available_to_scheduler()


@pytest.mark.parametrize(
    ("quota", "expected"),
    [("50000 100000", 1), ("100000 100000", 1), ("max 100000", None), ("", None), ("0 0", None)],
)
def test_version_2_quota(tmp_path: Path, quota: str, expected: int | None) -> None:
    write(tmp_path / "membership", "0::/app.slice/one\n")
    write(tmp_path / "app.slice" / "one" / "cpu.max", quota)
    found = usable_cpus(tmp_path, tmp_path / "membership")
    assert found == (expected or available_to_scheduler())


def test_the_quota_of_a_group_further_up_counts(tmp_path: Path) -> None:
    write(tmp_path / "membership", "0::/outer/inner\n")
    write(tmp_path / "outer" / "cpu.max", "100000 100000")
    write(tmp_path / "outer" / "inner" / "cpu.max", "max 100000")
    assert usable_cpus(tmp_path, tmp_path / "membership") == 1


def test_inside_a_container_the_mount_is_the_group(tmp_path: Path) -> None:
    write(tmp_path / "membership", "0::/\n")
    write(tmp_path / "cpu.max", "20000 100000")
    assert usable_cpus(tmp_path, tmp_path / "membership") == 1


@pytest.mark.parametrize(("quota", "expected"), [("100000", 1), ("-1", None)])
def test_version_1_quota(tmp_path: Path, quota: str, expected: int | None) -> None:
    write(tmp_path / "membership", "5:memory:/box\n4:cpu,cpuacct:/box\n")
    write(tmp_path / "cpu,cpuacct" / "box" / "cpu.cfs_quota_us", quota)
    write(tmp_path / "cpu,cpuacct" / "box" / "cpu.cfs_period_us", "100000")
    found = usable_cpus(tmp_path, tmp_path / "membership")
    assert found == (expected or available_to_scheduler())


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
def test_affinity_is_respected() -> None:
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert usable_cpus() == 1
    finally:
        os.sched_setaffinity(0, before)
