"""Texts with more tokens than the model sees: cut, told, refused or embedded in pieces."""

from __future__ import annotations

import itertools
import warnings
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from verdigris.engine import Embedder
from verdigris.engine.embedder import LongInput
from verdigris.engine.tokenizing import TextTokenizer
from verdigris.errors import InputTooLong, InvalidInput, LongInputWarning

MODELS = Path(__file__).parent / "models"
LONG = " ".join(f"word{number} event log" for number in range(30))
SHORT = "a log"


def embedder(name: str, long_input: LongInput) -> Embedder:
    return Embedder(str(MODELS / name), threads=2, long_input=long_input)


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(InvalidInput, match="must be one of error, warn, truncate, chunk"):
        Embedder(long_input=cast(Any, "cut"))


def test_truncating_is_told_in_the_result_alone() -> None:
    with embedder("bert-mean", "truncate") as truncating, warnings.catch_warnings():
        warnings.simplefilter("error")
        result = truncating.embed_batch([SHORT, LONG])
    assert result.truncated.tolist() == [False, True]
    assert result.token_counts.tolist()[1] == 24


def test_an_error_comes_after_the_vectors_before_it() -> None:
    seen = []
    with embedder("bert-mean", "error") as refusing:
        with pytest.raises(InputTooLong, match=r"input 2 has more than the 24 tokens.*'chunk'"):
            for vector in refusing.embed([SHORT, "b", LONG, "c"]):
                seen.append(vector)  # noqa: PERF402 - what came before the error counts
        assert len(seen) == 2
        with pytest.raises(InputTooLong, match="input 0"):
            refusing.embed_query(LONG)
        assert refusing.embed_query(SHORT).shape == (32,)


def test_a_warning_names_the_input_and_comes_with_the_vector() -> None:
    with embedder("bert-mean", "warn") as warning:
        with pytest.warns(LongInputWarning, match="input 1 has more than the 24 tokens"):
            result = warning.embed_batch([SHORT, LONG])
        with pytest.warns(LongInputWarning, match="input 0"):
            warning.embed_passage(LONG)
    assert result.truncated.tolist() == [False, True]


@pytest.mark.parametrize("name", ["bert-mean", "bert-cls", "nomic-like", "qwen3-like"])
def test_pieces_are_averaged_by_their_tokens(name: str) -> None:
    with embedder(name, "chunk") as chunking:
        tokenizer = TextTokenizer(MODELS / name / "tokenizer.json", chunking.max_tokens)
        prefix = chunking.model.passage_prefix
        pieces = list(tokenizer.pieces(LONG, prefix))
        weights = [tokenizer.tokens_of(piece) for piece in pieces]
        vectors = chunking.embed_batch(pieces)
        assert not vectors.truncated.any()
        mean = np.average(vectors.vectors, axis=0, weights=weights)
        result = chunking.embed_batch([LONG])
        np.testing.assert_allclose(result.vectors[0], mean / np.linalg.norm(mean), atol=1e-5)
        assert not result.truncated[0]
        assert result.token_counts[0] == vectors.token_counts.sum()
        np.testing.assert_array_equal(chunking.embed_passage(LONG), result.vectors[0])
        query = chunking.embed_query(LONG)
        assert np.array_equal(query, result.vectors[0]) == (not chunking.model.query_prefix)


def test_what_fits_has_the_same_vector_under_every_policy() -> None:
    policies: tuple[LongInput, ...] = ("error", "warn", "truncate", "chunk")
    found = []
    for policy in policies:
        with embedder("bert-cls", policy) as one:
            found.append(one.embed_passage(SHORT).tobytes())
    assert len(set(found)) == 1


def test_the_end_of_a_long_text_counts_only_in_pieces() -> None:
    other_end = LONG + " nothing of this was seen"
    with Embedder(long_input="truncate") as cutting, Embedder(long_input="chunk") as chunking:
        base, more = LONG * 5, other_end * 5
        assert cutting.count_tokens(base) > cutting.max_tokens
        assert np.array_equal(
            cutting.embed_passage(LONG * 9 + "x"), cutting.embed_passage(LONG * 9)
        )
        assert not np.array_equal(chunking.embed_passage(base), chunking.embed_passage(more))


@pytest.mark.parametrize(
    "text",
    [
        LONG,
        "x" * 5000,
        "one " + "y" * 300 + " two " * 40,
        "日本語のテキスト" * 60,
        "a b" * 40_000,
        "  spaces   " * 9 + "\n\n" * 500 + "end " * 40,
        "ends with spaces" + " " * 100_000,
        " " * 100_000 + "late words " * 20,
    ],
)
@pytest.mark.parametrize("name", ["bert-cls", "qwen3-like"])
def test_pieces_are_the_whole_text_and_fit(name: str, text: str) -> None:
    tokenizer = TextTokenizer(MODELS / name / "tokenizer.json", 32)
    prefix = "query: "
    pieces = list(tokenizer.pieces(text, prefix))
    assert "".join(pieces) == text
    room = tokenizer.count(prefix)
    for piece in pieces[:50]:
        assert tokenizer.tokens_of(piece) + room <= 32


def test_words_are_not_torn_apart() -> None:
    tokenizer = TextTokenizer(MODELS / "bert-cls" / "tokenizer.json", 32)
    words = "append event word log " * 50
    for piece in tokenizer.pieces(words, ""):
        assert set(piece.split()) <= {"append", "event", "word", "log"}


def test_lone_surrogates_survive_chunking() -> None:
    tokenizer = TextTokenizer(MODELS / "bert-cls" / "tokenizer.json", 32)
    pieces = list(tokenizer.pieces("\ud800 word " * 40, ""))
    assert "".join(pieces) == "� word " * 40


def test_spaces_without_end_have_the_vector_of_nothing() -> None:
    with Embedder(long_input="chunk") as chunking:
        blank = chunking.embed_batch([" " * 200_000])
        np.testing.assert_allclose(blank.vectors[0], chunking.embed_passage(""), atol=1e-6)
        assert blank.token_counts.tolist() == [2]


def test_a_prefix_that_fills_the_limit_still_ends() -> None:
    tokenizer = TextTokenizer(MODELS / "bert-cls" / "tokenizer.json", 8)
    pieces = itertools.islice(tokenizer.pieces("one two three", "prefix " * 20), 20)
    assert "".join(pieces) == "one two three"
