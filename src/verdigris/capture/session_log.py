"""The text of a session log: its canonical form, written and changed without touching the rest."""

from __future__ import annotations

import time
from collections.abc import Sequence

from verdigris.capture.markdown_lines import fence_after, heading_level, is_section, unfenced
from verdigris.capture.work_tree import GitMetrics
from verdigris.named_tuple import NamedTuple

ACTIVE, ENDED, ARCHIVED = "active", "ended", "archived"

_ACTIVITY_LOG = "## Activity Log"
_CLASSIFICATION = "## Session Classification"
_BYTE_ORDER_MARK = "\ufeff"
_UNPRINTABLE = "[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]"
"""What YAML does not take, even between quotes."""
_MARKS = "-*+ \t\r"
"""Around what stands in a list of labelled values."""
_LOWEST_BLOCK_LEVEL = 4
_MILLISECONDS, _UTC_LENGTH = 13, len("2026-03-02T12:00:00Z")
"""Digits since 1970, from 2001 to 2286; and characters of our own form."""
_MAJOR_FILES = 10
_FEATURE_COMMITS = 3
_PATTERN_NAMES = frozenset({"pattern", "patterns", "decision", "decisions", "adr", "adrs"})


class Head(NamedTuple):
    """The head of a log; '' and None are unknown."""

    id: str
    title: str
    status: str = ""
    llm: str = ""
    branch: str = ""
    starting_commit: str = ""
    start_tag: str = ""
    created: str = ""
    """ISO 8601; UTC where it names no zone."""
    start_timestamp: str = ""
    """The same in milliseconds since 1970."""

    @property
    def began(self) -> int | None:
        """Seconds since 1970; None where the head does not tell."""
        told = self.start_timestamp
        seconds = int(told) // 1000 if len(told) == _MILLISECONDS and told.isdecimal() else None
        if seconds and utc_text(seconds) == self.created:
            return seconds
        return _seconds(self.created) if self.created else None

    @property
    def started(self) -> str:
        """When it began, in UTC; '' where the head does not tell."""
        if len(self.created) == _UTC_LENGTH and self.created[10] == "T" and self.created[-1] == "Z":
            return self.created
        return "" if self.began is None else utc_text(self.began)


class Statements(NamedTuple):
    """What somebody says of the work since the last update; each entry becomes a list item."""

    work: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()
    challenges: tuple[str, ...] = ()
    """A nested line `Solution: …` may follow the challenge."""
    patterns: tuple[str, ...] = ()
    text: str = ""
    """Markdown of any form."""


def new_log(head: Head, goals: Sequence[str], context: str, clock: str) -> str:
    """A log that has just begun.

    goals: one line each, none where nobody told any; context: what is known of the session
    before; clock: local HH:MM.
    """
    listed = "\n".join(f"- [ ] {goal}" for goal in goals)
    begun = [f"Session initialized with goal: {head.title}"] if goals else []
    begun += [f"Working on branch: {head.branch}"] if head.branch else []
    begun += [f"Tagged as: {head.start_tag}"] if head.start_tag else []
    block = "\n".join([f"### {clock} - Session Start", *begun])
    sections = [f"## Previous Session Context\n{context}", f"## Goals\n{listed}".rstrip()]
    return "\n\n".join([_front_matter(head), *sections, f"{_ACTIVITY_LOG}\n{block}"]) + "\n"


def read_head(text: str, name: str) -> Head:
    """The head of any log, also of the older form with bold lines; never raises.

    A log that tells no status has ended if it is classified.
    name: the file's name without its ending, which stands in for a missing id and title.
    """
    fields: dict[str, str] = {}
    for line in _head_lines(text):
        written, colon, value = line.partition(":")
        field = written.strip("* \t").lower().replace(" ", "_")
        if colon and field.isidentifier():
            fields.setdefault(field, _unquoted(value.removeprefix("**").strip()))
        elif line.startswith("# "):
            is_marked = colon and field == "#_session"
            fields.setdefault("title", (value if is_marked else line[1:]).strip())
    told = fields.get
    return Head(
        told("id") or name,
        told("title") or name,
        told("status") or (ENDED if _CLASSIFICATION in text else ""),
        told("llm", ""),
        told("branch") or told("git_branch", ""),
        told("starting_commit", ""),
        told("start_tag") or told("session_tag", ""),
        told("created") or told("started", ""),
        told("start_timestamp", ""),
    )


