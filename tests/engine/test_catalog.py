"""The catalogue, and how a name becomes a row."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from verdigris.engine.catalog import (
    CATALOG,
    DEFAULT_MODEL,
    ModelRow,
    catalog_rows,
    known_rows,
    model_row,
)
from verdigris.engine.folders import models_folder, user_rows_file
from verdigris.engine.model_rows import read_rows
from verdigris.engine.model_store import find_model
from verdigris.errors import CorruptModel, InvalidModel, ModelNotFound

WANTED = {
    "all-minilm-l6-v2": (384, "mean", 256, "", ""),
    "all-minilm-l6-v2-fp32": (384, "mean", 256, "", ""),
    "bge-small-en-v1.5": (384, "cls", 512, "Represent this sentence", ""),
    "bge-base-en-v1.5": (768, "cls", 512, "Represent this sentence", ""),
    "e5-small-v2": (384, "mean", 512, "query: ", "passage: "),
    "e5-base-v2": (768, "mean", 512, "query: ", "passage: "),
    "gte-base": (768, "mean", 512, "", ""),
    "nomic-embed-text-v1.5": (768, "mean", 8192, "search_query: ", "search_document: "),
    "qwen3-embedding-0.6b": (1024, "last_token", 32768, "Instruct: ", ""),
}
USER_ROW = """
[[models]]
name = "{name}"
repository = "me/mine"
revision = "{commit}"
dims = 8
max_tokens = 16
pooling = "cls"
query_prefix = ""
passage_prefix = ""
licence = "MIT"
tokenizer = {{ file = "tokenizer.json" }}
weights = [{{ precision = "fp32", file = "model.onnx" }}]
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VERDIGRIS_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("VERDIGRIS_MODELS_DIR", str(tmp_path / "models"))
    return tmp_path


def test_every_row_is_found_by_its_name() -> None:
    for row in catalog_rows():
        assert model_row(row.name) is row
    assert catalog_rows()[0].name == DEFAULT_MODEL


@pytest.mark.parametrize("name", WANTED)
def test_rows_say_how_the_models_are_used(name: str) -> None:
    row = model_row(name)
    dims, pooling, max_tokens, query, passage = WANTED[name]
    assert (row.dims, row.pooling, row.max_tokens) == (dims, pooling, max_tokens)
    assert row.query_prefix.startswith(query)
    assert bool(row.query_prefix) == bool(query)
    assert row.passage_prefix == passage


def test_every_model_but_the_bundled_one_has_a_pinned_commit() -> None:
    for row in catalog_rows()[1:]:
        assert re.fullmatch(r"[\w.-]+/[\w.-]+", row.repository)
        assert re.fullmatch(r"[0-9a-f]{40}", row.revision)
        assert row.licence


def test_only_models_that_were_trained_for_it_are_cut() -> None:
    cut = {row.name for row in catalog_rows() if row.matryoshka_dims}
    assert cut == {"nomic-embed-text-v1.5", "qwen3-embedding-0.6b"}


def test_an_unknown_name_is_answered_with_the_known_ones(config: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"'no-such'.*all-minilm-l6-v2.*folder's path"):
        model_row("no-such")


def test_queries_and_passages_have_their_own_prefix() -> None:
    row = ModelRow("m", 2, 8, "mean", "fp32", query_prefix="query: ", passage_prefix="passage: ")
    assert (row.prefix("query"), row.prefix("passage")) == ("query: ", "passage: ")


def test_a_precision_is_chosen_behind_the_name() -> None:
    row = model_row("nomic-embed-text-v1.5@int8")
    assert (row.precision, row.weights_file) == ("int8", "onnx/model_int8.onnx")
    assert row.reference == "nomic-embed-text-v1.5@int8"
    assert model_row("nomic-embed-text-v1.5").reference == "nomic-embed-text-v1.5"
    with pytest.raises(ModelNotFound, match="no precision 'int4'; it has fp32, fp16, int8"):
        model_row("nomic-embed-text-v1.5@int4")


def test_a_model_that_was_not_pulled_says_how(config: Path) -> None:
    with pytest.raises(
        ModelNotFound,
        match=r"'e5-base-v2' is not on this machine; run: verdigris model pull e5-base-v2$",
    ):
        find_model(model_row("e5-base-v2"))
    with pytest.raises(ModelNotFound, match=r"run: verdigris model pull e5-base-v2@int8$"):
        find_model(model_row("e5-base-v2@int8"))


