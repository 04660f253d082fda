"""Keeps the anchors of session statements, and puts what became of them on an answer's hits."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from verdigris.answers import Hit
from verdigris.errors import Busy, RepositoryError
from verdigris.event_log import EventLog
from verdigris.frozen_dataclass import dataclass
from verdigris.records import AgedAnchor, StatementAnchor
from verdigris.scrape.repository import Repository
from verdigris.store.index import Index
from verdigris.upkeep.ageing import Ageing
from verdigris.upkeep.anchoring import Anchoring
from verdigris.upkeep.progress import Progress
from verdigris.views import Facts

_SESSIONS_A_TRANSACTION = 50
ANSWER_SECONDS = 0.15
"""What an answer may take to anchor sessions that it shows and that have no anchors yet."""


@dataclass(frozen=True, slots=True)
class AnchorUpkeep:
    """The anchors of one work tree. Raises StorageError."""

    repository: Repository
    log: EventLog
    index: Index
    facts: Facts

    def anchor_all(self, progress: Progress) -> int:
        """Anchor every session log that has no final anchors. Returns how many were looked at.

        Interrupted, it keeps what it has, and the next call goes on.
        """
        waiting = self.facts.sessions_to_anchor(self.repository.head)
        if not waiting:
            return 0
        progress.start("anchoring", len(waiting))
        for start in range(0, len(waiting), _SESSIONS_A_TRANSACTION):
            batch = waiting[start : start + _SESSIONS_A_TRANSACTION]
            # What git told is forgotten with each batch: whole old versions are held in memory.
            self._anchor(batch, Anchoring(self.repository, self.facts))
            progress.advance(len(batch))
        progress.finish()
        return len(waiting)

    def put_on(self, hits: Iterable[Hit]) -> tuple[Hit, ...]:
        """The hits, those of sessions with the anchors of their shown passages.

        A session without anchors gets them now, as far as ANSWER_SECONDS reach.
        """
        found = tuple(hits)
        shown = [hit.document for hit in found if hit.kind == "session"]
        if not shown:
            return found
        self._anchor_shown(shown)
        ageing = Ageing(self.repository, self.facts)
        aged = tuple(
            replace(hit, anchors=self._of_hit(hit, ageing)) if hit.kind == "session" else hit
            for hit in found
        )
        self._keep(ageing)
        return aged

    def aged(self) -> list[AgedAnchor]:
        """What became of every anchor; changed lines are not counted. Changes nothing."""
        ageing = Ageing(self.repository, self.facts)
        return [ageing.aged(one, measure=False) for one in self.facts.all_anchors()]

    def became_of(self, anchors: Sequence[StatementAnchor]) -> tuple[AgedAnchor, ...]:
        """What became of some anchors."""
        ageing = Ageing(self.repository, self.facts)
        aged = tuple(map(ageing.aged, anchors))
        self._keep(ageing)
        return aged

    def _anchor_shown(self, documents: Sequence[str]) -> None:
        waiting = set(self.facts.sessions_to_anchor(self.repository.head))
        anchoring = Anchoring(self.repository, self.facts)
        deadline = time.monotonic() + ANSWER_SECONDS
        for document in documents:
            if document in waiting and time.monotonic() < deadline:
                with suppress(Busy, RepositoryError):  # the answer matters more
                    self._anchor([document], anchoring)

    def _anchor(self, documents: Sequence[str], anchoring: Anchoring) -> None:
        found = []
        for document in documents:
            content = self.log.content(document, self.index.version_of(document))
            anchors = anchoring.anchors(document, content)
            found.append((document, anchors, anchoring.is_settled(content)))
        with self.index.transaction():
            for document, anchors, settled in found:
                if self.index.version_of(document):  # it may have gone meanwhile
                    self.facts.set_anchors(document, anchors, self.repository.head, settled)

    def _of_hit(self, hit: Hit, ageing: Ageing) -> tuple[AgedAnchor, ...]:
        spans = [passage.lines for passage in hit.passages if passage.lines]
        return tuple(
            ageing.aged(anchor)
            for anchor in self.facts.anchors_of(hit.document)
            if any(span.start <= anchor.line <= span.end for span in spans)
        )

    def _keep(self, ageing: Ageing) -> None:
        """Remember what was measured, unless another process writes just now."""
        if ageing.new_drifts:
            with suppress(Busy), self.index.transaction():
                for anchor, against, drift in ageing.new_drifts:
                    self.facts.keep_drift(anchor, against, drift)
