"""`verdigris model`: list, pull, import, export, use and check as a user runs them."""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from tests.engine.hub_server import Hub, serve

from verdigris.errors import SettingsError
from verdigris.serve.cli.model.choice import change_settings
from verdigris.serve.cli.model.group import SUBCOMMANDS, model

if TYPE_CHECKING:
    from tests.conftest import GitFolder
    from tests.serve.conftest import Verdigris

TINY = Path(__file__).parents[1] / "engine" / "models"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
ROW = f"""
[[models]]
name = "tiny"
repository = "somebody/tiny"
revision = "{COMMIT}"
dims = 32
max_tokens = 24
pooling = "mean"
query_prefix = ""
passage_prefix = ""
licence = "MIT"
tokenizer = {{ file = "tokenizer.json" }}
weights = [{{ precision = "fp32", file = "model.onnx" }}]
"""


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Models and configuration of this test alone; returns the folder of both."""
    monkeypatch.setenv("VERDIGRIS_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("VERDIGRIS_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    return tmp_path


@pytest.fixture
def hub(places: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    (places / "config" / "models.toml").write_text(ROW, "utf-8")
    names = ("tokenizer.json", "model.onnx")
    files = {f"somebody/tiny/{name}": (TINY / "bert-mean" / name).read_bytes() for name in names}
    monkeypatch.setattr("verdigris.engine.hub.RETRY_SECONDS", (0.01,))
    with serve(Hub(COMMIT, files, {"somebody/tiny/model.onnx"})) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        yield running


def test_every_subcommand_and_option_has_help() -> None:
    context = click.Context(model)
    for name in SUBCOMMANDS:
        command = model.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert command.help, name
        options = [one for one in command.params if isinstance(one, click.Option)]
        assert all(option.help for option in options), name
        assert "--debug" in [text for option in options for text in option.opts]


def test_help_and_typing_errors(verdigris: Verdigris) -> None:
    text = verdigris("model", "--help").out
    assert all(f"\n  {name} " in text for name in SUBCOMMANDS)
    assert "..." not in text.partition("Commands:")[2]
    run = verdigris("model", "pul")
    assert (run.code, run.err) == (
        2,
        "verdigris: no command 'pul'; did you mean pull?; see: verdigris model --help\n",
    )


def test_list_marks_what_is_used_and_what_is_here(verdigris: Verdigris) -> None:
    lines = verdigris("model", "list").out.splitlines()
    assert lines[1].startswith("* all-minilm-l6-v2@int8-dynamic")
    assert "bundled" in lines[1]
    assert any("qwen3-embedding-0.6b@fp32" in line and "not here" in line for line in lines)
    models = json.loads(verdigris("model", "list", "--json").out)["models"]
    assert models[0]["configured"]
    small = next(one for one in models if one["name"] == "bge-small-en-v1.5")
    assert small["place"] == "not here"
    assert small["files"][1]["sha256"].startswith("828e1496")
    assert small["bytes"] == 133_093_490 + 711_396


def test_list_shows_a_damaged_model_and_a_configured_folder(
    verdigris: Verdigris, places: Path
) -> None:
    folder = places / "models" / "gte-base"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{", "utf-8")
    (places / "config" / "config.toml").write_text('model = "/some/folder"\n', "utf-8")
    out = verdigris("model", "list").out
    assert any("gte-base" in line and "damaged" in line for line in out.splitlines())
    assert out.endswith("* /some/folder\n")


def test_pull_then_check_then_offline(verdigris: Verdigris, hub: Hub, places: Path) -> None:
    run = verdigris("model", "pull", "tiny")
    assert (run.code, run.out) == (0, "tiny (fp32, 0.1 MB): here and verified\n")
    assert verdigris("model", "check", "tiny").code == 0
    again = json.loads(verdigris("model", "pull", "tiny", "--offline", "--json").out)
    assert again["models"][0]["folder"] == str(places / "models" / "tiny")
    assert verdigris("model", "pull", "-q", "tiny").out == ""


def test_pull_errors_are_one_line_and_exit_2(verdigris: Verdigris, hub: Hub) -> None:
    offline = verdigris("model", "pull", "tiny", "--offline")
    assert (offline.code, offline.err.count("\n")) == (2, 1)
    assert hub.requests == []
    hub.files.clear()
    missing = verdigris("model", "pull", "tiny")
    assert missing.code == 2
    assert "the hub does not have tokenizer.json" in missing.err
    assert verdigris("model", "pull", "no-such").code == 2


def test_the_bundled_model_needs_no_pull(verdigris: Verdigris) -> None:
    run = verdigris("model", "pull", "all-minilm-l6-v2", "--offline")
    assert (run.code, run.out) == (
        0,
        "all-minilm-l6-v2 (int8-dynamic, 23.6 MB): here and verified\n",
    )


def test_export_and_import_carry_a_model_to_another_machine(
    verdigris: Verdigris, places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = str(TINY / "nomic-like")
    assert verdigris("model", "export", source).out.endswith("written to nomic-like.tar\n")
    refused = verdigris("model", "export", source)
    assert refused.code == 2
    assert "nomic-like.tar is there already" in refused.err
    assert verdigris("model", "export", source, "--force", "-q").code == 0
    monkeypatch.setenv("VERDIGRIS_MODELS_DIR", str(places / "elsewhere"))
    run = verdigris("model", "import", "nomic-like.tar")
    assert (run.code, run.out) == (0, "nomic-like (fp32, 0.1 MB): imported and verified\n")
    checked = json.loads(verdigris("model", "check", "--all", "--json").out)["models"]
    assert [(one["model"], one["ok"]) for one in checked] == [
        ("all-minilm-l6-v2", True),
        ("nomic-like", True),
    ]
    assert "cosine to the original 1.0000" in checked[1]["checked"]


def test_check_finds_damage(verdigris: Verdigris, places: Path) -> None:
    verdigris("model", "export", str(TINY / "bert-mean"), "model.tar")
    verdigris("model", "import", "model.tar")
    graph = places / "models" / "bert-mean" / "model.onnx"
    content = bytearray(graph.read_bytes())
    content[-1] ^= 1
    graph.write_bytes(content)
    run = verdigris("model", "check", "bert-mean", "all-minilm-l6-v2")
    assert run.code == 2
    assert "bert-mean: model 'bert-mean':" in run.out
    assert "wrong SHA-256" in run.out
    assert "all-minilm-l6-v2: ok: files whole, cosine to the original 0.99" in run.out
    graph.unlink()
    assert verdigris("model", "check", "--all", "-q").out.count("\n") == 1


def test_check_compares_with_golden_vectors(verdigris: Verdigris, places: Path) -> None:
    folder = places / "wrong"
    shutil.copytree(TINY / "bert-cls", folder)
    pooling = folder / "1_Pooling" / "config.json"
    pooling.write_text(pooling.read_text("utf-8").replace('"cls"', '"mean"'), "utf-8")
    run = verdigris("model", "check", "./wrong")
    assert run.code == 2
    (folder / "golden_texts.json").unlink()
    run = verdigris("model", "check", "./wrong")
    assert run.code == 0
    assert "no golden vectors" in run.out


def test_use_changes_the_project(verdigris: Verdigris, small_git: GitFolder, places: Path) -> None:
    folder = places / "mine"
    shutil.copytree(TINY / "bert-mean", folder)
    verdigris("init", inside=small_git.root)
    config = small_git.root / ".verdigris" / "config.toml"
    before = config.read_text("utf-8")
    run = verdigris("model", "use", str(folder), inside=small_git.root / "src")
    assert run.code == 0
    assert "embeddings generate" in run.out
    after = config.read_text("utf-8")
    assert tomllib.loads(after) == {"model": str(folder)}
    assert len(after.splitlines()) == len(before.splitlines())
    assert [a for a, b in zip(after.splitlines(), before.splitlines(), strict=True) if a != b] == [
        f'model = "{folder}"'
    ]
    again = verdigris("model", "use", str(folder), inside=small_git.root)
    assert "already embeds with" in again.out


def test_a_repository_inside_another_project_has_its_own_settings(
    verdigris: Verdigris, small_git: GitFolder, places: Path
) -> None:
    shutil.copytree(TINY / "bert-mean", places / "mine")
    verdigris("model", "use", str(places / "mine"), inside=small_git.root)
    inner = small_git.root / "inner"
    (inner / "deep").mkdir(parents=True)
    assert "bert-mean" not in verdigris("model", "list", inside=inner / "deep").out
    assert f"* {places / 'mine'}" in verdigris("model", "list", inside=inner / "deep").out
    subprocess.run(["git", "init", "--quiet"], cwd=inner, check=True)
    assert "* all-minilm-l6-v2" in verdigris("model", "list", inside=inner / "deep").out


def test_use_for_the_user_and_what_stands_above_it(
    verdigris: Verdigris, places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(TINY / "bert-mean", places / "mine")
    run = verdigris("model", "use", "--user", "./mine")
    assert run.code == 0
    config = places / "config" / "config.toml"
    assert tomllib.loads(config.read_text("utf-8")) == {"model": str(places / "mine")}
    monkeypatch.setenv("VERDIGRIS_MODEL", "all-minilm-l6-v2")
    shadowed = verdigris("model", "use", "--user", "./mine")
    assert "all-minilm-l6-v2 on onnxruntime is still in use here" in shadowed.err


def test_use_writes_the_runtime_that_runs_the_model(
    verdigris: Verdigris, small_git: GitFolder
) -> None:
    verdigris("init", inside=small_git.root)
    run = verdigris("model", "use", "all-minilm-l6-v2", "--runtime", "onnxruntime:cpu")
    assert (run.code, run.err) == (0, "")
    config = small_git.root / ".verdigris" / "config.toml"
    assert tomllib.loads(config.read_text("utf-8")) == {"model": "all-minilm-l6-v2"}
    config.write_text('runtime = "mlx"  # a try\n', "utf-8")
    run = verdigris("model", "use", "all-minilm-l6-v2", "--runtime", "onnxruntime")
    assert run.code == 0
    assert tomllib.loads(config.read_text("utf-8"))["runtime"] == "onnxruntime"
    assert "# a try" in config.read_text("utf-8")


@pytest.mark.parametrize(
    ("runtime", "said"),
    [("abacus", "no runtime named 'abacus'"), ("onnxruntime:abacus", "no provider named 'abacus'")],
)
def test_use_refuses_a_runtime_that_cannot_run_the_model(
    verdigris: Verdigris, small_git: GitFolder, runtime: str, said: str
) -> None:
    run = verdigris("model", "use", "all-minilm-l6-v2", "--runtime", runtime, inside=small_git.root)
    assert (run.code, run.err.count("\n")) == (2, 1)
    assert said in run.err
    assert not (small_git.root / ".verdigris" / "config.toml").exists()


def test_use_refuses_what_is_not_here(verdigris: Verdigris, places: Path) -> None:
    outside = verdigris("model", "use", "all-minilm-l6-v2")
    assert outside.code == 2
    assert "is in no repository" in outside.err
    missing = verdigris("model", "use", "--user", "gte-base")
    assert missing.code == 2
    assert "model pull gte-base" in missing.err
    assert not (places / "config" / "config.toml").exists()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", 'model = "new"\n'),
        ('# model = "x"  # why\nthreads = 2\n', 'model = "new"\nthreads = 2\n'),
        ("threads = 2\nmodel = 'old'  # because\n", 'threads = 2\nmodel = "new"  # because\n'),
        ('threads = 2\r\nmodel = "old"\r\n', 'threads = 2\r\nmodel = "new"\r\n'),
        ('"model" = "a \\"b\\" # c"\n', 'model = "new"\n'),
        ("# a comment\n[table]\nmodel = 1\n", 'model = "new"\n# a comment\n[table]\nmodel = 1\n'),
        ("threads = 2", 'model = "new"\nthreads = 2'),
    ],
)
def test_one_line_changes_and_the_rest_stays(tmp_path: Path, before: str, after: str) -> None:
    config = tmp_path / "deep" / "config.toml"
    if before:
        config.parent.mkdir()
        config.write_bytes(before.encode())
    assert change_settings(config, {"model": "new"}) == {"model"}
    assert config.read_bytes().decode() == after
    assert change_settings(config, {"model": "new"}) == set()
    assert [path.name for path in config.parent.iterdir()] == ["config.toml"]


@pytest.mark.parametrize(
    "content",
    [b'model = """\nold"""\n', b"model = \n", b"\xff\xfe", b'text = """\nmodel = 1\n"""\n'],
)
def test_a_file_that_cannot_be_changed_safely_is_left_alone(tmp_path: Path, content: bytes) -> None:
    config = tmp_path / "config.toml"
    config.write_bytes(content)
    with pytest.raises(SettingsError, match=r"config\.toml"):
        change_settings(config, {"model": "new"})
    assert config.read_bytes() == content


def test_names_with_odd_characters_come_back_as_they_are(tmp_path: Path) -> None:
    name = 'C:\\models\\"mine" ünd\t日本'
    change_settings(tmp_path / "config.toml", {"model": name})
    assert tomllib.loads((tmp_path / "config.toml").read_text("utf-8"))["model"] == name
