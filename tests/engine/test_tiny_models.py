"""Every architecture gives the vectors of the original implementation, from its own folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from verdigris.engine import Embedder, run_selfcheck
from verdigris.engine.catalog import InputType
from verdigris.errors import (
    EngineError,
    InvalidInput,
    InvalidModel,
    ModelNotFound,
    RuntimeBroken,
)

MODELS = Path(__file__).parent / "models"
NAMES = ("bert-mean", "bert-cls", "nomic-like", "qwen3-like", "qwen3-past")
LARGEST_BYTES = 300_000


def texts(name: str) -> list[str]:
    content: list[str] = json.loads((MODELS / name / "golden_texts.json").read_text("utf-8"))
    return content


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("input_type", "golden"), [("passage", "golden_vectors"), ("query", "golden_queries")]
)
def test_vectors_are_those_of_sentence_transformers(
    name: str, input_type: InputType, golden: str
) -> None:
    """The golden ones were made from one padded batch; here every text runs alone."""
    expected = np.load(MODELS / name / f"{golden}.npy")
    with Embedder(str(MODELS / name)) as embedder:
        vectors = embedder.embed_batch(texts(name), input_type).vectors
    np.testing.assert_allclose(vectors, expected, atol=2e-6)


@pytest.mark.parametrize("name", NAMES)
def test_golden_vectors_tell_texts_and_prefixes_apart(name: str) -> None:
    """Else the comparison above could not fail."""
    passages = np.load(MODELS / name / "golden_vectors.npy")
    queries = np.load(MODELS / name / "golden_queries.npy")
    others = (passages @ passages.T)[np.triu_indices(len(passages), 1)]
    assert others.max() < 0.999
    assert (name == "bert-mean") == np.array_equal(passages, queries)


@pytest.mark.parametrize("name", NAMES)
def test_folders_are_small_enough_to_commit(name: str) -> None:
    sizes = [path.stat().st_size for path in (MODELS / name).rglob("*") if path.is_file()]
    assert sum(sizes) <= LARGEST_BYTES


@pytest.mark.parametrize(
    ("name", "pooling", "max_tokens", "query", "passage"),
    [
        ("bert-mean", "mean", 24, "", ""),
        ("bert-cls", "cls", 32, "find words in the log: ", ""),
        ("nomic-like", "mean", 48, "search_query: ", "search_document: "),
        ("qwen3-like", "last_token", 96, "Instruct: find the passage\nQuery:", ""),
    ],
)
def test_how_a_model_is_used_is_read_from_its_folder(
    name: str, pooling: str, max_tokens: int, query: str, passage: str
) -> None:
    with Embedder(str(MODELS / name)) as embedder:
        info = embedder.model_info()
    assert (info.pooling, info.max_tokens, info.dims) == (pooling, max_tokens, 32)
    assert (info.query_prefix, info.passage_prefix) == (query, passage)
    assert (info.name, info.precision) == (name, "fp32")


def test_the_same_folder_elsewhere_has_the_same_fingerprint(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(MODELS / "bert-cls", copy)
    with Embedder(str(copy)) as one, Embedder(str(MODELS / "bert-cls")) as other:
        assert one.fingerprint == other.fingerprint
    content = (copy / "onnx" / "model.onnx").read_bytes()
    (copy / "onnx" / "model.onnx").rename(copy / "onnx" / "model_same.onnx")
    (copy / "model.onnx").write_bytes(content)
    with Embedder(str(copy)) as plain, Embedder(f"{copy}@same") as named:
        assert plain.fingerprint == one.fingerprint
        assert named.fingerprint != one.fingerprint


def test_a_graph_of_other_dims_than_its_folder_says_is_refused(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(MODELS / "bert-mean", copy)
    (copy / "golden_texts.json").unlink()
    pooling = copy / "1_Pooling" / "config.json"
    pooling.write_text(pooling.read_text("utf-8").replace("32", "64"), "utf-8")
    with pytest.raises(EngineError, match=r"model\.onnx have shape .*32\), not .*64\)"):
        Embedder(str(copy))


def test_a_graph_with_unknown_inputs_is_refused(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(MODELS / "bert-mean", copy)
    graph = copy / "model.onnx"
    graph.write_bytes(graph.read_bytes().replace(b"token_type_ids", b"token_hype_ids"))
    with pytest.raises(EngineError, match="token_hype_ids"):
        Embedder(str(copy))


def changed_tokenizer(folder: Path, change: Callable[[dict[str, Any]], object]) -> str:
    """A copy of a model whose tokenizer does not fit it."""
    shutil.copytree(MODELS / "bert-mean", folder)
    file = folder / "tokenizer.json"
    content = json.loads(file.read_text("utf-8"))
    change(content)
    file.write_text(json.dumps(content), "utf-8")
    return str(folder)


def test_a_word_that_the_graph_does_not_know_is_one_line(tmp_path: Path) -> None:
    broken = changed_tokenizer(
        tmp_path / "copy", lambda content: content["model"]["vocab"].update(hello=10**6)
    )
    with Embedder(broken) as embedder:
        for use in (embedder.embed_passage, lambda text: list(embedder.embed([text]))):
            with pytest.raises(RuntimeBroken, match="cannot run model 'copy'") as caught:
                use("hello")
            assert "\n" not in str(caught.value)


def test_a_text_that_the_tokenizer_does_not_take_is_one_line(tmp_path: Path) -> None:
    def without_unknown(content: dict[str, Any]) -> None:
        del content["model"]["vocab"]["[UNK]"]
        content["added_tokens"] = []

    broken = changed_tokenizer(tmp_path / "copy", without_unknown)
    with Embedder(broken) as embedder:
        with pytest.raises(InvalidModel, match=r"tokenizer\.json cannot tokenise .*\[UNK\]"):
            embedder.embed_passage("\u65e5\u672c")
        with pytest.raises(InvalidModel, match=r"tokenizer\.json cannot tokenise"):
            embedder.count_tokens("\u65e5\u672c")


def test_precisions_that_are_not_there_are_listed() -> None:
    with pytest.raises(ModelNotFound, match=r"no precision 'int8'; it has fp32"):
        Embedder(f"{MODELS / 'bert-mean'}@int8")


def test_vectors_are_cut_only_where_the_model_was_trained_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VERDIGRIS_CONFIG_DIR", str(tmp_path))
    (tmp_path / "models.toml").write_text(
        f"""
