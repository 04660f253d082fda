"""The doctor's checks: each looks at one thing, changes nothing, and says what it found."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from verdigris.database import storage_errors
from verdigris.event_log import EventLog
from verdigris.records import AgedAnchor
from verdigris.scrape.repository import Repository
from verdigris.settings import Settings
from verdigris.store.index import Index
from verdigris.store.vector_cache import VectorCache
from verdigris.upkeep.ageing import counts
from verdigris.upkeep.anchor_upkeep import AnchorUpkeep
from verdigris.upkeep.embedding import vector_space
from verdigris.upkeep.indexing import open_index
from verdigris.upkeep.locations import Locations
from verdigris.upkeep.model_swap import FINISH_SWAP, swap_state, swap_text
from verdigris.upkeep.scraping import commits_not_scraped, pending_files
from verdigris.views import Facts

if TYPE_CHECKING:
    from verdigris.engine import Embedder

FIX = "verdigris doctor --fix"
SCRAPE = "verdigris scrape"
OLDEST_SQLITE = (3, 35, 0)
"""The first with upserts that name no target."""
LEAST_FREE_BYTES = 200 * 1024**2
SAMPLED_VECTORS = 2_000
LARGEST_NORM_ERROR = 0.01
SHOWN_ANCHORS = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, whether it is well, its state, and the mending command."""

    what: str
    ok: bool
    state: str
    mend: str = ""
    details: tuple[str, ...] = ()
    """Single cases, one a line."""


@dataclass(frozen=True, slots=True)
class Site:
    """What the checks look at: one work tree and its files."""

    repository: Repository
    settings: Settings
    locations: Locations


def check_sqlite() -> Finding:
    """Whether this Python's SQLite is recent enough and can search full text."""
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        needed = ".".join(map(str, OLDEST_SQLITE))
        return Finding("sqlite", False, f"{version} is too old", f"install SQLite >= {needed}")
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute("CREATE VIRTUAL TABLE probe USING fts5(body)")
        except sqlite3.OperationalError as error:
            return Finding("sqlite", False, f"{version}: {error}", "use a Python with FTS5")
    return Finding("sqlite", True, f"{version} with FTS5")


def check_repository(repository: Repository) -> Finding:
    """What kind of repository it is; none of its peculiarities is wrong."""
    place = repository.branch or ("detached" if repository.head else "")
    notes = [f"{repository.root}, {place} at {repository.head[:10] or 'no commits yet'}"]
    if repository.worktree:
        notes.append(f"linked work tree {repository.worktree!r} of {repository.main_root}")
    if repository.shallow:
        notes.append("shallow: older history is missing (git fetch --unshallow)")
    if repository.submodules:
        notes.append(f"submodules are not indexed here: {', '.join(repository.submodules)}")
    return Finding("repository", True, "; ".join(notes))


def check_log(site: Site) -> Finding:
    """Whether the event log opens and SQLite finds it sound."""
    if not site.locations.log.exists():
        return Finding("event log", True, "nothing scraped yet", SCRAPE)
    with closing(EventLog(site.locations.log, site.repository.worktree or ".")) as log:
        if (verdict := log.check()) != "ok":
            return Finding("event log", False, f"{log.path} is damaged ({verdict})", FIX)
        return Finding("event log", True, f"{sum(log.counts().values()):,} events, sound")


def check_index(site: Site) -> Finding:
    """Whether the index is sound, complete in itself, and belongs to the log."""
    if not site.locations.index.exists():
        return Finding("index", True, "not built yet", SCRAPE)
    with _index(site) as index:
        if (verdict := index.check()) != "ok":
            return Finding("index", False, f"{index.path} is damaged ({verdict})", FIX)
        if not _belongs_to_log(site, index):
            return Finding("index", False, f"{index.path} was built from another log", FIX)
        documents, chunks = index.count("documents"), index.count("chunks")
        return Finding("index", True, f"{documents:,} documents, {chunks:,} passages, sound")


