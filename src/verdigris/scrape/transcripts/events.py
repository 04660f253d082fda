"""Turn an agent's transcript into documents: parts of some pages, each cut at a prompt.

A transcript grows for hours. Parts before the last never change, so that only the last one is read
again and only it has versions.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from verdigris.records import (
    DOCUMENT_GONE,
    DOCUMENT_SEEN,
    Event,
    Lines,
    SeenDetails,
    SessionDetails,
)
from verdigris.scrape.secrets import redact
from verdigris.scrape.sessions.labels import DECISION, PROMPT, TEXT, WORK, inline_kind
from verdigris.scrape.transcripts.formats import FORMATS, Record, Said, object_at, text_at
from verdigris.scrape.transcripts.own_output import IsKnown, without_own_output

PREFIX = "transcript:"
"""Of the names of these documents: `transcript:AGENT/SESSION/PART`."""
_PARSER_VERSION = b"2"
_FULL, _LONGEST = 6_000, 24_000
"""Characters after which a part ends at the next prompt, or at the next record."""
_LONGEST_LINE = 8_000_000
_LONGEST_FILE = 64_000_000
"""Of a file that has to be read whole."""
_LONGEST_TITLE = 80
_HEAD_BYTES = 512
_DECIDED = re.compile(
    r"\b(?:(?:I|we|let's|let us)(?:'ve|'ll| have| will)? (?:decided|chose|choose|opted|settled on"
    r"|go with|going with|went with)|the decision (?:is|was)|decided (?:to|against))\b",
    re.IGNORECASE,
)
_BLANK = re.compile(r"\n[ \t]*\n")
_KINDS = {"prompt": PROMPT, "answer": TEXT, "tool": WORK}


@dataclass(frozen=True, slots=True)
class Position:
    """How far a transcript was read, and what its beginning told."""

    size: int = 0
    modified: int = 0
    """Nanoseconds."""
    head: str = ""
    """Hash of the file's first bytes: a rewritten file is read anew."""
    offset: int = 0
    """Where the last part begins."""
    line: int = 0
    """Lines before it."""
    part: int = 1
    """Its number."""
    session: str = ""
    title: str = ""
    started: str = ""
    branch: str = ""
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What is new in a transcript."""

    events: tuple[Event, ...]
    position: Position
    secrets: int = 0
    """How many were redacted."""


@dataclass(slots=True)
class _Part:
    number: int
    offset: int
    line: int
    said: list[tuple[Said, int]] = field(default_factory=list)
    """With the line, counted from 1; 0 where the file has no lines."""
    characters: int = 0

    def add(self, said: Said, line: int) -> None:
        self.said.append((said, line))
        self.characters += len(said.text)


def read_transcript(
    agent: str, path: Path, known: Position, is_known: IsKnown, roots: Sequence[Path] = ()
) -> Reading:
    """Events of the parts that are new or changed, and how far the file is read now.

    is_known: tells what verdigris may have printed; roots: work trees, from whose tops the files
    of tools are named. A line that is cut short, is no JSON or is
    longer than 8 MB is passed over; one that is still being written is read next time.
    Raises OSError.
    """
    stat = path.stat()
    if known.size == stat.st_size and known.modified == stat.st_mtime_ns:
        return Reading((), known)
    head = _head_hash(path)
    begun = known
    if known.head != head or known.size > stat.st_size or agent == "gemini":
        begun = Position(session=path.stem if agent == "claude" else "")
    start = replace(begun, size=stat.st_size, modified=stat.st_mtime_ns, head=head)
    places = _whole(path) if agent == "gemini" else _lines(path, start.offset, start.line)
    parts, position = _parts(agent, places, start)
    position = replace(position, session=position.session or path.stem)
    tops = tuple(f"{root}{os.sep}" for root in roots)
    texts = [list(_passages(part, is_known, tops)) for part in parts]
    events = [
        event
        for part, passages in zip(parts, texts, strict=True)
        for event in _events(agent, part.number, passages, position)
    ]
    if parts:
        last = parts[-1]
        position = replace(position, offset=last.offset, line=last.line, part=last.number)
    gone = range(position.part + 1, known.part + 1)  # of a file that was rewritten, and is shorter
    events += [Event(DOCUMENT_GONE, _document(agent, known.session, part), "") for part in gone]
    secrets = sum(passage.secrets for passages in texts for passage in passages)
    return Reading(tuple(events), position, secrets)


def _document(agent: str, session: str, part: int) -> str:
    return f"{PREFIX}{agent}/{session}/{part:04}"


def _head_hash(path: Path) -> str:
    """Of the first line's beginning, so that it stays while the file grows."""
    with path.open("rb") as stream:
        return hashlib.sha256(stream.readline(_HEAD_BYTES)).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class _Place:
    """A record and where it stands."""

    record: Record
    offset: int
    line: int


