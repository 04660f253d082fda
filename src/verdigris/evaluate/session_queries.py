"""Session summary → session: what a later session says of the one before it asks for that one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from verdigris.errors import EvaluationError
from verdigris.evaluate.commit_queries import MOST_QUERIES, sample_evenly
from verdigris.evaluate.queries import EvaluationQuery
from verdigris.records import Event, SourceFile
from verdigris.scrape.files import list_files, read_file
from verdigris.scrape.repository import Repository
from verdigris.scrape.sessions.events import is_session_log, parse_session

CONTEXT = "session.context"
LEAST_SUMMARIES = 5
_SHORTEST = 5
"""Words of a summary that says something."""
_SESSION_ID = re.compile(r"\b\d{8}-\d{6}\b")
_WRITTEN_BY_VERDIGRIS = re.compile(r"^Last session: .*\(\d{8}-\d{6}")
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class SessionLog:
    """A log with what it says of the session before it."""

    file: SourceFile
    events: Sequence[Event]

    @property
    def id(self) -> str:
        """The session's id, which sorts by time."""
        return self.events[0].session

    @property
    def context(self) -> list[Event]:
        """The events of `Previous Session Context`."""
        return [event for event in self.events if event.kind == CONTEXT]

    def summary(self) -> str:
        """What a person wrote about the session before, without headings and ids; '' for nothing.

        What `verdigris session start` writes there repeats that session's own words: it is none.
        """
        lines = "\n".join(event.text for event in self.context).split("\n")
        text = "\n".join(line for line in lines if not line.startswith("#")).strip()
        if _WRITTEN_BY_VERDIGRIS.match(text) or len(text.split()) < _SHORTEST:
            return ""
        return re.sub(" {2,}", " ", _SESSION_ID.sub("", text).replace("()", "")).strip()


def hide_summaries(repository: Repository, seed: int = 0) -> list[EvaluationQuery]:
    """Empty `Previous Session Context` in the logs of a work tree; returns them as queries.

    Wanted is the session that the summary names, or the one right before; only sessions before
    the one that holds it may be found. Raises EvaluationError where fewer than LEAST_SUMMARIES
    logs sum up another one.
    """
    logs = _session_logs(repository)
    queries = _queries(logs)
    if not logs:
        raise EvaluationError("there is no session log; write them with verdigris session start")
    if len(queries) < LEAST_SUMMARIES:
        raise EvaluationError(
            f"{len(queries)} of {len(logs)} session logs sum up the session before them in "
            f"words of their own (## Previous Session Context); {LEAST_SUMMARIES} are needed"
        )
    for log in logs:
        if log.context:
            text = "\n".join(_without_context(log))
            (repository.root / log.file.path).write_text(text, encoding="utf-8", newline="")
    return sample_evenly(queries, MOST_QUERIES, seed)


def _session_logs(repository: Repository) -> list[SessionLog]:
    """All session logs of a work tree, oldest first."""
    logs = [SessionLog(file, parse_session(file)) for file in _log_files(repository)]
    return sorted((log for log in logs if log.id), key=lambda log: log.id)


def _log_files(repository: Repository) -> Iterator[SourceFile]:
    for path in list_files(repository).paths:
        if Path(path).suffix.lower() in (".md", ".markdown"):
            file = read_file(repository.root, path)
            if isinstance(file, SourceFile) and is_session_log(path, file.text):
                yield file


def _queries(logs: Sequence[SessionLog]) -> list[EvaluationQuery]:
    paths = {log.id: log.file.path for log in logs}
    queries: dict[str, EvaluationQuery] = {}
    for before, log in pairwise(logs):
        text = log.summary()
        written = " ".join(event.text for event in log.context)
        named = [one for one in _SESSION_ID.findall(written) if one in paths and one < log.id]
        wanted = paths[named[0] if named else before.id]
        if text and log.id != before.id:
            query = EvaluationQuery(log.id, text, (wanted,), before=log.id, kinds=("session",))
            queries.setdefault(text, query)
    return list(queries.values())


def _without_context(log: SessionLog) -> list[str]:
    """The lines of a log, those of the summary emptied."""
    lines = _LINE_END.split(log.file.text)
    for event in log.context:
        if event.lines:
            for row in range(event.lines.start - 1, event.lines.end):
                lines[row] = ""
    return lines
