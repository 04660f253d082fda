"""What an agent's hook runs: the event's JSON from standard input becomes a line of the spool.

It is silent (agents show their model what a hook prints), never fails, and is over in a few
milliseconds: it imports little, and starts no git.
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import suppress

from verdigris.capture.agents import spool
from verdigris.capture.git_files import find_root, read_head

_EVENTS = {
    "SessionStart": "start",
    "UserPromptSubmit": "prompt",
    "BeforeAgent": "prompt",
    "PostToolUse": "tool",
    "AfterTool": "tool",
    "Stop": "answer",
    "AfterAgent": "answer",
    "SessionEnd": "end",
}
"""What agents call their events → what it is to us."""
_TEXTS = {
    "prompt": ("prompt",),
    "answer": ("last_assistant_message", "prompt_response"),
    "tool": ("tool_name",),
}
_FILE_FIELDS = ("file_path", "notebook_path", "absolute_path", "path")
_PATCH_MARKS = ("*** Add File: ", "*** Update File: ", "*** Delete File: ")
_MOST_INPUT = 16_000_000
_LONGEST_TEXT = 8_000
_STATE_FOLDER = ".verdigris"


def run(agent: str) -> int:
    """Write down the event on standard input; returns 0 whatever happens.

    Outside a repository that has a folder `.verdigris` it does nothing.
    """
    root = None
    try:
        root = _root(os.getcwd())
        data = _input()
        root = _root(os.path.abspath(_text(data, "cwd")))
        event = _EVENTS.get(_text(data, "hook_event_name"), "")
        if root and event:
            spool.append(_local(root), _record(agent, event, data, root))
    except KeyboardInterrupt:
        pass
    except Exception as error:  # an agent must not stop because its diary cannot be written
        if root:
            spool.log_error(spool.spool_folder(root), f"{agent}: {error!r}")
    return 0


def _input() -> dict[str, object]:
    if sys.stdin is None or sys.stdin.isatty():
        return {}
    data = json.loads(sys.stdin.buffer.read(_MOST_INPUT) or b"{}")
    return data if isinstance(data, dict) else {}


def _record(agent: str, event: str, data: dict[str, object], root: str) -> spool.Record:
    """One line: when, who, what, and where git stood."""
    branch = commit = ""
    with suppress(OSError):
        branch, commit = read_head(root) or ("", "")
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "agent": agent,
        "event": event,
        "session": _text(data, "session_id"),
        "branch": branch,
        "commit": commit,
        "text": _cropped(
            next((text for name in _TEXTS.get(event, ()) if (text := _text(data, name))), "")
        ),
        "files": "\n".join(_files(data.get("tool_input"), root)) if event == "tool" else "",
    }


def _files(given: object, root: str) -> list[str]:
    """The files that a tool was given, by their paths from the root where they lie within."""
    if not isinstance(given, dict):
        return []
    texts = {name: value for name, value in given.items() if isinstance(value, str)}
    named = [texts[name] for name in _FILE_FIELDS if name in texts]
    for text in texts.values():
        lines = text.split("\n") if _PATCH_MARKS[0][:4] in text else []
        named += [
            line[len(mark) :] for line in lines for mark in _PATCH_MARKS if line.startswith(mark)
        ]
    return [name.strip().removeprefix(f"{root}{os.sep}") for name in named]


def _root(folder: str) -> str | None:
    """The top of the work tree around a folder; None without one that verdigris keeps."""
    root = find_root(folder)
    return root if root and os.path.isdir(os.path.join(root, _STATE_FOLDER)) else None


def _local(root: str) -> str:
    folder = spool.spool_folder(root)
    if not os.path.isdir(folder):
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, ".gitignore"), "wb") as stream:
            stream.write(b"*\n")
    return folder


def _cropped(text: str) -> str:
    if len(text) <= _LONGEST_TEXT:
        return text
    return f"{text[:_LONGEST_TEXT]} … ({len(text):,} characters)"


def _text(data: dict[str, object], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""
