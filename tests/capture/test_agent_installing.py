"""Agents are installed into files of other people, and removed without a trace."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from verdigris.capture.agents.installing import install, remove, status
from verdigris.capture.agents.known import AGENTS, Agent
from verdigris.capture.agents.place import Place
from verdigris.errors import AgentError

CLAUDE, CODEX, GEMINI, GENERIC = AGENTS
SETTINGS = (
    b'{\r\n\t"permissions": {"deny": []},\r\n\t"hooks": '
    b'{"Stop": [{"hooks": [{"type": "command", "command": "theirs"}]}]}\r\n}'
)
RULES = b"\xef\xbb\xbf# Rules\n\nBe kind.  \n\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME"):
        monkeypatch.delenv(name, raising=False)
    root = tmp_path / "project"
    (root / ".git").mkdir(parents=True)
    yield Place(root / ".verdigris" / "local" / "agents", root, tmp_path / "home")


def _tree(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def _folders(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_dir()}


def _write(place: Place, name: str, content: bytes) -> Path:
    assert place.root
    path = place.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)
def test_removed_without_a_trace(agent: Agent, place: Place) -> None:
    assert place.root
    _write(place, ".claude/settings.json", SETTINGS)
    _write(place, "AGENTS.md", RULES)
    before, folders = _tree(place.root), _folders(place.root)
    changes = install(agent, place, "verdigris")
    assert [one.state for one in status(agent, place)] == ["installed"] * len(changes)
    installed = _tree(place.root)
    assert install(agent, place, "verdigris") == []
    assert _tree(place.root) == installed
    assert len(remove(agent, place)) == len(changes)
    assert _tree(place.root) == before
    assert _folders(place.root) == folders
    assert remove(agent, place) == []
    assert {one.state for one in status(agent, place)} == {"missing"}


def test_hooks_stand_beside_those_of_others(place: Place) -> None:
    path = _write(place, ".claude/settings.json", SETTINGS)
    install(CLAUDE, place, "verdigris")
    hooks = json.loads(path.read_bytes())["hooks"]
    commands = [hook["command"] for group in hooks["Stop"] for hook in group["hooks"]]
    assert [command.removesuffix(" 2>/dev/null || true") for command in commands] == [
        "theirs",
        "verdigris agent hook claude",
    ]
    assert hooks["PostToolUse"][0]["matcher"] == "Edit|MultiEdit|Write|NotebookEdit"
    assert all(hook["timeout"] == 5 for hook in hooks["PostToolUse"][0]["hooks"])


@pytest.mark.skipif(sys.platform == "win32", reason="its shells have no common word for it")
def test_where_there_is_no_verdigris_a_hook_does_nothing(place: Place) -> None:
    install(CLAUDE, place, "verdigris-that-is-not-installed")
    (hooks,) = [one.path for one in status(CLAUDE, place) if one.path.suffix == ".json"]
    command = json.loads(hooks.read_bytes())["hooks"]["Stop"][0]["hooks"][0]["command"]
    ran = subprocess.run(command, shell=True, capture_output=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")


def test_gemini_counts_milliseconds_and_allows_comments(place: Place) -> None:
    path = _write(place, ".gemini/settings.json", b'{\n  // mine\n  "theme": "x"\n}\n')
    install(GEMINI, place, "verdigris")
    assert b"// mine" in path.read_bytes()
    assert b'"timeout": 5000' in path.read_bytes()
    assert b'"name": "verdigris"' in path.read_bytes()


def test_a_file_that_was_edited_since_loses_only_our_part(place: Place) -> None:
    settings = _write(place, ".claude/settings.json", SETTINGS)
    rules = _write(place, "CLAUDE.md", RULES)
    install(CLAUDE, place, "verdigris")
    settings.write_bytes(settings.read_bytes().replace(b'"deny": []', b'"deny": ["x"]'))
    rules.write_bytes(rules.read_bytes() + b"\n## Later\n")
    assert [one.state for one in status(CLAUDE, place)] == ["edited", "edited"]
    assert install(CLAUDE, place, "verdigris") == []
    remove(CLAUDE, place)
    assert settings.read_bytes() == SETTINGS.replace(b'"deny": []', b'"deny": ["x"]')
    assert rules.read_bytes().startswith(RULES.rstrip())
    assert rules.read_bytes().endswith(b"\n## Later\n")
    assert b"verdigris" not in rules.read_bytes() + settings.read_bytes()


def test_another_command_replaces_the_old_one(place: Place) -> None:
    path = _write(place, ".claude/settings.json", SETTINGS)
    install(CLAUDE, place, "'/old place/verdigris'")
    install(CLAUDE, place, "verdigris")
    assert path.read_bytes().count(b"agent hook claude") == 5
    assert b"old place" not in path.read_bytes()
    remove(CLAUDE, place)
    assert path.read_bytes() == SETTINGS


def test_two_agents_share_a_file(place: Place) -> None:
    rules = _write(place, "AGENTS.md", RULES)
    install(CODEX, place, "verdigris")
    install(GENERIC, place, "verdigris")
    remove(CODEX, place)
    assert rules.read_bytes().count(b"verdigris:begin") == 1
    assert [one.state for one in status(GENERIC, place)] == ["installed"]
    remove(GENERIC, place)
    assert rules.read_bytes() == RULES


def test_a_link_stays_a_link(place: Place) -> None:
    rules = _write(place, "AGENTS.md", RULES)
    link = rules.with_name("CLAUDE.md")
    link.symlink_to("AGENTS.md")
    install(CLAUDE, place, "verdigris")
    assert b"verdigris:begin" in rules.read_bytes()
    remove(CLAUDE, place)
    assert link.is_symlink()
    assert rules.read_bytes() == RULES


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (".claude/settings.json", b'{"hooks": {,}}'),
        (".claude/settings.json", b'{"hooks": []}'),
        (".claude/settings.json", b"\xff\xfe{}"),
        ("CLAUDE.md", b"caf\xe9\n"),
        ("CLAUDE.md", b"<!-- verdigris:begin -->\n"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_and_none_is_written(
    place: Place, name: str, content: bytes
) -> None:
    assert place.root
    path = _write(place, name, content)
    before = _tree(place.root)
    with pytest.raises(AgentError, match=path.name):
        install(CLAUDE, place, "verdigris")
    assert _tree(place.root) == before


def test_a_dry_run_writes_nothing(place: Place) -> None:
    assert place.root
    before = _tree(place.root)
    assert [change.path.name for change in install(CLAUDE, place, "x", dry_run=True)] == [
        "settings.json",
        "CLAUDE.md",
    ]
    assert _tree(place.root) == before
    install(CLAUDE, place, "verdigris")
    installed = _tree(place.root)
    assert [change.after for change in remove(CLAUDE, place, dry_run=True)] == [None, None]
    assert _tree(place.root) == installed


def test_without_its_records_our_part_still_goes(place: Place) -> None:
    assert place.root
    rules = _write(place, "CLAUDE.md", RULES)
    install(CLAUDE, place, "verdigris")
    for path in place.state.iterdir():
        path.unlink()
    assert [one.state for one in status(CLAUDE, place)] == ["installed", "installed"]
    install(CLAUDE, place, "verdigris")
    remove(CLAUDE, place)
    assert not (place.root / ".claude").exists()
    assert rules.read_bytes().strip() == RULES.strip()


def test_damaged_records_are_named(place: Place) -> None:
    place.state.mkdir(parents=True)
    (place.state / "files.json").write_text("[1]", encoding="utf-8")
    with pytest.raises(AgentError, match=r"files\.json is damaged; delete it"):
        install(CLAUDE, place, "verdigris")


def test_for_all_projects(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    everywhere = Place(tmp_path / "data" / "agents", None, tmp_path / "home")
    monkeypatch.setenv("CODEX_HOME", str(tmp_path / "codex"))
    for agent in (CLAUDE, CODEX):
        install(agent, everywhere, "verdigris")
    assert (tmp_path / "home" / ".claude" / "CLAUDE.md").exists()
    assert (tmp_path / "codex" / "hooks.json").exists()
    assert (tmp_path / "codex" / "AGENTS.md").exists()
    for agent in (CLAUDE, CODEX):
        remove(agent, everywhere)
    assert _tree(tmp_path / "home") == _tree(tmp_path / "data") == {}
    with pytest.raises(AgentError, match="leave out --global"):
        install(GENERIC, everywhere, "verdigris")
