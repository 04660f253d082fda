"""One refresh: every source that is asked for into the log, the log into the index."""

from __future__ import annotations

from collections.abc import Sequence

from verdigris.event_log import EventLog
from verdigris.frozen_dataclass import dataclass
from verdigris.records import ScrapeReport
from verdigris.scrape.repository import Repository
from verdigris.settings import Settings
from verdigris.store.index import Index
from verdigris.upkeep.capturing import collect_hooks
from verdigris.upkeep.indexing import catch_up
from verdigris.upkeep.progress import Progress, Silent
from verdigris.upkeep.scraping import (
    FORGE,
    TRANSCRIPTS,
    FileScrape,
    Wanted,
    kinds_of,
    scrape_commits,
)
from verdigris.views import Facts


@dataclass(frozen=True, slots=True)
class Refresh:
    """What a refresh reads, and what it writes; only for who holds the lock of refreshing."""

    repository: Repository
    settings: Settings
    log: EventLog
    index: Index
    facts: Facts
    progress: Progress

    def run(self, sources: Sequence[str]) -> ScrapeReport:
        """Read what changed in these sources, and what agents' hooks left, and index it."""
        report = ScrapeReport()
        collect_hooks(self.repository.root, self.settings.sessions_dir, report, self.index)
        if "git" in sources:
            scrape_commits(self.repository, self.log, report, self.progress)
        if FORGE in sources:
            from verdigris.upkeep.forge import scrape_forge

            scrape_forge(self.repository, self.log, self.settings.forge, report, self.progress)
        self._catch_up(self.progress)
        if of_files := set(sources) - {"git", FORGE, TRANSCRIPTS}:
            wanted = Wanted(self.settings.max_file_bytes, kinds_of(of_files))
            scrape = FileScrape(self.repository, self.log, wanted, report)
            # Some files are indexed while the next are parsed, in other processes.
            scrape.run(self.progress, stored=lambda: self._catch_up(Silent()))
            self._catch_up(self.progress)
        # Last, since nothing is taken from transcripts that the index has from elsewhere.
        if TRANSCRIPTS in sources or (self.settings.transcripts and "sessions" in sources):
            self._read_transcripts(report)
        return report

    def _read_transcripts(self, report: ScrapeReport) -> None:
        from verdigris.upkeep.transcripts import TranscriptScrape

        scrape = TranscriptScrape(self.repository, self.log, self.index, report)
        scrape.run(self.settings.transcripts, self.progress)
        self._catch_up(self.progress)

    def _catch_up(self, progress: Progress) -> None:
        catch_up(self.log, self.index, self.facts, progress)
