"""Text to token ids: special tokens, token types, a limit, and whether a text was cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tokenizers

from verdigris.engine.word_tokens import word_tokens
from verdigris.errors import InvalidModel

Ids = npt.NDArray[np.int64]

SHORT_CHARACTERS = 1_024
"""Texts of up to this many are tokenised whole at once; hardly one of them has too many tokens."""
PREFIX_CHARACTERS = (4_096, 65_536)
"""How much of a long text is read, in steps, until the tokens that the model sees are certain."""
PIECES_AT_A_TIME = 65_536
"""Characters that are tokenised at once when a text is cut into pieces."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """One text as the model sees it, never padded; arrays are (1, tokens) int64.

    Arrays are made when they are asked for: most graphs want few of them.
    """

    ids: Sequence[int]
    truncated: bool
    """The text has more than the model sees."""
    type_ids: Sequence[int] = ()
    """Of each token; () where all are 0."""

    @property
    def token_count(self) -> int:
        """Tokens that the model sees, special tokens included."""
        return len(self.ids)

    @property
    def input_ids(self) -> Ids:
        """The tokens' numbers in the vocabulary."""
        return np.array([self.ids], dtype=np.int64)

    @property
    def attention_mask(self) -> Ids:
        """Ones: every token is real."""
        return np.ones((1, self.token_count), dtype=np.int64)

    @property
    def token_type_ids(self) -> Ids:
        """What kind each token is of, for models that read pairs of texts."""
        if not self.type_ids:
            return np.zeros((1, self.token_count), dtype=np.int64)
        return np.array([self.type_ids], dtype=np.int64)

    @property
    def position_ids(self) -> Ids:
        """Positions from 0, as decoder graphs want them."""
        return np.arange(self.token_count, dtype=np.int64)[None]


class TextTokenizer:
    """Any tokenizer.json, held to a number of tokens; may be shared between threads.

    Padding and truncation that the file asks for are switched off: what a text becomes must
    not depend on them.
    """

    def __init__(self, tokenizer_file: Path, max_tokens: int) -> None:
        """Raises InvalidModel if the file is no tokenizer or the limit leaves no room for text."""
        try:
            self._tokenizer = tokenizers.Tokenizer.from_file(str(tokenizer_file))
        except Exception as error:  # the library raises nothing more specific
            raise InvalidModel(f"{tokenizer_file} is no tokenizer: {error}") from error
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._special_tokens = self._tokenizer.num_special_tokens_to_add(False)
        self._room = max_tokens - self._special_tokens
        if self._room < 1:
            raise InvalidModel(f"max_tokens {max_tokens} leaves no room for text")
        self._tokenise = partial(_tokenise, self._tokenizer, tokenizer_file)
        self._words = word_tokens(self._tokenizer, self._tokenise)

    def encode(self, text: str) -> Encoding:
        """Tokenise a text and cut it to what the model sees.

        An empty or blank text has its special tokens alone. Lone surrogates are read as U+FFFD.
        Of a text whose first 65,536 characters hold fewer tokens than the model sees (spaces,
        say), the rest is left out, and it counts as truncated.
        """
        if self._words and (ids := self._words.ids(text, enough=self._room + 1)) is not None:
            seen = self._words.framed(ids[: self._room])
            return Encoding(seen, truncated=len(ids) > self._room)
        if len(text) <= SHORT_CHARACTERS:  # one call of the library is enough for most texts
            whole = self._tokenise(text, add_special_tokens=True)
            if len(whole) <= self._room + self._special_tokens:
                return _encoding(whole, truncated=False)
        for length in PREFIX_CHARACTERS:
            tokens = self._tokenise(text[:length])
            if len(text) <= length or self._cut_is_unseen(tokens):
                break
        truncated = len(tokens) > self._room or len(text) > length
        tokens.truncate(self._room)
        return _encoding(self._tokenizer.post_process(tokens), truncated)

    def count(self, text: str) -> int:
        """Tokens of the whole text, special tokens included, whatever the limit."""
        return len(self._tokenise(text)) + self._special_tokens

    def tokens_of(self, text: str) -> int:
        """Tokens of the whole text without special tokens."""
        return len(self._tokenise(text))

    def pieces(self, text: str, prefix: str) -> Iterator[str]:
        """Cut a text into pieces that the model sees whole behind `prefix`, at ends of words.

        Joined, the pieces are the text, except that lone surrogates have become U+FFFD.
        """
        room = max(1, self._room - self.tokens_of(prefix))
        text = _without_surrogates(text)
        begin = 0
        while begin < len(text):
            window = text[begin : begin + PIECES_AT_A_TIME]
            ends = self._ends(window, room)
            if begin + len(window) == len(text):
                ends.append(len(window))
            start = 0
            for end in ends or [len(window)]:
                yield from self._fitting(window[start:end], room)
                start = end
            begin += start

    def _ends(self, window: str, room: int) -> list[int]:
        """Where the pieces of a window end, all but the last: its words may go on behind it."""
        tokens = self._tokenise(window)
        words, offsets = tokens.word_ids, tokens.offsets
        ends: list[int] = []
        first = 0
        while first + room < len(words):
            cut = first + room
            while cut > first and words[cut - 1] == words[cut]:
                cut -= 1
            first = cut if cut > first else first + room  # one word fills the whole piece
            end = offsets[first][0]
            if end > (ends[-1] if ends else 0):
                ends.append(end)
        return ends

    def _fitting(self, piece: str, room: int) -> Iterator[str]:
        """The piece itself, or its halves where tokens are other ones once it stands alone."""
        if len(piece) < 2 or self.tokens_of(piece) <= room:
            yield piece
            return
        middle = len(piece) // 2
        yield from self._fitting(piece[:middle], room)
        yield from self._fitting(piece[middle:], room)

    def _cut_is_unseen(self, tokens: tokenizers.Encoding) -> bool:
        """Whether the word that a cut may have split begins after the last token that is seen."""
        return len(tokens) > self._room and tokens.word_ids[self._room - 1] != tokens.word_ids[-1]


def _tokenise(
    tokenizer: tokenizers.Tokenizer, file: Path, text: str, add_special_tokens: bool = False
) -> tokenizers.Encoding:
    """Ask the library. Raises InvalidModel, which names the file, for what it cannot tokenise."""
    try:
        return tokenizer.encode(text, add_special_tokens=add_special_tokens)
    except (UnicodeEncodeError, TypeError):
        clean = _without_surrogates(text)
        return tokenizer.encode(clean, add_special_tokens=add_special_tokens)
    except BaseException as error:
        if not _is_of_library(error):
            raise
        raise InvalidModel(f"{file} cannot tokenise a text: {error}") from error


def _encoding(seen: tokenizers.Encoding, truncated: bool) -> Encoding:
    types = seen.type_ids
    return Encoding(seen.ids, truncated, types if any(types) else ())


def _is_of_library(error: BaseException) -> bool:
    """Whether it is an error; a panic in the library's Rust is no Exception, and has no name."""
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"


def _without_surrogates(text: str) -> str:
    """Pairs of surrogates as the characters they mean, lone ones as U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
