"""Turn a session log (markdown) into events: one for each item, paragraph, challenge, table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import PurePosixPath

from verdigris.records import DOCUMENT_SEEN, Event, Lines, SeenDetails, SourceFile
from verdigris.scrape.mojibake import repair_line
from verdigris.scrape.sessions import labels
from verdigris.scrape.sessions.blocks import PLAIN_LABEL, Block, cut_blocks, heading_title
from verdigris.scrape.sessions.head import Head, format_time, front_matter_end, read_head

_LINE_END = re.compile(r"\r\n|\r|\n")
_SESSION_NAME = re.compile(r"\d{8}-")
_SESSION_TYPE = re.compile(r"^type\s*:\s*[\"']?session[\"']?\s*$", re.IGNORECASE)
_SESSION_HEADING = re.compile(r"^session\s*:", re.IGNORECASE)
_TIMED_TITLE = re.compile(
    r"^(?:(?P<date>\d{4}-\d{2}-\d{2})[ T])?"
    r"(?P<time>(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d))(?::\d\d)?"
    r"(?:\s*[-–—]\s*(?P<until>\d{1,2}:\d{2}))?(?:\s*[-–—:]\s*|\s+|$)(?P<title>.*)$"
)
_GIT_POSITION = re.compile(r"\s*\[(?P<branch>[^\[\]]+)@(?P<commit>[0-9a-fA-F]{4,64})\]\s*$")
_COVERING = re.compile(r"\s*\(covering since [^)]*\)\s*$", re.IGNORECASE)
_HIDDEN_HEADINGS = frozenset({"activity log"})
# What people write into these is theirs, whatever headings it uses.
_CLOSED_KINDS = frozenset({labels.CONTEXT, labels.GOAL, labels.PROMPT})
# Blocks that say nothing of the kind of a list under an unknown label.
_FRAME_KINDS = frozenset({labels.UPDATE, labels.STARTED})
_OPEN_KINDS = frozenset({labels.TEXT, labels.UPDATE, labels.WORK})
# Blocks written out of order step back less, a new day steps back more.
_LONGEST_STEP_BACK = timedelta(minutes=30)
_DETECTION_LINES = 40


def is_session_log(path: str, text: str) -> bool:
    """Say whether a file is a session log.

    It is one if it is markdown and lies under a folder `sessions` with a name that begins with
    eight digits and a dash, or if its first heading is `# Session: …`, or if its front matter
    says `type: session`.
    """
    location = PurePosixPath(path)
    if location.suffix.lower() not in (".md", ".markdown"):
        return False
    if "sessions" in location.parts[:-1] and _SESSION_NAME.match(location.name):
        return True
    return _head_says_session(_split_lines(text[:10_000])[:_DETECTION_LINES])


def parse_session(file: SourceFile) -> list[Event]:
    """Read a session log into events, `document.seen` first; never raises.

    Every non-blank line belongs to exactly one of the events after the first: an event's text is
    the lines of its span, whole, only mojibake is repaired. The head is a `session.started`
    event; heading and label lines belong to the first event beneath them, or are an event of
    their own where nothing is beneath. Times are UTC, from the block's local time and the
    session's start. What the format does not know becomes `session.text`.
    """
    lines = [repair_line(line) for line in _split_lines(file.text)]
    head = read_head(lines, file.path)
    reader = _Reader(lines, head)
    for block in cut_blocks(lines, head.end):
        reader.read(block)
    reader.flush()
    seen = Event(
        DOCUMENT_SEEN,
        file.path,
        file.version,
        time=head.details.started,
        session=head.details.id,
        branch=head.details.branch,
        commit=head.details.starting_commit,
        details=SeenDetails("session", head.details.title, session=head.details),
    )
    return [seen, *(_event(passage, file, lines, head.details.id) for passage in reader.passages)]


def _split_lines(text: str) -> list[str]:
    """Cut at line ends only: str.splitlines would also cut at form feeds and U+2028."""
    return _LINE_END.split(text.removeprefix("\ufeff"))


def _head_says_session(lines: Sequence[str]) -> bool:
    end = front_matter_end(lines)
    if any(_SESSION_TYPE.match(line) for line in lines[:end]):
        return True
    titles = (heading_title(line) for line in lines[end:])
    first = next((title for title in titles if title is not None), "")
    return _SESSION_HEADING.match(first) is not None


@dataclass(frozen=True, slots=True)
class _Position:
    """When and where in git the current block was written."""

    time: str
    branch: str
    commit: str


@dataclass(frozen=True, slots=True)
class _Scope:
    """An open heading or label, and what it says of the blocks beneath."""

    level: int
    title: str
    kind: str
    whole: bool = False
    """All blocks beneath are one event."""


@dataclass(slots=True)
class _Passage:
    """An event in the making: it may still grow downwards. Lines count from 0, `end` is behind."""

    kind: str
    start: int
    end: int
    heading: str
    position: _Position
    scope: _Scope
    is_metrics: bool = False


class _Clock:
    """Turns a block's local HH:MM into UTC and counts the midnights."""

    def __init__(self, head: Head) -> None:
        self._local = head.local_start
        self._offset = head.utc_offset

    def at(self, hour: int, minute: int, day: str = "") -> str:
        """The UTC time of a block; '' where the day is not known.

        day: YYYY-MM-DD where the block tells its day; '' where it is the first that fits.
        """
        if self._local is None:
            return ""
        moment = self._local.replace(hour=hour, minute=minute, second=0)
        told = _told_day(day)
        if told:
            moment = moment.replace(year=told.year, month=told.month, day=told.day)
        elif self._local - moment > _LONGEST_STEP_BACK:
            moment += timedelta(days=1)
        self._local = max(self._local, moment)
        return format_time(moment - self._offset)


