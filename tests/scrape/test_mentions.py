"""What a text names, by spelling alone."""

from __future__ import annotations

import pytest

from verdigris.records import Lines
from verdigris.scrape.mentions import mentions_in


def names(text: str) -> list[tuple[str, str]]:
    return [(one.form, one.name) for one in mentions_in(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Changed `src/kettle.py` today", [("path", "src/kettle.py")]),
        ("Changed src/kettle.py.", [("path", "src/kettle.py")]),
        ("see ./docs/tea.md, and Makefile", [("path", "docs/tea.md")]),
        ("`.github/workflows/ci.yml`", [("path", ".github/workflows/ci.yml")]),
        ("`Kettle.boil` and `boil()`", [("symbol", "Kettle.boil"), ("symbol", "boil")]),
        ("tea::Pot::new leaks", [("symbol", "tea::Pot::new")]),
        ("uses fill_cup now", [("symbol", "fill_cup")]),
        ("the `Kettle` is new, a Kettle is not", [("symbol", "Kettle")]),
        ("fixed in 1a2b3c4d", [("commit", "1a2b3c4d")]),
    ],
)
def test_names_are_found(text: str, found: list[tuple[str, str]]) -> None:
    assert [name for name in names(text) if name in found] == found
    assert {form for form, _ in names(text)} >= {form for form, _ in found}


@pytest.mark.parametrize(
    "text",
    [
        "main and test and run",
        "on `main`, the `test` ran", "`git commit -m x`", "HTTP and `JSON`",
        "https://example.org/src/kettle.py", "20250101 and 1234567", "deadbeef", "`a`", "",
        "```\nsrc/kettle.py boil_water()\n```", "~/notes/x", "/etc/passwd", "user@example.org",
        "100 % of 3.5", "`--flag`",
    ],
)  # fmt: skip
def test_other_words_name_nothing(text: str) -> None:
    assert names(text) == []


def test_lines_of_a_path_and_of_the_text() -> None:
    (mention,) = mentions_in("First\nsee src/kettle.py:10-20 there")
    assert (mention.name, mention.lines, mention.line) == ("src/kettle.py", Lines(10, 20), 1)
    assert mentions_in("`a/b.py:7`")[0].lines == Lines(7, 7)
    assert mentions_in("`a/b.py#L3`") == []
    assert mentions_in("a/b.py:0")[0].lines is None


def test_a_name_counts_once() -> None:
    assert names("`boil()` and `boil()`, src/a.py and `src/a.py`") == [
        ("symbol", "boil"), ("path", "src/a.py"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["a." * 50_000, "`" * 100_000, "x/" * 50_000, "a_" * 50_000])
def test_any_text_is_read_in_time(text: str) -> None:
    assert len(mentions_in(text)) <= 2
