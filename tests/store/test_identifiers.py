"""Identifiers are found by their parts."""

from __future__ import annotations

import pytest

from verdigris.store.identifiers import split_identifiers


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("parseHTTPHeader", {"parse", "HTTP", "Header"}),
        ("EventLog", {"Event", "Log"}),
        ("getX2Value", {"get", "X", "2", "Value"}),
        ("IOError", {"IO", "Error"}),
    ],
)
def test_camel_case_words_keep_their_whole_and_gain_their_parts(text: str, parts: set[str]) -> None:
    words = split_identifiers(f"call {text}()").replace("()", "").split()
    assert text in words
    assert parts <= set(words)


@pytest.mark.parametrize("text", ["plain words", "SHOUTING", "snake_case_name", "Capitalised", ""])
def test_other_words_stay_as_they_are(text: str) -> None:
    assert split_identifiers(text) == text


def test_scripts_without_spaces_gain_their_bigrams() -> None:
    assert split_identifiers("数据库 x") == "数据库 数据 据库 x"