def with_block(text: str, block: str, status: str = "") -> str:
    """The log with a block at the end of its activity log; every other line stays as it is.

    status: another one for its head, '' leaves it.
    """
    text = with_status(text, status) if status else text
    lines = text.split("\n")
    at = _activity_end(lines)
    if at < 0:
        return with_section(text, f"{_ACTIVITY_LOG}\n{block}")
    above, beneath = "\n".join(lines[:at]).rstrip(), "\n".join(lines[at:])
    return _joined(text, above, block, beneath)


def with_section(text: str, section: str) -> str:
    """The log with a section at its end."""
    return _joined(text, text.rstrip(), section, "")


def with_status(text: str, status: str) -> str:
    """The log with another status in its front matter; one without front matter stays as it is."""
    lines = text.split("\n")
    for index, line in enumerate(lines[: len(_head_lines(text)) + 1]):
        name, colon, _ = line.partition(":")
        if colon and name.rstrip() == "status":
            lines[index] = f"{name}: {status}" + ("\r" if line.endswith("\r") else "")
            break
    return "\n".join(lines)


def last_update(text: str) -> str:
    """The local HH:MM that the last update, or else the session's start, was written at; or ''."""
    headings = [line.lstrip("#").strip() for line in unfenced(text) if line.startswith("##")]
    return next(filter(None, map(_update_time, reversed(headings))), "")


def update_text(clock: str, since: str, metrics: GitMetrics, said: Statements) -> str:
    """The block that an update writes; free text last, since it may hold any heading."""
    covering = f" (covering since {since})" if since else ""
    parts = [
        f"### {clock} - Update{covering}",
        metrics_text(metrics),
        _labelled("Work completed", said.work),
        _labelled("Key decisions", said.decisions),
        _labelled("Challenges faced", said.challenges),
        _labelled("Patterns observed", said.patterns),
    ]
    if said.text.strip():
        parts.append(f"**Discussion context:**\n\n{free_text(said.text)}")
    return "\n\n".join(part for part in parts if part)


def metrics_text(metrics: GitMetrics) -> str:
    """The list of git's facts in an update."""
    rows = [
        f"- Commits this session: {metrics.commits}",
        f"- Files changed: {len(metrics.files)}",
        f"- Uncommitted files: {metrics.uncommitted}",
    ]
    if metrics.minutes_since_commit is not None:
        rows.append(f"- Minutes since last commit: {metrics.minutes_since_commit}")
    return "\n".join(["**Git Activity:**", *rows])


def free_text(text: str) -> str:
    """Somebody's markdown, fit for a block: headings below the block's, code fences closed.

    NUL is left out: git and scrape would hold the whole log for binary.
    """
    lines, fence = [], ""
    for line in text.replace("\0", "").replace("\r\n", "\n").strip("\n").rstrip().split("\n"):
        level = 0 if fence else heading_level(line)
        if 0 < level < _LOWEST_BLOCK_LEVEL:
            line = "#" * _LOWEST_BLOCK_LEVEL + line.lstrip()[level:]
        lines.append(line)
        fence = fence_after(fence, line)
    return "\n".join([*lines, fence] if fence else lines)


def clock_text(moment: int, began: int | None = None) -> str:
    """Local HH:MM, with the date in front where the session began on another day.

    moment, began: seconds since 1970.
    """
    here = time.localtime(moment)
    is_later = began is not None and time.localtime(began)[:3] != here[:3]
    return time.strftime("%Y-%m-%d %H:%M" if is_later else "%H:%M", here)


def told_moment(moment: int) -> tuple[str, str]:
    """A moment, in seconds since 1970, as a head tells it: `created` and `start_timestamp`."""
    return utc_text(moment), str(moment * 1000)


