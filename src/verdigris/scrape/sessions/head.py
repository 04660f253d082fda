"""Read the head of a session log: YAML front matter, legacy bold lines, or the file's name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

from verdigris.records import SessionDetails
from verdigris.scrape.sessions.blocks import heading_title


@dataclass(frozen=True, slots=True)
class Head:
    """What the head says, and which lines it takes."""

    details: SessionDetails
    local_start: datetime | None
    """Start by the clock on the wall, without a zone; None if nothing tells."""
    utc_offset: timedelta
    """Local time minus UTC; zero where only one of the two is known."""
    end: int
    """The line after the last line of the head, counted from 0; 0 if there is none."""


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class _RawHead:
    fields: tuple[_Field, ...]
    end: int
    title: str = ""


_KNOWN_FIELD = re.compile(
    r"(session_)?(id|ids|type|tag)|title|status|llm|agent|model|date|time|duration"
    r"|started|created|start_timestamp|initialized_on|(git_)?branch|work_type"
    r"|((starting|current)_)?commit|(start|end)_tag|dev_environment"
)
_FIELD_LINE = re.compile(
    r"^\s{0,3}(?:[-*]\s+)?(?P<bold>\*\*)?(?P<name>[A-Za-z][\w /-]{0,40}?)\s*"
    r"(?::\*\*|\*\*\s*:|:)\s*(?P<value>.*)$"
)
_YAML_LINE = re.compile(r"^\s*[\"']?([A-Za-z_][\w -]{0,40})[\"']?\s*:(?:\s+(.*))?$")
_SESSION_PREFIX = re.compile(r"^session\s*:+\s*", re.IGNORECASE)
_TIMESTAMP_ID = re.compile(r"(?<!\d)(\d{8})(?:-(\d{6}))?(?!\d)")
_HEX = re.compile(r"\b[0-9a-fA-F]{7,64}\b")
_WIDEST_OFFSET = timedelta(hours=15)
_DEEPEST_NESTING = 3


def read_head(lines: Sequence[str], path: str) -> Head:
    """Read what the head tells of the session; never raises.

    lines: the log without line ends; path: its name stands in where the head has no id, and the
    id, which is the local start time, where it has no time.
    """
    raw = _raw_head(lines)
    stem = PurePosixPath(path).stem
    fields = raw.fields
    session_id = _find(fields, "id", "session_id") or stem
    local = _time_in_id(session_id) or _time_in_id(stem)
    started = _started(fields)
    details = SessionDetails(
        id=session_id,
        title=raw.title or _first_heading(lines) or session_id,
        started=format_time(started or local),
        llm=_find(fields, "llm", "agent", "model"),
        branch=_find(fields, "git_branch", "branch"),
        starting_commit=_hash_in(_find(fields, "starting_commit", "commit", "current_commit")),
        tag=_find(fields, "session_tag", "start_tag", "tag"),
        status=_find(fields, "status"),
    )
    offset = _utc_offset(local, started)
    return Head(details, started + offset if started else local, offset, raw.end)


def format_time(moment: datetime | None) -> str:
    """Write a naive UTC time as the records want it; '' for None."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""


def front_matter_end(lines: Sequence[str]) -> int:
    """Return the line after YAML front matter, counted from 0; 0 if the log has none.

    Front matter that is never closed ends before the first blank line or heading.
    """
    if len(lines) < 2 or lines[0].rstrip() != "---" or not _YAML_LINE.match(lines[1]):
        return 0
    for index, line in enumerate(lines[1:], 1):
        if line.rstrip() in ("---", "..."):
            return index + 1
        if heading_title(line):
            break
    return next((i for i, line in enumerate(lines) if not line.strip() or line[0] == "#"), 0) or (
        len(lines)
    )


def _raw_head(lines: Sequence[str]) -> _RawHead:
    end = front_matter_end(lines)
    fields = list(_yaml_fields(lines[1:end]))
    title = _find(fields, "title")
    first = _skip_blank(lines, end)
    heading = heading_title(lines[first]) if first < len(lines) else None
    is_title = heading is not None and not lines[first].lstrip().startswith("##")
    if is_title:
        title = title or _SESSION_PREFIX.sub("", heading or "")
        first = end = first + 1
    while first < len(lines):
        field = _legacy_field(lines[first]) if lines[first].strip() else None
        if field:
            fields.append(field)
            end = first + 1
        elif lines[first].strip():
            break
        first += 1
    return _RawHead(tuple(fields), end, title)


