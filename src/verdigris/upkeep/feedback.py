"""Relevance feedback: which results of the last answers were used, as somebody said.

The last answers wait in a file of the work tree, `answers.json`. Nothing of a question reaches the
log before one of its results is said to have been used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from verdigris.answers import Answer
from verdigris.capture.file_replacing import replace_file
from verdigris.errors import QueryError
from verdigris.event_log import SHARED, CursorChange, EventLog
from verdigris.frozen_dataclass import dataclass
from verdigris.records import QUESTION_ASKED, RESULT_UNUSED, RESULT_USED, Event, ResultDetails
from verdigris.scrape.secrets import redact
from verdigris.store.index import Index
from verdigris.views.used_results import UsedResult, used_results

ANSWERS_KEPT = 20
_LEAST_DIGITS = 7
"""Of a commit's hash that stands for it."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """A question, its secrets redacted, and the documents that were shown, best first."""

    text: str
    time: str
    documents: tuple[str, ...]

    @property
    def name(self) -> str:
        """The question's document in the log."""
        told = f"{self.time}\0{self.text}".encode("utf-8", "surrogatepass")
        return f"question:{hashlib.sha256(told).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True)
class _Choice:
    """A document that answered, and its place in the answer, from 1; 0 where it had none."""

    answer: KeptAnswer
    document: str
    rank: int

    @property
    def question(self) -> str:
        """The question's document."""
        return self.answer.name


class Feedback:
    """The last answers of a work tree, and which of their results helped."""

    def __init__(self, log: EventLog, index: Index, file: Path, keeps: bool = True) -> None:
        """file: where the last answers are kept. keeps: whether they may be."""
        self._log = log
        self._index = index
        self._file = file
        self._keeps = keeps

    def keep(self, answer: Answer) -> None:
        """Remember an answer until ANSWERS_KEPT others came; one without results is not.

        An answer must not fail because it cannot be kept: then `use` does not know it.
        """
        with suppress(OSError, UnicodeEncodeError):
            if not self._keeps:
                self._file.unlink(missing_ok=True)
            elif answer.hits:
                text = " ".join(redact(answer.query).text.split())
                kept = KeptAnswer(text, _now(), tuple(hit.document for hit in answer.hits))
                content = msgspec.json.encode([kept, *self.kept()][:ANSWERS_KEPT])
                replace_file(self._file, content)

    def kept(self) -> list[KeptAnswer]:
        """The last answers, newest first; a damaged file holds none."""
        if not self._keeps:
            return []
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=list[KeptAnswer])
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return []

    def use(self, names: Sequence[str]) -> list[UsedResult]:
        """Append to the log that results were used; returns these.

        names: numbers of the newest answer's results as shown, or documents (a path, digits of a
        commit's hash, `issue:12`), which belong to the newest answer that shows them; one that no
        answer shows is what the newest one should have shown. What the log knows is not repeated.
        Raises QueryError, StorageError.
        """
        chosen = [self._choice(name) for name in names]
        known = {(one.question, one.document) for one in self.used()}
        new = [one for one in chosen if (one.question, one.document) not in known]
        asked = {one.question: _asked(one.answer) for one in new}
        self._append([*asked.values(), *(self._said(RESULT_USED, one) for one in new)])
        wanted = {(one.question, one.document) for one in chosen}
        return [one for one in self.used() if (one.question, one.document) in wanted]

    def used(self) -> list[UsedResult]:
        """All results that were used, in the order in which that was said."""
        return used_results(self._log.questions())

    def take_back(self) -> list[UsedResult]:
        """Append that what was last said to be used was not; returns that. Raises QueryError."""
        used = self.used()
        if not used:
            raise QueryError("no result is known to have been used; nothing is to be taken back")
        last = [one for one in used if one.act == used[-1].act]
        self._append([self._said(RESULT_UNUSED, one) for one in last])
        return last

    def _choice(self, name: str) -> _Choice:
        if not self._keeps:
            raise QueryError("answers are not kept (questions = false); set: questions = true")
        kept = self.kept()
        if not kept:
            raise QueryError('no answer is kept here; ask first: verdigris scry "why …?"')
        if name.isdecimal() and len(name) < _LEAST_DIGITS:
            return _numbered(kept[0], int(name))
        for answer in kept:
            for rank, document in enumerate(answer.documents, start=1):
                if _is_named(document, name):
                    return _Choice(answer, document, rank)
        return _Choice(kept[0], self._indexed(name), 0)

    def _indexed(self, name: str) -> str:
        if not self._index.version_of(name):
            raise QueryError(
                f"{name!r} is neither among the last answers nor in the index; name a result by "
                "its number, its path, or its commit's hash"
            )
        return name

    def _said(self, kind: str, of: _Choice | UsedResult) -> Event:
        # The log's position tells acts apart: what was taken back can be said again.
        version, details = str(self._log.position()), ResultDetails(of.rank)
        return Event(kind, of.question, version, of.document, time=_now(), details=details)

    def _append(self, events: Sequence[Event]) -> None:
        self._log.append(events, CursorChange("questions", {}), SHARED)


def _asked(answer: KeptAnswer) -> Event:
    return Event(QUESTION_ASKED, answer.name, answer.time, answer.text, time=answer.time)


def _numbered(answer: KeptAnswer, number: int) -> _Choice:
    if not 1 <= number <= len(answer.documents):
        raise QueryError(
            f"the answer to {answer.text!r} has results 1 to {len(answer.documents)}, not {number}"
        )
    return _Choice(answer, answer.documents[number - 1], number)


def _is_named(document: str, name: str) -> bool:
    """Whether a name means a document: all of it, or enough digits of a commit's hash."""
    sha = name.removeprefix("commit:").lower()
    return document == name or (len(sha) >= _LEAST_DIGITS and document.startswith(f"commit:{sha}"))


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
