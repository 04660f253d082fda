"""What agents' hooks wrote down goes into session logs, without secrets and our own output."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from verdigris.capture.agents.spool import spool_folder, waiting
from verdigris.errors import VerdigrisError
from verdigris.records import ScrapeReport

if TYPE_CHECKING:
    from verdigris.store.index import Index


def drain_hooks(root: Path, sessions_dir: str, index: Index | None = None) -> int:
    """Empty the spool of a work tree into its session logs; returns how many records it held.

    sessions_dir: as configured. index: tells what verdigris may have printed into an answer; None
    opens that of the work tree. Raises VerdigrisError, OSError.
    """
    if not waiting(spool_folder(root)):
        return 0
    from verdigris.capture.agents.drain import drain
    from verdigris.capture.work_tree import open_work_tree
    from verdigris.scrape.secrets import redact
    from verdigris.scrape.transcripts.events import PREFIX
    from verdigris.scrape.transcripts.own_output import without_own_output
    from verdigris.store.known_text import KnownText

    with _index_of(root, index) as known_here:
        known = KnownText(known_here, PREFIX)

        def clean(text: str) -> str:
            return without_own_output(redact(text).text, known.has)

        return drain(open_work_tree(str(root)), sessions_dir, clean)


@contextmanager
def _index_of(root: Path, index: Index | None) -> Iterator[Index]:
    """The index, or that of the work tree for the block."""
    if index is not None:
        yield index
        return
    from verdigris.scrape.repository import open_repository
    from verdigris.settings import load_settings
    from verdigris.upkeep.indexing import open_index
    from verdigris.upkeep.locations import locate, make_folders

    repository = open_repository(root)
    locations = locate(repository, load_settings(repository.root))
    make_folders(locations)
    with closing(open_index(locations.index)) as opened:
        yield opened


def collect_hooks(
    root: Path, sessions_dir: str, report: ScrapeReport, index: Index | None = None
) -> None:
    """The same for a command that goes on where logs cannot be written, and says so."""
    try:
        drain_hooks(root, sessions_dir, index)
    except (VerdigrisError, OSError) as error:
        report.warnings.append(f"what agents' hooks wrote down waits: {error}")
