from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from verdigris.errors import CorruptDatabase, NewerDatabase
from verdigris.event_log import SHARED, CursorChange, EventLog
from verdigris.records import (
    DOCUMENT_GONE,
    DOCUMENT_SEEN,
    Call,
    Event,
    Lines,
    SeenDetails,
    SymbolDetails,
)

FILES = "files"


def version_of(document: str, version: str, text: str, time: str = "") -> list[Event]:
    """A document with one content event."""
    seen = Event(DOCUMENT_SEEN, document, version, time=time, details=SeenDetails("doc", "A title"))
    return [seen, Event("doc.section", document, version, text, Lines(1, 2), "Head", time)]


def markers(log: EventLog) -> list[tuple[str, str, str]]:
    return [(m.event.kind, m.event.document, m.event.version) for m in log.markers()]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    with closing(EventLog(tmp_path / "log.db")) as one:
        yield one


def test_what_was_appended_comes_back_whole(log: EventLog) -> None:
    seen = Event(DOCUMENT_SEEN, "a.py", "1", details=SeenDetails("code", "ünï"))
    symbol = Event(
        "code.symbol", "a.py", "1", "def f(): …\0", Lines(3, 9), "C.f", "2026-01-01T00:00:00Z",
        "20260101-000000", "main", "abc", SymbolDetails("C.f", "method", calls=(Call("g", 4),)),
    )  # fmt: skip
    assert log.append([seen, symbol], CursorChange(FILES, {"a.py": "1"})) == 2
    assert [marker.event for marker in log.markers()] == [seen]
    assert log.content("a.py", "1") == [symbol]
    assert log.cursor(FILES) == {"a.py": "1"}
    assert log.counts() == {DOCUMENT_SEEN: 1, "code.symbol": 1}
    assert log.check() == "ok"


def test_appending_again_adds_nothing(log: EventLog) -> None:
    events = version_of("a.md", "1", "text")
    assert log.append(events, CursorChange(FILES, {})) == 2
    position = log.position()
    assert log.append(events, CursorChange(FILES, {})) == 0
    assert log.position() == position


def test_a_file_touched_or_reverted_has_its_content_once(log: EventLog) -> None:
    for number, (version, text) in enumerate([("A", "one"), ("B", "two"), ("A", "one")]):
        events = version_of("a.md", version, text, time=f"2026-01-0{number + 1}T00:00:00Z")
        log.append(events, CursorChange(FILES, {}))
    assert [version for _, _, version in markers(log)] == ["A", "B", "A"]
    assert [event.text for event in log.content("a.md", "A")] == ["one"]


def test_gone_and_back(log: EventLog) -> None:
    gone = Event(DOCUMENT_GONE, "a.md", "")
    for events in (version_of("a.md", "A", "x"), [gone], [gone], version_of("a.md", "A", "x")):
        log.append(events, CursorChange(FILES, {}))
    assert [kind for kind, _, _ in markers(log)] == [DOCUMENT_SEEN, DOCUMENT_GONE, DOCUMENT_SEEN]


def test_ids_come_from_content_not_from_the_log(tmp_path: Path) -> None:
    ids = []
    for name in ("one.db", "two.db"):
        with closing(EventLog(tmp_path / name)) as log:
            log.append(version_of("a.md", "1", "text"), CursorChange(FILES, {}))
            ids.append([log.event_id(seq) for seq in (1, 2)])
    assert ids[0] == ids[1]
    assert len({*ids[0]}) == 2
    with closing(EventLog(tmp_path / "three.db")) as log:
        log.append(version_of("a.md", "1", "other text"), CursorChange(FILES, {}))
        assert log.event_id(1) == ids[0][0]
        assert log.event_id(2) != ids[0][1]
        assert log.event_id(99) == ""


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET text = 'forged'",
        "UPDATE OR REPLACE events SET seq = 2 WHERE seq = 1",
        "DELETE FROM events",
        "DELETE FROM events WHERE seq = 1",
        "REPLACE INTO events SELECT 1, x'00', kind, marker, worktree, document, version, time, "
        "session, branch, commit_sha, line_start, line_end, heading, 'forged', details, recorded "
        "FROM events WHERE seq = 1",
    ],
)
def test_history_cannot_be_changed_through_any_connection(log: EventLog, statement: str) -> None:
    log.append(version_of("a.md", "1", "text"), CursorChange(FILES, {}))
    with closing(sqlite3.connect(log.path)) as foreign:
        before = foreign.execute("SELECT * FROM events ORDER BY seq").fetchall()
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            foreign.execute(statement)
        foreign.rollback()
        assert foreign.execute("SELECT * FROM events ORDER BY seq").fetchall() == before


