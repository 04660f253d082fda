"""What was done on the days that a question names: sessions and commits of that time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from verdigris.database import storage_errors
from verdigris.retrieve.wording import LONG_TEXT, is_question
from verdigris.store.index import Index

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_ISO = re.compile(r"\b\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])\b")
_CALENDAR = re.compile(
    r"\b(?:(?P<in>in )|(?P<before>\d{1,2})(?:st|nd|rd|th)? (?:of )?)?"
    r"(?P<month>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b\.?"
    r"(?: (?P<after>\d{1,2})(?:st|nd|rd|th)?\b)?(?:,? (?P<year>\d{4})\b)?"
)
"""Months in capitals alone: `may` and `march` are verbs."""
_RELATIVE = re.compile(
    r"\b(?:(?P<yesterday>yesterday)|(?P<today>did\b.*\btoday)|(?P<days>\d{1,3}) days ago"
    r"|(?P<week>last|this) week|(?P<month>last|this) month"
    r"|(?:last|this|(?:did|was|were|happened|changed)\b.*\bon) "
    rf"(?P<weekday>{'|'.join(_WEEKDAYS)}))\b",
    re.IGNORECASE,
)
"""`On Monday` alone may be every Monday, and `today` nowadays."""

_OF_DAYS = """
    SELECT document_id, id FROM chunks
    WHERE kind IN ('session', 'commit') AND time != '' AND date(time, 'localtime') GLOB ?
    UNION
    SELECT document_id, chunks.id FROM chunks JOIN documents ON documents.id = document_id
    WHERE documents.kind = 'session' AND session GLOB replace(?, '-', '') || '-*'
"""
"""By the clock of this machine; a session also by its id, the clock of who wrote it."""


def passages_of_days(index: Index, question: str, today: date) -> list[tuple[int, int]]:
    """(document id, chunk id) of what was committed or written down on the days that are named.

    Raises StorageError.
    """
    with storage_errors(index.path):
        return [
            passage
            for days in days_meant(question, today)
            for passage in index.connection.execute(_OF_DAYS, (days, days))
        ]


def days_meant(question: str, today: date) -> list[str]:
    """GLOB patterns of the dates that a question names: `2025-10-03`, `????-10-03`, `2025-10-??`.

    today: in local time, what `yesterday` and `last Tuesday` start from.
    """
    if not is_question(question) or len(question.split()) > LONG_TEXT:
        return []
    relative = [days for match in _RELATIVE.finditer(question) for days in _counted(match, today)]
    return [*_ISO.findall(question), *_of_calendar(question), *relative]


def _of_calendar(question: str) -> Iterator[str]:
    for match in _CALENDAR.finditer(question):
        day = match["before"] or match["after"]
        if day or match["year"] or match["in"]:
            month = _MONTHS.index(match["month"][:3]) + 1
            yield f"{match['year'] or '????'}-{month:02}-{f'{int(day):02}' if day else '??'}"


def _counted(match: re.Match[str], today: date) -> list[str]:
    """The dates of an expression that is counted from today."""
    if which := match["month"]:
        some_day = today.replace(day=1) - timedelta(days=which.lower() == "last")
        return [f"{some_day:%Y-%m}-??"]
    if which := match["week"]:
        monday = today - timedelta(days=today.weekday() + 7 * (which.lower() == "last"))
        return [str(monday + timedelta(days=more)) for more in range(7)]
    if weekday := match["weekday"]:
        back = (today.weekday() - _WEEKDAYS.index(weekday.lower()) - 1) % 7 + 1
    else:
        back = int(match["days"] or bool(match["yesterday"]))
    return [str(today - timedelta(days=back))]