def _belongs_to_log(site: Site, index: Index) -> bool:
    if not site.locations.log.exists():
        return index.position == 0
    with closing(EventLog(site.locations.log, site.repository.worktree or ".")) as log:
        return log.event_id(index.position) == index.meta("position_event")


def check_vector_cache(site: Site) -> Finding:
    """Whether the user's cache of vectors opens and SQLite finds it sound."""
    path = site.locations.vector_cache
    if not path.exists():
        return Finding("vector cache", True, f"{path}: empty")
    with closing(VectorCache(path)) as cache:
        if (verdict := cache.check()) != "ok":
            return Finding("vector cache", False, f"{path} is damaged ({verdict})", FIX)
    megabytes = path.stat().st_size / 1e6
    return Finding("vector cache", True, f"{path}, {megabytes:,.1f} MB, sound")


def check_vectors(site: Site) -> Finding:
    """Whether every passage has a vector, of norm 1, made by the model in use."""
    if not site.locations.index.exists():
        return Finding("vectors", True, "none yet", SCRAPE)
    with _index(site) as index:
        chunks, vectors = index.count("chunks"), index.count("vectors")
        if wrong := len(wrong_vectors(index, SAMPLED_VECTORS)):
            return Finding("vectors", False, f"{wrong} of a sample are no unit vectors", FIX)
        if swap := swap_state(index, vector_space(site.settings.model)):
            return Finding("vectors", True, swap_text(swap, chunks), FINISH_SWAP)
        if vectors < chunks:
            return Finding("vectors", True, f"{vectors:,} of {chunks:,} passages have one", SCRAPE)
        return Finding("vectors", True, f"{vectors:,}, all of norm 1 as far as sampled")


