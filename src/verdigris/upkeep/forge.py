"""Scrape a forge into the event log: only when asked, only what changed, page by page."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from verdigris.errors import ForgeError
from verdigris.event_log import SHARED, CursorChange, EventLog
from verdigris.records import Event, ScrapeReport
from verdigris.scrape.forge.events import issue_events
from verdigris.scrape.forge.programs import PROGRAMS, Page, Stream, program_for, streams_of
from verdigris.scrape.forge.records import ForgeItem, Record, item_of, json_values
from verdigris.scrape.repository import Repository
from verdigris.upkeep.progress import Progress
from verdigris.upkeep.scraping import FORGE

STANDARD_INPUT = Path("-")
_ITEMS_A_TRANSACTION = 500
_WORST_RECORDS_NAMED = 5


def scrape_forge(
    repository: Repository, log: EventLog, program: str, report: ScrapeReport, progress: Progress
) -> None:
    """Append what changed on the forge since the last time. program: '' = by the remote's URL.

    Interrupted, what was read stays, and the next call goes on with the page after it.
    Raises ForgeError.
    """
    program = program or program_for(repository)
    if program not in PROGRAMS:
        raise ForgeError(f"forge must be {' or '.join(PROGRAMS)}, not {program!r}")
    progress.start(f"asking {program}", 0)
    for stream in streams_of(program, repository.root):
        walk = _Walk(log, f"{program} {stream.name}", stream)
        try:
            walk.run(report, progress)
        except ForgeError as error:
            if not stream.optional:
                raise
            report.warnings.append(f"{stream.name} were not read: {error}")
    progress.finish()


def scrape_forge_file(file: Path, log: EventLog, report: ScrapeReport) -> None:
    """Append the records of an exported file; `-` is standard input. Raises ForgeError."""
    source = "standard input" if file == STANDARD_INPUT else str(file)
    try:
        data = sys.stdin.buffer.read() if file == STANDARD_INPUT else file.read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise ForgeError(
            f"cannot read {source} ({error.strerror}); name a file as docs/forge.md describes it"
        ) from error
    except UnicodeDecodeError as error:
        raise ForgeError(f"{source} is not UTF-8; export it again, see docs/forge.md") from error
    records = list(json_values(text, source))
    for start in range(0, len(records), _ITEMS_A_TRANSACTION):
        read = _items(records[start : start + _ITEMS_A_TRANSACTION], report)
        _append(log, [item for _, item in read], CursorChange(FORGE, {}), report)


class _Walk:
    """One list of the forge, read from its newest change down to what is known.

    Cursor: `NAME through`: everything up to this time is in the log. While a walk is under way,
    `NAME after` is the page that comes next and `NAME until` the time that will be reached.
    """

    def __init__(self, log: EventLog, name: str, stream: Stream) -> None:
        self._log, self._read, self._complete = log, stream.read, stream.complete
        self._through, self._after, self._until = (
            f"{name} {part}" for part in ("through", "after", "until")
        )

    def run(self, report: ScrapeReport, progress: Progress) -> None:
        """Go on with a walk that was interrupted, then read what is newer than that."""
        cursor = self._log.cursor(FORGE, SHARED)
        if after := cursor.get(self._after):
            try:
                self._down(after, cursor.get(self._until, ""), report, progress)
            except ForgeError as error:
                if "valid cursor" not in str(error):
                    raise
                report.warnings.append("the forge forgot where the last scrape was; read anew")
        self._down("", "", report, progress)

    def _down(self, after: str, until: str, report: ScrapeReport, progress: Progress) -> None:
        known = self._log.cursor(FORGE, SHARED).get(self._through, "")
        while True:
            page = self._read(after)
            read = _items(page.records, report)
            items = [item for _, item in read]
            until = until or max((item.updated for item in items), default=known)
            after = "" if _reaches(page, items, known) else page.after
            changed, moved = self._changed(read, known), self._position(after, max(until, known))
            _append(self._log, changed, moved, report)
            progress.advance(len(items))
            if not after:
                return

    def _changed(self, read: list[tuple[Record, ForgeItem]], known: str) -> list[ForgeItem]:
        """The items, completed where the list lacks something, and then only what is new.

        What changed in the second that is known last is taken again: more may have come in it.
        """
        if self._complete is None:
            return [item for _, item in read]
        stamps = self._log.cursor(FORGE, SHARED)
        return [
            item_of(self._complete(record))
            for record, item in read
            if not "" < item.updated < known or _updated(stamps, item.document) != item.updated
        ]

    def _position(self, after: str, until: str) -> CursorChange:
        if after:
            return CursorChange(FORGE, {self._after: after, self._until: until})
        return CursorChange(FORGE, {self._through: until}, (self._after, self._until))


def _reaches(page: Page, items: list[ForgeItem], known: str) -> bool:
    """Whether what comes after the page is known already, or there is nothing more."""
    oldest = min((item.updated for item in items if item.updated), default=known)
    return not page.after or oldest < known


def _items(records: Iterable[Record], report: ScrapeReport) -> list[tuple[Record, ForgeItem]]:
    """Records with what they say, without those that say too little."""
    items, wrong = [], 0
    for record in records:
        try:
            items.append((record, item_of(record)))
        except ForgeError as error:
            wrong += 1
            if wrong <= _WORST_RECORDS_NAMED:
                report.warnings.append(f"{error}: {str(record)[:80]}")
    if wrong > _WORST_RECORDS_NAMED:
        report.warnings.append(f"{wrong:,} records in all have no number or no title")
    return items


def _append(
    log: EventLog, items: list[ForgeItem], position: CursorChange, report: ScrapeReport
) -> None:
    """Append the items that are new or changed, and move the cursor, in one transaction."""
    known = log.cursor(FORGE, SHARED)
    events: list[Event] = []
    stamps: dict[str, str] = {}
    for item in items:
        if item.updated < _updated(known, item.document):
            key = "records older than the known ones"
            report.left_out[key] = report.left_out.get(key, 0) + 1
            continue
        told = issue_events(item)
        stamp = f"{item.updated}|{told.events[0].version}"
        if stamp == known.get(item.document):
            continue
        known[item.document] = stamps[item.document] = stamp
        events += told.events
        _note(report, item, told.secrets)
    moved = replace(position, set={**position.set, **stamps})
    report.events += log.append(events, moved, SHARED)


def _updated(stamps: Mapping[str, str], document: str) -> str:
    """When the known version of an item was changed; '' of an unknown one."""
    return stamps.get(document, "").partition("|")[0]


def _note(report: ScrapeReport, item: ForgeItem, secrets: int) -> None:
    report.documents["issue"] = report.documents.get("issue", 0) + 1
    report.secrets += secrets
    if item.bots:
        key = "comments by bots"
        report.left_out[key] = report.left_out.get(key, 0) + item.bots
    if item.unread:
        report.warnings.append(f"{item.document}: {item.unread:,} later comments were not read")
