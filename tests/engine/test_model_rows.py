"""Rows of models as TOML: checked key by key, nothing that matters by default."""

from __future__ import annotations

from pathlib import Path

import pytest

from verdigris.engine.model_rows import is_inside, read_rows, row_of, table_of
from verdigris.errors import InvalidModel, ModelNotFound

COMMIT = "a" * 40
GOOD = f"""
[[models]]
name = "mine"
repository = "me/mine"
revision = "{COMMIT}"
dims = 8
max_tokens = 16
pooling = "cls"
query_prefix = "q: "
passage_prefix = ""
licence = "MIT"
matryoshka_dims = [4]
tokenizer = {{ file = "tokenizer.json" }}
weights = [
    {{ precision = "fp32", file = "onnx/model.onnx", external = [{{ file = "onnx/data" }}] }},
    {{ precision = "int8", file = "onnx/model_int8.onnx", bytes = 3, sha256 = "{"b" * 64}" }},
]
"""


def read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "models.toml"
    path.write_text(text, "utf-8")
    read_rows(path)


def test_a_good_row(tmp_path: Path) -> None:
    path = tmp_path / "models.toml"
    path.write_text(GOOD, "utf-8")
    (row,) = read_rows(path)
    assert (row.name, row.precision, row.precisions) == ("mine", "fp32", ("fp32", "int8"))
    assert [file.name for file in row.files] == ["tokenizer.json", "onnx/model.onnx", "onnx/data"]
    int8 = row.in_precision("int8")
    assert (int8.reference, int8.weights_file) == ("mine@int8", "onnx/model_int8.onnx")
    assert int8.files[1].bytes == 3
    with pytest.raises(ModelNotFound, match="it has fp32, int8"):
        row.in_precision("int4")


def test_a_row_survives_the_way_through_a_manifest(tmp_path: Path) -> None:
    path = tmp_path / "models.toml"
    path.write_text(GOOD, "utf-8")
    (row,) = read_rows(path)
    again = row_of(table_of(row), "test")
    assert again.precisions == ("fp32",)
    assert (again.pooling, again.query_prefix, again.matryoshka_dims) == ("cls", "q: ", (4,))
    assert [file.name for file in again.files] == [file.name for file in row.files]


def test_no_file_has_no_rows(tmp_path: Path) -> None:
    assert read_rows(tmp_path / "models.toml") == ()


@pytest.mark.parametrize(
    "key",
    [
        "name",
        "dims",
        "max_tokens",
        "pooling",
        "query_prefix",
        "passage_prefix",
        "licence",
        "tokenizer",
    ],
)
def test_what_is_left_out_is_named(tmp_path: Path, key: str) -> None:
    lines = [line for line in GOOD.splitlines() if not line.startswith(f"{key} =")]
    with pytest.raises(InvalidModel, match=f"models.toml.* does not say {key}"):
        read(tmp_path, "\n".join(lines))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('pooling = "cls"', 'pooling = "max"', "pooling must be one of mean, cls, last_token"),
        ("dims = 8", 'dims = "8"', "dims must be a int"),
        ("dims = 8", "dims = true", "dims must be a int"),
        ("dims = 8", "dims = 0", "must be 1 or more"),
        ("dims = 8", "dims = 8\ndim = 8", "unknown key 'dim'"),
        ('name = "mine"', 'name = "../mine"', "is no name of a model"),
        (f'revision = "{COMMIT}"', 'revision = "main"', "full commit hash"),
        ('repository = "me/mine"', 'repository = "mine"', "owner/name"),
        ('repository = "me/mine"', 'repository = "me/mine"\nfolder = "/x"', "both a repository"),
        ("matryoshka_dims = [4]", "matryoshka_dims = [9]", "between 0 and 8"),
        ("matryoshka_dims = [4]", 'matryoshka_dims = ["4"]', "must be whole numbers"),
        ('file = "onnx/data"', 'file = "../data"', "not a path below"),
        ('file = "onnx/data"', 'file = "/etc/passwd"', "not a path below"),
        ("b" * 64, "b" * 63, "is no SHA-256"),
        ('file = "tokenizer.json"', 'path = "tokenizer.json"', "does not say file"),
        ("[[models]]", "[models]", "nothing but"),
        ("[[models]]", "threads = 3\n[[models]]", "nothing but"),
        ("[[models]]", "[[models]", "cannot be read"),
    ],
)
def test_what_is_wrong_is_named_in_one_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in GOOD
    with pytest.raises(InvalidModel, match=r"models\.toml") as caught:
        read(tmp_path, GOOD.replace(old, new))
    assert says in str(caught.value)


def test_a_name_may_be_there_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidModel, match="'mine' is there twice"):
        read(tmp_path, GOOD + GOOD)


@pytest.mark.parametrize("weights", ["weights = []", "weights = [3]", 'weights = [{ file = "a" }]'])
def test_weights_must_say_precision_and_file(tmp_path: Path, weights: str) -> None:
    head = GOOD.partition("weights = [")[0]
    with pytest.raises(InvalidModel, match=r"models\.toml"):
        read(tmp_path, head + weights)


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("a", True),
        ("a/b.c", True),
        ("", False),
        ("/a", False),
        ("a/../b", False),
        ("a//b", False),
        ("./a", False),
        ("a\\b", False),
        ("c:a", False),
        ("a\0", False),
    ],
)
def test_paths_stay_inside(path: str, inside: bool) -> None:
    assert is_inside(path) is inside
