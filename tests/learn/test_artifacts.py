"""Weights as files: read back exactly; refused where damaged, odd or of another model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from verdigris.errors import InvalidProjection
from verdigris.learn.artifacts import (
    ServedProjection,
    load_served,
    read_projection,
    write_manifest,
    write_projection,
)
from verdigris.learn.network import Projection, identity_start, random_projection

SPACE = "space"


@pytest.fixture
def projection() -> Projection:
    return random_projection(identity_start(16, 8, 12, seed=0), seed=1)


def serve(tmp_path: Path, projection: Projection, fingerprint: str = SPACE) -> Path:
    """A folder with one projection in service."""
    staged = tmp_path / "served"
    staged.mkdir()
    digest = write_projection(staged, "mine", projection, {"model": "m"})
    served = ServedProjection("mine", ("imports",), "query", fingerprint, digest, projection)
    write_manifest(staged, [served], "")
    return staged


def test_what_is_written_is_read_back(tmp_path: Path, projection: Projection) -> None:
    (found,) = load_served(serve(tmp_path, projection), SPACE)
    assert (found.name, found.won, found.side) == ("mine", ("imports",), "query")
    for name, values in projection.weights.items():
        np.testing.assert_array_equal(found.projection.weights[name], values)


def test_the_file_holds_what_torch_calls_it(tmp_path: Path, projection: Projection) -> None:
    weights = load_file(serve(tmp_path, projection) / "mine.safetensors")
    assert {name: values.shape for name, values in weights.items()} == {
        "w1.weight": (8, 16), "w1.bias": (8,), "w2.weight": (12, 8), "w2.bias": (12,),
    }  # fmt: skip


def test_the_same_weights_give_the_same_bytes(tmp_path: Path, projection: Projection) -> None:
    about = {name: name for name in "abcdefgh"}
    assert len({write_projection(tmp_path, "a", projection, about) for _ in range(9)}) == 1


def test_nothing_serves_where_nothing_was_trained(tmp_path: Path) -> None:
    assert load_served(tmp_path / "nowhere", SPACE) == []


def test_another_models_projection_is_refused(tmp_path: Path, projection: Projection) -> None:
    with pytest.raises(InvalidProjection, match="another model; run: verdigris oxidize"):
        load_served(serve(tmp_path, projection, "other"), SPACE)


def test_a_flipped_byte_is_noticed(tmp_path: Path, projection: Projection) -> None:
    file = serve(tmp_path, projection) / "mine.safetensors"
    content = bytearray(file.read_bytes())
    content[-3] ^= 1
    file.write_bytes(content)
    with pytest.raises(InvalidProjection, match="not the file that was trained"):
        load_served(file.parent, SPACE)


@pytest.mark.parametrize("content", [b"", b"\x00" * 40, b"not weights at all, but a text"])
def test_what_is_no_safetensors_file_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "mine.safetensors"
    file.write_bytes(content)
    with pytest.raises(InvalidProjection, match="no safetensors file"):
        read_projection(file)


def test_a_missing_file_is_named(tmp_path: Path, projection: Projection) -> None:
    folder = serve(tmp_path, projection)
    (folder / "mine.safetensors").unlink()
    with pytest.raises(InvalidProjection, match=r"mine\.safetensors cannot be read"):
        load_served(folder, SPACE)


@pytest.mark.parametrize("content", ["", "[]", '{"projections": [{"name": 3}]}'])
def test_a_damaged_list_of_projections_is_refused(
    tmp_path: Path, projection: Projection, content: str
) -> None:
    folder = serve(tmp_path, projection)
    (folder / "served.json").write_text(content)
    with pytest.raises(InvalidProjection, match=r"served\.json cannot be read"):
        load_served(folder, SPACE)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"w2.bias": np.full(12, np.nan, np.float32)}, "w2.bias is not finite"),
        ({"w1.weight": np.full((8, 16), np.inf, np.float32)}, "w1.weight is not finite"),
        ({"w1.bias": np.zeros(9, np.float32)}, "shapes of w1.weight and w1.bias differ"),
        ({"w2.weight": np.zeros((12, 9), np.float32)}, "shapes of w2.weight and w2.bias differ"),
        ({"w3.weight": np.zeros((2, 2), np.float32)}, "holds"),
        ({"w1.weight": np.zeros((8, 0), np.float32)}, "shapes of w1.weight and w1.bias differ"),
    ],
)
def test_weights_that_do_not_fit_are_refused(
    tmp_path: Path, projection: Projection, change: dict[str, object], message: str
) -> None:
    file = tmp_path / "mine.safetensors"
    save_file({**projection.weights, **change}, file)  # type: ignore[dict-item]
    with pytest.raises(InvalidProjection, match=message):
        read_projection(file)


def test_more_dims_out_than_in_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.safetensors"
    weights = {"w1.weight": np.zeros((9, 4), np.float32), "w1.bias": np.zeros(9, np.float32)}
    save_file(weights, file)
    with pytest.raises(InvalidProjection, match="more dims than it takes"):
        read_projection(file)
