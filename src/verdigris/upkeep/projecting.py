"""Projections in service: loaded once, checked, and applied to a question's vector."""

from __future__ import annotations

from pathlib import Path

from verdigris.errors import InvalidProjection
from verdigris.learn.artifacts import SERVED, ServedProjection, load_served
from verdigris.learn.network import Array
from verdigris.learn.pair_sources import SOURCES, Target
from verdigris.retrieve.lanes import ProjectedQuestion


class ServedProjections:
    """What `oxidize` put into service in `folder`; follows it when another process changes it."""

    def __init__(self, folder: Path, warnings: list[str]) -> None:
        self._folder = folder
        self._warnings = warnings
        self._loaded: list[ServedProjection] = []
        self._state: tuple[int, str] | None = None

    def questions(self, vector: Array, fingerprint: str) -> tuple[ProjectedQuestion, ...]:
        """A question's vector (dims,) as every projection sees it that won a task of questions.

        fingerprint: of the model that made the vector. Projections of another model, or damaged
        ones, are left out, with a warning: raw vectors answer then.
        """
        return tuple(
            ProjectedQuestion(
                one.name,
                target,
                one.projection(vector[None])[0],
                one.projection if one.side == "shared" else None,
            )
            for one in self.served(fingerprint)
            for target in _targets(one)
        )

    def served(self, fingerprint: str) -> list[ServedProjection]:
        """All projections in service, for vectors of the model of `fingerprint`."""
        try:
            state = ((self._folder / SERVED).stat().st_mtime_ns, fingerprint)
        except OSError:
            return []
        if state != self._state:
            self._state = state
            self._loaded = self._load(fingerprint)
        return self._loaded

    def _load(self, fingerprint: str) -> list[ServedProjection]:
        try:
            return load_served(self._folder, fingerprint)
        except InvalidProjection as error:
            self._warnings.append(f"{error}; until then raw vectors answer")
            return []


def _targets(one: ServedProjection) -> list[Target]:
    """What texts are compared with, for the tasks that a projection won: files, passages."""
    won = [SOURCES[name] for name in one.won if name in SOURCES]
    return sorted({source.target for source in won if source.asks == "text"})
