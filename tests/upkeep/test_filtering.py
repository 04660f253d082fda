from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from verdigris.errors import QueryError
from verdigris.knowledge_base import KnowledgeBase
from verdigris.upkeep.filtering import parse_time

if TYPE_CHECKING:
    from tests.conftest import GitFolder


@pytest.fixture(autouse=True)
def _local_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two hours east of Greenwich, whatever the machine's zone."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "EET-2")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2025-08-31", "2025-08-30T22:00:00Z"),
        ("2025-08-31T14:00", "2025-08-31T12:00:00Z"),
        (" 2025-08-31T14:00Z ", "2025-08-31T14:00:00Z"),
        ("2025-08-31T14:00:00-05:00", "2025-08-31T19:00:00Z"),
    ],
)
def test_dates_are_local_unless_they_name_a_zone(text: str, utc: str) -> None:
    assert parse_time(text) == utc


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("3 days ago", timedelta(days=3)),
        ("2 weeks", timedelta(days=14)),
        ("1 hour ago", timedelta(hours=1)),
    ],
)
def test_times_ago(text: str, ago: timedelta) -> None:
    found = datetime.fromisoformat(parse_time(text))
    assert abs(datetime.now(UTC) - ago - found) < timedelta(seconds=5)


def test_yesterday_is_the_day_before_today() -> None:
    today = datetime.fromisoformat(parse_time("today"))
    assert today - datetime.fromisoformat(parse_time("Yesterday")) == timedelta(days=1)


@pytest.mark.parametrize("text", ["soon", "2025-13-01", "0001-01-01T00:00+23:00", "20250831-1"])
def test_what_is_no_time_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_time(text)
    assert "\n" not in str(caught.value)


def test_before_a_session_means_before_its_start(small_git: GitFolder) -> None:
    head = "# Session: Tea\n\n**ID**: 20260101-100000\n**Started**: 2026-01-01T10:00:00Z\n"
    small_git.write(".verdigris/sessions/20260101-100000.md", head + "\n## Goals\n\n- [ ] Brew\n")
    with KnowledgeBase(small_git.root) as knowledge_base:
        knowledge_base.refresh()
        known = knowledge_base.filters(before="20260101-100000")
        assert (known.before, known.before_session) == ("2026-01-01T10:00:00Z", "20260101-100000")
        unknown = knowledge_base.filters(before="20260102-100000")
        assert unknown.before == "2026-01-02T08:00:00Z"
        with pytest.raises(QueryError, match="unknown kind 'recipe'"):
            knowledge_base.filters(kinds=["recipe"])
        with pytest.raises(QueryError, match="neither a session id nor a time"):
            knowledge_base.filters(before="20269999-100000")
