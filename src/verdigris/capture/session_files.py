"""Where session logs lie, which one is open in this work tree, and how both are changed safely."""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from verdigris.capture.file_replacing import replace_file
from verdigris.capture.work_tree import WorkTree, is_ignored, path_within
from verdigris.errors import Busy, SessionError, StorageError
from verdigris.file_lock import lock_file
from verdigris.named_tuple import NamedTuple

LOCK_SECONDS = 10.0
_STATE_FOLDER = ".verdigris"
_USUAL_FOLDERS = ("layer/sessions", "docs/sessions", "sessions")
"""Looked into even where git ignores them."""
_FOREIGN_PARTS = frozenset({"test", "tests", "testdata", "fixtures", "vendor", "node_modules"})


class SessionFiles(NamedTuple):
    """What a work tree keeps for itself: never shared with another, never in git."""

    root: str

    @property
    def local(self) -> str:
        """Where the work tree keeps what git ignores."""
        return os.path.join(self.root, _STATE_FOLDER, "local")

    @property
    def state(self) -> str:
        """Holds the path of the open session's log and who opened it; missing when none is."""
        return os.path.join(self.local, "active-session")


def locate_logs(root: str, configured: str, tracked: Callable[[], Sequence[str]]) -> str:
    """The folder for logs: the configured one, else where logs lie, else `.verdigris/sessions`.

    configured: relative to the root; '' if not set; tracked: lists tracked paths that look like
    logs, where it comes to that.
    """
    if configured:
        return os.path.normpath(os.path.join(root, os.path.expanduser(configured)))
    own = own_folder(root)
    if log_paths(own):
        return own
    paths = [path.rpartition("/") for path in tracked()]
    counts = Counter(
        folder
        for folder, _, name in paths
        if _is_log(name) and not _FOREIGN_PARTS.intersection(folder.split("/"))
    )
    if counts:
        return os.path.normpath(os.path.join(root, counts.most_common(1)[0][0]))
    usual = (os.path.normpath(os.path.join(root, name)) for name in _USUAL_FOLDERS)
    return next(filter(log_paths, usual), own)


def own_folder(root: str) -> str:
    """Where logs are kept unless somebody chose another folder."""
    return os.path.join(root, _STATE_FOLDER, "sessions")


def why_unread(tree: WorkTree, log: str) -> tuple[str, ...]:
    """Why nobody will find what stands in a log; nothing where scrape reads it."""
    folder = os.path.dirname(log)
    if folder == own_folder(tree.root):
        return ()
    if path_within(tree.root, log) is None:
        return (f"scry does not find what stands outside of the repository: {folder}",)
    if is_ignored(tree, log):
        return (f"scry does not find what stands in {folder}, which git ignores",)
    return ()


def log_paths(folder: str) -> list[str]:
    """The logs of a folder, oldest first."""
    try:
        names = sorted(filter(_is_log, os.listdir(folder)))
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [os.path.join(folder, name) for name in names]


def _is_log(name: str) -> bool:
    """Ours begin with day and time; scrape takes any name that begins with a day."""
    return name[:8].isdecimal() and name[8:9] == "-" and len(name) > 12 and name.endswith(".md")


def log_name(log: str) -> str:
    """A log's name without its ending: the id by which `show` and `resume` find it."""
    return os.path.basename(log).removesuffix(".md")


def open_log(files: SessionFiles) -> str | None:
    """The log of the session that is open in this work tree, None if there is none.

    Raises StorageError where the file that tells cannot be read.
    """
    written = _state(files)[0]
    return os.path.normpath(os.path.join(files.root, written)) if written else None


def opened_by(files: SessionFiles) -> str:
    """Which agent's session opened the session; '' where a person or a command did."""
    return _state(files)[1]


def _state(files: SessionFiles) -> tuple[str, str]:
    try:
        path, _, owner = _read(files.state).strip().partition("\n")
    except (FileNotFoundError, NotADirectoryError):
        return "", ""
    except OSError as error:
        raise _unreadable(files.state, error) from error
    return path, owner


def set_open_log(files: SessionFiles, log: str, owner: str = "") -> None:
    """Remember which session is open, and who opened it. Raises StorageError."""
    write_text(files.state, f"{path_within(files.root, log) or log}\n{owner}".rstrip("\n"))


def forget_open_log(files: SessionFiles) -> None:
    """No session is open any more. Raises StorageError."""
    try:
        os.unlink(files.state)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise _unwritable(files.state, error) from error


def read_text(log: str) -> str:
    """A log as it is now, line ends kept; bytes that are no UTF-8 survive writing it back.

    Raises SessionError where it is gone, StorageError where it cannot be read.
    """
    try:
        return _read(log)
    except FileNotFoundError as error:
        raise SessionError(
            f"the log of the open session is gone: {log}; bring it back, "
            'or begin anew: verdigris session start --archive "TITLE"'
        ) from error
    except OSError as error:
        raise _unreadable(log, error) from error


def _read(file: str) -> str:
    with open(file, "rb") as stream:
        return stream.read().decode("utf-8", "surrogateescape")


def change_text(log: str, change: Callable[[str], str]) -> None:
    """Replace a log by what `change` makes of it; begin anew where somebody saves it meanwhile.

    To be called under the lock. Raises as `read_text` and `write_text`.
    """
    while not _replaced(log, change(before := read_text(log)), _encoded(before)):
        pass


def write_text(file: str, text: str) -> None:
    """Replace a file whole or not at all; a link stays a link. Raises StorageError.

    To be called under the lock.
    """
    _replaced(file, text)


def _replaced(file: str, text: str, instead_of: bytes | None = None) -> bool:
    """Whether it was; what killed processes left of their writing goes, too."""
    try:
        written = replace_file(file, _encoded(text), instead_of)
        folder, name = os.path.split(written or file)
        for left in os.listdir(folder):
            if left.startswith(f".{name}.") and left.endswith(".tmp"):
                os.unlink(os.path.join(folder, left))
    except OSError as error:
        raise _unwritable(file, error) from error
    return written is not None


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def reserve_log(log: str) -> bool:
    """Make an empty log; False where it is there: two work trees may share a folder of logs.

    Raises StorageError.
    """
    try:
        os.makedirs(os.path.dirname(log), exist_ok=True)
    except OSError as error:
        raise _unwritable(log, error) from error
    try:
        open(log, "xb").close()
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
    path = os.path.join(files.local, "session.lock")
    try:
        make_ignored(files.local)
        descriptor = lock_file(path, LOCK_SECONDS)
    except TimeoutError as error:
        raise Busy(
            f"another verdigris session command holds {path}; wait for it and try again"
        ) from error
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        yield
    finally:
        os.close(descriptor)


def make_ignored(folder: str | os.PathLike[str]) -> None:
    """Make a folder that git ignores. Raises OSError."""
    os.makedirs(folder, exist_ok=True)
    ignore = os.path.join(folder, ".gitignore")
    if not os.path.exists(ignore):
        with open(ignore, "wb") as stream:
            stream.write(b"*\n")


def _unreadable(path: str, error: OSError) -> StorageError:
    return StorageError(f"cannot read {path} ({error.strerror}); make it readable, or move it away")


def _unwritable(path: str, error: OSError) -> StorageError:
    if error.errno == errno.ENOSPC:
        return StorageError(f"no space left for {path}; free some and run the same command again")
    return StorageError(
        f"cannot write {path} ({error.strerror}); make its folder writable, or keep session logs "
        "elsewhere: VERDIGRIS_SESSIONS_DIR=FOLDER"
    )
