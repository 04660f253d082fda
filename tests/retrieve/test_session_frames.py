"""What every session log says alike stands behind what was done in the session."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.conftest import GitFolder

from verdigris.knowledge_base import KnowledgeBase

LOG = """# Session: bread oven
**ID**: 20250310-091500
**Git Branch**: oven

## Activity Log
### 09:15 - Session Start
Session initialized with goal: bread oven
Working on branch: oven

### 10:00 - Note
The oven is preheated for twenty minutes, since cold stone burns the crust.

### 11:00 - Update (covering since 09:15)

**Git Activity:**
- Commits this session: 2
- Files changed: 3

## Session Classification
- Work Type: feature
- Commits: 2
"""


@pytest.mark.parametrize(
    ("question", "shown"),
    [
        ("what happened in the session on the bread oven?", "cold stone"),
        ("what did the previous session do?", "cold stone"),
        ("session initialized with goal", "cold stone"),
        ("how many commits did the session have?", "Commits"),
        ("on which branch was the session?", "oven"),
    ],
)
def test_frames_are_shown_last_unless_they_are_asked_for(
    make_git: Callable[[str], GitFolder], question: str, shown: str
) -> None:
    folder = make_git("bakery")
    folder.write("sessions/20250310-091500.md", LOG)
    folder.commit("Write down")
    with KnowledgeBase(folder.root) as opened:
        opened.refresh()
        opened.embed()
        (first, *_) = opened.ask(question, opened.filters(("session",))).hits[0].passages
    assert shown in first.text
