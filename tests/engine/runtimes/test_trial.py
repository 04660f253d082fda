"""Providers are tried in a process of their own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from verdigris.engine.runtimes.trial import main, try_apart
from verdigris.errors import RuntimeBroken

TINY = Path(__file__).parent / "models" / "bert" / "model.onnx"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VERDIGRIS_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def interpreter(folder: Path, body: str) -> str:
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def test_what_went_well_is_remembered(cache: Path) -> None:
    try_apart(TINY, "cpu")
    assert len(list(cache.rglob("*"))) == 2
    try_apart(TINY, "cpu", python="/there/is/no/such/python")


@pytest.mark.skipif(os.name == "nt", reason="needs a shell")
def test_a_crash_is_an_error_and_not_remembered(tmp_path: Path, cache: Path) -> None:
    crashing = interpreter(tmp_path, "kill -SEGV $$")
    with pytest.raises(RuntimeBroken, match=r"provider 'cpu' .* crashes on model\.onnx"):
        try_apart(TINY, "cpu", crashing)
    assert not cache.exists()


@pytest.mark.skipif(os.name == "nt", reason="needs a shell")
def test_the_last_line_of_what_failed_is_told(tmp_path: Path) -> None:
    failing = interpreter(tmp_path, "echo a trace >&2; echo the driver is too old >&2; exit 1")
    with pytest.raises(RuntimeBroken, match=r"does not work: the driver is too old$"):
        try_apart(TINY, "cpu", failing)
    with pytest.raises(RuntimeBroken, match="cannot be tried"):
        try_apart(TINY, "cpu", str(tmp_path / "missing"))


def test_a_changed_file_is_tried_again(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(TINY.read_bytes())
    try_apart(path, "cpu")
    path.write_bytes(b"something else")
    with pytest.raises(RuntimeBroken, match=r"does not work: .*cannot load"):
        try_apart(path, "cpu", sys.executable)


def test_a_cache_that_cannot_be_written_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("VERDIGRIS_CACHE_DIR", str(tmp_path / "file" / "cache"))
    try_apart(TINY, "cpu")


def test_the_other_process_says_what_failed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(str(TINY), "cpu") == 0
    (tmp_path / "model.onnx").write_bytes(b"")
    assert main(str(tmp_path / "model.onnx"), "cpu") == 1
    assert "cannot load" in capsys.readouterr().err
