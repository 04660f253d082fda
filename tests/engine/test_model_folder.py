"""A model's own folder is read, never guessed: what is open is an error that names the file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from verdigris.engine.catalog import model_row
from verdigris.engine.model_folder import read_folder
from verdigris.engine.model_store import find_model
from verdigris.errors import CorruptModel, EngineError, InvalidModel, ModelNotFound

SOURCE = Path(__file__).parent / "models" / "bert-cls"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(SOURCE, tmp_path / "model")
    return tmp_path / "model"


def change(path: Path, edit: Callable[[Any], Any]) -> None:
    content = json.loads(path.read_text("utf-8"))
    changed = edit(content)
    path.write_text(json.dumps(content if changed is None else changed), "utf-8")


def refused(folder: Path) -> str:
    with pytest.raises(InvalidModel) as caught:
        read_folder(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "modules.json",
        "1_Pooling/config.json",
        "config_sentence_transformers.json",
        "tokenizer.json",
    ],
)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert f"{folder / name} is missing" in refused(folder)


@pytest.mark.parametrize(
    "name", ["modules.json", "1_Pooling/config.json", "config_sentence_transformers.json"]
)
@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"3", b"[" * 100_000])
def test_a_damaged_file_is_named(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    assert str(folder / name) in refused(folder)


def test_a_folder_without_a_graph_is_refused(folder: Path) -> None:
    shutil.rmtree(folder / "onnx")
    assert "no model.onnx or onnx/model.onnx" in refused(folder)


def test_no_folder_at_all(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="no model folder at"):
        model_row(str(tmp_path / "nothing"))


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"embedding_dimension": 32, "pooling_mode": "max"}, "one pooling mode of mean, cls"),
        ({"embedding_dimension": 32}, "one pooling mode"),
        (
            {
                "embedding_dimension": 32,
                "pooling_mode_cls_token": True,
                "pooling_mode_mean_tokens": True,
            },
            "one pooling mode",
        ),
        ({"embedding_dimension": 32, "pooling_mode_max_tokens": True}, "one pooling mode"),
        ({"pooling_mode": "cls"}, "does not say word_embedding_dimension"),
        (
            {"embedding_dimension": 32, "pooling_mode": "cls", "include_prompt": False},
            "leaves prompts out",
        ),
    ],
)
def test_pooling_that_cannot_be_done_is_refused(
    folder: Path, config: dict[str, Any], says: str
) -> None:
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(config), "utf-8")
    assert says in refused(folder)


@pytest.mark.parametrize(
    ("flag", "pooling"),
    [
        ("pooling_mode_cls_token", "cls"),
        ("pooling_mode_mean_tokens", "mean"),
        ("pooling_mode_lasttoken", "last_token"),
    ],
)
def test_the_older_spelling_of_pooling_is_read(folder: Path, flag: str, pooling: str) -> None:
    config = {"word_embedding_dimension": 32, "pooling_mode_max_tokens": False, flag: True}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(config), "utf-8")
    row = read_folder(folder)
    assert (row.pooling, row.dims) == (pooling, 32)


def test_a_module_that_is_not_known_is_refused(folder: Path) -> None:
    change(folder / "modules.json", lambda m: [*m, {"path": "3", "type": "x.models.Dense"}])
    assert "asks for a 'Dense' module" in refused(folder)
    change(folder / "modules.json", lambda m: m[:1])
    assert "one Transformer and one Pooling" in refused(folder)


def test_the_limit_is_found_as_sentence_transformers_finds_it(folder: Path) -> None:
    assert read_folder(folder).max_tokens == 32  # tokenizer_config.json
    change(folder / "tokenizer_config.json", lambda c: {**c, "model_max_length": 10**30})
    assert read_folder(folder).max_tokens == 64  # config.json
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 17}', "utf-8")
    assert read_folder(folder).max_tokens == 17
    (folder / "sentence_bert_config.json").unlink()
    (folder / "config.json").unlink()
    assert "sentence_bert_config.json does not say max_seq_length" in refused(folder)


def test_prompts_are_read_and_checked(folder: Path) -> None:
    path = folder / "config_sentence_transformers.json"
    path.write_text('{"prompts": {"query": "Q: ", "passage": "P: "}}', "utf-8")
    row = read_folder(folder)
    assert (row.query_prefix, row.passage_prefix) == ("Q: ", "P: ")
    path.write_text('{"__version__": {}}', "utf-8")  # as models without prompts have it
    assert read_folder(folder).query_prefix == ""
    path.write_text('{"prompts": {"query": 3}}', "utf-8")
    assert "prompt 'query' is not a text" in refused(folder)
    path.write_text('{"prompts": ["q"]}', "utf-8")
    assert "prompts must be an object" in refused(folder)


def test_precisions_and_external_data_are_found(folder: Path) -> None:
    for name in ("model_quantized.onnx", "model.onnx_data"):
        (folder / "onnx" / name).write_bytes(b"x")
    row = read_folder(folder)
    assert row.precisions == ("fp32", "quantized")
    assert [file.name for file in row.files] == [
        "tokenizer.json",
        "onnx/model.onnx",
        "onnx/model.onnx_data",
    ]
    stored = find_model(row)
    before = stored.fingerprint()
    (folder / "onnx" / "model.onnx_data").write_bytes(b"y")
    assert find_model(row).fingerprint() != before
    assert model_row(f"{folder}@quantized").weights_file == "onnx/model_quantized.onnx"


def test_a_file_that_vanishes_is_reported(folder: Path) -> None:
    row = read_folder(folder)
    (folder / "onnx" / "model.onnx").unlink()
    with pytest.raises(CorruptModel, match="is missing; mend or replace the files"):
        find_model(row)


def test_a_tokenizer_that_is_none_is_refused(folder: Path) -> None:
    from verdigris.engine import Embedder

    (folder / "tokenizer.json").write_text("{}", "utf-8")
    with pytest.raises(EngineError, match="is no tokenizer"):
        Embedder(str(folder))
