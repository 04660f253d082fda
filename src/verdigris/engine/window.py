"""Keeps texts in flight: results in order, a bounded number ahead, equal texts inferred once."""

from __future__ import annotations

import hashlib
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field

from verdigris.engine.pooling import Array
from verdigris.errors import EngineError

GROUP_SIZE = 8
"""Texts handed to a thread at a time: enough to hide what the hand-over costs."""
REMEMBERED_TEXTS = 512
"""How many of the latest different texts are not inferred again."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """One text's unit vector (dims,) float32, and what the model saw of the text."""

    vector: Array
    token_count: int
    truncated: bool
    error: EngineError | None = None
    """Why there is no vector; told when it is this text's turn."""


Submit = Callable[[list[str]], Future[list[Embedded]]]


@dataclass(slots=True)
class _Group:
    """Texts that are inferred by one thread one after the other."""

    submit: Submit
    texts: list[str] = field(default_factory=list)
    future: Future[list[Embedded]] | None = None

    def start(self) -> Future[list[Embedded]]:
        """Hand the texts to a thread, once."""
        if self.future is None:
            self.future = self.submit(self.texts)
            self.texts = []
        return self.future


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the result of a text is, or will be."""

    group: _Group
    position: int

    def result(self) -> Embedded:
        try:
            return self.group.start().result()[self.position]
        except CancelledError as error:
            raise EngineError("the embedder was closed while texts were waiting") from error


class Window:
    """The texts that were read and whose results were not yet taken; for one thread only."""

    def __init__(self, submit: Submit, groups: int) -> None:
        """submit: starts the inference of a few texts; groups: how many may be in flight."""
        self._submit = submit
        self._size = groups * GROUP_SIZE
        self._filling = _Group(submit)
        self._waiting: deque[_Place] = deque()
        self._recent: OrderedDict[bytes, _Place] = OrderedDict()

    def add(self, text: str) -> Iterator[Embedded]:
        """Take a text in; yield the oldest result if the window is full."""
        key = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        place = self._recent.get(key) or self._place_for(text)
        self._recent[key] = place
        self._recent.move_to_end(key)
        if len(self._recent) > REMEMBERED_TEXTS:
            self._recent.popitem(last=False)
        self._waiting.append(place)
        if len(self._waiting) > self._size:
            yield self._oldest().result()

    def drain(self) -> Iterator[Embedded]:
        """Yield the results of all texts that are still in the window."""
        if self._filling.texts:
            self._filling.start()
        while self._waiting:
            yield self._waiting.popleft().result()

    def _oldest(self) -> _Place:
        """Take the oldest place out; its group gets no further texts once it is started."""
        place = self._waiting.popleft()
        if place.group is self._filling:
            self._filling = _Group(self._submit)
        return place

    def cancel(self) -> None:
        """Drop what no thread has begun."""
        for place in self._waiting:
            if place.group.future is not None:
                place.group.future.cancel()

    def _place_for(self, text: str) -> _Place:
        group = self._filling
        group.texts.append(text)
        place = _Place(group, len(group.texts) - 1)
        if len(group.texts) == GROUP_SIZE:
            group.start()
            self._filling = _Group(self._submit)
        return place