def test_replacing_an_event_by_its_id_changes_nothing(log: EventLog) -> None:
    log.append(version_of("a.md", "1", "text"), CursorChange(FILES, {}))
    with closing(sqlite3.connect(log.path)) as foreign:
        before = foreign.execute("SELECT * FROM events ORDER BY seq").fetchall()
        foreign.execute(
            "REPLACE INTO events SELECT NULL, id, kind, marker, worktree, document, version, "
            "time, session, branch, commit_sha, line_start, line_end, heading, 'forged', details, "
            "recorded FROM events WHERE seq = 1"
        )
        foreign.commit()
        assert foreign.execute("SELECT * FROM events ORDER BY seq").fetchall() == before


def test_events_and_cursor_stand_or_fall_together(log: EventLog) -> None:
    def failing() -> Iterator[Event]:
        yield from version_of("a.md", "1", "text")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        log.append(failing(), CursorChange(FILES, {"a.md": "1"}))
    assert (log.position(), log.cursor(FILES)) == (0, {})
    log.append(version_of("a.md", "1", "text"), CursorChange(FILES, {"a.md": "1"}))
    assert (log.position(), log.cursor(FILES)) == (2, {"a.md": "1"})


def _append_for_ever(path: Path) -> None:
    with closing(EventLog(path)) as log:
        number = 0
        while True:
            name = f"{number}.md"
            log.append(version_of(name, "1", "text"), CursorChange(FILES, {name: "1"}))
            number += 1


def test_killed_at_any_moment_neither_or_both_are_there(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    context = multiprocessing.get_context("spawn")
    for wait in (0.0, 0.013, 0.031):
        process = context.Process(target=_append_for_ever, args=(path,))
        process.start()
        journal = tmp_path / "log.db-wal"
        while not journal.exists() or journal.stat().st_size < 100_000:
            time.sleep(0.005)
        time.sleep(wait)
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        with closing(EventLog(path)) as log:
            assert log.check() == "ok"
            documents = log.documents()
            assert sorted(log.cursor(FILES)) == sorted(documents)
            assert log.position() == 2 * len(documents)


def test_readers_read_while_another_connection_writes(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with closing(EventLog(path)) as writer, closing(EventLog(path)) as reader:
        writer.append(version_of("a.md", "1", "x"), CursorChange(FILES, {}))

        def slowly() -> Iterator[Event]:
            for event in version_of("b.md", "1", "y"):
                assert reader.documents() == ["a.md"]
                yield event

        writer.append(slowly(), CursorChange(FILES, {}))
        assert sorted(reader.documents()) == ["a.md", "b.md"]


def test_work_trees_share_content_and_keep_their_own_markers_and_cursors(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with closing(EventLog(path)) as main, closing(EventLog(path, "linked")) as linked:
        main.append(version_of("a.md", "1", "x"), CursorChange(FILES, {"a.md": "1"}))
        main.append(version_of("commit:1", "1", "m"), CursorChange("git", {"p": "1"}), SHARED)
        added = linked.append(version_of("a.md", "1", "x"), CursorChange(FILES, {"a.md": "1"}))
        linked.append([Event(DOCUMENT_GONE, "a.md", "")], CursorChange(FILES, {}, ("a.md",)))
        assert added == 1
        assert [kind for kind, name, _ in markers(main) if name == "a.md"] == [DOCUMENT_SEEN]
        assert markers(linked)[-1][0] == DOCUMENT_GONE
        assert (main.cursor(FILES), linked.cursor(FILES)) == ({"a.md": "1"}, {})
        assert linked.cursor("git", SHARED) == {"p": "1"}
        assert linked.documents(SHARED) == ["commit:1"]
        assert len(main.content("a.md", "1")) == 1


def test_markers_after_a_position(log: EventLog) -> None:
    log.append(version_of("a.md", "1", "x"), CursorChange(FILES, {}))
    position = log.position()
    log.append(version_of("b.md", "1", "x"), CursorChange(FILES, {}))
    assert [marker.event.document for marker in log.markers(after=position)] == ["b.md"]


def test_a_log_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    EventLog(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(NewerDatabase, match="newer verdigris"):
        EventLog(path)


def test_details_that_are_no_details_are_reported_as_damage(log: EventLog) -> None:
    with closing(sqlite3.connect(log.path)) as foreign:
        foreign.execute(
            "INSERT INTO events VALUES (1, x'01', 'document.seen', 1, '.', 'a', '1', '', '', '', "
            "'', NULL, NULL, '', '', '{\"kind\": 7', '')"
        )
        foreign.commit()
    with pytest.raises(CorruptDatabase, match="doctor --fix"):
        list(log.markers())