def _told_day(text: str) -> date | None:
    """A day as a heading tells it; None for none, or one that cannot be meant."""
    with suppress(ValueError):
        day = date.fromisoformat(text)
        return day if 1980 <= day.year <= 2200 else None
    return None


class _Reader:
    """Folds blocks into passages, keeping the open headings and labels."""

    def __init__(self, lines: Sequence[str], head: Head) -> None:
        details = head.details
        self._lines = lines
        self._clock = _Clock(head)
        self._head = _Position(details.started, details.branch, details.starting_commit)
        self._position = self._head
        self._scopes = [_Scope(0, details.title, labels.TEXT)]
        self._unclaimed = -1
        self._unclaimed_end = -1
        self.passages: list[_Passage] = []
        if head.end:
            self._append(labels.STARTED, 0, head.end)

    def read(self, block: Block) -> None:
        """Take the next block."""
        if block.kind == "rule":
            self._take_rule(block)
        elif block.level:
            self._open(block)
        else:
            self._take_content(block)

    def flush(self) -> None:
        """Make headings that have nothing beneath them a passage of their own."""
        if self._unclaimed >= 0:
            self._append(self._scopes[-1].kind, self._unclaimed, self._unclaimed_end)

    def _take_rule(self, block: Block) -> None:
        """A thematic break belongs to what it closes, or to the heading that it underlines."""
        if self._unclaimed < 0 and self.passages:
            self.passages[-1].end = block.end
        else:
            self._hold(block)

    def _hold(self, block: Block) -> None:
        """Keep a line back for the first passage beneath it."""
        if self._unclaimed < 0:
            self._unclaimed = block.start
        self._unclaimed_end = block.end

    def _open(self, block: Block) -> None:
        """Enter a heading or label, leaving those that it ends."""
        if self._scopes[-1].level >= block.level:
            self.flush()
        timed = _TIMED_TITLE.match(block.title) if block.kind == "heading" else None
        self._close(block.level)
        if timed:
            self._position = self._position_of(timed)
            self._scopes.append(self._timed_scope(block.level, timed))
        else:
            self._scopes.append(self._scope(block.level, block.title))
        self._hold(block)

    def _close(self, level: int) -> None:
        while len(self._scopes) > 1 and self._scopes[-1].level >= level:
            self._scopes.pop()

    def _position_of(self, timed: re.Match[str]) -> _Position:
        clock = (int(timed["hour"]), int(timed["minute"]), timed["date"] or "")
        time = self._clock.at(*clock) or self._head.time
        place = _GIT_POSITION.search(timed["title"])
        if place:
            return _Position(time, place["branch"].strip(), place["commit"].lower())
        return _Position(time, self._head.branch, self._head.commit)

    def _timed_scope(self, level: int, timed: re.Match[str]) -> _Scope:
        """A block of the activity log, whatever section it stands in; or one more prompt."""
        title = _COVERING.sub("", _GIT_POSITION.sub("", timed["title"])).strip()
        until = f"-{timed['until']}" if timed["until"] else ""
        row = labels.find_label(title)
        kind = row.kind if row else labels.TEXT
        if self._scopes[-1].kind == labels.PROMPT:
            kind = labels.PROMPT
        else:
            self._close(1)
        return _Scope(level, f"{timed['time']}{until} {title}".strip(), kind)

    def _scope(self, level: int, title: str) -> _Scope:
        parent = self._scopes[-1].kind
        row = labels.find_label(title)
        if row is None or parent in _CLOSED_KINDS:
            kind = labels.TEXT if parent in _FRAME_KINDS else parent
            return _Scope(level, title, kind)
        return _Scope(level, title, row.kind, row.whole)

    def _take_content(self, block: Block) -> None:
        if block.kind == "paragraph" and self._unclaimed < 0:
            self._close(PLAIN_LABEL)
        kind = self._kind_of(block)
        first = self._lines[block.start]
        is_metrics = kind == labels.UPDATE and labels.is_metric(first)
        if self._continues(kind, first, is_metrics):
            self.passages[-1].end = block.end
        else:
            start = block.start if self._unclaimed < 0 else self._unclaimed
            self._append(kind, start, block.end, is_metrics=is_metrics)
        if block.title:
            self._scopes.append(_Scope(PLAIN_LABEL, block.title, kind))

    def _kind_of(self, block: Block) -> str:
        """The kind of the scope, unless the block itself says what it is."""
        kind = self._scopes[-1].kind
        if kind not in _OPEN_KINDS:
            return kind
        row = labels.find_label(block.title) if block.title else None
        return row.kind if row else labels.inline_kind(self._lines[block.start]) or kind

    def _continues(self, kind: str, first: str, is_metrics: bool) -> bool:
        """Say whether a block goes on with the passage above it."""
        if self._unclaimed >= 0 or not self.passages:
            return False
        last = self.passages[-1]
        answers = kind == labels.CHALLENGE or kind in _OPEN_KINDS
        if last.kind == labels.CHALLENGE and answers and labels.is_solution(first):
            return True
        in_one_scope = last.scope is self._scopes[-1]
        return in_one_scope and (last.scope.whole or (is_metrics and last.is_metrics))

    def _append(self, kind: str, start: int, end: int, *, is_metrics: bool = False) -> None:
        scope = self._scopes[-1]
        heading = self._heading()
        self.passages.append(_Passage(kind, start, end, heading, self._position, scope, is_metrics))
        self._unclaimed = -1

    def _heading(self) -> str:
        """The titles from the session's down, each once: `TITLE > 21:46 Update > Decisions`."""
        titles = [scope.title for scope in self._scopes]
        shown = [title for title in titles if title and title.lower() not in _HIDDEN_HEADINGS]
        return " > ".join(dict.fromkeys(shown))


def _event(passage: _Passage, file: SourceFile, lines: Sequence[str], session: str) -> Event:
    return Event(
        passage.kind,
        file.path,
        file.version,
        text="\n".join(lines[passage.start : passage.end]),
        lines=Lines(passage.start + 1, passage.end),
        heading=passage.heading,
        time=passage.position.time,
        session=session,
        branch=passage.position.branch,
        commit=passage.position.commit,
    )
