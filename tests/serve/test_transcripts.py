"""Transcripts of coding agents: only this repository's, only what is new, in three formats."""

from __future__ import annotations

import hashlib
import json
import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from verdigris.event_log import EventLog
from verdigris.knowledge_base import KnowledgeBase
from verdigris.records import Event, ScrapeReport

if TYPE_CHECKING:
    from tests.conftest import GitFolder
    from tests.serve.conftest import Verdigris

SECRET = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of the test's own."""
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


class Claude:
    """Writes a transcript as Claude Code does."""

    def __init__(
        self, home: Path, root: Path, session: str = "8c35adc1-1111", cwd: str = ""
    ) -> None:
        folder = home / ".claude" / "projects" / re.sub(r"[^A-Za-z0-9]", "-", str(root))
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{session}.jsonl"
        self._common = {"sessionId": session, "cwd": cwd or str(root), "gitBranch": "main"}
        self._minute = 0

    def write(self, role: str, *content: object, **more: object) -> None:
        self._minute += 1
        time = f"2026-03-02T10:{self._minute % 60:02}:17.716Z"
        said = content[0] if isinstance(content[0], str) else list(content)
        message = {"role": role, "content": said}
        self.line({"type": role, "timestamp": time, "message": message, **self._common, **more})

    def line(self, record: object, end: str = "\n") -> None:
        text = record if isinstance(record, str) else json.dumps(record)
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(text + end)


def _text(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def _lines(path: Path, *records: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records), encoding="utf-8")


def _scrape(root: Path, *sources: str) -> ScrapeReport:
    with KnowledgeBase(root) as knowledge_base:
        return knowledge_base.refresh(sources or ("transcripts",))


def _events(root: Path) -> list[Event]:
    """Content of the newest version of each transcript's part, in order."""
    with KnowledgeBase(root) as knowledge_base:
        log: EventLog = knowledge_base.log
        newest = {m.event.document: m.event.version for m in log.markers()}
        newest = {name: version for name, version in newest.items() if version}
        names = sorted(name for name in newest if name.startswith("transcript:"))
        return [event for name in names for event in log.content(name, newest[name])]


def _said(root: Path) -> list[tuple[str, str]]:
    return [(event.kind.removeprefix("session."), event.text) for event in _events(root)]


def test_claude(small_git: GitFolder, home: Path) -> None:
    claude = Claude(home, small_git.root)
    claude.line({"type": "summary", "summary": "no matter"})
    claude.write("user", "Why does the cup leak?\nMy token is " + SECRET)
    claude.write("user", "side", isSidechain=True)
    claude.write("user", "meta", isMeta=True)
    claude.write("user", "<system-reminder>be good</system-reminder>")
    claude.write(
        "assistant",
        {"type": "thinking", "thinking": "secret thoughts"},
        _text("I looked at it.\n\nI decided to glue the handle, since screws rust.\n\nDone."),
        {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "ls  -la"}},
        {
            "type": "tool_use",
            "id": "t2",
            "name": "Edit",
            "input": {"file_path": str(small_git.root / "src" / "cup.py")},
        },
    )
    result = {"type": "tool_result", "tool_use_id": "t1", "content": "TOOL OUTPUT " * 100}
    claude.write(
        "user", result, {"type": "tool_result", "tool_use_id": "t2", "content": [_text("x")]}
    )
    claude.write("user", "<command-name>/review</command-name><command-args>the lid</command-args>")
    report = _scrape(small_git.root)
    assert report.documents == {"session": 1}
    assert report.secrets == 1
    said = _said(small_git.root)
    assert [kind for kind, _ in said] == ["prompt", "decision", "text", "work", "prompt"]
    assert "[redacted:" in said[0][1]
    assert said[1][1] == "I decided to glue the handle, since screws rust."
    assert said[2][1] == "I looked at it.\n\nDone."
    assert said[3][1].splitlines()[0] == "Bash ls -la → 1,200 characters"
    assert said[3][1].splitlines()[1].startswith("Edit src/cup.py → ")
    assert said[4][1] == "/review the lid"
    everything = (small_git.root / ".verdigris" / "local" / "log.db").read_bytes()
    for absent in (SECRET, "TOOL OUTPUT", "secret thoughts", "be good"):
        assert absent.encode() not in everything
    (first, *_) = _events(small_git.root)
    assert (first.session, first.branch, first.time) == (
        "8c35adc1-1111", "main", "2026-03-02T10:01:17Z",
    )  # fmt: skip
    assert first.lines is not None
    assert first.lines.start == 2


