"""Move what agents' hooks wrote down into the session log; where none is open, begin one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from verdigris.capture import session_log as text_of
from verdigris.capture.agents.spool import Record, drop_taken, spool_folder, taken
from verdigris.capture.session_files import (
    SessionFiles,
    change_text,
    forget_open_log,
    locked,
    log_name,
    open_log,
    opened_by,
    read_text,
    reserve_log,
    set_open_log,
    write_text,
)
from verdigris.capture.session_log import ACTIVE, Head
from verdigris.capture.sessions import SessionCapture
from verdigris.capture.work_tree import WorkTree, position_text

_LONGEST_TITLE = 80


@dataclass(frozen=True, slots=True)
class _Talk:
    """What one session of one agent did without interruption by another, oldest first."""

    agent: str
    session: str
    records: tuple[Record, ...]

    @property
    def owner(self) -> str:
        """How the state of the work tree names it."""
        return f"{self.agent} {self.session}".strip()


def drain(tree: WorkTree, sessions_dir: str, clean: Callable[[str], str]) -> int:
    """Write what waits in the spool into session logs; returns how many records were taken.

    A session that somebody opened takes all. Otherwise an agent's session is begun here, without
    tags, under its first prompt, and ended with the agent's or when another one begins.

    sessions_dir: where logs are kept, '' finds the folder in use; clean: a text without what must
    not be kept, such as secrets.
    Raises StorageError, SessionError, OSError.
    """
    folder = spool_folder(tree.root)
    with taken(folder) as records:
        kept = [record | {"text": clean(record.get("text", ""))} for record in records]
        # Whoever drains did something else, maybe in the background: no commit may meet a lock.
        capture = SessionCapture(tree, sessions_dir, locks_index=False)
        for talk in _talks(kept):
            _write(tree, capture, talk)
            drop_taken(folder, len(talk.records))
    return len(records)


def _talks(records: Sequence[Record]) -> Iterator[_Talk]:
    named = ((record.get("agent", ""), record.get("session", ""), record) for record in records)
    for (agent, session), group in groupby(named, key=lambda row: row[:2]):
        yield _Talk(agent, session, tuple(row[2] for row in group))


def _write(tree: WorkTree, capture: SessionCapture, talk: _Talk) -> None:
    files = SessionFiles(tree.root)
    _forget_deleted(files)
    says_something = any(record.get("event") in ("prompt", "answer") for record in talk.records)
    if opened_by(files) not in ("", talk.owner) and says_something:
        capture.end()
    if says_something:
        with locked(files):
            log = open_log(files)
            if log is None:
                log = _begin(capture, files, talk)
            _add_blocks(log, talk)
    if opened_by(files) == talk.owner and talk.records[-1].get("event") == "end":
        capture.end()


def _forget_deleted(files: SessionFiles) -> None:
    """A session whose log somebody deleted is over."""
    with locked(files):
        log = open_log(files)
        if log is not None and not os.path.exists(log):
            forget_open_log(files)


def _begin(capture: SessionCapture, files: SessionFiles, talk: _Talk) -> str:
    """A log of the agent's own, dated when the agent began."""
    first = talk.records[0]
    began = _moment(first)
    while not reserve_log(log := capture.log_path(text_of.session_id(began))):
        began += 1
    prompts = (record["text"] for record in talk.records if record.get("event") == "prompt")
    title = text_of.one_line(next(prompts, "")) or f"Session of {talk.agent}"
    if len(title) > _LONGEST_TITLE:
        title = title[: _LONGEST_TITLE - 1].rstrip() + "…"
    place, moment = (first.get("branch", ""), first.get("commit", "")), text_of.told_moment(began)
    context = capture.previous_context(before=log)
    head = Head(log_name(log), title, ACTIVE, talk.agent, *place, "", *moment)
    # No goal: the prompt stands in the first block, and nobody would ever tick it off.
    write_text(log, text_of.new_log(head, [], context, text_of.clock_text(began)))
    set_open_log(files, log, talk.owner)
    return log


def _add_blocks(log: str, talk: _Talk) -> None:
    """Add a block for each prompt and answer, but none that an interrupted run added already."""
    blocks = list(_blocks(talk, text_of.read_head(read_text(log), log_name(log)).began))

    def with_blocks(text: str) -> str:
        for block in blocks:
            if block not in text:
                text = text_of.with_block(text, block)
        return text

    change_text(log, with_blocks)


def _blocks(talk: _Talk, began: int | None) -> Iterator[str]:
    edited: list[str] = []
    for record in talk.records:
        kind, said = record.get("event"), text_of.free_text(record.get("text", ""))
        edited += record.get("files", "").split("\n")
        position = position_text(record.get("branch", ""), record.get("commit", ""))
        clock = text_of.clock_text(_moment(record), began)
        if kind == "prompt" and said:
            yield f"### {clock} - Prompt ({talk.agent}) {position}".rstrip() + f"\n{said}"
        elif kind == "answer":
            named = [f"`{file}`" for file in dict.fromkeys(filter(None, edited))]
            edited = []
            files = f"**Files edited:** {', '.join(named)}" if named else ""
            content = "\n\n".join(part for part in (said, files) if part)
            if content:
                yield f"### {clock} - Answer ({talk.agent}) {position}".rstrip() + f"\n{content}"


def _moment(record: Record) -> int:
    """When it was written down, in seconds since 1970; now where that is unreadable."""
    try:
        return int(datetime.fromisoformat(record.get("time", "")).timestamp())
    except ValueError:
        return int(time.time())
