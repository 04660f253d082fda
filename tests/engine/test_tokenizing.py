"""What a text becomes before the model sees it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from verdigris.engine.catalog import DEFAULT_MODEL, model_row
from verdigris.engine.model_store import find_model
from verdigris.engine.tokenizing import PREFIX_CHARACTERS, TextTokenizer
from verdigris.errors import InvalidModel

CLS, SEP = 101, 102


@pytest.fixture(scope="module")
def tokenizer() -> TextTokenizer:
    return TextTokenizer(find_model(model_row(DEFAULT_MODEL)).folder / "tokenizer.json", 256)


def ids(tokenizer: TextTokenizer, text: str) -> list[int]:
    return [int(token) for token in tokenizer.encode(text).input_ids[0]]


def test_special_tokens_types_and_mask(tokenizer: TextTokenizer) -> None:
    encoding = tokenizer.encode("hello world")
    assert encoding.input_ids.tolist() == [[CLS, 7592, 2088, SEP]]
    assert encoding.attention_mask.tolist() == [[1, 1, 1, 1]]
    assert encoding.token_type_ids.tolist() == [[0, 0, 0, 0]]
    assert encoding.token_count == 4
    assert not encoding.truncated


@pytest.mark.parametrize("text", ["", " ", "\n\t\r ", "\x00\x01\x1b", "\u00ad\u200b"])
def test_texts_without_words_have_the_special_tokens_alone(
    tokenizer: TextTokenizer, text: str
) -> None:
    assert ids(tokenizer, text) == [CLS, SEP]


def test_exactly_the_limit_is_not_truncated(tokenizer: TextTokenizer) -> None:
    fits = tokenizer.encode("word " * 254)
    assert (fits.token_count, fits.truncated) == (256, False)
    too_long = tokenizer.encode("word " * 255)
    assert (too_long.token_count, too_long.truncated) == (256, True)
    assert too_long.input_ids.tolist() == fits.input_ids.tolist()


@pytest.mark.parametrize("direction", ["Left", "Right"])
def test_padding_and_truncation_of_the_file_are_left_out(direction: str, tmp_path: Path) -> None:
    file = find_model(model_row(DEFAULT_MODEL)).folder / "tokenizer.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    content["padding"] = {
        "strategy": {"Fixed": 64},
        "direction": direction,
        "pad_to_multiple_of": None,
        "pad_id": 0,
        "pad_type_id": 0,
        "pad_token": "[PAD]",
    }
    content["truncation"] = {
        "direction": direction,
        "max_length": 3,
        "strategy": "LongestFirst",
        "stride": 0,
    }
    padding = tmp_path / "tokenizer.json"
    padding.write_text(json.dumps(content), encoding="utf-8")
    encoding = TextTokenizer(padding, 256).encode("hello big world")
    assert encoding.input_ids.tolist() == [[CLS, 7592, 2502, 2088, SEP]]
    assert encoding.position_ids.tolist() == [[0, 1, 2, 3, 4]]
    assert not encoding.truncated


def test_token_types_are_those_of_the_file(tmp_path: Path) -> None:
    file = find_model(model_row(DEFAULT_MODEL)).folder / "tokenizer.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    content["post_processor"]["single"][-1]["SpecialToken"]["type_id"] = 2
    typed = tmp_path / "tokenizer.json"
    typed.write_text(json.dumps(content), encoding="utf-8")
    assert TextTokenizer(typed, 256).encode("hello").token_type_ids.tolist() == [[0, 0, 2]]


def test_count_does_not_stop_at_the_limit(tokenizer: TextTokenizer) -> None:
    assert tokenizer.count("word " * 1000) == 1002
    assert tokenizer.count("") == 2


@pytest.mark.parametrize("text", ["\ud800", "a \udfff b", "\ud83d\ude80 pair", "x\ud83d"])
def test_lone_surrogates_are_read_as_unknown_characters(
    tokenizer: TextTokenizer, text: str
) -> None:
    clean = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert ids(tokenizer, text) == ids(tokenizer, clean)
    assert tokenizer.count(text) == tokenizer.count(clean)


@pytest.mark.parametrize("padding", [0, 1, 2, 3, 5, 7])
def test_reading_only_the_beginning_changes_nothing(tokenizer: TextTokenizer, padding: int) -> None:
    """A step of the prefix falls into a word, or the words begin only behind it."""
    first = PREFIX_CHARACTERS[0]
    for text in (
        " " * padding + "unbelievably " * 1000,
        " " * (first - 20 + padding) + "internationalisation " * 400,
        " " * first + "late words " * 50,
    ):
        whole = TextTokenizer.encode(tokenizer, text.strip())
        encoding = tokenizer.encode(text)
        assert np.array_equal(encoding.input_ids, whole.input_ids)
        assert encoding.truncated == (tokenizer.count(text) > 256)


def test_what_lies_behind_the_last_prefix_is_reported_as_truncated(
    tokenizer: TextTokenizer,
) -> None:
    encoding = tokenizer.encode(" " * PREFIX_CHARACTERS[-1] + "never read")
    assert encoding.truncated
    assert encoding.token_count == 2


def test_a_tokenizer_that_panics_is_a_named_error(tmp_path: Path) -> None:
    """Its template names a token that it does not define: the library's Rust panics."""
    file = find_model(model_row(DEFAULT_MODEL)).folder / "tokenizer.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    content["post_processor"]["special_tokens"] = {}
    broken = tmp_path / "tokenizer.json"
    broken.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InvalidModel, match=r"tokenizer\.json cannot tokenise a text: no entry"):
        TextTokenizer(broken, 256).encode("hello")
