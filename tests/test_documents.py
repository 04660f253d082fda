"""The documents tell the truth: commands run, paths exist, references are current."""

from __future__ import annotations

import re
import runpy
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from verdigris import __version__
from verdigris.serve.cli import COMMANDS, main

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _shell_lines(text: str) -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines() if line]


def test_the_command_reference_is_current() -> None:
    program = runpy.run_path(str(ROOT / "scripts" / "document_commands.py"))
    assert _text("docs/commands.md") == program["commands_markdown"](), "run: make docs"


def test_every_command_stands_in_the_readme_and_in_the_reference() -> None:
    for name in COMMANDS:
        assert f"`verdigris {name}" in _text("README.md")
        assert f"## verdigris {name}\n" in _text("docs/commands.md")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)[^):]*\)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_that_are_named_exist(document: Path) -> None:
    named = re.findall(r"`verdigris ([a-z]+)", document.read_text(encoding="utf-8"))
    assert set(named) <= set(COMMANDS)


def test_the_map_shows_every_room_and_no_other() -> None:
    text = _text("docs/architecture.md")
    tree = text.partition("src/verdigris/\n")[2].partition("```")[0]
    shown = set(re.findall(r"^  (\w+(?:\.py|/))", tree, flags=re.MULTILINE))
    package = ROOT / "src" / "verdigris"
    rooms = {f"{one.name}/" for one in package.iterdir() if (one / "__init__.py").exists()}
    assert shown == rooms | {file.name for file in package.glob("*.py")}


def test_the_floors_are_those_of_the_import_contract() -> None:
    contract = _text(".importlinter").partition("layers =\n")[2].partition("\n\n")[0]
    floors = [set(re.findall(r"\w+", line)) for line in contract.splitlines()]
    table = re.findall(r"^\| \d \| (.*) \|$", _text("docs/architecture.md"), flags=re.MULTILINE)
    assert [set(re.findall(r"\w+", row)) for row in table] == floors


def test_files_that_contributors_are_sent_to_exist() -> None:
    named = re.findall(r"`((?:src|tests|scripts|\.ci)/[a-z_./]+)`", _text("CONTRIBUTING.md"))
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_make_targets_that_are_named_exist() -> None:
    named = {
        target
        for document in DOCUMENTS
        for target in re.findall(r"`make ([a-z-]+)", document.read_text(encoding="utf-8"))
    }
    targets = set(re.findall(r"^([a-z-]+):", _text("Makefile"), flags=re.MULTILINE))
    assert named <= targets


def test_the_changelog_begins_with_this_version() -> None:
    versions = re.findall(r"^## (\S+)", _text("CHANGELOG.md"), flags=re.MULTILINE)
    assert versions[0] == __version__


def test_the_gate_runs_the_two_commands_of_the_readme() -> None:
    gate = _text(".ci/run")
    install, ask, develop, *_ = _shell_lines(_text("README.md"))
    assert (install, develop) == ("pip install .", 'pip install -e ".[dev]" && make check')
    assert ask in gate
    assert "pip install --quiet ." in gate
    assert 'pip install --quiet -e ".[dev]"' in gate


def test_the_commands_of_the_readme_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    package = tmp_path / "src" / "verdigris"
    package.mkdir(parents=True)
    for name in ("event_log.py", "records.py", "errors.py"):
        shutil.copy(ROOT / "src" / "verdigris" / name, package)
    for step in (["init", "-q"], ["add", "."], ["commit", "-qm", "First"]):
        subprocess.run(["git", *step], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    commands = [line for line in _shell_lines(_text("README.md")) if line.startswith("verdigris ")]
    assert len(commands) > 4
    for command in commands:
        with pytest.raises(SystemExit) as end:
            main(shlex.split(command)[1:])
        assert end.value.code == 0, f"{command}: {capsys.readouterr()}"


def test_the_python_of_the_readme_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(ROOT / "src" / "verdigris" / "event_log.py", tmp_path)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", _text("README.md"), re.DOTALL | re.MULTILINE)
    for code in blocks:
        exec(compile(code, "README.md", "exec"), {})
    assert len(blocks) == 2
    assert capsys.readouterr().out.startswith("event_log.py ")
