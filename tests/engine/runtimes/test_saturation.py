"""Products that overflow on processors without VNNI."""

from __future__ import annotations

from pathlib import Path

import pytest

from verdigris.engine.catalog import DEFAULT_MODEL
from verdigris.engine.model_store import BUNDLED_MODELS
from verdigris.engine.runtimes.onnx_weights import read_onnx_weights
from verdigris.engine.runtimes.saturation import ByteProducts, byte_products

BUNDLED = BUNDLED_MODELS / DEFAULT_MODEL / "model.onnx"
FLOATS = Path(__file__).parent / "models" / "bert" / "model.onnx"
WEIGHT = "encoder.layer.0.intermediate.weight"


def test_no_product_of_the_bundled_model_can_saturate() -> None:
    assert byte_products(BUNDLED) == ByteProducts(24, 0)


def test_a_model_in_floats_has_no_such_product() -> None:
    assert byte_products(FLOATS) == ByteProducts(0, 0)


@pytest.mark.parametrize("pair", [0, -1])
@pytest.mark.parametrize(
    ("first", "second", "saturating"),
    [(64, 64, 0), (65, 64, 1), (127, 127, 1), (-64, -64, 0), (-65, -64, 1), (127, -127, 0)],
)
def test_two_large_neighbours_saturate(
    first: int, second: int, saturating: int, pair: int, tmp_path: Path
) -> None:
    """255 × 128 still fits into 16 bits."""
    weight = read_onnx_weights(BUNDLED).constants[WEIGHT]
    content = bytearray(BUNDLED.read_bytes())
    inputs, outputs = weight.shape
    begin = content.index(weight.tobytes()) + pair % (inputs // 2) * 2 * outputs
    content[begin] = first % 256
    content[begin + outputs] = second % 256
    changed = tmp_path / "model.onnx"
    changed.write_bytes(content)
    assert byte_products(changed) == ByteProducts(24, saturating)
