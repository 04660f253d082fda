"""Passages of session logs that say when and where somebody worked, and not what was done."""

from __future__ import annotations

from collections.abc import Sequence

from verdigris.database import storage_errors
from verdigris.retrieve.wording import asks_about_course
from verdigris.store.index import Index

_FRAMES = """
    SELECT id FROM chunks WHERE kind = 'session' AND document_id IN ({marks}) AND (
        event_kind IN ('session.started', 'session.ended')
        OR event_kind = 'session.update' AND text LIKE '%Git Activity%')
"""


def session_frames(index: Index, text: str, document_ids: Sequence[int]) -> set[int]:
    """Chunks of these documents that stand last among the passages of a log: head, beginning, end,
    what git counted. They say `session`, `goal` and `branch` in every log alike.

    None where the text asks for just that. Raises StorageError.
    """
    if asks_about_course(text):
        return set()
    marks = ",".join("?" * len(document_ids))
    with storage_errors(index.path):
        found = index.connection.execute(_FRAMES.format(marks=marks), list(document_ids))
        return {row[0] for row in found}
