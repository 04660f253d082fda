"""Importing the engine costs nothing and offers exactly what it lists."""

from __future__ import annotations

import subprocess
import sys

import pytest

import verdigris.engine as engine


def test_every_listed_name_is_there_and_the_list_is_sorted() -> None:
    assert engine.__all__ == sorted(engine.__all__)
    assert dir(engine) == engine.__all__
    for name in engine.__all__:
        assert getattr(engine, name) is not None


def test_other_names_are_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        engine.Nothing  # noqa: B018


def test_importing_loads_nothing_heavy() -> None:
    program = (
        "import sys, verdigris.engine; "
        "print(sorted({'numpy', 'onnxruntime', 'tokenizers'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_engine_works_without_the_rest_of_the_package() -> None:
    program = (
        "import sys; from verdigris.engine import Embedder; Embedder().embed_query('a'); "
        "print(sorted(m for m in sys.modules if m.startswith('verdigris.') "
        "and not m.startswith('verdigris.engine')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['verdigris.errors']"