def test_codex(small_git: GitFolder, home: Path) -> None:
    def item(**payload: object) -> dict[str, object]:
        time = "2026-03-02T11:00:01.000Z"
        return {"timestamp": time, "type": "response_item", "payload": payload}

    def message(role: str, text: str) -> dict[str, object]:
        return item(type="message", role=role, content=[{"type": "input_text", "text": text}])

    git = {"branch": "tea", "commit_hash": "a" * 40}
    _lines(
        home / ".codex/sessions/2026/03/02/rollout-2026-03-02T11-00-00-019a.jsonl",
        {"type": "session_meta", "payload": {"id": "019a", "cwd": str(small_git.root), "git": git}},
        message("developer", "rules"),
        message("user", "# AGENTS.md instructions for x"),
        message("user", "<environment_context>x</environment_context>"),
        message("user", "Add a lid"),
        {"type": "event_msg", "payload": {"type": "user_message", "message": "Add a lid"}},
        item(type="reasoning", encrypted_content="x"),
        item(type="function_call", name="shell", arguments='{"command": ["ls"]}', call_id="c1"),
        item(type="function_call_output", call_id="c1", output="x" * 999),
        item(
            type="custom_tool_call",
            name="apply_patch",
            input="*** Begin Patch\n*** Update File: src/cup.py\n+LID",
            call_id="c2",
        ),
        item(
            type="custom_tool_call",
            name="exec",
            input='await tools.apply_patch("*** Begin Patch\\n*** Add File: lid.py\\n+x = 1");',
            call_id="c3",
        ),
        message("assistant", "The lid is on."),
    )
    old = home / ".codex/sessions/rollout-2025-01-01-old.jsonl"
    context = f"<environment_context><cwd>{small_git.root}</cwd></environment_context>"
    _lines(
        old,
        {"id": "old", "timestamp": "2025-01-01T00:00:00Z", "instructions": None},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": context}]},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Old ask"}]},
    )
    foreign = home / ".codex/sessions/rollout-2026-foreign.jsonl"
    _lines(foreign, {"type": "session_meta", "payload": {"id": "f", "cwd": "/elsewhere"}})
    _scrape(small_git.root)
    assert _said(small_git.root) == [
        ("prompt", "Add a lid"),
        ("work", "shell ls → 999 characters\napply_patch src/cup.py\nexec lid.py"),
        ("text", "The lid is on."),
        ("prompt", "Old ask"),
    ]
    event = _events(small_git.root)[0]
    assert (event.session, event.branch, event.commit) == ("019a", "tea", "a" * 40)


@pytest.mark.parametrize("suffix", ["json", "jsonl"])
def test_gemini(small_git: GitFolder, home: Path, suffix: str) -> None:
    project = hashlib.sha256(str(small_git.root).encode()).hexdigest()
    head = {"sessionId": "g1", "projectHash": project, "startTime": "2026-03-02T12:00:00.000Z"}
    time = "2026-03-02T12:00:09.000Z"
    call = {"name": "read_file", "args": {"absolute_path": "tea.md"}, "result": [{"x": "BODY"}]}
    messages: list[dict[str, object]] = [
        {"id": "1", "timestamp": time, "type": "user", "content": [{"text": "Describe the bowl"}]},
        {"id": "i", "timestamp": time, "type": "info", "content": "no matter"},
        {
            "id": "2",
            "timestamp": time,
            "type": "gemini",
            "content": "It is blue.",
            "toolCalls": [call],
        },
    ]
    path = home / ".gemini/tmp/bowl/chats" / f"session-2026-03-02T12-00-g1.{suffix}"
    if suffix == "json":
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({**head, "messages": messages}, indent=2), encoding="utf-8")
    else:
        first, info, answer = messages
        dropped = {"id": "9", "timestamp": time, "type": "user", "content": "taken back"}
        early = {**answer, "content": "", "toolCalls": []}
        _lines(path, head, first, info, early, answer, dropped, {"$rewindTo": "9"}, {"$set": {}})
    _scrape(small_git.root)
    assert _said(small_git.root) == [
        ("prompt", "Describe the bowl"),
        ("work", "read_file tea.md → 15 characters"),
        ("text", "It is blue."),
    ]
    assert _events(small_git.root)[0].session == "g1"


