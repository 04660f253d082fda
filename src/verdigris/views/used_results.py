"""Which results of which questions were used, as the events of the log say."""

from __future__ import annotations

from collections.abc import Iterable

from verdigris.frozen_dataclass import dataclass
from verdigris.records import QUESTION_ASKED, RESULT_USED, Event, ResultDetails


@dataclass(frozen=True, slots=True)
class UsedResult:
    """A document that answered a question."""

    question: str
    """The question's own document, `question:ID`."""
    text: str
    asked: str
    """When the question was asked."""
    document: str
    """As it was called when it was used."""
    rank: int
    """Its place in the answer, from 1; 0 where the answer did not show it."""
    said: str
    """When somebody said so."""
    act: str
    """What was said at once has the same."""


def used_results(events: Iterable[Event]) -> list[UsedResult]:
    """What was used and not taken back, in the order in which that was said.

    events: those of questions, in the order of the log.
    """
    asked: dict[str, Event] = {}
    used: dict[tuple[str, str], UsedResult] = {}
    for event in events:
        if event.kind == QUESTION_ASKED:
            asked[event.document] = event
            continue
        used.pop((event.document, event.text), None)
        question = asked.get(event.document)
        if question and event.kind == RESULT_USED:
            rank = event.details.rank if isinstance(event.details, ResultDetails) else 0
            used[event.document, event.text] = UsedResult(
                event.document, question.text, question.time, event.text, rank,
                event.time, event.version,
            )  # fmt: skip
    return list(used.values())
