"""Session logs in all their variants become events, and no line of them is lost."""

from __future__ import annotations

import random
import re
from collections import Counter

import pytest
from tests.scrape.sessions.heads import LEGACY_HEAD, MODERN_HEAD

from verdigris.records import DOCUMENT_SEEN, Event, SeenDetails, SourceFile
from verdigris.scrape.sessions.events import parse_session

PATH = "notes/sessions/20260314-091500.md"

LEGACY = f"""{LEGACY_HEAD}\
## Previous Session Context
The heron learned to stand on one leg.

**Key decisions**: it was the left leg.

## Goals
- [ ] count to three
- [x] count to one

## Activity Log
### 09:15 - Session Start
Session initialized with goal: count
Working on branch: marsh

### 10:40 - Update (covering since 09:15)

**Git Activity:**
- Commits this session: 3
- Files changed: 2

- Last commit: 5 minutes ago

**Work Completed:**
- Drew the reeds
  - in green
  - in brown
- Named the frogs

**Key decisions**:
1. Count frogs, not fish
   Why: fish hide

2. Use pebbles

**CHALLENGES FACED:**
- The water was murky
  - Solution: wait for the sun
- Challenge: frogs jump
- Solution: count twice

**Patterns observed:**
- Frogs come in pairs

**Weather report:**
- Rain

### 11:05 - Note [reed-bed@ABCDEF1]
The pebbles sank.

### 12:00 - Decision: Use shells
Shells float.

### 12:30-13:10 - Reality Check
| animal | legs |
|---|---|
| heron | 2 |

```python
### 12:31 - not a heading

legs = 2
```

## Session Classification
- Work Type: feature
- Commits: 3

Session Tags: a..b

## Beliefs Captured: 1
- [[frogs-come-in-pairs]]

## User Prompts (2)
1. count the frogs
2. Key decisions: count them again
"""

MODERN = f"""{MODERN_HEAD}\

## Goals
- [ ] count to four

## Activity Log
### 23:50 - Update (covering since session start)
Still counting.

### 00:20 - Note
Past midnight.
"""


def parse(text: str, path: str = PATH) -> list[Event]:
    return parse_session(SourceFile(path, text, "v1"))


def texts(events: list[Event], kind: str) -> list[str]:
    """The texts of one kind, without the heading and label lines above them."""
    found = (event.text for event in events if event.kind == f"session.{kind}")
    return [re.sub(r"^(?:(?:#.*|\*\*[^*\n]+\*\*:?|---)?\n)+", "", text) for text in found]


def containing(events: list[Event], words: str) -> Event:
    (event,) = [event for event in events if words in event.text]
    return event


def block(body: str) -> list[Event]:
    """Events of an update block with this body, without the head's."""
    return parse(f"# Session: T\n\n## Activity Log\n### 10:00 - Update\n{body}")[2:]


def assert_nothing_lost(text: str) -> None:
    lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"))
    events = parse(text)[1:]
    covered: Counter[int] = Counter()
    for event in events:
        assert event.lines is not None
        span = range(event.lines.start, event.lines.end + 1)
        covered.update(span)
        assert event.text == "\n".join(lines[number - 1] for number in span)
        assert event.text.strip()
    wrong = [n for n, line in enumerate(lines, 1) if line.strip() and covered[n] != 1]
    assert wrong == []


def test_the_first_event_opens_the_document_and_the_head_is_an_event_of_its_own() -> None:
    seen, started, *_ = parse(LEGACY)
    assert (seen.kind, seen.document, seen.version) == (DOCUMENT_SEEN, PATH, "v1")
    assert isinstance(seen.details, SeenDetails)
    assert (seen.details.kind, seen.details.title) == ("session", "Teach the heron to count")
    assert (seen.lines, seen.time) == (None, "2026-03-14T13:15:00Z")
    assert started.kind == "session.started"
    assert str(started.lines) == "1-8"
    assert str(parse(MODERN)[1].lines) == "1-15"


def test_each_block_becomes_an_event_of_its_kind() -> None:
    events = parse(LEGACY)
    assert texts(events, "goal") == ["- [ ] count to three", "- [x] count to one"]
    assert texts(events, "work") == [
        "- Drew the reeds\n  - in green\n  - in brown",
        "- Named the frogs",
    ]
    assert texts(events, "decision") == [
        "1. Count frogs, not fish\n   Why: fish hide",
        "2. Use pebbles",
        "Shells float.",
    ]
    assert texts(events, "note") == ["The pebbles sank."]
    assert texts(events, "pattern") == ["- Frogs come in pairs", "- [[frogs-come-in-pairs]]"]
    assert texts(events, "prompt") == ["1. count the frogs", "2. Key decisions: count them again"]
    assert "- Rain" in texts(events, "text")


