"""Install, remove and look at the hooks and instructions of a coding agent.

All files are worked out before one is written. The bytes from before are kept: a file that nobody
edited since gets them back when the agent is removed, from any other only our part is taken out.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from verdigris.capture.agents.instruction_block import with_block, without_block
from verdigris.capture.agents.json_edit import Json, add_item, read, remove_items
from verdigris.capture.agents.known import Agent, instructions
from verdigris.capture.agents.place import (
    FileRecord,
    Place,
    digest,
    read_records,
    save_backup,
    write_records,
)
from verdigris.capture.agents.spool import forget_spool
from verdigris.capture.file_replacing import replace_file
from verdigris.errors import AgentError

_BOM = "\ufeff"
_OR_NOTHING = "" if sys.platform == "win32" else " 2>/dev/null || true"
"""No agent complains at every prompt where somebody who shares the file has no verdigris; the
shells of Windows have no common word for it."""


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one file; None is no file."""

    path: Path
    before: bytes | None
    after: bytes | None


@dataclass(frozen=True, slots=True)
class FileStatus:
    """How one file of an agent stands."""

    path: Path
    state: str
    """installed, edited (installed, changed since), missing, or unreadable."""
    problem: str = ""
    """Why it is unreadable."""


def install(agent: Agent, place: Place, command: str, *, dry_run: bool = False) -> list[Change]:
    """Put hooks and instructions in place; returns what changes, nothing where all is there.

    command: what starts verdigris in a shell. Raises AgentError, OSError.
    """
    editors = _editors(agent, place, command)
    changes = [_edited(path, add) for path, (add, _) in editors.items()]
    if dry_run:
        return _real(changes)
    records = read_records(place)
    for change in changes:
        path, after = change.path, change.after or b""
        known = records.get(str(path), FileRecord((), "", ""))
        if not known.agents or _digest(change.before) != known.written:
            kept = _bare(change.before, path, editors[path][1])
            known = replace(known, backup="" if kept is None else save_backup(place, path, kept))
        users = tuple(dict.fromkeys((*known.agents, agent.name)))
        records[str(path)] = FileRecord(users, digest(after), known.backup)
        write_records(place, records)
        _apply(change)
    return _real(changes)


def remove(agent: Agent, place: Place, *, dry_run: bool = False) -> list[Change]:
    """Take out what `install` put in place; returns what changes. Raises AgentError, OSError."""
    records = read_records(place)
    changes, dropped = [], []
    for path, (_, take_out) in _editors(agent, place, "").items():
        record = records.get(str(path), FileRecord((), "", ""))
        others = tuple(name for name in record.agents if name != agent.name)
        if others:
            records[str(path)] = replace(record, agents=others)
        else:
            changes.append(_restored(place, path, record, take_out))
            dropped.append(path)
    if dry_run:
        return _real(changes)
    for change in changes:
        _apply(change)
    for path in dropped:
        if str(path) in records and (backup := records.pop(str(path)).backup):
            (place.state / backup).unlink(missing_ok=True)
    write_records(place, records)
    if place.root and not records:
        forget_spool(place.root)
    return _real(changes)


def status(agent: Agent, place: Place) -> list[FileStatus]:
    """How each file of an agent stands. Raises AgentError where our records are damaged."""
    records = read_records(place)
    return [
        _status(agent, path, take_out, records.get(str(path)))
        for path, (_, take_out) in _editors(agent, place, "").items()
    ]


def _status(agent: Agent, path: Path, take_out: _Edit, record: FileRecord | None) -> FileStatus:
    try:
        before = _bytes(path)
        has_ours = before is not None and _without(before, path, take_out) != before
    except (AgentError, OSError) as error:
        return FileStatus(path, "unreadable", str(error))
    if not has_ours or (record and agent.name not in record.agents):
        return FileStatus(path, "missing")
    is_edited = record and _digest(before) != record.written
    return FileStatus(path, "edited" if is_edited else "installed")


_Edit = Callable[[str], str]


