"""The room of questions: a text becomes a question, the lanes search, hits tell what is known."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from verdigris.answers import Filters, Hit
from verdigris.errors import QueryError
from verdigris.retrieve.lanes import DENSE, LANES, ProjectedQuestion, Question, lanes_of
from verdigris.retrieve.search import Search
from verdigris.upkeep.vector_upkeep import VectorUpkeep
from verdigris.views import Facts

if TYPE_CHECKING:
    from verdigris.engine.pooling import Array
    from verdigris.evaluate.run import Trial

_TIMED_HITS = 10


def check_question(text: str, limit: int, lanes: Sequence[str]) -> None:
    """Raise QueryError for an empty question, for no results, and for an unknown lane."""
    if not any(character.isalnum() for character in text):
        raise QueryError('the question is empty; ask one: verdigris scry "why …?"')
    if limit < 1:
        raise QueryError(f"{limit} results cannot be shown; ask for 1 or more")
    if unknown := set(lanes) - set(LANES):
        raise QueryError(f"unknown lane {sorted(unknown)[0]!r}; lanes: {', '.join(LANES)}")


@dataclass(frozen=True, slots=True)
class Questions:
    """Questions to one index; `project` gives a vector as projections see it."""

    search: Search
    facts: Facts
    vectors: VectorUpkeep
    project: Callable[[Array], tuple[ProjectedQuestion, ...]]

    def of(self, text: str) -> Question:
        """A question with its vector, and as projections see it; words alone without vectors.

        To be called in the snapshot of the index in which is searched: another process may swap.
        """
        vector = self.vectors.question_vector(text)
        return Question(text, vector, self.project(vector) if vector is not None else ())

    def embed_for(self, text: str, filters: Filters) -> None:
        """Embed what the answer needs, within a bounded time."""
        candidates = partial(self.search.candidates, Question(text), filters)
        self.vectors.embed_for(candidates)

    def hits(self, text: str, filters: Filters, limit: int, lanes: Sequence[str]) -> list[Hit]:
        """The best documents, and of an issue what is known; no lanes: all."""
        dense = not lanes or DENSE in lanes
        with self.search.for_many_questions():
            known = self.search.ahead(text, filters, lanes or LANES)  # while the model still loads
            question = self.of(text) if dense else Question(text)
            found = self.search.search(question, filters, limit, lanes or LANES, known)
            return [self._with_issue(hit, dense) for hit in found]

    def _with_issue(self, hit: Hit, dense: bool) -> Hit:
        """A hit with what is known of the issue; by words, too, where nothing else links it."""
        found = self.facts.issue(hit.document) if hit.kind == "issue" else None
        if found and dense and not found.has_own_commits:
            embed = self.vectors.question_vector
            alike = self.search.similar_commits(found.title, found.created, embed)
            found = replace(found, commits=(*alike, *found.commits))
        return replace(hit, issue=found)

    def trial(self, text: str, filters: Filters, depth: int) -> Trial:
        """What each lane, all, and all but one find of the index as it is."""
        from verdigris.evaluate.report import FUSED
        from verdigris.evaluate.run import LaneList, Trial

        search = self.search
        started = time.perf_counter()
        question = self.of(text)
        lanes = lanes_of(question)
        rankings = search.rankings(question, filters, lanes)
        search.hits(question, rankings, _TIMED_HITS)
        seconds = time.perf_counter() - started
        lists = [LaneList(FUSED, search.ranked(question, rankings, depth))]
        lists += [LaneList(lane, search.ranked_by(lane, rankings, depth)) for lane in lanes]
        without = [
            LaneList(lane, search.ranked(question, [r for r in rankings if r.lane != lane], depth))
            for lane in lanes
        ]
        return Trial(seconds, lists, without)
