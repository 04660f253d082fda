"""Where session logs lie, which one is open in this work tree, and how both are changed safely."""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from verdigris.capture.file_lock import try_lock
from verdigris.capture.file_replacing import replace_file
from verdigris.capture.work_tree import WorkTree, is_ignored
from verdigris.errors import Busy, SessionError, StorageError
from verdigris.named_tuple import NamedTuple

LOCK_SECONDS = 10.0
_STATE_FOLDER = ".verdigris"
_LOG_NAME = re.compile(r"\d{8}-.+\.md")
"""Ours begin with day and time; scrape takes any name that begins with a day."""
_USUAL_FOLDERS = ("layer/sessions", "docs/sessions", "sessions")
"""Looked into even where git ignores them."""
_FOREIGN_PARTS = frozenset({"test", "tests", "testdata", "fixtures", "vendor", "node_modules"})


class SessionFiles(NamedTuple):
    """What a work tree keeps for itself: never shared with another, never in git."""

    root: Path

    @property
    def local(self) -> Path:
        """Where the work tree keeps what git ignores."""
        return self.root / _STATE_FOLDER / "local"

    @property
    def state(self) -> Path:
        """Holds the path of the open session's log and who opened it; missing when none is."""
        return self.local / "active-session"


def locate_logs(
    root: Path, configured: str, tracked: Callable[[], Sequence[PurePosixPath]]
) -> Path:
    """The folder for logs: the configured one, else where logs lie, else `.verdigris/sessions`.

    configured: relative to the root; '' if not set; tracked: lists tracked paths that look like
    logs, where it comes to that.
    """
    if configured:
        return root / Path(configured).expanduser()
    own = own_folder(root)
    if log_paths(own):
        return own
    counts = Counter(
        path.parent
        for path in tracked()
        if _LOG_NAME.fullmatch(path.name) and not _FOREIGN_PARTS & set(path.parts)
    )
    if counts:
        return root / counts.most_common(1)[0][0]
    return next((root / name for name in _USUAL_FOLDERS if log_paths(root / name)), own)


def own_folder(root: Path) -> Path:
    """Where logs are kept unless somebody chose another folder."""
    return root / _STATE_FOLDER / "sessions"


def why_unread(tree: WorkTree, log: Path) -> tuple[str, ...]:
    """Why nobody will find what stands in a log; nothing where scrape reads it."""
    folder = Path(os.path.normpath(log.parent))
    if folder == own_folder(tree.root):
        return ()
    if not folder.is_relative_to(tree.root):
        return (f"scry does not find what stands outside of the repository: {folder}",)
    if is_ignored(tree, log):
        return (f"scry does not find what stands in {folder}, which git ignores",)
    return ()


def log_paths(folder: Path) -> list[Path]:
    """The logs of a folder, oldest first."""
    try:
        names = [name for name in os.listdir(folder) if _LOG_NAME.fullmatch(name)]  # noqa: PTH208
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [folder / name for name in sorted(names)]


def open_log(files: SessionFiles) -> Path | None:
    """The log of the session that is open in this work tree, None if there is none.

    Raises StorageError where the file that tells cannot be read.
    """
    written = _state(files)[0]
    return files.root / written if written else None


def opened_by(files: SessionFiles) -> str:
    """Which agent's session opened the session; '' where a person or a command did."""
    return _state(files)[1]


def _state(files: SessionFiles) -> tuple[str, str]:
    try:
        path, _, owner = os.fsdecode(files.state.read_bytes()).strip().partition("\n")
    except (FileNotFoundError, NotADirectoryError):
        return "", ""
    except OSError as error:
        raise _unreadable(files.state, error) from error
    return path, owner


def set_open_log(files: SessionFiles, log: Path, owner: str = "") -> None:
    """Remember which session is open, and who opened it. Raises StorageError."""
    write_text(files.state, f"{os.path.relpath(log, files.root)}\n{owner}".rstrip("\n"))


def forget_open_log(files: SessionFiles) -> None:
    """No session is open any more. Raises StorageError."""
    try:
        files.state.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(files.state, error) from error


def read_text(log: Path) -> str:
    """A log as it is now, line ends kept; bytes that are no UTF-8 survive writing it back.

    Raises SessionError where it is gone, StorageError where it cannot be read.
    """
    try:
        return log.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError as error:
        raise SessionError(
            f"the log of the open session is gone: {log}; bring it back, "
            'or begin anew: verdigris session start --archive "TITLE"'
        ) from error
    except OSError as error:
        raise _unreadable(log, error) from error


def write_text(file: Path, text: str) -> None:
    """Replace a file whole or not at all; a link stays a link. Raises StorageError.

    To be called under the lock: what killed processes left of their writing goes, too.
    """
    try:
        replace_file(file, text.encode("utf-8", "surrogateescape"))
        target = file.resolve()
        for left in target.parent.glob(f".{target.name}.*.tmp"):
            left.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(file, error) from error


def reserve_log(log: Path) -> bool:
    """Make an empty log; False where it is there: two work trees may share a folder of logs.

    Raises StorageError.
    """
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(log, error) from error
    try:
        log.open("xb").close()
    except FileExistsError:
        return False
    except OSError as error:
        raise _unwritable(log, error) from error
    return True


@contextmanager
def locked(files: SessionFiles) -> Iterator[None]:
    """Hold this work tree's lock; it goes with the process, however that ends.

    Raises Busy after LOCK_SECONDS, StorageError where the lock cannot be made.
    """
    path = files.local / "session.lock"
    try:
        make_ignored(files.local)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        _wait_for(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def _wait_for(descriptor: int, path: Path) -> None:
    ends = time.monotonic() + LOCK_SECONDS
    while not try_lock(descriptor):
        if time.monotonic() > ends:
            raise Busy(f"another verdigris session command holds {path}; wait for it and try again")
        time.sleep(0.005)


def make_ignored(folder: Path) -> None:
    """Make a folder that git ignores. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")


def _unreadable(path: Path, error: OSError) -> StorageError:
    return StorageError(f"cannot read {path} ({error.strerror}); make it readable, or move it away")


def _unwritable(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"cannot write {path} ({error.strerror}); make its folder writable, or keep session logs "
        "elsewhere: VERDIGRIS_SESSIONS_DIR=FOLDER"
    )