def _lines(path: Path, offset: int, line: int) -> Iterator[_Place]:
    """Records of JSON lines from an offset on; an unfinished last line is left for later."""
    with path.open("rb") as stream:
        stream.seek(offset)
        while data := stream.readline(_LONGEST_LINE):
            begin, offset = offset, offset + len(data)
            line += 1
            while data and not data.endswith(b"\n"):  # too long for a record, or unfinished
                data = stream.readline(_LONGEST_LINE)
                offset += len(data)
                begin = -1
            record = _decoded(data) if begin >= 0 else None
            if record is not None:
                yield _Place(record, begin, line)


def _whole(path: Path) -> Iterator[_Place]:
    """Messages of a Gemini file, of either form; a later one of the same id replaces the first."""
    if path.stat().st_size > _LONGEST_FILE:
        return
    if path.suffix == ".json":
        whole = _decoded(path.read_bytes()) or {}
        messages = whole.get("messages")
        records = [whole, *(messages if isinstance(messages, list) else [])]
    else:
        records = [place.record for place in _lines(path, 0, 0)]
    kept: dict[str, Record] = {}
    for number, record in enumerate(one for one in records if isinstance(one, dict)):
        if target := text_at(record, "$rewindTo"):
            names = list(kept)
            for name in names[names.index(target) if target in kept else len(names) :]:
                del kept[name]
        else:
            kept[text_at(record, "id") or f"#{number}"] = record
    yield from (_Place(record, 0, 0) for record in kept.values())


def _decoded(data: bytes) -> Record | None:
    try:
        record = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _parts(
    agent: str, places: Iterator[_Place], position: Position
) -> tuple[list[_Part], Position]:
    """Cut records into parts; the last one stays open."""
    part = _Part(position.part, position.offset, position.line)
    parts = [part]
    for place in places:
        position = _told(position, place.record)
        for said in FORMATS[agent](place.record):
            is_prompt = said.kind == "prompt"
            if part.characters > (_FULL if is_prompt else _LONGEST):
                part = _Part(part.number + 1, place.offset, place.line - 1)
                parts.append(part)
            if is_prompt and not position.title:
                position = replace(position, title=_title(redact(said.text).text))
            part.add(said, place.line)
    return [part for part in parts if part.said], position


def _told(position: Position, record: Record) -> Position:
    """What a record tells of the whole session; the first that tells it counts.

    Not so for Claude Code's session, which is named like its file: a session that goes on from
    another begins with records of that one.
    """
    payload = object_at(record, "payload")
    git = object_at(payload, "git")
    named = text_at(record, "sessionId")
    if record.get("type") == "session_meta":
        named = text_at(payload, "id")
    time = text_at(record, "timestamp") or text_at(record, "startTime")
    return replace(
        position,
        session=position.session or named,
        started=position.started or _utc(time),
        branch=position.branch or text_at(record, "gitBranch") or text_at(git, "branch"),
        commit=position.commit or text_at(git, "commit_hash"),
    )


def _title(prompt: str) -> str:
    line = " ".join(prompt.split())
    return line if len(line) <= _LONGEST_TITLE else line[: _LONGEST_TITLE - 1].rstrip() + "…"


