"""What agents' hooks wrote down goes into session logs, without its secrets."""

from __future__ import annotations

from pathlib import Path

from verdigris.capture.agents.spool import spool_folder, waiting
from verdigris.errors import VerdigrisError
from verdigris.records import ScrapeReport


def drain_hooks(root: Path, sessions_dir: str) -> int:
    """Empty the spool of a work tree into its session logs; returns how many records it held.

    sessions_dir: as configured. Raises VerdigrisError, OSError.
    """
    if not waiting(spool_folder(root)):
        return 0
    from verdigris.capture.agents.drain import drain
    from verdigris.capture.work_tree import open_work_tree
    from verdigris.scrape.secrets import redact

    return drain(open_work_tree(root), sessions_dir, lambda text: redact(text).text)


def collect_hooks(root: Path, sessions_dir: str, report: ScrapeReport) -> None:
    """The same for a command that goes on where logs cannot be written, and says so."""
    try:
        drain_hooks(root, sessions_dir)
    except (VerdigrisError, OSError) as error:
        report.warnings.append(f"what agents' hooks wrote down waits: {error}")
