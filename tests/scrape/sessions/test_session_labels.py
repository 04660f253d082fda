"""Headings and labels are known in every spelling."""

from __future__ import annotations

import pytest

from verdigris.records import Event, SourceFile
from verdigris.scrape.sessions.events import parse_session


def block(body: str) -> list[Event]:
    """Events of an update block with this body, without the head's."""
    text = f"# Session: T\n\n## Activity Log\n### 10:00 - Update\n{body}"
    return parse_session(SourceFile("sessions/20260314-091500.md", text, "v1"))[2:]


@pytest.mark.parametrize(
    "body",
    [
        "**Challenges:**\n- **Challenge**: murk\n- **Solution**: sun",
        "**Challenges:**\n- murk\n  → sun",
        "**Challenges:**\n- murk\n→ sun",
        "**Challenges:**\n- murk\n- → sun",
        "**Challenges & Solutions**\n1. murk\n\n   Solution: sun",
        "**Problem**: murk\n**Solution**: sun",
        "**Problem**: murk\n\n**Fix:** sun",
        "- Challenge: murk\n- Solution: sun",
        "#### Challenges faced\n- Problem: murk\nSolution: sun",
    ],
)
def test_every_spelling_of_a_solution_joins_its_challenge(body: str) -> None:
    (event,) = block(body)
    assert event.kind == "session.challenge"
    assert "murk" in event.text
    assert "sun" in event.text


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("**Work completed during this period:**", "work"),
        ("**work COMPLETED**", "work"),
        ("**Major Accomplishments**:", "work"),
        ("**✅ Completed:**", "work"),
        ("Work completed:", "work"),
        ("#### Implementation", "work"),
        ("**Key Decisions & Reasoning:**", "decision"),
        ("**Architecture Decision** (final):", "decision"),
        ("Key decisions:", "decision"),
        ("**Challenges faced and solutions**:", "challenge"),
        ("**Problems:**", "challenge"),
        ("**Lessons Learned:**", "pattern"),
        ("**2. Key Insights**", "pattern"),
        ("**Next Steps:**", "text"),
        ("**Implementation plan:**", "text"),
        ("**Discussion context:**", "text"),
        ("**Moonlight:**", "text"),
        ("**Status:**", "update"),
        ("**Git Activity:**", "update"),
    ],
)
def test_labels_are_known_in_every_spelling(label: str, kind: str) -> None:
    for body in (f"{label}\n- reeds grow\n", f"\n{label}\n\nReeds grow.\n"):
        (event,) = block(body)
        assert event.kind == f"session.{kind}"
        assert label in event.text


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("- **Decision**: shells", "decision"),
        ("1. [x] Key insight: frogs", "pattern"),
        ("- Lessons: none", "pattern"),
        ("- decisions were made", "update"),
        ("A bold **word** is: no label", "update"),
        ("**This sentence is all bold, long enough and no label of anything at all**", "update"),
        ("**Stop!**", "update"),
    ],
)
def test_a_line_may_say_itself_what_it_is(line: str, kind: str) -> None:
    (event,) = block(line)
    assert event.kind == f"session.{kind}"


@pytest.mark.parametrize(
    ("title", "kind", "shown"),
    [
        ("10:30 - Note", "note", "10:30 Note"),
        ("10:30 — note [fen@abcdef1]", "note", "10:30 note"),
        ("10:30:15 Update (covering since 10:00)", "update", "10:30 Update"),
        ("10:30 - Decision: Use shells", "decision", "10:30 Decision: Use shells"),
        ("10:30 - Implementation: pebbles", "work", "10:30 Implementation: pebbles"),
        ("10:30 - 11:45 - Reality Check", "text", "10:30-11:45 Reality Check"),
        ("10:30-11:45 - Heron walk", "text", "10:30-11:45 Heron walk"),
        ("10:30", "text", "10:30"),
        ("10:30 - Session End (covering since 10:00)", "ended", "10:30 Session End"),
        ("Moonlight", "text", "Moonlight"),
    ],
)
def test_blocks_are_named_by_time_and_title(title: str, kind: str, shown: str) -> None:
    event = block(f"\n### {title}\nReeds.\n")[-1]
    assert (event.kind, event.heading) == (f"session.{kind}", f"T > {shown}")
