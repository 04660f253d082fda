"""The names that the package promises, and what importing it costs."""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from pathlib import Path

import pytest

import verdigris


def test_all_is_sorted_and_every_name_can_be_had() -> None:
    assert verdigris.__all__ == sorted(verdigris.__all__)
    assert all(getattr(verdigris, name).__name__ == name for name in verdigris.__all__)
    assert set(verdigris.__all__) <= set(dir(verdigris))


def test_all_agrees_with_what_type_checkers_see() -> None:
    source = Path(verdigris.__file__).read_text(encoding="utf-8")
    imported = {
        alias.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("verdigris")
        for alias in node.names
    }
    assert imported == set(verdigris.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Patina'"):
        _ = verdigris.Patina


def test_the_version_is_that_of_the_distribution() -> None:
    pyproject = (Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{verdigris.__version__}"' in pyproject


def test_importing_loads_nothing_heavy() -> None:
    program = "import sys, verdigris; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert not {"numpy", "onnxruntime", "click", "sqlite3"} & set(loaded.stdout.split())


def test_importing_costs_at_most_40_ms() -> None:
    # CPU time, the least of several runs: the machine may be busy, the code is what is measured.
    program = (
        "import time; t = time.process_time(); import verdigris; print(time.process_time() - t)"
    )
    seconds = [
        float(
            subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout
        )
        for _ in range(5)
    ]
    assert min(seconds) <= 0.04


def test_a_base_can_be_used_from_the_public_names_alone(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / "tea.md").write_text("# Tea\n\nSteep for three minutes.\n", encoding="utf-8")
    began = time.monotonic()
    with verdigris.KnowledgeBase(tmp_path) as knowledge_base:
        answer = knowledge_base.ask("how long does tea steep?")
    assert isinstance(answer, verdigris.Answer)
    assert [hit.document for hit in answer.hits] == ["tea.md"]
    assert 0 < answer.seconds <= time.monotonic() - began
