"""Pulling a model: resumed, verified, whole or not at all, and never without permission."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.engine.hub_server import Hub, serve

from verdigris.engine import Embedder
from verdigris.engine.hub import pull
from verdigris.engine.model_rows import ModelRow, PinnedFile, Weights
from verdigris.engine.model_store import find_model
from verdigris.errors import CorruptModel, EngineError, ModelNotFound, Offline, PullFailed
from verdigris.file_lock import lock_file

SOURCE = Path(__file__).parent / "models" / "bert-mean"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
GRAPH, TOKENIZER, INT8 = "onnx/model.onnx", "tokenizer.json", "onnx/model_int8.onnx"
CONTENT = {
    GRAPH: (SOURCE / "model.onnx").read_bytes(),
    TOKENIZER: (SOURCE / "tokenizer.json").read_bytes(),
    INT8: (SOURCE / "model.onnx").read_bytes(),
}
ROW = ModelRow(
    name="tiny",
    dims=32,
    max_tokens=24,
    pooling="mean",
    precision="fp32",
    weights_file=GRAPH,
    repository="somebody/tiny",
    revision=COMMIT,
    weights=(Weights("fp32", (PinnedFile(GRAPH),)), Weights("int8", (PinnedFile(INT8),))),
)


def pinned(sha256: str, size: int = 0) -> ModelRow:
    weights = (Weights("fp32", (PinnedFile(GRAPH, size, sha256),)),)
    return dataclasses.replace(ROW, weights=weights)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    files = {f"somebody/tiny/{name}": content for name, content in CONTENT.items()}
    large = {f"somebody/tiny/{name}" for name in (GRAPH, INT8)}
    monkeypatch.setenv("VERDIGRIS_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setattr("verdigris.engine.hub.RETRY_SECONDS", (0.01, 0.01))
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 10_000)
    with serve(Hub(COMMIT, files, large)) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        yield running


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


def leftovers(models: Path) -> list[str]:
    return sorted(p.name for p in models.rglob("*") if p.is_file() and p.suffix != ".lock")


def test_a_pulled_model_is_whole_verified_and_embeds(hub: Hub, models: Path) -> None:
    stored = pull(ROW)
    stored.verify()
    assert stored.folder == models / "tiny"
    assert leftovers(models) == ["manifest.json", "model.onnx", "tokenizer.json"]
    manifest = json.loads((stored.folder / "manifest.json").read_text(encoding="utf-8"))
    hashes = {entry["name"]: entry["sha256"] for entry in manifest["files"]}
    assert hashes[GRAPH] == hashlib.sha256(CONTENT[GRAPH]).hexdigest()
    assert manifest["source"] == f"somebody/tiny@{COMMIT}"
    assert manifest["row"]["pooling"] == "mean"
    with Embedder("tiny") as pulled, Embedder(str(SOURCE)) as original:
        np.testing.assert_array_equal(pulled.embed_query("a log"), original.embed_query("a log"))


def test_a_whole_model_is_not_asked_for_again(hub: Hub) -> None:
    pull(ROW)
    hub.requests.clear()
    pull(ROW)
    pull(ROW, offline=True)
    assert hub.requests == []


def test_a_second_precision_joins_the_first(hub: Hub) -> None:
    pull(ROW)
    hub.requests.clear()
    with pytest.raises(ModelNotFound, match=r"not in precision 'int8'.*pull tiny@int8"):
        find_model(ROW.in_precision("int8"))
    pull(ROW.in_precision("int8"))
    find_model(ROW).verify()
    find_model(ROW.in_precision("int8")).verify()


def test_another_revision_replaces_all_of_the_earlier_one(hub: Hub, models: Path) -> None:
    pull(ROW)
    pull(ROW.in_precision("int8"))
    hub.commit = "9" * 40
    newer = dataclasses.replace(ROW, revision=hub.commit)
    hub.files[f"somebody/tiny/{TOKENIZER}"] += b"\n"
    with pytest.raises(PullFailed):
        pull(dataclasses.replace(newer, tokenizer=PinnedFile(TOKENIZER, 0, "c" * 64)))
    find_model(ROW).verify()  # a pull that failed has changed nothing
    changed = hashlib.sha256(hub.files[f"somebody/tiny/{TOKENIZER}"]).hexdigest()
    with pytest.raises(ModelNotFound, match=f"is here from somebody/tiny@{COMMIT}, not"):
        find_model(newer)
    stored = pull(newer)
    assert stored.file(TOKENIZER).sha256 == changed
    assert not (stored.folder / INT8).exists()
    with pytest.raises(ModelNotFound, match="not in precision 'int8'"):
        find_model(newer.in_precision("int8"))


def test_a_cut_connection_is_resumed_where_it_broke(hub: Hub, models: Path) -> None:
    name = f"somebody/tiny/{GRAPH}"
    hub.cut_after[name] = [40_000]
    pull(ROW)
    assert hub.ranges(GRAPH) == ["", "bytes=40000-"]
    find_model(ROW).verify()


def test_a_later_pull_goes_on_from_what_an_earlier_one_left(hub: Hub, models: Path) -> None:
    part = models / ".unfinished" / f"tiny@{COMMIT[:12]}" / f"{GRAPH}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT[GRAPH][:50_000])
    pull(ROW)
    assert hub.ranges(GRAPH) == ["bytes=50000-"]
    find_model(ROW).verify()
    assert not part.exists()


def test_what_has_arrived_survives_a_pull_that_fails(hub: Hub, models: Path) -> None:
    name = f"somebody/tiny/{GRAPH}"
    hub.cut_after[name] = [40_000]
    hub.statuses[f"GET {name}"] = [0, *[503] * 9]
    with pytest.raises(PullFailed, match="answered 503"):
        pull(ROW)
    assert not (models / "tiny").exists()
    hub.statuses.clear()
    hub.requests.clear()
    pull(ROW)
    assert hub.ranges(GRAPH) == ["bytes=40000-"]
    find_model(ROW).verify()


def test_a_server_without_ranges_sends_all_again(hub: Hub, models: Path) -> None:
    part = models / ".unfinished" / f"tiny@{COMMIT[:12]}" / f"{GRAPH}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT[GRAPH][:50_000])
    hub.ignores_ranges = True
    pull(ROW)
    find_model(ROW).verify()


def test_wrong_content_is_deleted_and_nothing_is_installed(hub: Hub, models: Path) -> None:
    name = f"somebody/tiny/{GRAPH}"
    hub.lies[name] = b"x" * len(CONTENT[GRAPH])
    with pytest.raises(PullFailed, match=r"onnx/model\.onnx of somebody/tiny arrived with hash"):
        pull(ROW)
    assert not (models / "tiny").exists()
    assert "model.onnx.part" not in leftovers(models)
    hub.lies.clear()
    pull(ROW)


def test_wrong_small_files_are_found_by_their_git_hash(hub: Hub, models: Path) -> None:
    name = f"somebody/tiny/{TOKENIZER}"
    hub.lies[name] = b"y" * len(CONTENT[TOKENIZER])
    with pytest.raises(PullFailed, match=r"tokenizer\.json of somebody/tiny arrived"):
        pull(ROW)
    assert not (models / "tiny").exists()


def test_a_pinned_hash_or_size_beats_what_the_hub_says(hub: Hub, models: Path) -> None:
    with pytest.raises(PullFailed, match="instead of aaaa"):
        pull(pinned("a" * 64))
    with pytest.raises(PullFailed, match="instead of the pinned 17"):
        pull(pinned("a" * 64, 17))
    good = pinned(hashlib.sha256(CONTENT[GRAPH]).hexdigest(), len(CONTENT[GRAPH]))
    assert pull(good).folder.is_dir()
    with pytest.raises(CorruptModel, match=r"not the file that is pinned.*model pull tiny"):
        find_model(pinned("b" * 64))


def test_another_commit_than_the_pinned_one_is_refused(hub: Hub) -> None:
    hub.claims = "f" * 40
    with pytest.raises(PullFailed, match=f"is of commit {hub.claims}, not of the pinned one"):
        pull(ROW)
    with pytest.raises(PullFailed, match="does not have"):
        pull(dataclasses.replace(ROW, revision="e" * 40))


def test_a_missing_file_is_named_in_one_line(hub: Hub, models: Path) -> None:
    del hub.files[f"somebody/tiny/{TOKENIZER}"]
    with pytest.raises(PullFailed, match=r"the hub does not have tokenizer\.json") as caught:
        pull(ROW)
    assert "\n" not in str(caught.value)
    assert not (models / "tiny").exists()
    assert len([one for one in hub.requests if one[1].endswith(TOKENIZER)]) == 1


def test_a_busy_hub_is_asked_again(hub: Hub) -> None:
    hub.statuses[f"somebody/tiny/{TOKENIZER}"] = [503, 503]
    hub.statuses[f"somebody/tiny/{GRAPH}"] = [503]
    pull(ROW)
    find_model(ROW).verify()


def test_a_hub_that_stays_busy_is_reported(hub: Hub) -> None:
    hub.statuses[f"somebody/tiny/{TOKENIZER}"] = [503] * 9
    with pytest.raises(PullFailed, match=r"answered 503 .*run again: verdigris model pull tiny"):
        pull(ROW)


def test_a_refused_repository_tells_about_the_token(hub: Hub) -> None:
    hub.statuses[f"somebody/tiny/{TOKENIZER}"] = [403] * 9
    with pytest.raises(PullFailed, match="HF_TOKEN"):
        pull(ROW)


def test_nobody_at_home_is_one_line(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{free.getsockname()[1]}")
    with pytest.raises(PullFailed, match="could not be fetched") as caught:
        pull(ROW)
    assert "\n" not in str(caught.value)


def test_a_proxy_is_respected(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = (
        "import sys, json; from pathlib import Path\n"
        "from tests.engine.test_hub import ROW\n"
        "from verdigris.engine.hub import pull\n"
        "pull(ROW)\n"
    )
    environment = {
        "HF_ENDPOINT": "http://hub.example.invalid",
        "HTTP_PROXY": hub.url,
        "http_proxy": hub.url,
        "HF_HOME": str(tmp_path / "hf"),
        "VERDIGRIS_MODELS_DIR": str(tmp_path / "models"),
        "PYTHONPATH": ":".join([*sys.path, str(Path(__file__).parents[2])]),
    }
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True
    )
    assert done.returncode != 0  # the little server does not know how to be a proxy
    assert any("hub.example.invalid" in path for _, path, _ in hub.requests), done.stderr


@pytest.mark.parametrize("how", ["argument", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_offline_opens_no_socket(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, how: str, models: Path
) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    if how != "argument":
        monkeypatch.setenv(how, "1")
    monkeypatch.setattr(socket.socket, "connect", forbidden)
    with pytest.raises(Offline, match=r"'tiny' is not on this machine.*import its archive"):
        pull(ROW, offline=how == "argument")
    assert not models.exists()


def test_two_processes_do_not_pull_the_same_model_at_once(hub: Hub, models: Path) -> None:
    (models / ".unfinished").mkdir(parents=True)
    descriptor = lock_file(models / ".unfinished" / "tiny.lock")
    with pytest.raises(EngineError, match="another process"):
        pull(ROW)
    os.close(descriptor)
    pull(ROW)


def test_progress_adds_up_to_the_files(hub: Hub) -> None:
    seen: list[tuple[str, int]] = []

    class Watch:
        def start(self, step: str, total: int) -> None:
            seen.append((step, total))
            self.count = 0

        def advance(self, count: int) -> None:
            self.count += count

        def finish(self) -> None:
            assert self.count == seen[-1][1]

    pull(ROW, progress=Watch())
    assert seen == [(name, len(CONTENT[name])) for name in (TOKENIZER, GRAPH)]


def test_a_token_is_not_sent_to_another_host(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with serve(Hub(COMMIT, hub.files, hub.large)) as elsewhere:
        hub.storage = elsewhere.storage
        pull(ROW)
    assert "Bearer hf_secret" in hub.authorizations
    assert elsewhere.ranges(GRAPH) == [""]
    assert set(elsewhere.authorizations) == {""}


def test_a_model_without_a_repository_cannot_be_pulled(tmp_path: Path) -> None:
    row = dataclasses.replace(ROW, repository="", revision="")
    with pytest.raises(EngineError):
        pull(row, models=tmp_path)


def test_embedding_opens_no_socket_and_knows_no_hub() -> None:
    program = (
        "import socket, sys\n"
        "def forbidden(*_, **__): raise AssertionError('a socket was opened')\n"
        "socket.socket.connect = socket.getaddrinfo = forbidden\n"
        "from verdigris.engine import Embedder\n"
        "Embedder().embed_query('why')\n"
        f"Embedder({str(SOURCE)!r}).embed_query('why')\n"
        "assert 'huggingface_hub' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
