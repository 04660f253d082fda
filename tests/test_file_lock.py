"""Locks between processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from verdigris.file_lock import lock_file

HOLDER = """
import sys, time
from verdigris.file_lock import lock_file
lock_file(sys.argv[1])
print("held", flush=True)
time.sleep(60)
"""


def test_a_lock_is_waited_for_and_goes_with_its_process(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1] / "src")}
    command = [sys.executable, "-c", HOLDER, str(lock)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as holder:
        assert holder.stdout and holder.stdout.readline().strip() == b"held"
        began = time.monotonic()
        with pytest.raises(TimeoutError, match="another process holds"):
            lock_file(lock, 0.1)
        assert time.monotonic() - began >= 0.1
        holder.kill()
    os.close(lock_file(lock))
    os.close(lock_file(lock))


def test_a_lock_that_cannot_be_made_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        lock_file(tmp_path / "missing" / "lock")
