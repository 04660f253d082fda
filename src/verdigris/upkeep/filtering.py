"""Filters as a user writes them: dates, session ids and branch names made exact."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import get_args

from verdigris.answers import Filters
from verdigris.database import storage_errors
from verdigris.errors import QueryError
from verdigris.records import Kind
from verdigris.scrape.repository import Repository
from verdigris.store.index import Index

_SESSION_ID = re.compile(r"\d{8}-\d{6}\S*")
_AGO = re.compile(
    r"(?:(\d+)\s*(minute|hour|day|week|month|year)s?(?:\s+ago)?|(today|yesterday))", re.IGNORECASE
)
_SECONDS = {
    "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800,
    "month": 2_629_746, "year": 31_556_952,
}  # fmt: skip


def parse_filters(
    repository: Repository,
    index: Index,
    kinds: Sequence[str] = (),
    path: str = "",
    since: str = "",
    before: str = "",
    branch: str = "",
) -> Filters:
    """Filters with UTC times and a branch's documents. Raises QueryError."""
    known: tuple[Kind, ...] = get_args(Kind)
    if unknown := [kind for kind in kinds if kind not in known]:
        raise QueryError(f"unknown kind {unknown[0]!r}; kinds: {', '.join(known)}")
    session = before if _SESSION_ID.fullmatch(before) else ""
    documents = _of_branch(repository, index, branch) if branch else None
    return Filters(
        kinds=tuple(kind for kind in known if kind in kinds),
        path=path.removeprefix("./"),
        since=parse_time(since) if since else "",
        before=(
            _session_start(index, session) if session else parse_time(before) if before else ""
        ),
        before_session=session,
        documents=documents,
    )


def parse_time(text: str) -> str:
    """UTC time of an ISO date or time, of `3 days ago`, `2 weeks`, `yesterday` or `today`.

    A date or time without a zone is local, as git takes it. Raises QueryError.
    """
    if match := _AGO.fullmatch(text.strip()):
        return _ago(match)
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise QueryError(
            f"{text!r} is not a time; write 2025-08-31, 2025-08-31T14:00Z, or '2 weeks ago'"
        ) from error
    return _utc(moment)


def _ago(match: re.Match[str]) -> str:
    now = datetime.now().astimezone()
    if day := match[3]:
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return _utc(
            datetime.fromtimestamp(midnight.timestamp() - 86_400 * (day.lower() != "today"))
        )
    seconds = int(match[1]) * _SECONDS[match[2].lower()]
    return _utc(datetime.fromtimestamp(max(now.timestamp() - seconds, 0)))


def _utc(moment: datetime) -> str:
    try:
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, OSError) as error:
        raise QueryError(f"{moment.isoformat()} is out of the range of times") from error


def _session_start(index: Index, session: str) -> str:
    """The start of that session in UTC where it is known, else its id read as local time."""
    with storage_errors(index.path):
        row = index.connection.execute(
            "SELECT time FROM documents WHERE kind = 'session' AND session = ? AND time != ''",
            (session,),
        ).fetchone()
    if row:
        return str(row[0])
    try:
        return _utc(datetime.strptime(session[:15], "%Y%m%d-%H%M%S"))
    except ValueError as error:
        raise QueryError(f"{session!r} is neither a session id nor a time") from error


def _of_branch(repository: Repository, index: Index, branch: str) -> frozenset[str]:
    from verdigris.scrape.git.events import branch_documents

    return branch_documents(repository, branch) | _sessions_of(index, branch)


def _sessions_of(index: Index, branch: str) -> frozenset[str]:
    with storage_errors(index.path):
        rows = index.connection.execute(
            "SELECT name FROM documents WHERE kind = 'session' AND branch = ?", (branch,)
        ).fetchall()
    return frozenset(row[0] for row in rows)