[[models]]
name = "mine"
folder = "{(MODELS / "nomic-like").as_posix()}"
dims = 32
matryoshka_dims = [16, 8]
matryoshka_layer_norm = true
max_tokens = 48
pooling = "mean"
query_prefix = "search_query: "
passage_prefix = "search_document: "
licence = "none"
tokenizer = {{ file = "tokenizer.json" }}
weights = [{{ precision = "fp32", file = "model.onnx" }}]
""",
        "utf-8",
    )
    with Embedder("mine") as whole, Embedder("mine", dims=16) as half:
        full, cut = whole.embed_passage("a log"), half.embed_passage("a log")
        assert half.fingerprint != whole.fingerprint
        assert (half.dims, half.model_info().full_dims) == (16, 32)
        assert run_selfcheck(half).min_cosine == pytest.approx(1, abs=1e-5)
        assert run_selfcheck(half).passed
    assert cut.shape == (16,)
    assert np.linalg.norm(cut) == pytest.approx(1, abs=1e-6)
    centred = (full - full.mean()) / full.std()
    np.testing.assert_allclose(cut, centred[:16] / np.linalg.norm(centred[:16]), atol=1e-4)
    with pytest.raises(InvalidInput, match=r"cannot give 20 dims; it can give 32, 16, 8"):
        Embedder("mine", dims=20)
    with pytest.raises(InvalidInput, match="cannot give 64 dims; it can give 384"):
        Embedder(dims=64)