def test_a_challenge_stays_with_its_solution() -> None:
    assert texts(parse(LEGACY), "challenge") == [
        "- The water was murky\n  - Solution: wait for the sun",
        "- Challenge: frogs jump\n- Solution: count twice",
    ]


def test_git_metrics_and_the_classification_are_one_event_each() -> None:
    events = parse(LEGACY)
    (metrics,) = texts(events, "update")
    assert metrics.startswith("- Commits this session: 3")
    assert metrics.endswith("- Last commit: 5 minutes ago")
    (ended,) = texts(events, "ended")
    assert ended.splitlines() == ["- Work Type: feature", "- Commits: 3", "", "Session Tags: a..b"]


def test_metrics_without_a_label_are_one_event_and_what_follows_is_not_part_of_it() -> None:
    metrics, rest = block("- Commits this session: 3\n- Files changed: 2\n- Fed the frogs\n")
    assert metrics.text.endswith("- Files changed: 2")
    assert rest.text == "- Fed the frogs"


def test_the_heading_is_the_way_down_from_the_title() -> None:
    events = parse(LEGACY)
    way = "Teach the heron to count > 10:40 Update"
    assert containing(events, "Use pebbles").heading == f"{way} > Key decisions"
    assert containing(events, "count to one").heading == "Teach the heron to count > Goals"
    text = "# Session: T\n## Summary\n### Reeds\n**Work:**\nTools:\n- knife\n\nThe rest.\n"
    assert containing(parse(text), "knife").heading == "T > Summary > Reeds > Work > Tools"
    assert containing(parse(text), "The rest").heading == "T > Summary > Reeds > Work"


def test_a_timed_block_ends_every_other_section() -> None:
    events = parse("# Session: T\n## Goals\n- [ ] a\n### 10:00 - Note\nReeds.\n")
    assert (events[-1].kind, events[-1].heading) == ("session.note", "T > 10:00 Note")


def test_labels_inside_the_previous_context_do_not_leave_it() -> None:
    assert texts(parse(LEGACY), "context") == [
        "The heron learned to stand on one leg.",
        "**Key decisions**: it was the left leg.",
    ]
    events = parse(
        "## Previous Session Context\n### Key decisions\n- a\n\n**Git Activity:**\n- b\n- c"
    )
    assert [event.kind for event in events[1:]] == ["session.context"] * 3


def test_prompts_may_be_timed() -> None:
    events = parse(
        "# Session: T\n## User Prompts (2)\n### 10:00\nFix it\n### 10:05 - Note\nAgain\n"
    )
    assert texts(events, "prompt") == ["Fix it", "Again"]


def test_tables_and_code_stay_whole() -> None:
    events = parse(LEGACY)
    assert containing(events, "| heron | 2 |").text.splitlines()[1:] == [
        "| animal | legs |",
        "|---|---|",
        "| heron | 2 |",
    ]
    assert containing(events, "legs = 2").text == (
        "```python\n### 12:31 - not a heading\n\nlegs = 2\n```"
    )


def test_an_unclosed_fence_does_not_swallow_the_blocks_after_it() -> None:
    events = parse("# Session: T\n### 10:00 - Note\n```\ncut off\n\n### 10:05 - Note\nReeds.\n")
    assert containing(events, "Reeds.").heading == "T > 10:05 Note"
    assert_nothing_lost("```\n" + "### 10:05 - Note\n```x\n" * 600)


def test_headings_with_nothing_beneath_are_events_of_their_own() -> None:
    empty, note = parse("# Session: T\n## Activity Log\n### 10:00 - Update\n### 10:05 - Note\nHi.")[
        2:
    ]
    assert (empty.kind, empty.text) == ("session.update", "## Activity Log\n### 10:00 - Update")
    assert note.text == "### 10:05 - Note\nHi."
    last = parse("# Session: T\n\n## Goals\n")[-1]
    assert (last.kind, last.text, last.heading) == ("session.goal", "## Goals", "T > Goals")


def test_a_thematic_break_belongs_to_what_it_closes() -> None:
    first, second = block("One.\n\n---\n\nTwo.\n")
    assert first.text.endswith("One.\n\n---")
    assert second.text == "Two."
    assert_nothing_lost("***\n\nOne.\n")


def test_block_times_are_utc() -> None:
    events = parse(LEGACY)
    assert containing(events, "Named the frogs").time == "2026-03-14T14:40:00Z"
    assert containing(events, "Shells float").time == "2026-03-14T16:00:00Z"
    assert containing(events, "| heron").time == "2026-03-14T16:30:00Z"
    assert containing(events, "count to one").time == "2026-03-14T13:15:00Z"
    assert {event.session for event in events} == {"20260314-091500"}


