"""Texts that are tokenised word by word, compared with the library on the same texts."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
import tokenizers

from verdigris.engine.catalog import DEFAULT_MODEL, model_row
from verdigris.engine.model_store import find_model
from verdigris.engine.word_tokens import LONGEST_READ, WordTokens, word_tokens

CONTENT = (find_model(model_row(DEFAULT_MODEL)).folder / "tokenizer.json").read_text("utf-8")
MANY = 1_000_000
"""More tokens than any text here has."""


def library_of(content: str) -> tokenizers.Tokenizer:
    library = tokenizers.Tokenizer.from_str(content)
    library.no_padding()
    library.no_truncation()
    return library


def words_of(library: tokenizers.Tokenizer) -> WordTokens | None:
    return word_tokens(library, lambda text, special: library.encode(text, None, False, special))


LIBRARY = library_of(CONTENT)


@pytest.fixture(scope="module")
def words() -> WordTokens:
    found = words_of(LIBRARY)
    assert found is not None
    return found


def check(words: WordTokens, text: str) -> None:
    ids = words.ids(text, MANY)
    assert ids == LIBRARY.encode(text, add_special_tokens=False).ids, repr(text)
    assert words.framed(ids) == LIBRARY.encode(text).ids


@pytest.mark.parametrize("code", range(128))
def test_every_ascii_character_parts_words_as_the_library_does(
    words: WordTokens, code: int
) -> None:
    one = chr(code)
    check(words, f"Ab{one}cD {one}{one} {one}9 9{one}\t{one}")


def test_random_ascii_texts_have_the_tokens_of_the_library(words: WordTokens) -> None:
    chosen = random.Random(0)
    characters = [*map(chr, range(128)), *" \n  etaoinshrdlu_.()[]", "the ", "##", " [SE"]
    for _ in range(500):
        check(words, "".join(chosen.choices(characters, k=chosen.randrange(60))))


@pytest.mark.parametrize("text", ["", " ", "x" * 101, "word " * 800, "a" * LONGEST_READ])
def test_empty_and_long_texts_too(words: WordTokens, text: str) -> None:
    check(words, text)


@pytest.mark.parametrize("text", ["naïve", "a [SEP] b", "x[MASK]", "a\ud800"])
def test_what_is_more_than_words_is_left_to_the_library(words: WordTokens, text: str) -> None:
    assert words.ids(text, MANY) is None


def test_a_long_text_is_read_until_there_are_enough_tokens(words: WordTokens) -> None:
    text = "unbelievable " * LONGEST_READ
    enough = 256
    ids = words.ids(text, enough)
    assert ids is not None
    assert enough <= len(ids) < LONGEST_READ
    assert ids == LIBRARY.encode(text, add_special_tokens=False).ids[: len(ids)]
    assert words.ids(" " * LONGEST_READ + "unread", enough) is None
    assert words.ids(text + "[SEP]", enough) is None


def test_a_word_that_goes_on_behind_what_is_read_is_left_out(words: WordTokens) -> None:
    ids = words.ids("a " * (LONGEST_READ // 2 - 1) + "bcdefgh", 1)
    assert ids is not None
    assert set(ids) == set(LIBRARY.encode("a", add_special_tokens=False).ids)


def added_token_in_any_case(content: dict[str, Any]) -> None:
    content["added_tokens"][0]["normalized"] = True


def types_of_tokens(content: dict[str, Any]) -> None:
    content["post_processor"]["single"][-1]["SpecialToken"]["type_id"] = 2


def other_parts(content: dict[str, Any]) -> None:
    content["pre_tokenizer"] = {"type": "WhitespaceSplit"}


@pytest.mark.parametrize("change", [added_token_in_any_case, types_of_tokens, other_parts])
def test_other_tokenizers_are_left_to_the_library(change: Callable[[dict[str, Any]], None]) -> None:
    content = json.loads(CONTENT)
    change(content)
    assert words_of(library_of(json.dumps(content))) is None
