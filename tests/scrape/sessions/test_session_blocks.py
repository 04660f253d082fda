"""The lines of a log are cut where a reader would cut them."""

from __future__ import annotations

from verdigris.records import Event, SourceFile
from verdigris.scrape.sessions.events import parse_session


def block(body: str) -> list[Event]:
    """Events of an update block with this body, without the head's."""
    text = f"# Session: T\n\n## Activity Log\n### 10:00 - Update\n{body}"
    return parse_session(SourceFile("sessions/20260314-091500.md", text, "v1"))[2:]


def test_code_inside_an_item_belongs_to_it() -> None:
    first, second = block("- run\n  ```sh\nls\n\n- no item\n  ```\n  done\n- next\n")
    assert "- no item" in first.text
    assert first.text.endswith("done")
    assert second.text == "- next"


def test_items_of_an_indented_list_are_told_apart_and_paragraphs_too() -> None:
    assert [e.text for e in block("  - a\n  - b\n    c\n")][1:] == ["  - b\n    c"]
    assert [e.text for e in block("One\ntwo.\n\nThree.\n> four\n- five\n")][1:] == [
        "Three.\n> four",
        "- five",
    ]


def test_a_lead_in_above_a_list_names_its_items_and_ends_with_them() -> None:
    one, two, rest = block("Tools used:\n- knife\n- rope\n\nThen rain came.\n")
    assert [one.heading, two.heading] == ["T > 10:00 Update > Tools used"] * 2
    assert (rest.heading, rest.kind) == ("T > 10:00 Update", "session.update")


def test_a_label_with_a_value_speaks_for_the_list_beneath_it() -> None:
    decision, reason, rest = block("**Decision**: shells\n- they float\n\nRain.\n")
    assert (decision.kind, decision.text.splitlines()[-1]) == (
        "session.decision",
        "**Decision**: shells",
    )
    assert (reason.kind, reason.heading) == ("session.decision", "T > 10:00 Update > Decision")
    assert rest.kind == "session.update"


def test_only_line_ends_end_a_line() -> None:
    (event,) = block("a\x0cb\u2028c\x85d")
    assert str(event.lines) == "3-5"
