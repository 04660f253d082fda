"""How a model and its runtime are named together."""

from __future__ import annotations

from pathlib import Path

import pytest

from verdigris.engine.engine_choice import EngineChoice, parse_choice
from verdigris.errors import EngineError, InvalidInput

TINY = Path(__file__).parent / "models"


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("all-minilm-l6-v2", EngineChoice("all-minilm-l6-v2")),
        ("e5@int8+openvino", EngineChoice("e5@int8", "openvino")),
        ("m+onnxruntime:coreml", EngineChoice("m", "onnxruntime", "coreml")),
        ("/models/c++/x", EngineChoice("/models/c++/x")),
        ("/models/c+other", EngineChoice("/models/c+other")),
        ("/c+other+mlx", EngineChoice("/c+other", "mlx")),
    ],
)
def test_only_known_runtimes_are_taken_off_the_end(text: str, choice: EngineChoice) -> None:
    assert parse_choice(text) == choice
    assert parse_choice(str(choice)) == choice


@pytest.mark.parametrize("text", ["", "+openvino"])
def test_a_choice_without_a_model_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="names no model"):
        parse_choice(text)


def test_a_folder_is_opened_and_weighed() -> None:
    choice = parse_choice(str(TINY / "bert-cls"))
    with choice.open(threads=1) as embedder:
        assert embedder.dims == 32
    weights = (TINY / "bert-cls" / "onnx" / "model.onnx").stat().st_size
    assert weights < choice.bytes_on_disk() < weights + 10_000
    assert choice.precision() == "fp32"


def test_a_provider_that_is_not_here_is_an_error_not_a_fallback() -> None:
    with pytest.raises(EngineError, match="bogus"):
        EngineChoice("all-minilm-l6-v2", "onnxruntime", "bogus").open(1)
