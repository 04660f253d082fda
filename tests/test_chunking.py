"""Chunks cover what was read, stay small, and say where they come from."""

from __future__ import annotations

import pytest

from verdigris.chunking import MAX_CHARACTERS, chunk_document
from verdigris.records import DOCUMENT_SEEN, Event, Lines, SeenDetails, SymbolDetails


def seen(kind: str = "code", title: str = "title", document: str = "src/a.py") -> Event:
    details = SeenDetails(kind=kind, title=title)  # type: ignore[arg-type]
    return Event(DOCUMENT_SEEN, document, "v1", time="2025-01-01T00:00:00Z", details=details)


def section(text: str, start: int = 1, heading: str = "Guide > Install") -> Event:
    lines = Lines(start, start + text.count("\n"))
    return Event("doc.section", "docs/a.md", "v1", text=text, lines=lines, heading=heading)


def test_a_short_event_is_one_chunk_with_path_and_heading_in_front() -> None:
    (chunk,) = chunk_document(seen("doc", document="docs/a.md"), [section("Use the package.")])
    assert chunk.text == "Use the package."
    assert chunk.embedded_text == "docs/a.md: Guide > Install\nUse the package."
    assert chunk.anchor.lines == Lines(1, 1)
    assert chunk.anchor.time == "2025-01-01T00:00:00Z"


def test_a_symbol_is_named_in_anchor_and_prefix() -> None:
    event = Event(
        "code.symbol", "src/a.py", "v1", text="def run(): ...", lines=Lines(3, 3),
        heading="Engine.run", details=SymbolDetails("Engine.run", "method"),
    )  # fmt: skip
    (chunk,) = chunk_document(seen(), [event])
    assert chunk.anchor.symbol == "Engine.run"
    assert chunk.embedded_text.startswith("src/a.py: Engine.run\n")


@pytest.mark.parametrize("kind", ["code", "doc", "session", "commit"])
def test_a_long_text_is_cut_into_small_chunks_that_lose_no_line(kind: str) -> None:
    lines = [f"line {number} of a long text" if number % 9 else "" for number in range(400)]
    chunks = chunk_document(seen(kind), [section("\n".join(lines), start=11)])
    assert len(chunks) > 5
    assert all(len(chunk.text) <= MAX_CHARACTERS[kind] for chunk in chunks)
    found = [line for chunk in chunks for line in chunk.text.splitlines() if line]
    assert found == [line for line in lines if line]


def test_the_lines_of_a_cut_chunk_are_those_of_its_text() -> None:
    lines = [f"statement_{number}(argument, another_argument)" for number in range(100)]
    for chunk in chunk_document(seen(), [section("\n".join(lines), start=51)]):
        span = chunk.anchor.lines
        assert span is not None
        assert lines[span.start - 51 : span.end - 50] == chunk.text.splitlines()


def test_one_endless_line_is_cut_at_spaces() -> None:
    chunks = chunk_document(seen("doc"), [section("word " * 2_000)])
    assert all(len(chunk.text) <= MAX_CHARACTERS["doc"] for chunk in chunks)
    assert sum(chunk.text.count("word") for chunk in chunks) == 2_000


def test_a_line_without_spaces_is_cut_all_the_same() -> None:
    chunks = chunk_document(seen("doc"), [section("x" * 10_000)])
    assert sum(len(chunk.text) for chunk in chunks) == 10_000


def test_punctuation_alone_makes_no_chunk_but_other_scripts_do() -> None:
    assert chunk_document(seen(), [section("}\n\n)")]) == []
    assert len(chunk_document(seen(), [section("如何安装")])) == 1


def test_equal_text_has_an_equal_hash_and_other_text_another() -> None:
    event = seen("doc", document="docs/a.md")
    one, two, three = chunk_document(event, [section("a b"), section("a b", 9), section("a c")])
    assert one.text_hash == two.text_hash != three.text_hash


def test_a_commit_message_stands_alone() -> None:
    event = Event("commit.message", "commit:abc", "abc", text="Fix the parser", commit="abc")
    (chunk,) = chunk_document(seen("commit", document="commit:abc"), [event])
    assert chunk.embedded_text == "Fix the parser"
    assert chunk.anchor.commit == "abc"


def test_a_document_without_details_is_refused() -> None:
    with pytest.raises(TypeError, match="SeenDetails"):
        chunk_document(Event(DOCUMENT_SEEN, "a", "v"), [])


def test_a_bare_heading_or_label_joins_what_it_names() -> None:
    chunks = chunk_document(
        seen("doc", document="docs/a.md"),
        [
            section("# Guide", start=1, heading="Guide"),
            section("(install)=", start=3, heading="Guide"),
            section("## Install\n\nUse the package.", start=5),
            section("## Empty", start=9),
        ],
    )
    assert [chunk.text for chunk in chunks] == [
        "# Guide\n\n(install)=\n\n## Install\n\nUse the package.",
        "## Empty",
    ]
    assert chunks[0].anchor.lines == Lines(1, 7)
    assert chunks[0].heading == "Guide > Install"


def test_a_heading_far_from_the_next_text_stays_alone() -> None:
    pieces = [section("# Guide", start=1), section("Some text of its own.", start=30)]
    assert len(chunk_document(seen("doc"), pieces)) == 2


def test_joining_titles_takes_no_time_on_text_that_nearly_is_one() -> None:
    text = "a " * 40 + "\n" + "- " * 120
    pieces = [section(text, start=number * 3 + 1) for number in range(50)]
    assert len(chunk_document(seen("doc"), pieces)) == 50


def test_blank_lines_around_a_passage_belong_to_neither_text_nor_lines() -> None:
    (chunk,) = chunk_document(seen(), [section("\n\ndef a(): ...\n\n", start=5)])
    assert (chunk.text, chunk.anchor.lines) == ("def a(): ...", Lines(7, 7))


def test_no_passage_is_longer_than_the_limit() -> None:
    lines = ["a" * 10, "", "b" * 780, "c" * 700, "d" * 5, "e " * 5_000, "f"]
    chunks = chunk_document(seen(), [section("\n".join(lines))])
    assert max(len(chunk.text) for chunk in chunks) <= MAX_CHARACTERS["code"]
    assert sum(chunk.text.count("e") for chunk in chunks) == 5_000


@pytest.mark.parametrize(
    "text",
    [
        "## Previous Session Context\nNo previous session.",
        "<!-- AI: Summarize the last session -->\n",
    ],
)
def test_what_a_template_says_of_no_session_is_no_passage(text: str) -> None:
    said = section("No previous session. We began with the kettle.")
    chunks = chunk_document(seen("session"), [section(text), said])
    assert [chunk.text for chunk in chunks] == [said.text]
    assert len(chunk_document(seen("doc"), [section(text)])) == 1