def utc_text(moment: int) -> str:
    """A moment, in seconds since 1970, as ISO 8601 in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


def session_id(moment: int) -> str:
    """The id of a session that begins at a moment: local date and time."""
    return time.strftime("%Y%m%d-%H%M%S", time.localtime(moment))


def one_line(text: str) -> str:
    """A title or goal on one line, without what YAML cannot hold."""
    line = " ".join(text.split())
    if line.isprintable():
        return line
    import re

    return re.sub(_UNPRINTABLE, "", line)


def classify(metrics: GitMetrics) -> str:
    """The kind of work, by the rules of the format: the first that holds decides."""
    if not metrics.commits:
        return "exploration"
    if len(metrics.files) > _MAJOR_FILES:
        return "major-feature"
    if pattern_files(metrics.files):
        return "pattern-work"
    return "experiment" if metrics.commits < _FEATURE_COMMITS else "feature"


def pattern_files(files: Sequence[str]) -> int:
    """How many files hold patterns or decisions: named so, or below a folder named so."""
    names = (file.lower().rpartition("/") for file in files)
    return sum(
        not _PATTERN_NAMES.isdisjoint([*folders.split("/"), file.rpartition(".")[0] or file])
        for folders, _, file in names
    )


def classification_text(metrics: GitMetrics, minutes: int | None, tags: str) -> str:
    """The section that closes a log.

    minutes: how long the session took, None where that is unknown; tags: `START..END` or ''.
    """
    rows = [
        f"- Work Type: {classify(metrics)}",
        f"- Files Changed: {len(metrics.files)}",
        f"- Commits: {metrics.commits}",
        f"- Patterns Modified: {pattern_files(metrics.files)}",
    ]
    rows += [] if minutes is None else [f"- Duration: {minutes} minutes"]
    rows += [f"- Session Tags: {tags}"] if tags else []
    return "\n".join([_CLASSIFICATION, *rows])


def classified_number(text: str, name: str) -> int | None:
    """A number of the closing classification (`Commits`, `Duration`); None if it has none."""
    closing = text.rpartition(_CLASSIFICATION)
    for line in closing[2].split("\n") if closing[1] else ():
        label, _, value = line.partition(":")
        number = value.strip(_MARKS).partition(" ")[0]
        if label.strip(_MARKS).lower() == name.lower() and number.isdecimal():
            return int(number)
    return None


def _front_matter(head: Head) -> str:
    rows = [
        "type: session",
        f"id: {head.id}",
        f"title: {_quoted(head.title)}",
        f"status: {head.status}",
        f"llm: {_quoted(head.llm)}",
        f"created: {head.created}",
        f"start_timestamp: {head.start_timestamp}",
        "git:",
        f"  branch: {_quoted(head.branch)}",
        f"  starting_commit: {_quoted(head.starting_commit)}",
        f"  start_tag: {_quoted(head.start_tag)}",
    ]
    return "\n".join(["---", *rows, "---"])


def _quoted(text: str) -> str:
    """A YAML scalar in double quotes, which JSON's strings are as well (YAML 1.2, chapter 1.3)."""
    escaped = one_line(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _unquoted(value: str) -> str:
    quote = value[:1] if value[:1] in ("'", '"', "`") else ""
    if not quote or not value.endswith(quote):
        return value
    if "\\" not in value:
        return value.strip(quote)
    import json  # few titles have an escape

    try:
        return str(json.loads(value))
    except ValueError:
        return value.strip(quote)


def _head_lines(text: str) -> list[str]:
    """The front matter without its fences, or what stands above the first section."""
    above = f"\n{text.removeprefix(_BYTE_ORDER_MARK)}".partition("\n## ")[0]
    lines = [line.rstrip() for line in above.split("\n")[1:]]
    if lines[:1] != ["---"]:
        return lines
    return lines[1 : lines.index("---", 1)] if "---" in lines[1:] else lines[1:]


def _seconds(written: str) -> int | None:
    from datetime import UTC, datetime  # what we wrote ourselves comes without it

    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _activity_end(lines: Sequence[str]) -> int:
    """The line that ends the last activity log, -1 if there is none."""
    end, is_open, fence = -1, False, ""
    for index, line in enumerate(lines):
        if not fence and is_section(line):
            if is_open:
                end = index
            is_open = line.strip().lower() == _ACTIVITY_LOG.lower()
        fence = fence_after(fence, line)
    return len(lines) if is_open else end


def _joined(text: str, above: str, block: str, beneath: str) -> str:
    """The parts with one empty line between them, with the line ends that the log has."""
    newline = "\r\n" if "\r\n" in text else "\n"
    parts = [above, block.replace("\n", newline), *([beneath] if beneath.strip() else [])]
    return (newline * 2).join(parts) + ("" if beneath.strip() else newline)


def _update_time(heading: str) -> str:
    """The time of `9:05-9:30 - Update …`, with its date if it has one; '' of other headings."""
    title = heading.lstrip("0123456789:-–— ")
    word = title.lower().partition(" ")[0].rstrip(":,.(")
    day, _, clock = heading.removesuffix(title).rstrip(":-–— ").rpartition(" ")
    begins = clock.partition("-")[0]
    return f"{day} {begins}".strip() if word in ("update", "session") and ":" in begins else ""


def _labelled(label: str, items: Sequence[str]) -> str:
    given = [item for item in map(free_text, items) if item.strip()]
    return "\n".join([f"**{label}:**", *map(_item, given)]) if given else ""


def _item(text: str) -> str:
    """A list item; further lines are nested in it."""
    first, *rest = text.lstrip().split("\n")
    return "\n".join([f"- {first}", *(f"  {line}" if line.strip() else "" for line in rest)])
