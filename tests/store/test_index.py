from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from verdigris.chunking import chunk_document
from verdigris.errors import CorruptDatabase
from verdigris.records import DOCUMENT_SEEN, Event, Lines, SeenDetails
from verdigris.store.index import Index


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with closing(Index(tmp_path / "index.db")) as one:
        yield one


def put(index: Index, name: str, *texts: str) -> None:
    """A document in the place of any earlier one of that name."""
    seen = Event(DOCUMENT_SEEN, name, "1", details=SeenDetails("doc", "Title"))
    content = [
        Event("doc.section", name, "1", text, Lines(line, line), f"Part {line}")
        for line, text in enumerate(texts, start=1)
    ]
    with index.transaction():
        index.remove_document(name)
        index.add_document(seen, chunk_document(seen, content))


def matches(index: Index, word: str) -> list[str]:
    rows = index.connection.execute(
        "SELECT text FROM passages JOIN chunks ON chunks.id = passages.rowid "
        "WHERE passages MATCH ? ORDER BY chunks.id",
        (word,),
    )
    return [row[0] for row in rows]


def test_a_document_is_found_until_it_is_removed(index: Index) -> None:
    put(index, "tea.md", "Steep the leaves.", "parseHTTPHeader is no tea.")
    assert matches(index, "leaves") == ["Steep the leaves."]
    assert matches(index, "header") == ["parseHTTPHeader is no tea."]
    assert (index.count("documents"), index.count("chunks")) == (1, 2)
    assert index.counts_by("kind") == {"doc": 1}
    with index.transaction():
        assert index.remove_document("tea.md")
        assert not index.remove_document("tea.md")
    assert matches(index, "leaves") == []
    assert (index.count("documents"), index.count("chunks")) == (0, 0)
    assert index.check() == "ok"


def test_a_failing_transaction_changes_nothing(index: Index) -> None:
    put(index, "tea.md", "one")
    with pytest.raises(KeyboardInterrupt), index.transaction():
        index.remove_document("tea.md")
        index.move_to(7, "id")
        raise KeyboardInterrupt
    assert matches(index, "one") == ["one"]
    assert (index.position, index.position_event) == (0, "")


def test_a_snapshot_does_not_move_while_others_write(index: Index) -> None:
    put(index, "tea.md", "one")
    with closing(Index(index.path)) as other, index.snapshot():
        assert index.count("documents") == 1
        put(other, "coffee.md", "two")
        assert index.count("documents") == 1
    assert index.count("documents") == 2


def test_an_index_of_another_schema_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    with closing(Index(path, "CREATE TABLE extra (x);\n")) as index:
        put(index, "tea.md", "one")
        with index.transaction():
            index.move_to(5, "id")
    with closing(Index(path, "CREATE TABLE extra (x);\n")) as index:
        assert index.position == 5
    with closing(Index(path, "CREATE TABLE other (x);\n")) as index:
        assert (index.position, index.count("documents")) == (0, 0)
        tables = index.connection.execute("SELECT name FROM sqlite_master").fetchall()
        assert ("extra",) not in tables
        assert ("other",) in tables


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("DELETE FROM passages WHERE rowid = 1", "chunks and passages do not match"),
        ("DELETE FROM chunks WHERE id = 2", "chunks and passages do not match"),
        ("DELETE FROM documents", "documents and whole_documents do not match"),
        ("UPDATE passages_content SET c1 = 'forged'", ""),
    ],
)
def test_an_index_that_contradicts_itself_is_not_ok(index: Index, damage: str, told: str) -> None:
    put(index, "tea.md", "one", "two")
    assert index.check() == "ok"
    index.connection.execute(damage)
    assert index.check() != "ok"
    assert told in index.check()


def test_a_position_that_is_none_is_damage(index: Index) -> None:
    with index.transaction():
        index.set_meta("position", "many")
    with pytest.raises(CorruptDatabase, match="position 'many'"):
        _ = index.position


def test_a_duplicate_document_is_reported_as_damage(index: Index) -> None:
    seen = Event(DOCUMENT_SEEN, "tea.md", "1", details=SeenDetails("doc"))
    with pytest.raises(CorruptDatabase, match="doctor --fix"), index.transaction():
        index.add_document(seen, [])
        index.add_document(seen, [])
    assert index.count("documents") == 0


def test_a_marker_without_details_is_a_mistake_of_the_caller(index: Index) -> None:
    with pytest.raises(TypeError, match=r"tea\.md"):
        index.add_document(Event(DOCUMENT_SEEN, "tea.md", "1"), [])


def test_a_file_that_is_no_index_is_named(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE meta (something INTEGER)")
    with pytest.raises(CorruptDatabase, match=r"index\.db is damaged"):
        Index(path)
    path.write_bytes(b"no database" * 999)
    with pytest.raises(CorruptDatabase, match=r"index\.db is damaged"):
        Index(path)
