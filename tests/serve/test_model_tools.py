"""The commands that validate, measure, compare and select models."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np
import pytest

from verdigris.engine.engine_choice import EngineChoice
from verdigris.serve.cli.model.choice import write_choice

if TYPE_CHECKING:
    from tests.conftest import GitFolder
    from tests.serve.conftest import Verdigris

MODELS = Path(__file__).parents[1] / "engine" / "models"


def test_validate_is_a_report_for_people_and_for_programs(verdigris: Verdigris) -> None:
    run = verdigris("model", "validate")
    assert (run.code, run.err) == (0, "")
    assert "ok    vocabulary: ids below 30,522, 30,522 rows in the embedding table" in run.out
    assert "Gather: a dimension of 30,522; at most 16,384" in run.out
    assert "coreml can take" in run.out
    assert "ran here on onnxruntime" in run.out
    found = json.loads(verdigris("model", "validate", "all-minilm-l6-v2", "--json").out)
    assert next(iter(found)) == "schema_version"
    assert found["valid"] is True
    assert found["graph"]["inputs"][0]["name"] == "input_ids"


@pytest.mark.parametrize("name", ["bert-cls", "bert-mean", "nomic-like", "qwen3-like"])
def test_validate_takes_every_architecture(verdigris: Verdigris, name: str) -> None:
    run = verdigris("model", "validate", str(MODELS / name))
    assert run.code == 0, run.out
    assert "ok    golden vectors: cosine to the original 1.0000 on average" in run.out


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("model.onnx", b"not a graph", "WRONG files: "),
        ("tokenizer.json", b"{}", "WRONG files: "),
        ("golden_vectors.npy", None, "WRONG golden vectors: "),
    ],
)
def test_validate_reports_damage_and_exits_2(
    verdigris: Verdigris, tmp_path: Path, file: str, content: bytes | None, says: str
) -> None:
    folder = tmp_path / "model"
    copytree(MODELS / "bert-mean", folder)
    if content is None:
        np.save(folder / file, np.load(folder / file)[::-1])
    else:
        (folder / file).write_bytes(content)
    run = verdigris("model", "validate", str(folder))
    assert (run.code, run.err) == (2, "")
    assert says in run.out


def test_validate_finds_wrong_dims_and_tokens_without_a_row(
    verdigris: Verdigris, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    copytree(MODELS / "bert-mean", folder)
    pooling, tokenizer = folder / "1_Pooling" / "config.json", folder / "tokenizer.json"
    pooling.write_text(pooling.read_text().replace("32", "64"))
    content = json.loads(tokenizer.read_text())
    vocabulary = content["model"]["vocab"]
    vocabulary["unheard"] = 1_000
    tokenizer.write_text(json.dumps(content))
    run = verdigris("model", "validate", str(folder))
    assert run.code == 2
    assert re.search(r"WRONG output: last_hidden_state: .+ × 32\n", run.out)
    rows = len(vocabulary) - 1
    assert f"WRONG vocabulary: ids below 1,001, {rows} rows in the embedding table" in run.out
    assert "WRONG run: " in run.out


def test_validate_of_an_unknown_model_is_one_line(verdigris: Verdigris) -> None:
    run = verdigris("model", "validate", "nope")
    assert (run.code, run.out, run.err.count("\n")) == (2, "", 1)


def test_bench_prints_a_table_json_and_a_chart(verdigris: Verdigris, tmp_path: Path) -> None:
    name, chart = str(MODELS / "qwen3-like"), tmp_path / "chart.svg"
    options = (name, "--seconds", "0.05", "--threads", "1")
    run = verdigris("model", "bench", *options, "--chart", str(chart), "--compare", "-q")
    assert (run.code, run.err) == (0, "")
    assert "p50" in run.out
    assert "texts a second        1 thread" in run.out
    assert "   64 tokens" in run.out
    assert "128 tokens" not in run.out  # the model sees 96
    assert "together; vectors the same bits" in run.out
    assert "fastembed: not measured: name its model with --original FOLDER" in run.out
    assert ElementTree.fromstring(chart.read_text()).tag.endswith("svg")
    found = json.loads(verdigris("model", "bench", *options, "--json").out)
    assert found["throughput"][0]["texts_per_second"] > 0
    assert found["machine"]["versions"]["onnxruntime"]
    assert found["choice"] == {"model": name, "runtime": "onnxruntime", "provider": "cpu"}


def test_bench_says_before_it_measures_that_a_chart_cannot_be_written(
    verdigris: Verdigris, tmp_path: Path
) -> None:
    run = verdigris("model", "bench", "--chart", str(tmp_path / "no" / "chart.svg"), "-q")
    assert (run.code, run.out, run.err.count("\n")) == (2, "", 1)
    assert "cannot write" in run.err


def test_compare_ends_with_a_verdict(verdigris: Verdigris, tmp_path: Path) -> None:
    texts, queries = tmp_path / "texts", tmp_path / "queries.jsonl"
    texts.write_text("\n".join(f"the number {number} and its friends" for number in range(20)))
    queries.write_text('{"query": "number 3", "relevant": [3]}\n')
    models = (str(MODELS / "qwen3-like"), str(MODELS / "bert-mean"))
    run = verdigris(
        "model", "compare", *models, "--texts", str(texts), "--queries", str(queries),
        "--threads", "1",
    )  # fmt: skip
    assert (run.code, run.err) == (0, "")
    lines = run.out.splitlines()
    assert lines[0] == f"A  {models[0]}, fp32, 32 dims"
    assert any(line.startswith("nDCG@10, queries") for line in lines)
    assert any(line.startswith("in-domain, 20 texts: top-10 overlap 0.") for line in lines)
    assert "nDCG@10" in lines[-1]
    assert lines[-1].endswith(".")


def test_questions_without_their_texts_are_refused(verdigris: Verdigris) -> None:
    run = verdigris("model", "compare", "a", "b", "--queries", "queries.jsonl")
    assert (run.code, run.out) == (2, "")
    assert "--queries needs --texts" in run.err


def test_compare_names_what_is_wrong(verdigris: Verdigris, tmp_path: Path) -> None:
    run = verdigris("model", "compare", "all-minilm-l6-v2", "nope")
    assert (run.code, run.out, run.err.count("\n")) == (2, "", 1)
    run = verdigris("model", "compare", "a", "b", "--texts", str(tmp_path / "none"))
    assert "cannot read" in run.err


def test_select_writes_the_choice(verdigris: Verdigris, small_git: GitFolder) -> None:
    tiny = str(MODELS / "bert-mean")
    config = small_git.root / ".verdigris" / "config.toml"
    run = verdigris(
        "model", "select", tiny, "--dry-run", "--max-disk", "1MB", inside=small_git.root
    )
    assert run.code == 0
    assert "rejected: its files are 22.5 MB, more than 1.0" in run.out
    assert run.out.endswith(f"\n{tiny}: the only one that keeps all gates\n")
    assert not config.exists()
    run = verdigris("model", "select", tiny, "--min-quality", "0.8", "--p95", "5s", "--json")
    assert (run.code, run.err) == (0, "")
    assert config.read_text() == 'model = "all-minilm-l6-v2"\n'
    found = json.loads(run.out)
    assert "embeds with all-minilm-l6-v2" in found["written"]
    assert found["chosen"]["model"] == "all-minilm-l6-v2"


def test_select_without_a_winner_takes_the_bundled_model_and_exits_1(
    verdigris: Verdigris, small_git: GitFolder
) -> None:
    bundled = "all-minilm-l6-v2"  # named, or every runtime that is installed would be measured
    run = verdigris("model", "select", bundled, "--p95", "0.0001", "-q", inside=small_git.root)
    assert run.code == 1
    assert "nothing keeps all gates; all-minilm-l6-v2 always works" in run.out
    assert (small_git.root / ".verdigris" / "config.toml").exists()


@pytest.mark.parametrize("value", ["fast", "20 parsecs", "-3ms", ""])
def test_select_wants_numbers_with_known_units(verdigris: Verdigris, value: str) -> None:
    run = verdigris("model", "select", "--p95", value)
    assert (run.code, run.out, run.err.count("\n")) == (2, "", 1)
    assert "ms, s" in run.err


def test_select_writes_the_runtime_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VERDIGRIS_CONFIG_DIR", str(tmp_path / "config"))
    said = write_choice(EngineChoice("m", "openvino"), user=True)
    assert "embeds with m+openvino" in said
    config = tmp_path / "config" / "config.toml"
    assert tomllib.loads(config.read_text()) == {"model": "m", "runtime": "openvino"}
    write_choice(EngineChoice("m", "onnxruntime", "cuda"), user=True)
    assert tomllib.loads(config.read_text())["runtime"] == "onnxruntime:cuda"


def test_select_writes_folders_so_that_they_are_found_from_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VERDIGRIS_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    said = write_choice(EngineChoice("./models/mine"), user=True)
    found = tomllib.loads((tmp_path / "config" / "config.toml").read_text())
    assert found == {"model": str(tmp_path / "models" / "mine")}
    assert "embeddings generate" in said
    assert "already embeds" in write_choice(EngineChoice("./models/mine"), user=True)
