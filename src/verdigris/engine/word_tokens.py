"""Token ids of a text out of those of its words, which are remembered; for BERT's tokenizers.

BERT's tokenizers (Devlin et al. 2018; `BertNormalizer`, `BertPreTokenizer` and `WordPiece` of the
library) part a text at blanks and around punctuation, and look at each part alone. In ASCII these
bounds are a short list, and words come again: looking them up is three times as fast.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import tokenizers
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

REMEMBERED_WORDS = 4_096
"""More find hardly another word (docs/experiments.md)."""
LONGEST_READ = 4_096
"""Characters of a text that are looked at, and the most that a remembered word can have."""
_PARTS = re.compile(r"[!-/:-@\[-`{-~]|[^ \t\n\r!-/:-@\[-`{-~]+")
"""A mark of punctuation, or all between such marks and blanks."""


Tokenise = Callable[[str, bool], tokenizers.Encoding]
"""A text to its tokens, with special tokens or without."""


@dataclass(frozen=True, slots=True)
class WordTokens:
    """Tokenises word by word; may be shared between threads."""

    ids_of_word: Callable[[str], tuple[int, ...]]
    begin: tuple[int, ...]
    """Special tokens before a text."""
    end: tuple[int, ...]
    not_words: tuple[str, ...]
    """Spellings of special tokens, which are read as such wherever they stand."""

    def ids(self, text: str, enough: int) -> list[int] | None:
        """All token ids of a text without special tokens, or at least `enough` of them.

        None where words are not all that counts: beyond ASCII, with a special token spelt out, or
        where the first LONGEST_READ characters do not give enough.
        """
        head = text[:LONGEST_READ]
        if not head.isascii() or any(token in text for token in self.not_words):
            return None
        words = _PARTS.findall(head)
        whole = len(head) == len(text)
        if not whole:
            del words[-1:]  # it may go on behind the head
        ids_of_word = self.ids_of_word
        ids = [token for word in words for token in ids_of_word(word)]
        return ids if whole or len(ids) >= enough else None

    def framed(self, ids: list[int]) -> list[int]:
        """With the special tokens of a text."""
        return [*self.begin, *ids, *self.end]


def word_tokens(tokenizer: tokenizers.Tokenizer, tokenise: Tokenise) -> WordTokens | None:
    """None for a tokenizer that may look beyond a word. Raises what `tokenise` raises."""
    added = tokenizer.get_added_tokens_decoder().values()
    if not (
        isinstance(tokenizer.normalizer, BertNormalizer)
        and isinstance(tokenizer.pre_tokenizer, BertPreTokenizer)
        and isinstance(tokenizer.model, WordPiece)
        and not any(token.normalized for token in added)  # these are found in other spellings
    ):
        return None
    framed = tokenise("a", True)
    if any(framed.type_ids):
        return None
    place = framed.special_tokens_mask.index(0)
    return WordTokens(
        ids_of_word=lru_cache(REMEMBERED_WORDS)(lambda word: tuple(tokenise(word, False).ids)),
        begin=tuple(framed.ids[:place]),
        end=tuple(framed.ids[place + 1 :]),
        not_words=tuple(token.content for token in added),
    )
