"""Text to token ids: special tokens, token types, a limit, and whether a text was cut."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tokenizers

Ids = npt.NDArray[np.int64]

PREFIX_CHARACTERS = (4_096, 65_536)
"""How much of a long text is read, in steps, until the tokens that the model sees are certain."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """One text as the model sees it; arrays are (1, tokens) int64."""

    input_ids: Ids
    attention_mask: Ids
    token_type_ids: Ids
    truncated: bool
    """The text has more than the model sees."""

    @property
    def token_count(self) -> int:
        """Tokens that the model sees, special tokens included."""
        return int(self.input_ids.shape[1])


class TextTokenizer:
    """Any tokenizer.json, held to a number of tokens; may be shared between threads.

    Padding and truncation that the file asks for are switched off: what a text becomes must
    not depend on them.
    """

    def __init__(self, tokenizer_file: Path, max_tokens: int) -> None:
        self._tokenizer = tokenizers.Tokenizer.from_file(str(tokenizer_file))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._special_tokens = self._tokenizer.num_special_tokens_to_add(False)
        self._room = max_tokens - self._special_tokens

    def encode(self, text: str) -> Encoding:
        """Tokenise a text and cut it to what the model sees.

        An empty or blank text has its special tokens alone. Lone surrogates are read as U+FFFD.
        Of a text whose first 65,536 characters hold fewer tokens than the model sees (spaces,
        say), the rest is left out, and it counts as truncated.
        """
        for length in PREFIX_CHARACTERS:
            tokens = self._tokenise(text[:length])
            if len(text) <= length or self._cut_is_unseen(tokens):
                break
        truncated = len(tokens) > self._room or len(text) > length
        tokens.truncate(self._room)
        seen = self._tokenizer.post_process(tokens)
        return Encoding(
            input_ids=np.array([seen.ids], dtype=np.int64),
            attention_mask=np.array([seen.attention_mask], dtype=np.int64),
            token_type_ids=np.array([seen.type_ids], dtype=np.int64),
            truncated=truncated,
        )

    def count(self, text: str) -> int:
        """Tokens of the whole text, special tokens included, whatever the limit."""
        return len(self._tokenise(text)) + self._special_tokens

    def _tokenise(self, text: str) -> tokenizers.Encoding:
        try:
            return self._tokenizer.encode(text, add_special_tokens=False)
        except (UnicodeEncodeError, TypeError):
            clean = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            return self._tokenizer.encode(clean, add_special_tokens=False)

    def _cut_is_unseen(self, tokens: tokenizers.Encoding) -> bool:
        """Whether the word that a cut may have split begins after the last token that is seen."""
        return len(tokens) > self._room and tokens.word_ids[self._room - 1] != tokens.word_ids[-1]
