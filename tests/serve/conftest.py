"""Running the command line as a process would: arguments in, exit code and both streams out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from verdigris.serve.cli import main


@dataclass(frozen=True, slots=True)
class Run:
    """What one run left behind."""

    code: int
    out: str
    err: str


Verdigris = Callable[..., Run]


@pytest.fixture
def verdigris(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Verdigris:
    """`verdigris(*arguments, inside=folder)`; output goes to no terminal, 100 columns wide."""
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments: str, inside: Path | None = None) -> Run:
        if inside is not None:
            monkeypatch.chdir(inside)
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_info:
            main(arguments)
        streams = capsys.readouterr()
        assert isinstance(exit_info.value.code, int)
        return Run(exit_info.value.code, streams.out, streams.err)

    return run
