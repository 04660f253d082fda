"""Issues, pull requests and discussions → events: one document each, a piece for each remark."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec

from verdigris.records import DOCUMENT_SEEN, Event, IssueDetails, SeenDetails
from verdigris.scrape.forge.records import ForgeItem, Remark
from verdigris.scrape.secrets import redact

_PARSER_VERSION = "1"
"""Part of every item's version: another number appends all items anew when they are read again."""
_LONGEST_TITLE = 300


@dataclass(frozen=True, slots=True)
class IssueEvents:
    """The events of one version of an item; `document.seen` comes first."""

    events: tuple[Event, ...]
    secrets: int = 0


def issue_events(item: ForgeItem) -> IssueEvents:
    """`document.seen`, then `issue.body` (or the title alone), `issue.comment`, `issue.review`.

    Secrets are redacted. The version comes from the item's whole content.
    """
    title = redact(item.title[:_LONGEST_TITLE])
    version = _version(item)
    secrets = title.count

    def event(kind: str, text: str, time: str, heading: str = "") -> Event:
        nonlocal secrets
        redacted = redact(text)
        secrets += redacted.count
        return Event(kind, item.document, version, redacted.text, heading=heading, time=time)

    events = [event("issue.body", item.body or item.title, item.created)]
    for remark in item.remarks:
        kind = "issue.review" if remark.verdict or remark.path else "issue.comment"
        events.append(event(kind, remark.text, remark.time, _heading(remark)))
    details = SeenDetails("issue", title.text, issue=_details(item))
    seen = Event(DOCUMENT_SEEN, item.document, version, time=item.updated, details=details)
    return IssueEvents((seen, *events), secrets)


def _version(item: ForgeItem) -> str:
    content = _PARSER_VERSION.encode() + msgspec.json.encode(item)
    return hashlib.sha256(content).hexdigest()[:32]


def _heading(remark: Remark) -> str:
    """`alice on src/kettle.py:12`, `bob, changes requested`."""
    place = f" on {remark.path}" + (f":{remark.line}" if remark.line else "") if remark.path else ""
    verdict = f", {remark.verdict}" if remark.verdict else ""
    return f"{remark.author or 'somebody'}{place}{verdict}"


def _details(item: ForgeItem) -> IssueDetails:
    return IssueDetails(
        number=item.number,
        type=item.type,
        state=item.state,
        author=item.author,
        url=item.url,
        created=item.created,
        closed=item.closed,
        labels=item.labels,
        merge_commit=item.merge_commit,
        commits=item.commits,
        files=item.files,
        closes=item.closes,
        closed_by=item.closed_by,
    )