def _skip_blank(lines: Sequence[str], index: int) -> int:
    while index < len(lines) and not lines[index].strip():
        index += 1
    return index


def _legacy_field(line: str) -> _Field | None:
    """Read `**Git Branch**: work`, `**LLM:** claude` or `LLM: claude`.

    A label that the format does not know counts only if it is bold and has a value.
    """
    match = _FIELD_LINE.match(line)
    if match is None:
        return None
    field = _Field(_field_name(match["name"]), _unquoted(match["value"]))
    is_known = _KNOWN_FIELD.fullmatch(field.name) is not None
    return field if is_known or (match["bold"] and field.value) else None


def _yaml_fields(lines: Sequence[str]) -> Iterator[_Field]:
    """Read front matter, as YAML if it is that, else line by line."""
    if not lines:
        return
    import yaml  # here, because most logs have no front matter and importing it takes 20 ms

    # BaseLoader leaves every scalar a string: a commit 1234567 or 12e4567 is no number, and an
    # impossible date is no error. Like safe_load it makes no objects. Its C twin is faster by
    # 0.3 ms a log, but deep nesting crashes the process there and is a RecursionError here.
    body = lines[:-1] if lines[-1].rstrip() in ("---", "...") else lines
    try:
        yield from _flat(yaml.load("\n".join(body), Loader=yaml.BaseLoader), _DEEPEST_NESTING)
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError):
        for line in body:
            if match := _YAML_LINE.match(line):
                yield _Field(_field_name(match[1]), _unquoted(match[2] or ""))


def _flat(node: object, depth: int) -> Iterator[_Field]:
    """The leaves of nested mappings by their own names: `git: {branch: x}` gives branch."""
    if not isinstance(node, dict) or not depth:
        return
    for name, value in node.items():
        if isinstance(value, str):
            yield _Field(_field_name(str(name)), value.strip())
        yield from _flat(value, depth - 1)


def _field_name(written: str) -> str:
    return re.sub(r"[\s-]+", "_", written.strip().lower())


def _unquoted(value: str) -> str:
    return value.strip().strip("`\"'").strip()


def _find(fields: Sequence[_Field], *names: str) -> str:
    """The first value that is not empty, by the order of `names`."""
    values = (field.value for name in names for field in fields if field.name == name)
    return next((value for value in values if value and value != "null"), "")


def _first_heading(lines: Sequence[str]) -> str:
    titles = (heading_title(line) for line in lines if line.startswith("# "))
    return _SESSION_PREFIX.sub("", next((title for title in titles if title), ""))


def _hash_in(value: str) -> str:
    match = _HEX.search(value)
    return match[0] if match else ""


def _started(fields: Sequence[_Field]) -> datetime | None:
    """The start in UTC, from the first field that is exact to the second."""
    for name in ("started", "created", "start_timestamp", "initialized_on"):
        value = _find(fields, name)
        moment = _from_milliseconds(value) if value.isdigit() else _from_iso(value)
        if moment:
            return moment
    return None


def _from_iso(value: str) -> datetime | None:
    """A time without a zone is UTC; a date without a time is not exact enough."""
    if ":" not in value:
        return None
    try:
        moment = datetime.fromisoformat(re.sub(r"\s*UTC$", "Z", value))
        return _plausible(moment.astimezone(UTC) if moment.tzinfo else moment)
    except (ValueError, OverflowError):
        return None


def _from_milliseconds(value: str) -> datetime | None:
    try:
        return _plausible(datetime.fromtimestamp(int(value) / 1000, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def _time_in_id(session_id: str) -> datetime | None:
    match = _TIMESTAMP_ID.search(session_id)
    if match is None:
        return None
    try:
        return _plausible(datetime.strptime(match[1] + (match[2] or "000000"), "%Y%m%d%H%M%S"))
    except ValueError:
        return None


def _plausible(moment: datetime) -> datetime | None:
    """Drop the zone; refuse years that cannot be meant and would overflow when added to."""
    return moment.replace(tzinfo=None) if 1980 <= moment.year <= 2200 else None


def _utc_offset(local: datetime | None, started: datetime | None) -> timedelta:
    """Local minus UTC, to the quarter of an hour; zero if they cannot be the same moment."""
    if local is None or started is None:
        return timedelta()
    quarter = timedelta(minutes=15)
    offset = round((local - started) / quarter) * quarter
    return offset if abs(offset) <= _WIDEST_OFFSET else timedelta()