def _editors(agent: Agent, place: Place, command: str) -> dict[Path, tuple[_Edit, _Edit]]:
    """Path → how our part is added to its text, and how it is taken out."""
    found: dict[Path, tuple[_Edit, _Edit]] = {}
    if hooks := place.hooks_file(agent):
        found[hooks.resolve()] = (
            lambda text: _with_hooks(text, agent, command),
            lambda text: _without_hooks(text, agent),
        )
    found[place.instructions_file(agent).resolve()] = (
        lambda text: with_block(text, instructions(agent)),
        without_block,
    )
    return found


def _with_hooks(text: str, agent: Agent, command: str) -> str:
    groups = {row.event: _group(agent, command, row.event, row.matcher) for row in agent.hooks}
    if all(_has(text, event, group) for event, group in groups.items()):
        return text
    text = _without_hooks(text, agent)
    for event, group in groups.items():
        text = add_item(text, ("hooks", event), group)
    return text


def _group(agent: Agent, command: str, event: str, matcher: str) -> Json:
    """One hook as the agent's file wants it."""
    hook: dict[str, Json] = {"name": "verdigris"} if agent.names_hooks else {}
    hook |= {"type": "command", "command": f"{command} agent hook {agent.name}{_OR_NOTHING}"}
    hook["timeout"] = agent.timeout
    group: dict[str, Json] = {"matcher": matcher} if matcher else {}
    return group | {"hooks": [hook]}


def _has(text: str, event: str, group: Json) -> bool:
    value = read(text).value
    hooks = value.get("hooks") if isinstance(value, dict) else None
    groups = hooks.get(event) if isinstance(hooks, dict) else None
    return isinstance(groups, list) and group in groups


def _without_hooks(text: str, agent: Agent) -> str:
    ours = re.compile(rf"verdigris\S*\s+agent\s+hook\s+{agent.name}\b")

    def is_ours(value: Json) -> bool:
        if not isinstance(value, dict):
            return False
        inner = value.get("hooks")
        if isinstance(inner, list):
            return bool(inner) and all(map(is_ours, inner))
        command = value.get("command")
        return isinstance(command, str) and ours.search(command) is not None

    return remove_items(text, ("hooks",), is_ours)


def _restored(place: Place, path: Path, record: FileRecord, take_out: _Edit) -> Change:
    before = _bytes(path)
    if record.agents and _digest(before) == record.written:
        kept = (place.state / record.backup).read_bytes() if record.backup else None
        return Change(path, before, kept)
    after = before if record.backup else _bare(before, path, take_out)
    return Change(path, before, _without(after, path, take_out))


def _bare(before: bytes | None, path: Path, take_out: _Edit) -> bytes | None:
    """A file as it was before us; None where nothing but our part is in it."""
    after = _without(before, path, take_out)
    is_empty = after is not None and after.strip(b"\xef\xbb\xbf \t\r\n") in (b"", b"{}")
    return None if is_empty and after != before else after


def _edited(path: Path, edit: _Edit) -> Change:
    before = _bytes(path)
    return Change(path, before, _apply_edit(before or b"", path, edit))


def _without(before: bytes | None, path: Path, take_out: _Edit) -> bytes | None:
    return None if before is None else _apply_edit(before, path, take_out)


def _apply_edit(content: bytes, path: Path, edit: _Edit) -> bytes:
    """Raises AgentError that names the file where it cannot be understood."""
    try:
        text = content.decode("utf-8")
        mark = _BOM if text.startswith(_BOM) else ""
        return (mark + edit(text.removeprefix(_BOM))).encode("utf-8")
    except ValueError as error:
        raise AgentError(f"{path} is left as it is: {error}; mend it and try again") from error


def _apply(change: Change) -> None:
    if change.after == change.before:
        return
    if _bytes(change.path) != change.before:
        raise AgentError(f"{change.path} was changed just now by another program; try again")
    if change.after is not None:
        replace_file(change.path, change.after)
        return
    change.path.unlink()
    _remove_if_empty(change.path.parent)


def _remove_if_empty(folder: Path) -> None:
    """The agent's own folder goes if nothing else is in it; a root has its `.git`."""
    if folder.name.startswith(".") and not any(folder.iterdir()):
        folder.rmdir()


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _digest(content: bytes | None) -> str:
    return "" if content is None else digest(content)


def _real(changes: list[Change]) -> list[Change]:
    return [change for change in changes if change.before != change.after]
