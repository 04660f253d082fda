"""The ways of ranking that are compared, on the same rankings of the same questions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from verdigris.knowledge_base import KnowledgeBase
from verdigris.records import Filters
from verdigris.retrieve.lanes import DENSE, HISTORY, LEXICAL, Question, Ranking
from verdigris.retrieve.learned_fusion import FusionWeights
from verdigris.retrieve.search import Search
from verdigris.store.vector_search import VectorSearch

DEPTH = 50
RRF_CONSTANT = 60
Ranked = list[str]


def open_search(knowledge_base: KnowledgeBase, weights: FusionWeights | None) -> Search:
    """A search with these weights of the learned fusion; None: the fixed fusion."""
    vectors = VectorSearch(knowledge_base.index, knowledge_base.locations.folder)
    return Search(knowledge_base.index, vectors, knowledge_base.facts, weights)


def rank_all(
    searches: Mapping[str, Search], lanes: Sequence[str], question: Question, filters: Filters
) -> dict[str, Ranked]:
    """Every lane alone, reciprocal rank fusion of three, and each of the searches."""
    first = next(iter(searches.values()))
    rankings = first.rankings(question, filters)
    found = {lane: _names(first.ranked_by(lane, rankings, DEPTH)) for lane in lanes}
    three = [found[lane] for lane in (DENSE, LEXICAL, HISTORY)]
    found["RRF of dense, BM25, history"] = reciprocal_rank_fusion(three)
    for name, search in searches.items():
        found[name] = _names(search.ranked(question, rankings, DEPTH))
    return found


def ungated(rankings: Iterable[Ranking]) -> Sequence[Ranking]:
    """The rankings as they are; named for readers: RRF takes history however sure it is."""
    return list(rankings)


def reciprocal_rank_fusion(lists: Sequence[Ranked]) -> Ranked:
    """Equal weights, k = 60 (Cormack et al. 2009)."""
    scores: dict[str, float] = defaultdict(float)
    for ranked in lists:
        for rank, name in enumerate(ranked, start=1):
            scores[name] += 1 / (RRF_CONSTANT + rank)
    return sorted(scores, key=lambda name: (-scores[name], name))


def _names(ranked: Sequence[tuple[str, float]]) -> Ranked:
    return [name for name, _ in ranked]


Rank = Callable[[Question], dict[str, Ranked]]
