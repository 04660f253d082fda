"""Fits the fusion to one repository: its commits ask, and what they changed is the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from verdigris.database import storage_errors
from verdigris.learn.artifacts import ServedProjection
from verdigris.learn.fusion_fit import (
    Column,
    FusionExample,
    FusionStart,
    first_answer,
    fit_fusion,
    reciprocal_ranks,
)
from verdigris.learn.lock import FusionLock
from verdigris.learn.material import Material
from verdigris.retrieve.features import FEATURES
from verdigris.retrieve.lanes import Question
from verdigris.retrieve.learned_fusion import (
    base_scores,
    fusion_prior,
)
from verdigris.retrieve.search import Search
from verdigris.store.index import Index
from verdigris.upkeep.progress import Progress
from verdigris.upkeep.served import as_projected

Chosen = Literal["own", "prior", "fixed"]

MOST_EXAMPLES = 250
"""Newest commits that ask; more say little more and take longer."""
MOST_FILES = 10
"""Files of a commit that is still about one thing."""
LEAST_EXAMPLES = 20
"""Fewer commits cannot tell whether weights of their own are better."""
SURE = 1.64
"""Standard errors of a paired difference that chance gives once in twenty times."""
DECIMALS = 6
"""More would tell nothing apart."""
HELD_OUT = 0.3
"""Share of the examples, the newest, on which the weights must win."""


@dataclass(frozen=True, slots=True)
class EarlierProjection:
    """A projection that is to serve, as it was before it saw anything from `until` on."""

    served: ServedProjection
    until: str


@dataclass(frozen=True, slots=True)
class FusionExamples:
    """Commits of one repository that ask, oldest first, and what each may know."""

    search: Search
    material: Material
    earlier: Sequence[EarlierProjection]

    def asking(self) -> list[int]:
        """Rows of the material's newest commits that are about one thing. Raises StorageError."""
        rows = _rows(self.material.index, self.search.past_changes().commits.tolist())
        commits = enumerate(self.material.commits)
        usable = [row for row, c in commits if c.sha in rows and len(c.files) <= MOST_FILES]
        return usable[-MOST_EXAMPLES:]

    def described(self, progress: Progress) -> list[FusionExample]:
        """Each commit, asked of what was known before it.

        The files are those of today: only history, and what projections know, is as it was then.
        """
        past = self.search.past_changes()
        rows = _rows(self.material.index, past.commits.tolist())
        asking = self.asking()
        examples = []
        progress.start("fitting the fusion", len(asking))
        with self.search.for_many_questions():
            for row in asking:
                commit = self.material.commits[row]
                known = past.before(rows[commit.sha])
                candidates, features = self.search.described(self._question(row), known)
                answers = self.material.files.document_ids[list(commit.files)]
                relevant = np.isin(candidates.document_ids, answers)
                if relevant.any():
                    examples.append(FusionExample(features, base_scores(candidates), relevant))
                progress.advance(1)
        progress.finish()
        return examples

    def _question(self, row: int) -> Question:
        commit, vector = self.material.commits[row], self.material.commit_vectors[row]
        honest = [one.served for one in self.earlier if one.until <= commit.time]
        return Question(commit.subject, vector, as_projected(honest, vector))


def _rows(index: Index, documents: Sequence[int]) -> dict[str, int]:
    """Hash of a commit → its row among the past changes."""
    with storage_errors(index.path):
        names = dict(
            index.connection.execute(
                "SELECT id, name FROM documents WHERE kind = 'commit'"
            ).fetchall()
        )
    return {names[one].removeprefix("commit:"): row for row, one in enumerate(documents)}


def fit_weights(examples: Sequence[FusionExample]) -> FusionLock:
    """The weights to serve, and what was measured; their hash is known when they are written.

    Own weights are fitted on the older examples and must beat those of other repositories on the
    newer ones; then they are fitted again on all. The fixed fusion takes over where it surely beats
    both: the files hold what the commits wrote, which flatters it.
    """
    start = _start()
    if len(examples) < LEAST_EXAMPLES:
        reason = f"{len(examples)} commits that tell something; {LEAST_EXAMPLES} are needed"
        return FusionLock("prior", _named(start.weights), examples=len(examples), reason=reason)
    cut = round(len(examples) * (1 - HELD_OUT))
    newer = examples[cut:]
    ranks = {
        "fixed": reciprocal_ranks(newer, np.zeros(len(FEATURES))),
        "prior": reciprocal_ranks(newer, start.weights),
        "own": reciprocal_ranks(newer, fit_fusion(examples[:cut], start)),
    }
    lane, alone = _best_lane(newer)
    chosen = choose(ranks)
    weights = _named(fit_fusion(examples, start) if chosen == "own" else start.weights)
    own, prior, fixed, best = (
        round(float(found.mean()), 4)
        for found in (ranks["own"], ranks["prior"], ranks["fixed"], alone)
    )
    counts = (len(examples), len(newer))
    served = {} if chosen == "fixed" else weights
    return FusionLock(chosen, served, "", *counts, own, prior, fixed, best, lane)


def _named(weights: Column) -> dict[str, float]:
    rounded = [round(float(one), DECIMALS) for one in weights]
    return dict(zip(FEATURES, rounded, strict=True))


def _start() -> FusionStart:
    prior = fusion_prior()
    return FusionStart(np.array(prior.weights), np.array(prior.scales))


def choose(ranks: Mapping[str, Column]) -> Chosen:
    """Which of 'own', 'prior' and 'fixed' to serve, by their reciprocal ranks on one set."""
    best: Chosen = "own" if ranks["own"].mean() > ranks["prior"].mean() else "prior"
    ahead = ranks["fixed"] - ranks[best]
    surely = ahead.mean() > SURE * ahead.std() / len(ahead) ** 0.5
    return "fixed" if surely and ahead.mean() > 0 else best


def _best_lane(examples: Sequence[FusionExample]) -> tuple[str, Column]:
    """The lane whose rank alone answers best, with its reciprocal ranks."""
    names = [name for name in FEATURES if name.endswith(" rank")]
    columns = [list(FEATURES).index(name) for name in names]
    ranks = [
        np.array([first_answer(one.features[:, column], one.relevant) for one in examples])
        for column in columns
    ]
    best = max(range(len(names)), key=lambda place: float(ranks[place].mean()))
    return names[best].removesuffix(" rank"), ranks[best]
