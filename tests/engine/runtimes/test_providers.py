"""Providers of ONNX Runtime by name."""

from __future__ import annotations

import onnxruntime
import pytest

from verdigris.engine.runtimes.providers import (
    PROVIDERS,
    available_providers,
    name_of,
    wanted_provider,
)
from verdigris.errors import RuntimeUnavailable


def test_what_onnx_runtime_lists_is_available() -> None:
    assert "cpu" in available_providers()
    listed = onnxruntime.get_available_providers()
    for row in PROVIDERS:
        assert (row.name in available_providers()) == (row.onnxruntime_name in listed)


def test_every_name_is_one_that_onnx_runtime_knows() -> None:
    known = onnxruntime.get_all_providers()
    assert {row.onnxruntime_name for row in PROVIDERS} <= set(known)


@pytest.mark.parametrize("name", [row.name for row in PROVIDERS])
def test_an_absent_provider_says_what_to_install(name: str) -> None:
    if name in available_providers():
        assert wanted_provider(name).name == name
        return
    with pytest.raises(
        RuntimeUnavailable, match=f"provider {name!r} is not in this .*; uninstall .* install "
    ):
        wanted_provider(name)


def test_names_go_both_ways() -> None:
    assert name_of("CPUExecutionProvider") == "cpu"
    assert name_of("NewExecutionProvider") == "NewExecutionProvider"