def test_only_what_belongs_to_the_repository(
    small_git: GitFolder, home: Path, tmp_path: Path
) -> None:
    Claude(home, small_git.root, "inside", str(small_git.root / "src")).write("user", "Inside")
    Claude(home, Path(f"{small_git.root}-2"), "beside").write("user", "Beside")
    Claude(home, tmp_path / "other", "other").write("user", "Other")
    nested = small_git.root / "vendor" / "nested"
    (nested / ".git").mkdir(parents=True)
    Claude(home, small_git.root, "nested", str(nested)).write("user", "Nested")
    Claude(home, nested, "nested too").write("user", "Nested, too")
    lines = Claude(home, small_git.root, "untold")
    lines.line({"type": "queue-operation"})
    _scrape(small_git.root)
    assert [text for _, text in _said(small_git.root)] == ["Inside"]
    lines.write("user", "Told later")  # a file that did not say where it belongs is looked at again
    _scrape(small_git.root)
    assert [text for _, text in _said(small_git.root)] == ["Inside", "Told later"]


def test_only_where_somebody_asked_for_it(small_git: GitFolder, home: Path) -> None:
    Claude(home, small_git.root).write("user", "Hello")
    _scrape(small_git.root, "git", "sessions", "docs", "code")
    assert _said(small_git.root) == []
    small_git.write(".verdigris/config.toml", 'transcripts = ["codex"]\n')
    _scrape(small_git.root, "sessions")
    assert _said(small_git.root) == []
    small_git.write(".verdigris/config.toml", 'transcripts = ["claude"]\n')
    _scrape(small_git.root, "sessions")
    assert _said(small_git.root) == [("prompt", "Hello")]


def test_only_what_is_new_is_read(small_git: GitFolder, home: Path) -> None:
    claude = Claude(home, small_git.root)
    claude.write("user", "First " + "x" * 7_000)
    claude.write("user", "Second")
    assert _scrape(small_git.root).documents == {"session": 1}
    assert _scrape(small_git.root).documents == {}
    claude.write("assistant", _text("Answer"))
    claude.line('{"type": "user", "message": {"content": "unfin', end="")
    report = _scrape(small_git.root)
    assert (report.documents, report.events) == ({"session": 1}, 3)
    claude.line('ished"}}')
    claude.write("user", "Third")
    _scrape(small_git.root)
    texts = [text for _, text in _said(small_git.root)]
    assert texts == ["First " + "x" * 7_000, "Second", "Answer", "unfinished", "Third"]
    lines = [event.lines.start for event in _events(small_git.root) if event.lines]
    assert lines == [1, 2, 3, 4, 5]
    claude.path.unlink()  # agents delete old transcripts; the memory keeps them
    _scrape(small_git.root)
    assert len(_said(small_git.root)) == 5


def test_a_file_that_was_rewritten_is_read_anew(small_git: GitFolder, home: Path) -> None:
    claude = Claude(home, small_git.root)
    claude.write("user", "First " + "x" * 7_000)
    claude.write("user", "Second")
    _scrape(small_git.root)
    claude.path.unlink()
    claude.write("user", "Other")
    _scrape(small_git.root)
    assert [text for _, text in _said(small_git.root)] == ["Other"]


def test_odd_records_are_passed_over(small_git: GitFolder, home: Path) -> None:
    claude = Claude(home, small_git.root)
    claude.write("user", "Begin")
    odd: tuple[object, ...] = (
        "not json", "[]", "null", "{}", '"text"', "[" * 3_000, "\x00\x01",
        {"type": "user"}, {"type": "user", "message": 5}, {"type": 5, "message": {"content": 5}},
        {"type": "user", "message": {"content": [5, None, {"type": "image"}, {"text": 5}]}},
        {"type": "new-kind", "message": {"content": "unknown"}},
        {"type": "assistant", "timestamp": "?", "message": {"content": [{"type": "tool_use"}]}},
    )  # fmt: skip
    for record in odd:
        claude.line(record)
    claude.line({"type": "user", "message": {"content": "y" * 9_000_000}})
    claude.write("user", "Sane \ud800 end")
    report = _scrape(small_git.root)
    assert report.warnings == []
    texts = [text for _, text in _said(small_git.root)]
    assert texts[-1].startswith("Sane ")
    assert not any("yyy" in text or "unknown" in text for text in texts)