@dataclass(frozen=True, slots=True)
class _Passage:
    """A piece of what was said, as the log will keep it."""

    kind: str
    text: str
    said: Said
    lines: Lines | None
    secrets: int


def _passages(part: _Part, is_known: IsKnown, tops: Sequence[str]) -> Iterator[_Passage]:
    for said, lines in _joined(part.said):
        if said.kind == "tool":
            text = _from_tops(said.text, tops)
        else:
            text = without_own_output(said.text, is_known)
        clean = redact(text.encode("utf-8", "replace").decode("utf-8"))
        secrets = clean.count
        for kind, piece in _pieces(said.kind, clean.text):
            yield _Passage(kind, piece, said, lines, secrets)
            secrets = 0


def _from_tops(text: str, tops: Sequence[str]) -> str:
    """Uses of tools with their files named from the top of the work tree, as everywhere else."""
    for top in tops:
        text = text.replace(f" {top}", " ")
    return text


def _events(agent: str, part: int, passages: Sequence[_Passage], position: Position) -> list[Event]:
    """A part's events, `document.seen` first; none where nothing is left to keep."""
    if not passages:
        return []
    session = SessionDetails(
        position.session,
        position.title or f"Session of {agent}",
        position.started,
        agent,
        position.branch,
        position.commit,
    )
    blank = Event(
        "",
        _document(agent, session.id, part),
        _version(passages),
        session=session.id,
        commit=session.starting_commit,
    )
    content = [
        replace(
            blank,
            kind=passage.kind,
            text=passage.text,
            lines=passage.lines,
            heading=f"{session.title} > {_HEADINGS[passage.said.kind]}",
            time=_utc(passage.said.time) or session.started,
            branch=passage.said.branch or session.branch,
        )
        for passage in passages
    ]
    seen = replace(blank, kind=DOCUMENT_SEEN, time=content[0].time, branch=content[0].branch)
    details = SeenDetails("session", session.title, session=session)
    return [replace(seen, details=details), *content]


def _version(passages: Sequence[_Passage]) -> str:
    told = [[passage.kind, passage.text, passage.said.time] for passage in passages]
    return hashlib.sha256(_PARSER_VERSION + json.dumps(told).encode()).hexdigest()[:32]


_HEADINGS = {"prompt": "Prompt", "answer": "Answer", "tool": "Tools used"}


def _joined(said: Sequence[tuple[Said, int]]) -> Iterator[tuple[Said, Lines | None]]:
    """Uses of tools in one run together, each with how much it printed."""
    sizes = {one.call: one.text for one, _ in said if one.kind == "output" and one.call}
    run: list[tuple[Said, int]] = []
    for one, line in said:
        if one.kind == "tool":
            size = sizes.get(one.call)
            run.append((replace(one, text=f"{one.text} → {size}" if size else one.text), line))
        elif one.kind != "output":
            yield from _run(run)
            run = []
            yield one, Lines(line, line) if line else None
    yield from _run(run)


def _run(run: Sequence[tuple[Said, int]]) -> Iterator[tuple[Said, Lines | None]]:
    if run:
        (first, start), (_, end) = run[0], run[-1]
        text = "\n".join(one.text for one, _ in run)
        yield replace(first, text=text), Lines(start, end) if start else None


def _pieces(kind: str, text: str) -> Iterator[tuple[str, str]]:
    """Kind of event and text; paragraphs of an answer that decide something are their own."""
    paragraphs = [part.strip("\n") for part in _BLANK.split(text) if part.strip()]
    if kind != "answer":
        if paragraphs:
            yield _KINDS[kind], text
        return
    decided = {
        part for part in paragraphs if inline_kind(part) == DECISION or _DECIDED.search(part)
    }
    for part in dict.fromkeys(part for part in paragraphs if part in decided):
        yield DECISION, part
    if rest := [part for part in paragraphs if part not in decided]:
        yield TEXT, "\n\n".join(rest)


def _utc(written: str) -> str:
    """A time as records want it; '' for none."""
    try:
        moment = datetime.fromisoformat(written)
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError):
        return ""
