"""Scrape the transcripts of coding agents into the event log: only where somebody asked for it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from verdigris.event_log import SHARED, CursorChange, EventLog
from verdigris.records import ScrapeReport
from verdigris.scrape.repository import Repository, git_output
from verdigris.scrape.transcripts.events import PREFIX, Position, read_transcript
from verdigris.scrape.transcripts.files import TRANSCRIBERS, is_of_repository, transcript_files
from verdigris.store.index import Index
from verdigris.store.known_text import KnownText
from verdigris.upkeep.progress import Progress
from verdigris.upkeep.scraping import TRANSCRIPTS

_FOREIGN = "-"
"""Cursor of a transcript of other work, which is not opened again."""


class TranscriptScrape:
    """Appends what agents' transcripts tell of a repository and is new.

    A transcript that its agent deleted stays in the log.
    """

    def __init__(
        self, repository: Repository, log: EventLog, index: Index, report: ScrapeReport
    ) -> None:
        """index: tells what verdigris may have printed, and must be up to date."""
        self._log = log
        self._report = report
        self._roots = _work_trees(repository)
        self._known = KnownText(index, PREFIX)
        self._cursor = log.cursor(TRANSCRIPTS, SHARED)

    def run(self, agents: Sequence[str], progress: Progress) -> None:
        """Read the transcripts of these agents; of all that are known, where none is named."""
        for agent in agents or TRANSCRIBERS:
            files = transcript_files(agent, self._roots, Path.home())
            progress.start(f"reading {agent}", len(files))
            for path in files:
                try:
                    self._take(agent, path)
                except OSError as error:
                    self._report.warnings.append(f"{path}: not read ({error.strerror})")
                progress.advance(1)
            progress.finish()

    def _take(self, agent: str, path: Path) -> None:
        """Append one transcript's news, and its cursor, in one transaction."""
        key = f"{agent}:{path}"
        written = self._cursor.get(key, "")
        if written == _FOREIGN:
            return
        if not written and not (ours := is_of_repository(agent, path, self._roots)):
            if ours is not None:
                self._log.append([], CursorChange(TRANSCRIPTS, {key: _FOREIGN}), SHARED)
            return
        before = msgspec.json.decode(written, type=Position) if written else Position()
        read = read_transcript(agent, path, before, self._known.has, self._roots)
        if read.position == before:
            return
        value = msgspec.json.encode(read.position).decode()
        change, report = CursorChange(TRANSCRIPTS, {key: value}), self._report
        report.events += self._log.append(read.events, change, SHARED)
        report.secrets += read.secrets
        if read.events:
            report.documents["session"] = report.documents.get("session", 0) + 1


def _work_trees(repository: Repository) -> list[Path]:
    """All work trees of the repository: they share one log."""
    listed = git_output(repository.root, "worktree", "list", "--porcelain").split(b"\n")
    named = [Path(os.fsdecode(line[9:])) for line in listed if line.startswith(b"worktree ")]
    return list(dict.fromkeys([repository.root, *named]))