def test_an_unreadable_transcript_is_told(
    small_git: GitFolder, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claude = Claude(home, small_git.root)
    claude.path.mkdir()
    assert "not read" in _scrape(small_git.root).warnings[0]


def test_work_trees_share_transcripts(small_git: GitFolder, home: Path, tmp_path: Path) -> None:
    other = tmp_path / "linked"
    small_git.git("worktree", "add", "--quiet", "-b", "side", str(other))
    Claude(home, other, "linked").write("user", "From the other tree")
    _scrape(small_git.root)
    assert [text for _, text in _said(small_git.root)] == ["From the other tree"]
    assert _scrape(other).documents == {}
    assert len(_said(other)) == 1


def _boxed(text: str) -> str:
    lines = [part for line in text.split("\n") for part in textwrap.wrap(line, 60) or [""]]
    rows = [f"│ \x1b[36m{line:<60}\x1b[0m │" for line in lines]
    return "\n".join([f"╭{'─' * 62}╮", *rows, f"╰{'─' * 62}╯"])


def _quoted(text: str) -> str:
    lines = [part for line in text.split("\n") for part in textwrap.wrap(line, 44) or [""]]
    return "\n".join(f"> {line}" for line in lines)


def _fenced(text: str) -> str:
    return f"```\n{text}\n```"


def _tabled(text: str) -> str:
    return "\n".join(f"| {line} |" if line else "| |" for line in text.split("\n"))


@pytest.mark.parametrize(
    "command",
    [
        ("scry", "how is the kettle descaled?"),
        ("scry", "how is the kettle descaled?", "--explain", "-k", "2"),
        ("scry", "how is the kettle descaled?", "--json"),
        ("related", "src/kettle.py"),
        ("related", "boil"),
        ("related", "src/kettle.py", "--json"),
        ("session", "show"),
        ("session", "note", "The kettle gets a new gasket, since the old one let steam out of it"),
        ("status",),
    ],
    ids=" ".join,
)
def test_what_verdigris_printed_is_not_read_back(
    small_git: GitFolder,
    home: Path,
    verdigris: Verdigris,
    command: tuple[str, ...],
) -> None:
    small_git.write(
        "docs/care.md",
        "# Care\n\nThe kettle is descaled with vinegar twice a year, because lime makes it slow, "
        "and then rinsed with cold water three times until nothing smells of it any more.\n",
    )
    small_git.commit("Describe how the kettle is descaled\n\nTwice a year is enough in this town.")
    verdigris("session", "start", "Descale the kettle before guests come", inside=small_git.root)
    printed = verdigris(*command).out
    assert len(printed) > 40
    claude = Claude(home, small_git.root)
    wraps: tuple[Callable[[str], str], ...] = (str, _boxed, _quoted, _fenced, _tabled)
    for wrap in wraps:
        claude.write("user", f"It says this:\n\n{wrap(printed)}\n\nIs the teapot right?")
        claude.write("assistant", _text(f"{wrap(printed)}\n\nYes: the teapot never lies."))
    _scrape(small_git.root, "sessions", "docs", "git", "transcripts")
    texts = [text for _, text in _said(small_git.root)]
    kept = ["It says this:\n\nIs the teapot right?", "Yes: the teapot never lies."]
    assert texts == kept * len(wraps)


def test_transcripts_answer_questions(
    small_git: GitFolder, home: Path, verdigris: Verdigris
) -> None:
    claude = Claude(home, small_git.root)
    claude.write("user", "Why do we keep the samovar in the cellar?")
    claude.write("assistant", _text("We decided to keep it there because of the heat."))
    verdigris("scrape", "transcripts", "--quiet", inside=small_git.root)
    run = verdigris("scry", "why is the samovar in the cellar?", "--kind", "session", "--json")
    (hit,) = json.loads(run.out)["results"]
    assert hit["path"] is None
    assert hit["session"] == "8c35adc1-1111"
    assert hit["title"] == "Why do we keep the samovar in the cellar?"
    shown = verdigris("scry", "why is the samovar in the cellar?", "--kind", "session")
    assert " 1. transcript claude 8c35adc1" in shown.out
