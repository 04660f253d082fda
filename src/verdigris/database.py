"""Opening SQLite files: WAL, schema versions, errors that name the file and what mends it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from verdigris.errors import Busy, CorruptDatabase, NewerDatabase, StorageError

BUSY_SECONDS = 30.0
_RETRY_SECONDS = 0.005

_DAMAGE = (
    "malformed", "no such table", "no such column", "decode", "corrupt", "constructor failed",
)  # fmt: skip
"""What an OperationalError says where the file's contents, not its surroundings, are wrong."""

_LONGEST_REASON = 120


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors about `path` into one-line StorageErrors."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise _operational(path, error) from error
    except sqlite3.ProgrammingError:
        raise
    except sqlite3.DatabaseError as error:  # also a violated constraint: no statement of ours does
        raise damaged(path, error) from error
    except UnicodeDecodeError as error:  # names and messages in a damaged file
        raise damaged(path, error.reason) from error
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}; run: verdigris doctor") from error


def damaged(path: Path, reason: object) -> CorruptDatabase:
    """The error about a file whose contents cannot be."""
    told = " ".join(str(reason).split())[:_LONGEST_REASON]  # it may quote what the file holds
    return CorruptDatabase(f"{path} is damaged ({told}); run: verdigris doctor --fix")


def _operational(path: Path, error: sqlite3.OperationalError) -> StorageError:
    text = str(error)
    if "locked" in text or "busy" in text:
        return Busy(f"{path} is in use by another process; try again when it has finished")
    if "full" in text:
        return StorageError(f"no space left for {path}; free some and run the same command again")
    if "readonly" in text or "unable to open" in text:
        return StorageError(
            f"cannot write {path}; make its folder writable, or name another one: "
            "VERDIGRIS_LOCAL_DIR=FOLDER"
        )
    if any(sign in text for sign in _DAMAGE):
        return damaged(path, text)
    return StorageError(f"{path}: {text}; run: verdigris doctor")


def connect(path: Path) -> sqlite3.Connection:
    """A connection in WAL mode, in autocommit: transactions are opened by `transaction`.

    It may pass between threads, one at a time. Raises StorageError.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"cannot create {path.parent} ({error.strerror}); make its folder writable, "
            "or name another one: VERDIGRIS_LOCAL_DIR=FOLDER"
        ) from error
    with storage_errors(path):
        connection = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            _turn_to_wal(connection)
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA recursive_triggers = ON")
            connection.execute("PRAGMA cache_size = -8000")
        except BaseException:
            connection.close()
            raise
        return connection


def _turn_to_wal(connection: sqlite3.Connection) -> None:
    """Turn WAL mode on, also while another process does, or closes the file as the last one.

    SQLite waits for neither: one opening of five hundred that six threads made at once failed.
    """
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
        time.sleep(_RETRY_SECONDS)


def connect_migrated(path: Path, migrations: Sequence[str]) -> sqlite3.Connection:
    """As `connect`, with the schema up to date. Raises StorageError, NewerDatabase."""
    connection = connect(path)
    try:
        with storage_errors(path):
            migrate(connection, path, migrations)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """One write transaction: all of it, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # what went wrong first is what is told
            connection.rollback()
        raise


def migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[str]) -> None:
    """Bring the schema up to date; `migrations[i]` is the script from version i to i + 1.

    Raises NewerDatabase when the file was written by a later verdigris.
    """
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(migrations):
        raise NewerDatabase(
            f"{path} was written by a newer verdigris (schema {version}, this one knows "
            f"{len(migrations)}); run: pip install --upgrade verdigris"
        )
    for number in range(version, len(migrations)):
        with transaction(connection):
            if connection.execute("PRAGMA user_version").fetchone()[0] > number:
                continue
            for statement in _statements(migrations[number]):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def quick_check(connection: sqlite3.Connection) -> str:
    """SQLite's own integrity check: 'ok', or what is wrong."""
    try:
        return str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.DatabaseError as error:
        return str(error)


def remove_database(path: Path) -> None:
    """Delete a SQLite file with its journals. Raises StorageError."""
    with storage_errors(path):
        for file in database_files(path):
            file.unlink(missing_ok=True)


def database_files(path: Path) -> tuple[Path, ...]:
    """A SQLite file and the journals that belong to it."""
    return tuple(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm", ""))
