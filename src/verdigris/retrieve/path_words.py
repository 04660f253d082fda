"""Words of paths that a question has too: `parsing of dates` and `src/date_parser.py`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from math import log2

import numpy as np
import numpy.typing as npt

from verdigris.retrieve.lanes import telling_words

_ENDING = re.compile(r"(?<=\w{3})(?:ing|ers|er|ed|es|s)$")


class PathWords:
    """The words of some paths, without their endings; identifiers split into their parts."""

    def __init__(self, paths: Sequence[str]) -> None:
        parts = [path.split("/") for path in paths]
        self._paths = [frozenset().union(*map(_stems, names)) for names in parts]
        self._names = [_stems(names[-1]) for names in parts]
        carried = Counter(word for words in self._paths for word in words)
        self._weights = {word: 1 / log2(2 + count) for word, count in carried.items()}

    def in_paths(self, question: str) -> npt.NDArray[np.float64]:
        """Weights of the words that path and question share, over the best path's; (paths,)."""
        asked = _stems(question)
        found = [sum(self._weights[word] for word in words & asked) for words in self._paths]
        return np.array(found, float) / (max(found, default=0.0) or 1.0)

    def in_names(self, question: str) -> npt.NDArray[np.float64]:
        """Share of each file name's words that the question has, (paths,)."""
        asked = _stems(question)
        return np.array([len(words & asked) / max(len(words), 1) for words in self._names], float)


@lru_cache(10_000)
def _stems(text: str) -> frozenset[str]:
    return frozenset(_ENDING.sub("", word) for word in telling_words(text))
