"""Waits for changes of a work tree that a refresh would read: files, and where branches point."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from verdigris.errors import MissingExtra, StorageError
from verdigris.scrape.repository import Repository, ignored_paths
from verdigris.settings import STATE_FOLDER
from verdigris.upkeep.locations import Locations

if TYPE_CHECKING:
    from threading import Event

QUIET_MILLISECONDS = 300
"""Changes are gathered until none came for this long …"""
LONGEST_MILLISECONDS = 3_000
"""… or until the first is this old: a build writes for minutes."""
WAKING_MILLISECONDS = 1_000
"""Without a change the watcher looks this often whether it is to end."""

_MOVED_BY_COMMITS = ("HEAD", "packed-refs")
_REFERENCES = ("refs/heads/", "refs/tags/")


def changes(
    repository: Repository, locations: Locations, stop: Event | None = None
) -> Iterator[frozenset[str]]:
    """Gathered paths that changed, again and again, until `stop` is set or Ctrl-C.

    The first set is empty: it says that from now on no change is missed. What git ignores does
    not count, nor what verdigris keeps itself; of git's own folder only HEAD, branches and tags.
    Raises MissingExtra, StorageError where the system cannot watch.
    """
    if find_spec("watchfiles") is None:
        raise MissingExtra("watching needs watchfiles; run: pip install 'verdigris[watch]'")
    return _gathered(repository, locations, stop)


def _gathered(
    repository: Repository, locations: Locations, stop: Event | None
) -> Iterator[frozenset[str]]:
    from watchfiles import watch

    looked_at = _Watched(repository, locations)
    begun = False
    try:
        for found in watch(
            *looked_at.folders(),
            watch_filter=lambda _, path: looked_at.may_matter(path),
            debounce=LONGEST_MILLISECONDS,
            step=QUIET_MILLISECONDS,
            stop_event=stop,
            rust_timeout=WAKING_MILLISECONDS,
            yield_on_timeout=True,
            ignore_permission_denied=True,
        ):
            matter = looked_at.without_ignored({path for _, path in found})
            if matter or not begun:
                begun = True
                yield matter
    except OSError as error:
        raise StorageError(
            f"cannot watch {repository.root} ({error}); on Linux raise the limit: "
            "sysctl fs.inotify.max_user_watches=524288"
        ) from error


class _Watched:
    """Which paths of one work tree matter."""

    def __init__(self, repository: Repository, locations: Locations) -> None:
        self._repository = repository
        self._root = repository.root.resolve()
        self._git = {repository.git_dir.resolve(), repository.common_dir.resolve()}
        own = {locations.folder, locations.log.parent, self._root / STATE_FOLDER / "local"}
        self._own = tuple(f"{folder.resolve()}{os.sep}" for folder in own)

    def folders(self) -> list[Path]:
        """The work tree, and git's folders where they lie elsewhere."""
        elsewhere = [path for path in sorted(self._git) if not path.is_relative_to(self._root)]
        return [self._root, *elsewhere]

    def may_matter(self, path: str) -> bool:
        """A cheap look at one path."""
        for folder in self._git:
            if path.startswith(f"{folder}{os.sep}"):
                inside = Path(path).relative_to(folder).as_posix()
                return not inside.endswith(".lock") and (
                    inside in _MOVED_BY_COMMITS or inside.startswith(_REFERENCES)
                )
        return not path.startswith(self._own)

    def without_ignored(self, paths: Collection[str]) -> frozenset[str]:
        """Those that git does not ignore."""
        inside = {
            Path(path).relative_to(self._root).as_posix()
            for path in paths
            if Path(path).is_relative_to(self._root)
            and not any(Path(path).is_relative_to(folder) for folder in self._git)
        }
        ignored = ignored_paths(self._repository, inside) if inside else frozenset()
        moved = {path for path in paths if any(Path(path).is_relative_to(g) for g in self._git)}
        return frozenset((inside - ignored) | moved)
