"""Where a repository's log, index and caches lie."""

from __future__ import annotations

import hashlib
from pathlib import Path

from verdigris.errors import StorageError
from verdigris.frozen_dataclass import dataclass
from verdigris.scrape.repository import Repository
from verdigris.settings import STATE_FOLDER, Settings


@dataclass(frozen=True, slots=True)
class Locations:
    """Files of one work tree. Log and lock are shared by all work trees of the repository."""

    log: Path
    lock: Path
    index: Path
    folder: Path
    """Where the work tree's index files lie."""
    vector_cache: Path

    @property
    def projections(self) -> Path:
        """Where what was learned lies."""
        return self.folder / "projections"

    @property
    def answers(self) -> Path:
        """The last answers, until somebody says which results were used."""
        return self.folder / "answers.json"

    @property
    def served(self) -> Path:
        """The list of what serves there, which is written last."""
        return self.projections / "served.json"


def locate(repository: Repository, settings: Settings) -> Locations:
    """The files of a work tree. Makes nothing."""
    shared = _local_folder(repository.main_root, settings)
    own = _local_folder(repository.root, settings)
    return Locations(
        log=shared / "log.db",
        lock=shared / "refresh.lock",
        index=own / "index.db",
        folder=own,
        vector_cache=settings.cache_path() / "vectors.db",
    )


def make_folders(locations: Locations) -> None:
    """Make the folders of log and index, ignored by git. Raises StorageError."""
    for folder in {locations.log.parent, locations.folder}:
        _make_ignored(folder)


def _local_folder(root: Path, settings: Settings) -> Path:
    if not settings.local_dir:
        return root / STATE_FOLDER / "local"
    name = (
        f"{root.name}-{hashlib.sha256(str(root).encode(errors='surrogateescape')).hexdigest()[:8]}"
    )
    return Path(settings.local_dir).expanduser() / name


def _make_ignored(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise StorageError(
            f"cannot write {folder} ({error.strerror}); make it writable, or keep the index "
            "elsewhere: VERDIGRIS_LOCAL_DIR=FOLDER"
        ) from error
