"""Which lines of a passage are shown."""

from __future__ import annotations

import click

from verdigris.serve.cli.excerpt import SHOWN_LINES, excerpt


def plain(text: str, question: str, width: int = 80) -> list[str]:
    return [click.unstyle(line) for line in excerpt(text, question, width)]


def test_the_window_lies_around_the_words_asked_for() -> None:
    text = "\n".join([f"line {n}" for n in range(20)] + ["water is boiled here", "last"])
    shown = plain(text, "where is water boiled?")
    assert shown[0] == "…"
    assert "water is boiled here" in shown
    assert len(shown) <= SHOWN_LINES + 2


def test_without_a_match_the_beginning_is_shown() -> None:
    shown = plain("\n".join(f"line {n}" for n in range(20)), "samovar")
    assert shown == [*(f"line {n}" for n in range(SHOWN_LINES)), "…"]


def test_a_short_text_is_shown_whole_without_its_common_indent_and_empty_lines() -> None:
    assert plain("    def boil():\n\n        return 4\n", "boil") == ["def boil():", "    return 4"]


def test_words_are_marked_inside_identifiers_and_by_their_beginning() -> None:
    (line,) = excerpt("self.load_plugins()", "how are plugins loaded?", 80)
    load, plugins = (click.style(word, bold=True) for word in ("load", "plugins"))
    assert line == f"self.{load}_{plugins}()"


def test_long_lines_are_wrapped_and_keep_their_indent() -> None:
    shown = plain("a\n  " + "tea leaf " * 30, "tea", 40)
    assert max(map(len, shown)) <= 40
    assert shown[2].startswith("  ")


def test_an_overlong_question_costs_nothing() -> None:
    question = " ".join(f"word{n}" for n in range(5_000))
    assert plain("word7 is here", question) == ["word7 is here"]


def test_prose_flows_on_where_a_line_is_too_long() -> None:
    text = "Tea is made with water that boils\nfor a minute, and not less.\n\n- Green tea\n- black"
    shown = [click.unstyle(line) for line in excerpt(text, "coffee", 24, prose=True)]
    assert shown == [
        "Tea is made with water",
        "that boils for a minute,",
        "and not less.",
        "- Green tea",
        "- black",
    ]


def test_lines_of_code_are_never_joined() -> None:
    text = "kettle = fill_the_kettle_with(water)\nreturn kettle"
    assert plain(text, "coffee", 30) == ["kettle =", "fill_the_kettle_with(water)", "return kettle"]
