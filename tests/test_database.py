from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from verdigris.database import connect, migrate, remove_database, storage_errors, transaction
from verdigris.errors import Busy, CorruptDatabase, NewerDatabase, StorageError

ONE = "CREATE TABLE one (x INTEGER);\nCREATE TRIGGER t AFTER INSERT ON one BEGIN SELECT 1; END;\n"
TWO = "ALTER TABLE one ADD COLUMN y TEXT;\n"


def version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_migrations_run_once_and_in_order(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(connect(path)) as connection:
        migrate(connection, path, (ONE,))
        connection.execute("INSERT INTO one VALUES (1)")
        migrate(connection, path, (ONE, TWO))
        migrate(connection, path, (ONE, TWO))
        assert connection.execute("SELECT x, y FROM one").fetchall() == [(1, None)]
        assert version(connection) == 2


def test_a_failing_migration_leaves_the_version_before_it(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(connect(path)) as connection:
        broken = "CREATE TABLE two (x);\nCREATE TABLE two (x);\n"
        with pytest.raises(StorageError), storage_errors(path):
            migrate(connection, path, (ONE, broken))
        assert version(connection) == 1
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        assert tables.fetchall() == [("one",)]


def test_a_newer_database_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA user_version = 7")
        with pytest.raises(NewerDatabase, match=r"a\.db.*schema 7.*pip install --upgrade"):
            migrate(connection, path, (ONE,))


def test_threads_may_open_and_migrate_at_once(tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def run(path: Path) -> None:
        try:
            with closing(connect(path)) as connection, storage_errors(path):
                migrate(connection, path, (ONE, TWO))
        except BaseException as error:
            failures.append(error)

    for attempt in range(200):  # few of them meet
        path = tmp_path / f"{attempt}.db"
        threads = [threading.Thread(target=run, args=(path,)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    with closing(connect(tmp_path / "a.db")) as connection:
        connection.execute("CREATE TABLE one (x)")
        with pytest.raises(KeyboardInterrupt), transaction(connection):
            connection.execute("INSERT INTO one VALUES (1)")
            raise KeyboardInterrupt
        with transaction(connection):
            connection.execute("INSERT INTO one VALUES (2)")
        assert connection.execute("SELECT x FROM one").fetchall() == [(2,)]


def test_a_file_that_is_no_database_is_named_with_the_mending_command(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"this is text, not SQLite" * 100)
    with pytest.raises(CorruptDatabase, match=r"a\.db is damaged.*doctor --fix"):
        connect(path)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="VERDIGRIS_LOCAL_DIR"):
        connect(tmp_path / "file" / "a.db")


def test_a_folder_in_the_place_of_the_database(tmp_path: Path) -> None:
    (tmp_path / "a.db").mkdir()
    with pytest.raises(StorageError, match="cannot write"):
        connect(tmp_path / "a.db")


def test_a_locked_database_is_busy(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(connect(path)) as one, closing(connect(path)) as other:
        other.execute("PRAGMA busy_timeout = 10")
        refused = pytest.raises(Busy, match="another process")
        with transaction(one), refused, storage_errors(path), transaction(other):
            pytest.fail("two writers at once")


def test_a_full_disk_says_so_and_keeps_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(connect(path)) as connection:
        connection.execute("CREATE TABLE one (x)")
        connection.execute("INSERT INTO one VALUES ('kept')")
        connection.execute("PRAGMA max_page_count = 4")
        refused = pytest.raises(StorageError, match="no space left")
        with refused, storage_errors(path), transaction(connection):
            connection.execute("INSERT INTO one VALUES (zeroblob(100000))")
        assert connection.execute("SELECT x FROM one").fetchall() == [("kept",)]


def test_removing_takes_the_journals_too(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(connect(path)) as connection:
        connection.execute("CREATE TABLE one (x)")
        assert (tmp_path / "a.db-wal").exists()
    (tmp_path / "a.db-wal").write_bytes(b"stale")
    remove_database(path)
    assert list(tmp_path.iterdir()) == []
    remove_database(path)
