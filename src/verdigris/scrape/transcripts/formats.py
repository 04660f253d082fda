"""What coding agents keep of their sessions, record by record: prompts, answers, tools used.

One function an agent; each takes a decoded record of any shape and knows nothing of the others.
What tools printed is not kept, only that they ran, on what, and how much they printed.
Formats: Claude Code's and Codex CLI's JSON lines, Gemini CLI's JSON and JSON lines, as the programs
wrote them in 2025 and 2026; none of them is documented, so unknown records are passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

Record = Mapping[str, object]

_WRAPPED = re.compile(
    r"<(system-reminder|command-message|local-command-stdout|local-command-stderr"
    r"|environment_context|user_instructions|permissions instructions)>.*?</\1>",
    re.DOTALL,
)
_COMMAND = re.compile(
    r"<command-name>(.*?)</command-name>\s*(?:<command-args>(.*?)</command-args>)?", re.DOTALL
)
_CODEX_PREAMBLES = ("# AGENTS.md instructions", "<environment_context>", "<user_instructions>",
    "<permissions instructions>", "<turn_aborted>")  # fmt: skip
_FILE_ARGUMENTS = ("file_path", "notebook_path", "absolute_path", "path", "pattern", "query", "url")
_COMMAND_ARGUMENTS = ("command", "cmd")
_PATCHED = re.compile(r"^\*\*\* (?:Add|Update|Delete) File: (.+)$", re.MULTILINE)
_LONGEST_ARGUMENT = 200


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that was said or done; '' is unknown."""

    kind: str
    """'prompt', 'answer', 'tool', or 'output': how much a tool printed."""
    text: str
    time: str = ""
    """As the record tells it."""
    branch: str = ""
    commit: str = ""
    call: str = ""
    """Which use of a tool, for 'tool' and 'output'."""
    id: str = ""
    """Which message, where a later record may replace it."""


def claude_said(record: Record) -> Iterator[Said]:
    """Claude Code: `user` and `assistant` records; side chains and its own remarks are left out."""
    if any(record.get(mark) for mark in ("isSidechain", "isMeta", "isCompactSummary")):
        return
    role = record.get("type")
    if role not in ("user", "assistant"):
        return
    time, branch = text_at(record, "timestamp"), text_at(record, "gitBranch")
    content = object_at(record, "message").get("content")
    for block in _blocks(content):
        kind = block.get("type")
        if kind == "text":
            said = _unwrapped(text_at(block, "text"))
            if said:
                yield Said("prompt" if role == "user" else "answer", said, time, branch)
        elif kind == "tool_use":
            used = _tool(text_at(block, "name"), block.get("input"))
            yield Said("tool", used, time, branch, call=text_at(block, "id"))
        elif kind == "tool_result":
            size = _size(block.get("content"))
            yield Said("output", size, time, branch, call=text_at(block, "tool_use_id"))


def codex_said(record: Record) -> Iterator[Said]:
    """Codex CLI: `response_item` records, in older versions without the envelope."""
    payload = object_at(record, "payload") if "payload" in record else record
    if record.get("type") not in ("response_item", payload.get("type")):
        return
    time, kind = text_at(record, "timestamp"), payload.get("type")
    if kind == "message" and payload.get("role") in ("user", "assistant"):
        role = "prompt" if payload["role"] == "user" else "answer"
        for block in _blocks(payload.get("content")):
            text = text_at(block, "text")
            if text.strip() and not text.lstrip().startswith(_CODEX_PREAMBLES):
                yield Said(role, text.strip(), time)
    elif kind in ("function_call", "custom_tool_call", "local_shell_call"):
        arguments = payload.get("arguments") or payload.get("input") or payload.get("action")
        used = _tool(text_at(payload, "name") or "shell", arguments)
        yield Said("tool", used, time, call=text_at(payload, "call_id"))
    elif kind in ("function_call_output", "custom_tool_call_output"):
        size = _size(payload.get("output"))
        yield Said("output", size, time, call=text_at(payload, "call_id"))


def gemini_said(record: Record) -> Iterator[Said]:
    """Gemini CLI: messages of type `user` and `gemini`, with the tools that they used."""
    time, name = text_at(record, "timestamp"), text_at(record, "id")
    role = {"user": "prompt", "gemini": "answer"}.get(text_at(record, "type"))
    if role is None:
        return
    text = "\n".join(text_at(part, "text") for part in _blocks(record.get("content"))).strip()
    calls = record.get("toolCalls")
    for call in calls if isinstance(calls, list) else []:
        if isinstance(call, Mapping):
            used = f"{_tool(text_at(call, 'name'), call.get('args'))} → {_size(call.get('result'))}"
            yield Said("tool", used, time, id=name)
    if text:
        yield Said(role, text, time, id=name)


FORMATS: dict[str, Callable[[Record], Iterator[Said]]] = {
    "claude": claude_said,
    "codex": codex_said,
    "gemini": gemini_said,
}


def text_at(record: Record, name: str) -> str:
    """A text of a record; '' for none, or something else."""
    value = record.get(name)
    return value if isinstance(value, str) else ""


def object_at(record: Record, name: str) -> Record:
    """An object of a record; an empty one for none, or something else."""
    value = record.get(name)
    return value if isinstance(value, Mapping) else {}


def _blocks(content: object) -> list[Record]:
    """The parts of a message, which may be one text."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    if not isinstance(content, list):
        return []
    return [
        {"type": "text", "text": part} if isinstance(part, str) else part
        for part in content
        if isinstance(part, str | Mapping)
    ]


def _unwrapped(text: str) -> str:
    """What the user typed, without what the program put around it."""
    if match := _COMMAND.search(text):
        return " ".join(part.strip() for part in match.groups("") if part.strip())
    return _WRAPPED.sub("", text).strip()


def _tool(name: str, given: object) -> str:
    """A tool and what it was used on: `Edit src/a.py`, `Bash git status`."""
    if isinstance(given, str):
        if paths := _patched(given):
            return " ".join([name, *paths])
        try:
            given = json.loads(given)
        except ValueError:
            return name
    if not isinstance(given, Mapping):
        return name
    for argument in (*_FILE_ARGUMENTS, *_COMMAND_ARGUMENTS):
        value = given.get(argument)
        if isinstance(value, list):
            value = " ".join(map(str, value))
        if isinstance(value, str) and value.strip():
            if paths := _patched(value):
                return " ".join([name, *paths])
            first = " ".join(value.split())
            cut = first if len(first) <= _LONGEST_ARGUMENT else first[:_LONGEST_ARGUMENT] + "…"
            return f"{name} {cut}"
    return name


def _patched(text: str) -> list[str]:
    """The files of a patch; in a program that applies one, its line ends may be escaped."""
    lines = text if "\n*** " in text else text.replace("\\n", "\n")
    return list(dict.fromkeys(_PATCHED.findall(lines)))


def _size(content: object) -> str:
    """How much a tool printed: `3,482 characters`."""
    if isinstance(content, str):
        size = len(content)
    elif isinstance(content, list | Mapping):
        size = len(json.dumps(content))
    else:
        size = 0
    return f"{size:,} characters"