@pytest.mark.parametrize(
    ("heading", "time"),
    [
        ("2026-03-19 21:50 - Note", "2026-03-19T20:50:00Z"),
        ("2026-03-19T07:05 - Session Resumed [main@abcdef0]", "2026-03-19T06:05:00Z"),
        ("0001-01-01 21:50 - Note", "2026-03-15T20:50:00Z"),
        ("2026-02-31 21:50 - Note", "2026-03-15T20:50:00Z"),
    ],
)
def test_a_heading_may_tell_its_day(heading: str, time: str) -> None:
    log = (
        "---\ntype: session\nid: 20260315-214400\ncreated: 2026-03-15T20:44:00Z\n---\n\n"
        f"## Activity Log\n### 21:46 - Note\nFirst.\n\n### {heading}\nLater.\n\n"
        "### 23:00 - Note\nLast.\n"
    )
    events = parse(log)
    assert containing(events, "Later.").time == time
    assert containing(events, "Last.").time == f"{time[:10]}T22:00:00Z"


def test_the_date_rolls_over_midnight() -> None:
    events = parse(MODERN)
    assert containing(events, "Still counting").time == "2026-03-15T22:50:00Z"
    assert containing(events, "Past midnight").time == "2026-03-15T23:20:00Z"
    two_days = parse("### 20:00 - Note\na\n### 08:00 - Note\nb\n### 07:00 - Note\nc\n")
    assert [event.time for event in two_days[1:]] == [
        "2026-03-14T20:00:00Z",
        "2026-03-15T08:00:00Z",
        "2026-03-16T07:00:00Z",
    ]


def test_blocks_slightly_out_of_order_stay_on_their_day() -> None:
    events = parse("### 16:00 - Note\na\n### 15:45 - Note\nb\n### 16:05 - Note\nc\n")
    assert [event.time[11:16] for event in events[1:]] == ["16:00", "15:45", "16:05"]
    assert {event.time[:10] for event in events[1:]} == {"2026-03-14"}


def test_branch_and_commit_come_from_the_note_or_the_head() -> None:
    events = parse(LEGACY)
    start = "0123456789abcdef0123456789abcdef01234567"
    note = containing(events, "pebbles sank")
    assert (note.branch, note.commit) == ("reed-bed", "abcdef1")
    for words in ("Named the frogs", "Shells float"):
        event = containing(events, words)
        assert (event.branch, event.commit) == ("marsh", start)


def test_mojibake_is_repaired_in_texts_and_titles() -> None:
    seen, *_, last = parse("# Session: Frogs âœ…\n\n- ‚úÖ frogs donâ€™t lie\n")
    assert isinstance(seen.details, SeenDetails)
    assert seen.details.title == "Frogs ✅"
    assert last.text == "- ✅ frogs don’t lie"


def test_line_ends_and_byte_order_mark_change_nothing() -> None:
    assert parse("\ufeff" + LEGACY.replace("\n", "\r\n")) == parse(LEGACY)
    assert parse(LEGACY.replace("\n", "\r")) == parse(LEGACY)


def test_an_empty_log_is_seen_and_has_no_content() -> None:
    for text in ("", "\n \n\t\n", "\ufeff"):
        assert [event.kind for event in parse(text)] == [DOCUMENT_SEEN]


@pytest.mark.parametrize("log", [LEGACY, MODERN])
def test_a_log_cut_off_anywhere_loses_nothing(log: str) -> None:
    for end in range(0, len(log), 7):
        assert_nothing_lost(log[:end])


def test_no_log_however_jumbled_loses_a_line() -> None:
    chance = random.Random(20260314)
    lines = [*LEGACY.splitlines(), *MODERN.splitlines(), "---", "***", "\t- x", "   ", "#", "##x"]
    lines += ["~~~", "````", "| a", "**", "****", "**a**:", "x:", "-", "1.", "+ y", "→ z", "> q"]
    for _ in range(300):
        chosen = chance.choices(lines, k=chance.randrange(1, 60))
        indents = [chance.choice(("", "", "", "  ", "    ")) for _ in chosen]
        ends = chance.choice(("\n", "\r\n"))
        assert_nothing_lost(ends.join(map(str.__add__, indents, chosen)))


@pytest.mark.parametrize("prefix", ["", "# ", "### 10:00 - ", "- [ ] ", "**a", "**a**", "Solution"])
@pytest.mark.parametrize("filler", [" ", "#", "*", "-", "\t", "[", ":", "a ", "_ "])
def test_very_long_lines_are_read(prefix: str, filler: str) -> None:
    assert_nothing_lost(f"{prefix}{filler * 50_000}x\n")
