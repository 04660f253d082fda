"""The head of a session log is read in all its variants."""

from __future__ import annotations

import pytest
from tests.scrape.sessions.heads import LEGACY_HEAD, MODERN_HEAD

from verdigris.records import Event, SeenDetails, SessionDetails, SourceFile
from verdigris.scrape.sessions.events import is_session_log, parse_session

PATH = "notes/sessions/20260314-091500.md"


def parse(text: str, path: str = PATH) -> list[Event]:
    return parse_session(SourceFile(path, text, "v1"))


def head(events: list[Event]) -> SessionDetails:
    details = events[0].details
    assert isinstance(details, SeenDetails)
    assert details.session is not None
    return details.session


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("sessions/20260314-091500.md", "", True),
        ("a/sessions/old/20260314-checkpoint.md", "no head", True),
        ("sessions/README.md", "# How to", False),
        ("sessions/20260314-091500.txt", "# Session: x", False),
        ("docs/20260314-091500.md", "# Plan", False),
        ("docs/any.md", "\ufeff\n# session: x", True),
        ("docs/any.md", "## Part\n# Session: x", False),
        ("docs/any.md", "# Session:", True),
        ("docs/any.md", "# Session", False),
        ("docs/any.md", "# Sessions: how they work", False),
        ("docs/any.md", MODERN_HEAD, True),
        ("docs/any.md", "---\r\ntype: 'session'\r\nbroken: [\r\n---\r\n", True),
        ("docs/any.md", "---\ntype: page\n---\ntype: session\n", False),
        ("docs/any.md", "---\ntype: session", True),
    ],
)
def test_a_log_is_known_by_its_place_or_its_head(path: str, text: str, expected: bool) -> None:
    assert is_session_log(path, text) is expected


def test_the_legacy_head_is_read() -> None:
    events = parse(LEGACY_HEAD)
    assert head(events) == SessionDetails(
        id="20260314-091500",
        title="Teach the heron to count",
        started="2026-03-14T13:15:00Z",
        llm="owl",
        branch="marsh",
        starting_commit="0123456789abcdef0123456789abcdef01234567",
        tag="session-20260314-091500-start",
    )


def test_front_matter_is_read_without_turning_a_commit_into_a_number() -> None:
    assert head(parse(MODERN_HEAD)) == SessionDetails(
        id="20260315-220000",
        title="Heron: the second day",
        started="2026-03-15T21:00:00Z",
        llm="owl",
        branch="lake",
        starting_commit="1234567",
        tag="session-20260315-220000-owl-start",
        status="active",
    )


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("**LLM:** owl", "llm", "owl"),
        ("**llm** : `owl`", "llm", "owl"),
        ("LLM: owl", "llm", "owl"),
        ("- **Branch**: fen", "branch", "fen"),
        ("**Current Commit**: abcdef1 (docs: fen)", "starting_commit", "abcdef1"),
        ("**Session ID**: 20260101-000000-x", "id", "20260101-000000-x"),
        ("**Start Tag:** session-x-start", "tag", "session-x-start"),
        ("**Started**: 2026-03-14 13:15:00 UTC", "started", "2026-03-14T13:15:00Z"),
        ("**Started**: 2026-03-14T15:15:00+02:00", "started", "2026-03-14T13:15:00Z"),
        ("**Start Timestamp**: 1773494100000", "started", "2026-03-14T13:15:00Z"),
        ("Initialized on: 2026-03-14T13:15:00.765658+00:00", "started", "2026-03-14T13:15:00Z"),
        ("**Started**: yesterday: at noon", "started", "2026-03-14T09:15:00Z"),
        ("**Started**: 9999-12-31T23:59:59Z", "started", "2026-03-14T09:15:00Z"),
        ("**Start Timestamp**: 99999999999999999999", "started", "2026-03-14T09:15:00Z"),
        ("**Starting Commit**: none", "starting_commit", ""),
    ],
)
def test_head_lines_are_read_in_every_spelling(line: str, field: str, value: str) -> None:
    events = parse(f"# Session: T\n\n{line}\n\nText.\n")
    assert getattr(head(events), field) == value
    assert [event.kind for event in events[1:]] == ["session.started", "session.text"]


@pytest.mark.parametrize(
    ("path", "text", "session_id", "title", "started"),
    [
        (PATH, "", "20260314-091500", "20260314-091500", "2026-03-14T09:15:00Z"),
        ("sessions/20260314-reeds.md", "Some text\n# Reeds\n", "20260314-reeds", "Reeds",
         "2026-03-14T00:00:00Z"),
        ("sessions/99999999-x.md", "# Session:\n", "99999999-x", "99999999-x", ""),
        ("x.md", "# Session: T\n**ID**: 20260314-091500\n", "20260314-091500", "T",
         "2026-03-14T09:15:00Z"),
    ],
)  # fmt: skip
def test_the_file_name_stands_in_for_a_missing_head(
    path: str, text: str, session_id: str, title: str, started: str
) -> None:
    details = head(parse(text, path))
    assert (details.id, details.title, details.started) == (session_id, title, started)


def test_broken_front_matter_is_read_line_by_line() -> None:
    text = (
        '---\ntype: session\nid: x-1\ntitle: "open\ngit:\n  branch: fen\n---\n## Goals\n- [ ] a\n'
    )
    events = parse(text)
    assert (head(events).id, head(events).branch) == ("x-1", "fen")
    assert [event.text for event in events[2:]] == ["## Goals\n- [ ] a"]


@pytest.mark.parametrize(
    "value",
    ["[" * 1500, '"\\UFFFFFFFF"', "*nobody", "&a {b: *a}", "{? [x] : y}", "!!python/none x"],
)
def test_hostile_front_matter_loses_nothing(value: str) -> None:
    text = f"---\ntype: session\nid: x-1\nodd: {value}\n---\nText.\n"
    events = parse(text)
    assert head(events).id == "x-1"
    assert "\n".join(event.text for event in events[1:]) == text.rstrip("\n")


def test_front_matter_that_is_never_closed_ends_at_the_first_blank_line_or_heading() -> None:
    for text in ("---\nid: x-1\n\n## Goals\n- [ ] a", "---\nid: x-1\n## Goals\n- [ ] a"):
        events = parse(text)
        assert head(events).id == "x-1"
        assert [event.kind for event in events[1:]] == ["session.started", "session.goal"]


def test_a_zone_is_deduced_only_from_a_possible_difference() -> None:
    nepal = "# Session: T\n**ID**: 20260314-190010\n**Started**: 2026-03-14T13:15:14Z\n"
    assert parse(nepal + "### 20:00 - Note\na\n")[-1].time == "2026-03-14T14:15:00Z"
    years_apart = "# Session: T\n**ID**: 20200101-000000\n**Started**: 2026-03-14T13:15:00Z\n"
    assert parse(years_apart + "### 14:00 - Note\na\n")[-1].time == "2026-03-14T14:00:00Z"


def test_without_any_date_the_times_are_unknown() -> None:
    events = parse("# Session: T\n### 10:00 - Note\na\n", "docs/log.md")
    assert {event.time for event in events} == {""}
