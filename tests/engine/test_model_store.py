"""Files of a model: found whole, or refused with one line that says what to do."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from verdigris.engine.catalog import DEFAULT_MODEL, model_row
from verdigris.engine.model_store import BUNDLED_MODELS, find_model
from verdigris.errors import CorruptModel

ROW = model_row(DEFAULT_MODEL)
MEND = "pip install --force-reinstall verdigris"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    shutil.copytree(BUNDLED_MODELS / ROW.name, tmp_path / ROW.name)
    return tmp_path


def refused(models: Path) -> str:
    with pytest.raises(CorruptModel) as caught:
        find_model(ROW, models).verify()
    message = str(caught.value)
    assert MEND in message
    assert "\n" not in message
    return message


def test_the_bundled_files_are_whole_and_small_enough_to_ship() -> None:
    stored = find_model(ROW)
    stored.verify()
    assert sum(entry.bytes for entry in stored.files) <= 24_000_000


def test_licence_and_notice_are_shipped_with_the_weights() -> None:
    stored = find_model(ROW)
    assert "Apache License" in stored.verified("LICENSE").read_text(encoding="utf-8")
    assert "sentence-transformers" in stored.verified("NOTICE").read_text(encoding="utf-8")


def test_no_file_is_outside_the_manifest() -> None:
    stored = find_model(ROW)
    on_disk = {path.name for path in stored.folder.iterdir()}
    assert on_disk == {entry.name for entry in stored.files} | {"manifest.json"}


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_one_flipped_byte_is_refused(models: Path, name: str) -> None:
    path = models / ROW.name / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert name in refused(models)


def test_half_a_file_is_refused_before_it_is_hashed(models: Path) -> None:
    path = models / ROW.name / "model.onnx"
    path.write_bytes(path.read_bytes()[:1000])
    assert "1,000 bytes instead of" in refused(models)


def test_a_missing_file_is_refused(models: Path) -> None:
    (models / ROW.name / "tokenizer.json").unlink()
    assert "tokenizer.json is missing" in refused(models)


def test_a_folder_in_place_of_a_file_is_refused(models: Path) -> None:
    path = models / ROW.name / "LICENSE"
    path.unlink()
    path.mkdir()
    refused(models)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"files": [{"name": "a"}]}'])
def test_a_damaged_manifest_is_refused(models: Path, content: str) -> None:
    (models / ROW.name / "manifest.json").write_text(content, encoding="utf-8")
    assert "is not a manifest" in refused(models)


def test_a_missing_manifest_is_refused(tmp_path: Path) -> None:
    assert "cannot read" in refused(tmp_path)


def test_a_file_that_the_manifest_leaves_out_is_refused(models: Path) -> None:
    (models / ROW.name / "manifest.json").write_text(json.dumps({"files": []}), encoding="utf-8")
    with pytest.raises(CorruptModel, match=r"does not list model\.onnx"):
        find_model(ROW, models).verified("model.onnx")


def test_a_file_that_vanishes_after_it_was_found_is_refused(models: Path) -> None:
    stored = find_model(ROW, models)
    (models / ROW.name / "model.onnx").unlink()
    with pytest.raises(CorruptModel, match="cannot read"):
        stored.verified("model.onnx")


@pytest.mark.parametrize(
    "change",
    [
        {"max_tokens": 128},
        {"dims": 256},
        {"precision": "fp32"},
        {"query_prefix": "query: "},
        {"passage_prefix": "passage: "},
        {"weights_file": "tokenizer.json"},
    ],
)
def test_the_fingerprint_changes_with_all_that_changes_vectors(change: dict[str, str]) -> None:
    stored = find_model(ROW)
    other_row = dataclasses.replace(ROW, **change)  # type: ignore[arg-type]
    other = dataclasses.replace(stored, row=other_row)
    assert other.fingerprint() != stored.fingerprint()


def test_the_fingerprint_does_not_change_with_the_place(models: Path) -> None:
    assert find_model(ROW, models).fingerprint() == find_model(ROW).fingerprint()
