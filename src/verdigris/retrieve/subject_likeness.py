"""Whether a text that does not ask reads like a commit's subject: do messages say it, or files?"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from verdigris.retrieve.features import FILE_KINDS, Evidence
from verdigris.retrieve.lanes import DENSE, LEXICAL, NAMES, Ranking
from verdigris.retrieve.names import names_in

UNLIKE, ALIKE = 0.8, 1.0
"""How much better the best message says a text than the best passage of a file, up to which it is
no subject, and from which it is one (docs/experiments.md)."""


def subject_likeness(evidence: Evidence) -> float:
    """0 to 1. A docstring, a quotation, an error message is said in files; a subject in messages.

    It is told by the best message's cosine and BM25 over those of the best passage of a file, as
    their geometric mean. 0 where no commits are known.
    """
    if is_said_in_code(evidence):
        return 0.0
    _, commits = evidence.history
    files = [ranking for ranking in evidence.rankings if ranking.kind in FILE_KINDS]
    ratios = [
        _best(commits, lane) / best for lane in (DENSE, LEXICAL) if (best := _best(files, lane)) > 0
    ]
    better = prod(ratios) ** (1 / len(ratios)) if ratios and all(one > 0 for one in ratios) else 0.0
    return min(max((better - UNLIKE) / (ALIKE - UNLIKE), 0.0), 1.0)


def is_said_in_code(evidence: Evidence) -> bool:
    """Whether code says the text word for word, as it says an error message.

    Not told where it spells names: then the names lane may have found their definitions.
    """
    return not names_in(evidence.text) and any(
        len(ranking.chunk_ids)
        for ranking in evidence.rankings
        if ranking.lane == NAMES and ranking.kind == "code"
    )


def _best(rankings: Iterable[Ranking], lane: str) -> float:
    """The best score that a lane gives any passage, 0 where it finds none."""
    found = (one.chunk_scores for one in rankings if one.lane == lane)
    return max((float(scores[0]) for scores in found if len(scores)), default=0.0)