def wrong_vectors(index: Index, sample: int) -> list[int]:
    """Ids of the chunks, among an even sample, whose vector is not finite and of norm 1."""
    import numpy as np

    step = max(index.count("vectors") // sample, 1)
    with storage_errors(index.path):
        rows = index.connection.execute(
            "SELECT chunk_id, vector FROM vectors WHERE chunk_id % ? = 0", (step,)
        ).fetchall()
    wrong = []
    for chunk_id, blob in rows:
        values = np.frombuffer(blob[: len(blob) // 2 * 2], "<f2").astype(np.float32)
        with np.errstate(all="ignore"):
            norm = float(np.linalg.norm(values))
        if not abs(norm - 1) <= LARGEST_NORM_ERROR:  # true for NaN, too
            wrong.append(chunk_id)
    return wrong


def check_nearest_neighbour_files(site: Site) -> Finding:
    """Whether the files of large kinds are the ones that were written, byte for byte."""
    what = "nearest-neighbour files"
    files = sorted(site.locations.folder.glob("*.usearch"))
    half_written = sorted(site.locations.folder.glob("*.part"))
    if half_written:
        return Finding(what, False, f"{len(half_written)} left half-written", FIX)
    if not files:
        return Finding(what, True, "none needed")
    from verdigris.store.neighbour_file import NeighbourFile

    folder = site.locations.folder
    with _index(site) as index:
        known = [NeighbourFile(index, folder, file.stem) for file in files]
        damaged = [one.path.name for one in known if not one.is_as_written()]
    if damaged:
        return Finding(what, False, f"damaged: {', '.join(damaged)}", FIX)
    return Finding(what, True, f"{len(files)}, as written")


def check_model(site: Site) -> Finding:
    """Whether the model's files are whole and give the vectors of the original here."""
    from verdigris.engine import run_selfcheck
    from verdigris.engine.engine_choice import configured_choice
    from verdigris.engine.selfcheck import read_golden

    choice = configured_choice(site.settings.model, site.settings.runtime)
    memory_mb = site.settings.memory_mb or None
    with choice.open(site.settings.threads or None, memory_mb=memory_mb) as embedder:
        if read_golden(Path(embedder.model_info().folder)) is None:
            return _check_health(embedder)
        result = run_selfcheck(embedder)
    state = (
        f"{result.model}: files whole; cosine to the original over {result.texts} texts: "
        f"mean {result.mean_cosine:.4f}, least {result.min_cosine:.4f}"
    )
    if result.passed:
        return Finding("model", True, state)
    return Finding("model", False, state, "pip install --force-reinstall onnxruntime verdigris")


def _check_health(embedder: Embedder) -> Finding:
    """A model without vectors of the original to compare with: are its own sound?"""
    report = embedder.health_check()
    state = "; ".join(report.problems) or "its vectors are sound (no original to compare with)"
    mend = "" if report.healthy else f"verdigris model check {report.model}"
    return Finding("model", report.healthy, f"{report.model}: {state}", mend)


def check_disk(site: Site) -> Finding:
    """Whether there is room for log, index and cache to grow."""
    folder = _existing(site.locations.folder)
    free = shutil.disk_usage(folder).free
    state = f"{free / 1e9:,.1f} GB free in {folder}"
    if free < LEAST_FREE_BYTES:
        return Finding("disk", False, state, "free some space, or set VERDIGRIS_LOCAL_DIR=FOLDER")
    return Finding("disk", True, state)


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def check_position(site: Site) -> Finding:
    """How far the log is behind the work tree."""
    if not site.locations.log.exists():
        return Finding("position", True, "nothing scraped yet", SCRAPE)
    with closing(EventLog(site.locations.log, site.repository.worktree or ".")) as log:
        commits = commits_not_scraped(site.repository, log)
        changes = pending_files(site.repository, log, site.settings.max_file_bytes)
    files = len(changes.changed) + len(changes.gone)
    if commits or files:
        return Finding("position", True, f"{commits:,} commits and {files:,} files behind", SCRAPE)
    return Finding("position", True, "nothing behind the work tree")


@contextmanager
def _index(site: Site) -> Iterator[Index]:
    with closing(open_index(site.locations.index)) as index:
        yield index


def check_anchors(site: Site) -> Finding:
    """What became of what the sessions name; that code changed since is no fault of anyone's."""
    if not site.locations.index.exists() or not site.locations.log.exists():
        return Finding("anchors", True, "nothing anchored yet", SCRAPE)
    with (
        _index(site) as index,
        closing(EventLog(site.locations.log, site.repository.worktree or ".")) as log,
    ):
        facts = Facts(index.connection)
        aged = AnchorUpkeep(site.repository, log, index, facts).aged()
        waiting = len(facts.sessions_to_anchor(site.repository.head))
    count = counts(aged)
    names = ", ".join(f"{number:,} {state}" for state, number in count.items())
    later = f"; sessions not anchored yet: {waiting:,}" if waiting else ""
    state = f"names in sessions: {names}{later}" if aged else f"none{later}"
    mend = SCRAPE if waiting else ""
    return Finding("anchors", True, state, mend, tuple(_changed_most(aged)))


def _changed_most(aged: Sequence[AgedAnchor]) -> Iterator[str]:
    """Names that are gone or drifted, newest sessions first within those that changed most."""
    changed = [one for one in aged if one.state != "fresh"]
    changed.sort(key=lambda one: (-one.commits, one.anchor.document, one.anchor.line))
    for one in changed[:SHOWN_ANCHORS]:
        commits = f", commits since: {one.commits:,}" if one.commits else ""
        now = f", now {one.now}" if one.state == "gone" and one.now else ""
        place = f"{one.anchor.document}:{one.anchor.line}"
        yield f"{place}: {one.anchor.name} {one.state}{now}{commits}"
    if len(changed) > SHOWN_ANCHORS:
        yield f"and {len(changed) - SHOWN_ANCHORS:,} more"
