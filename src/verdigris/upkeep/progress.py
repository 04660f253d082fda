"""How far a long step is: a protocol that serve/ fills with a bar, and the silent default."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told about each step by name; `total` is 0 while it is not known."""

    def start(self, step: str, total: int) -> None:
        """A step begins."""

    def advance(self, count: int) -> None:
        """`count` more items of the step are done."""

    def finish(self) -> None:
        """The step is over."""


class Silent:
    """Shows nothing."""

    def start(self, step: str, total: int) -> None:
        """Nothing to show."""

    def advance(self, count: int) -> None:
        """Nothing to show."""

    def finish(self) -> None:
        """Nothing to show."""
