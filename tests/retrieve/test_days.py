"""Who names a day is shown what was done on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from tests.conftest import GitFolder

from verdigris.knowledge_base import KnowledgeBase
from verdigris.retrieve.days import days_meant

THURSDAY = date(2026, 1, 1)


@pytest.mark.parametrize(
    ("question", "days"),
    [
        ("what did I bake on 3 October 2025?", ["2025-10-03"]),
        ("what happened on Oct 3rd, 2025?", ["2025-10-03"]),
        ("who baked what on the 3rd of October?", ["????-10-03"]),
        ("what was baked in May?", ["????-05-??"]),
        ("what changed in September 2025?", ["2025-09-??"]),
        ("which bread of 2025-10-03 and 2025-10-04 was burnt?", ["2025-10-03", "2025-10-04"]),
        ("what did we bake yesterday?", ["2025-12-31"]),
        ("what did I do today?", ["2026-01-01"]),
        ("what did I do 10 days ago?", ["2025-12-22"]),
        ("what did I do last Tuesday?", ["2025-12-30"]),
        ("what did I do on thursday?", ["2025-12-25"]),
        ("what was baked last month?", ["2025-12-??"]),
        ("what was baked last week?", [f"2025-12-{day}" for day in range(22, 29)]),
        ("May I bake?", []),
        ("how may bread march on?", []),
        ("how is bread baked today?", []),
        ("why is the oven cold on Monday?", []),
        ("what does version 2025.10.03 bake?", []),
        ("Bake bread on 3 October 2025", []),
        ("what did we bake on 3 October 2025? " + "It was dark bread. " * 10, []),
    ],
)
def test_days_are_told_from_what_looks_like_them(question: str, days: list[str]) -> None:
    assert days_meant(question, THURSDAY) == days


LOG = """# Session: {title}
**ID**: {id}
**Started**: {started}

## Activity Log
### {clock} - Note
{said}
"""


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("what did I do on 3 October 2025?", {"logs/20251003-230000.md"}),
        ("what was done on 2025-10-05?", {"logs/20251005-090000.md", "commit"}),
        ("what did we do about the oven in October 2025?", {"logs/20251005-090000.md"}),
        ("what did I do on 7 October?", {"logs/20251003-230000.md"}),
    ],
)
def test_what_was_done_on_a_day_stands_first(
    make_git: Callable[[str], GitFolder],
    monkeypatch: pytest.MonkeyPatch,
    question: str,
    first: set[str],
) -> None:
    folder = make_git("bakery")
    folder.write("oven.md", "What I did about the oven: on 3 October I did what I did.\n")
    late = LOG.format(
        title="dough", id="20251003-230000", started="2025-10-04T04:00:00Z", clock="23:10",
        said="The dough rests for a night.\n\n### 2025-10-07 09:00 - Note\nIt rested too long.",
    )  # fmt: skip
    folder.write("logs/20251003-230000.md", late)
    early = LOG.format(
        title="heat", id="20251005-090000", started="2025-10-05T09:00:00Z", clock="09:10",
        said="The oven is preheated.",
    )  # fmt: skip
    folder.write("logs/20251005-090000.md", early)
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_DATE", "2025-10-05T12:00:00Z")
    folder.commit("Bake")
    with KnowledgeBase(folder.root) as opened:
        opened.refresh()
        hits = opened.ask(question).hits
    assert {hit.document.partition(":")[0] for hit in hits[: len(first)]} == first
