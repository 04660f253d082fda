"""Filters: which documents may answer, by kind, name, path and time."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import translate

from verdigris.answers import Filters
from verdigris.database import storage_errors
from verdigris.retrieve.documents import Document
from verdigris.store.index import Index
from verdigris.views import Facts

NO_FILTERS = Filters()


def allowed_documents(index: Index, facts: Facts, filters: Filters) -> frozenset[int] | None:
    """Ids of the documents that pass the filters; None when nothing is filtered.

    Raises StorageError.
    """
    if filters == NO_FILTERS:
        return None
    with storage_errors(index.path):
        rows = index.connection.execute(
            "SELECT id, name, kind, title, time, session FROM documents"
        ).fetchall()
    dated = bool(filters.since or filters.before)
    histories = facts.file_histories() if dated else {}
    issues = facts.issue_spans() if dated else {}
    path_matches = _path_matcher(filters.path)
    allowed = set()
    for document_id, *columns in rows:
        document = Document(*columns)
        history = histories.get(document.name) if document.kind != "session" else None
        span = (history.first, history.last) if history else (document.time, document.time)
        span = issues.get(document.name, span)
        if (
            (not filters.kinds or document.kind in filters.kinds)
            and (filters.documents is None or document.name in filters.documents)
            and path_matches(document.name)
            and _in_time(document, span, filters)
        ):
            allowed.add(document_id)
    return frozenset(allowed)


def any_below(index: Index, path: str) -> bool:
    """Whether some document lies at or below a path, or matches a glob. Raises StorageError."""
    matches = _path_matcher(path)
    with storage_errors(index.path):
        names = index.connection.execute("SELECT name FROM documents").fetchall()
    return any(matches(name) for (name,) in names)


def _in_time(document: Document, span: tuple[str, str], filters: Filters) -> bool:
    """Whether a document that lived over (first, last) passes the time filters."""
    first, last = span
    if filters.since and not (last and last >= filters.since):
        return False
    if document.kind == "session" and filters.before_session and document.is_file:
        return document.session < filters.before_session
    return not filters.before or (bool(first) and first < filters.before)


def _path_matcher(pattern: str) -> Callable[[str], object]:
    """A predicate on paths: a path or folder as spelt (`app/[id]`), or what a glob matches."""
    if not pattern:
        return lambda _: True
    literal = re.escape(pattern.rstrip("/")) + r"(?:/|\Z)"
    glob = any(character in pattern for character in "*?[")
    return re.compile(f"{literal}|{translate(pattern)}" if glob else literal).match