def test_the_users_own_rows_have_names_too(config: Path) -> None:
    (config / "models.toml").write_text(USER_ROW.format(name="mine", commit="a" * 40), "utf-8")
    assert model_row("mine").pooling == "cls"
    assert [row.name for row in known_rows()] == [*WANTED, "mine"]
    with pytest.raises(ModelNotFound, match="model pull mine"):
        find_model(model_row("mine"))


def test_the_users_rows_do_not_hide_the_catalogues(config: Path) -> None:
    (config / "models.toml").write_text(USER_ROW.format(name="gte-base", commit="a" * 40), "utf-8")
    with pytest.raises(InvalidModel, match="catalogue has a model 'gte-base' already"):
        known_rows()
    assert model_row("gte-base").dims == 768


def test_a_damaged_file_of_rows_does_not_touch_the_bundled_model(config: Path) -> None:
    (config / "models.toml").write_text("nonsense", "utf-8")
    assert model_row(DEFAULT_MODEL).dims == 384
    with pytest.raises(InvalidModel, match=r"models\.toml cannot be read"):
        model_row("mine")


@pytest.mark.parametrize("content", ["", "{", "[]", "3"])
def test_a_half_written_cache_is_no_model(config: Path, content: str) -> None:
    folder = models_folder() / "gte-base"
    folder.mkdir(parents=True)
    with pytest.raises(ModelNotFound, match="model pull gte-base"):
        find_model(model_row("gte-base"))
    (folder / "manifest.json").write_text(content, "utf-8")
    with pytest.raises(CorruptModel, match=r"is not a manifest; run: verdigris model pull"):
        find_model(model_row("gte-base"))
    assert "gte-base" in [row.name for row in known_rows()]


def test_a_manifest_that_leads_out_of_the_folder_is_refused(config: Path) -> None:
    folder = models_folder() / "gte-base"
    folder.mkdir(parents=True)
    entry = {"name": "../../secret", "bytes": 1, "sha256": "0" * 64}
    (folder / "manifest.json").write_text(json.dumps({"files": [entry]}), "utf-8")
    with pytest.raises(CorruptModel, match="lists a path outside"):
        find_model(model_row("gte-base"))


def test_the_catalogue_is_a_file_that_users_can_copy_from() -> None:
    assert CATALOG.is_file()
    assert CATALOG.read_text("utf-8").startswith("# The catalogue")


def test_the_engine_and_the_settings_agree_where_the_users_configuration_is() -> None:
    program = (
        "from pathlib import Path\n"
        "from verdigris.engine.folders import user_rows_file\n"
        "from verdigris.settings import _user_config\n"
        "assert user_rows_file().parent == Path(_user_config()).parent, user_rows_file()\n"
    )
    for variables in ({"VERDIGRIS_CONFIG_DIR": "/a"}, {"XDG_CONFIG_HOME": "/b"}, {"HOME": "/c"}):
        environment = {"PYTHONPATH": ":".join(sys.path), **variables}
        subprocess.run([sys.executable, "-c", program], env=environment, check=True)


def test_models_are_data_not_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("VERDIGRIS_MODELS_DIR", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert models_folder().name == "models"
    assert "cache" not in str(models_folder()).lower().replace(str(tmp_path).lower(), "")
    monkeypatch.setenv("VERDIGRIS_MODELS_DIR", str(tmp_path / "other"))
    assert models_folder() == tmp_path / "other"
    assert user_rows_file().name == "models.toml"


def test_the_documents_example_is_a_row_and_names_every_model(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "models.md").read_text("utf-8")
    example = text.partition("```toml\n")[2].partition("```")[0]
    (tmp_path / "models.toml").write_text(example, "utf-8")
    (row,) = read_rows(tmp_path / "models.toml")
    assert (row.name, row.precisions) == ("our-model", ("fp32", "int8"))
    for one in catalog_rows():
        line = next(line for line in text.splitlines() if line.startswith(f"| {one.name} "))
        assert f"{one.max_tokens:,}" in line
        assert all(precision in line for precision in one.precisions)
        assert one.licence in line
