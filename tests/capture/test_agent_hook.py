"""What a hook does: one line in the spool, exit 0, not a word, whatever comes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import verdigris as package
from verdigris.capture.agents import spool
from verdigris.capture.agents.spool import spool_folder, taken, waiting

if TYPE_CHECKING:
    from tests.conftest import GitFolder

SOURCE = str(Path(package.__file__).parents[1])
PROGRAM = f"import sys; sys.path.insert(0, {SOURCE!r}); from verdigris.serve.cli import main; "
COMMAND = [sys.executable, "-c", PROGRAM + "main(['agent', 'hook', 'claude'])"]


def _hook(given: object, folder: Path) -> None:
    data = given if isinstance(given, bytes) else json.dumps(given).encode()
    ran = subprocess.run(COMMAND, input=data, cwd=folder, capture_output=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")


def _records(root: Path) -> list[spool.Record]:
    with taken(spool_folder(root)) as records:
        return records


@pytest.fixture
def kept(small_git: GitFolder) -> GitFolder:
    """A repository with a folder of ours."""
    (small_git.root / ".verdigris").mkdir()
    return small_git


def test_an_event_becomes_a_record(kept: GitFolder) -> None:
    inside = kept.root / "src"
    for event in (
        {"hook_event_name": "UserPromptSubmit", "prompt": "Why?\nü"},
        {"hook_event_name": "BeforeAgent", "prompt": "How?"},
        {"hook_event_name": "Stop", "last_assistant_message": "So."},
        {"hook_event_name": "AfterAgent", "prompt": "How?", "prompt_response": "Thus."},
        {"hook_event_name": "SessionEnd", "reason": "other"},
        {"hook_event_name": "Notification", "message": "no matter"},
    ):
        _hook({"session_id": "s1", "cwd": str(inside), **event}, inside)
    records = _records(kept.root)
    assert [(one["event"], one["text"]) for one in records] == [
        ("prompt", "Why?\nü"),
        ("prompt", "How?"),
        ("answer", "So."),
        ("answer", "Thus."),
        ("end", ""),
    ]
    assert {one["agent"] for one in records} == {"claude"}
    assert {one["session"] for one in records} == {"s1"}
    assert {(one["branch"], one["commit"]) for one in records} == {
        ("main", kept.git("rev-parse", "HEAD"))
    }
    assert kept.git("status", "--porcelain") == ""


def test_edited_files_are_named_not_kept(kept: GitFolder) -> None:
    patch = "*** Begin Patch\n*** Update File: src/cup.py\n+x\n*** Add File: new.py\n+y\n"
    for given in (
        {"file_path": str(kept.root / "src" / "kettle.py"), "content": "BODY"},
        {"command": patch},
    ):
        event = {"hook_event_name": "PostToolUse", "tool_name": "Edit", "tool_input": given}
        _hook(event, kept.root)
    first, second = _records(kept.root)
    assert first["files"] == "src/kettle.py"
    assert second["files"] == "src/cup.py\nnew.py"
    assert "BODY" not in json.dumps(first)


@pytest.mark.parametrize("given", [b"", b"{", b"[]", b"\xff\x00", b"1", b'{"cwd": 5}', b"{}"])
def test_it_is_silent_whatever_comes(kept: GitFolder, given: bytes) -> None:
    _hook(given, kept.root)
    assert waiting(spool_folder(kept.root)) == 0


def test_what_went_wrong_is_written_down(kept: GitFolder) -> None:
    Path(spool_folder(kept.root)).mkdir()
    _hook(b"{", kept.root)
    errors = (Path(spool_folder(kept.root)) / spool.ERRORS).read_text(encoding="utf-8")
    assert "claude: JSONDecodeError" in errors
    spool.log_error(spool_folder(kept.root), "x" * 200_000)
    spool.log_error(spool_folder(kept.root), "anew")
    assert len((Path(spool_folder(kept.root)) / spool.ERRORS).read_text(encoding="utf-8")) < 100


def test_where_nobody_asked_for_it_nothing_is_written(small_git: GitFolder, tmp_path: Path) -> None:
    event = {"hook_event_name": "Stop"}
    for folder in (small_git.root, tmp_path):
        before = sorted(folder.rglob("*"))
        _hook(event, folder)
        assert sorted(folder.rglob("*")) == before
    _hook(event | {"cwd": str(tmp_path / "gone")}, tmp_path)


def test_hooks_at_the_same_time_lose_nothing(kept: GitFolder) -> None:
    event = {"hook_event_name": "Stop", "last_assistant_message": "x" * 5_000}
    running = [subprocess.Popen(COMMAND, stdin=subprocess.PIPE, cwd=kept.root) for _ in range(12)]
    for process in running:
        process.communicate(json.dumps(event).encode())
    assert [len(one["text"]) for one in _records(kept.root)] == [5_000] * 12


def test_long_texts_are_cut_and_a_full_spool_refuses(
    kept: GitFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    _hook({"hook_event_name": "UserPromptSubmit", "prompt": "p" * 50_000}, kept.root)
    with taken(spool_folder(kept.root)) as (record,):
        assert record["text"].endswith("p … (50,000 characters)")
        assert len(record["text"]) < 9_000
    monkeypatch.setattr(spool, "MAX_BYTES", 100)
    with pytest.raises(OSError, match="full; empty it: verdigris scrape sessions"):
        spool.append(spool_folder(kept.root), {"text": "x" * 100})


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit for the size of files")
def test_a_full_disk_costs_the_line_that_does_not_fit_alone(kept: GitFolder) -> None:
    import resource

    _hook({"session_id": "s", "hook_event_name": "Stop", "last_assistant_message": "1"}, kept.root)
    folder = spool_folder(kept.root)
    (record,) = _records(kept.root)
    spool.append(folder, record)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    full = (Path(folder) / "agent-spool.jsonl").stat().st_size + 10
    resource.setrlimit(resource.RLIMIT_FSIZE, (full, limits[1]))
    try:
        with pytest.raises(OSError, match="no space left"):
            spool.append(folder, record | {"text": "2"})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    spool.append(folder, record | {"text": "3"})
    assert [one["text"] for one in _records(kept.root)] == ["1", "3"]


def test_git_is_read_without_git(kept: GitFolder, tmp_path: Path) -> None:
    head = kept.git("rev-parse", "HEAD")
    event = {"hook_event_name": "Stop"}
    kept.git("pack-refs", "--all")
    _hook(event, kept.root)
    kept.git("checkout", "--quiet", "--detach")
    _hook(event, kept.root)
    first, second = _records(kept.root)
    assert (first["branch"], first["commit"]) == ("main", head)
    assert (second["branch"], second["commit"]) == ("", head)
    other = tmp_path / "other"
    kept.git("worktree", "add", "--quiet", "-b", "side/way", str(other))
    (other / ".verdigris").mkdir()
    _hook(event, other)
    (third,) = _records(other)
    assert (third["branch"], third["commit"]) == ("side/way", head)


def test_before_the_first_commit(make_git: Callable[[str], GitFolder]) -> None:
    empty = make_git("empty")
    (empty.root / ".verdigris").mkdir()
    _hook({"hook_event_name": "Stop"}, empty.root)
    (record,) = _records(empty.root)
    assert (record["branch"], record["commit"]) == ("main", "")


def test_it_loads_little(kept: GitFolder) -> None:
    program = (
        "import atexit\n"
        "heavy = {'click', 'dataclasses', 'datetime', 'pathlib', 'subprocess', 'typing'}\n"
        "import sys; before = set(sys.modules)\n"
        "atexit.register(lambda: print(sorted(heavy & (sys.modules.keys() - before))))\n"
        + PROGRAM
        + "main(['agent', 'hook', 'claude'])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        input=b'{"hook_event_name": "Stop"}',
        cwd=kept.root,
        capture_output=True,
        check=True,
    )
    assert ran.stdout == b"[]\n"


def test_what_is_taken_twice_is_lost_never(kept: GitFolder) -> None:
    folder = spool_folder(kept.root)
    Path(folder).mkdir()
    spool.append(folder, {"text": "one"})
    with pytest.raises(KeyError), taken(folder):
        raise KeyError("interrupted")
    spool.append(folder, {"text": "two"})
    assert waiting(folder) == 2
    with taken(folder) as records, taken(folder) as meanwhile:
        assert ([one["text"] for one in records], meanwhile) == (["one"], [])
    assert [one["text"] for one in _records(kept.root)] == ["two"]
    assert waiting(folder) == 0


def test_what_is_dropped_is_not_taken_again(kept: GitFolder) -> None:
    folder = spool_folder(kept.root)
    Path(folder).mkdir()
    for text in ("one", "two", "three"):
        spool.append(folder, {"text": text})
    with pytest.raises(KeyError), taken(folder):
        spool.drop_taken(folder, 2)
        raise KeyError("interrupted")
    assert [one["text"] for one in _records(kept.root)] == ["three"]
