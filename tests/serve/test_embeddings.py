"""The embeddings commands on real repositories."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import GitFolder
    from tests.serve.conftest import Verdigris


def status(verdigris: Verdigris, folder: GitFolder) -> dict[str, Any]:
    run = verdigris("embeddings", "status", "--json", inside=folder.root)
    assert (run.code, run.err) == (0, "")
    report = json.loads(run.out)
    assert next(iter(report)) == "schema_version"
    assert isinstance(report, dict)
    return report


def test_status_tells_what_is_missing_by_kind_and_generate_embeds_it(
    verdigris: Verdigris, small_git: GitFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VERDIGRIS_CACHE_DIR", str(tmp_path / "cache"))
    verdigris("scrape", "--no-vectors", inside=small_git.root)
    before = status(verdigris, small_git)
    assert {kind["kind"] for kind in before["kinds"]} == {"commit", "code", "doc"}
    assert before["missing"] == before["chunks"] == sum(k["chunks"] for k in before["kinds"]) > 5
    assert before["index_fingerprint"] is None
    assert before["cache"]["vectors"] == 0
    assert verdigris("embeddings", "status", "--strict").code == 3

    run = verdigris("embeddings", "generate", inside=small_git.root)
    assert run.code == 0
    assert run.out.startswith(f"embedded: {before['missing']} passages\n")

    after = status(verdigris, small_git)
    assert after["missing"] == 0
    assert after["index_fingerprint"] == after["fingerprint"]
    assert after["cache"]["of_this_model"] == after["cache"]["vectors"] > 0
    assert after["cache"]["bytes"] > 0
    assert verdigris("embeddings", "status", "--strict").code == 0
    assert verdigris("embeddings", "generate").out.startswith("embedded: 0 passages\n")


def test_generate_reads_what_is_new_unless_told_not_to(
    verdigris: Verdigris, small_git: GitFolder
) -> None:
    verdigris("embeddings", "generate", "--quiet", inside=small_git.root)
    small_git.write("docs/coffee.md", "# Coffee\n\nGrind the beans, pour hot water.\n")
    left = verdigris("embeddings", "generate", "--no-refresh", "--json")
    assert json.loads(left.out)["embedded"] == 0
    taken = verdigris("embeddings", "generate", "--json")
    assert json.loads(taken.out)["embedded"] == 1
    assert json.loads(taken.out)["index"]["chunks_without_vectors"] == 0


def test_status_for_people_is_a_table(verdigris: Verdigris, small_git: GitFolder) -> None:
    fresh = verdigris("embeddings", "status", inside=small_git.root)
    assert "no passages yet; run: verdigris scrape" in fresh.out
    verdigris("scrape", "--no-vectors", "--quiet")
    lines = verdigris("embeddings", "status").out.splitlines()
    assert lines[0].startswith("model: all-minilm-l6-v2, fingerprint ")
    assert lines[1].split() == ["kind", "passages", "vectors", "missing"]
    assert any("without a vector; run: verdigris embeddings generate" in line for line in lines)
    assert lines[-1].startswith("cache: ")


@pytest.mark.parametrize("command", ["status", "generate"])
def test_outside_a_repository_it_says_what_to_do(
    verdigris: Verdigris, tmp_path: Path, command: str
) -> None:
    run = verdigris("embeddings", command, inside=tmp_path)
    assert (run.code, run.out, run.err.count("\n")) == (2, "", 1)


def test_every_command_tells_how_far_the_change_to_another_model_is(
    verdigris: Verdigris, small_git: GitFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = str(Path(__file__).parents[1] / "engine/models/bert-mean")
    monkeypatch.setenv("VERDIGRIS_MODEL", earlier)
    verdigris("scrape", "--quiet", inside=small_git.root)
    monkeypatch.delenv("VERDIGRIS_MODEL")
    for command in (["status"], ["doctor"], ["embeddings", "status"]):
        run = verdigris(*command)
        told = " ".join(run.out.split())
        assert "answer until those of all-minilm-l6-v2 are complete: 0 % of" in told
        assert "verdigris embeddings generate" in told
    assert status(verdigris, small_git)["swap"] == {
        "serving": earlier, "wanted": "all-minilm-l6-v2", "vectors": 0,
    }  # fmt: skip
    assert verdigris("embeddings", "status", "--strict").code == 3
    run = verdigris("embeddings", "generate")
    assert f"all passages now have vectors of all-minilm-l6-v2; those of {earlier}" in run.err
    assert status(verdigris, small_git)["swap"] is None
    assert verdigris("embeddings", "status", "--strict").code == 0
