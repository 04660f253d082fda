"""Fits the fusion to one repository: its commits ask, and what they changed is the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from verdigris.database import storage_errors
from verdigris.learn.examples import CommitExample, EmbedTexts, FileVectors
from verdigris.learn.fusion_fit import (
    Column,
    FusionExample,
    FusionStart,
    first_answer,
    fit_fusion,
    reciprocal_ranks,
)
from verdigris.retrieve.features import FEATURES
from verdigris.retrieve.lanes import Question
from verdigris.retrieve.learned_fusion import FusionWeights, base_scores, fusion_prior
from verdigris.retrieve.search import Search
from verdigris.store.index import Index
from verdigris.upkeep.progress import Progress

MOST_EXAMPLES = 300
"""Newest commits that ask; more say little more and take longer."""
MOST_FILES = 10
"""Files of a commit that is still about one thing."""
LEAST_EXAMPLES = 20
"""Fewer commits cannot tell whether weights of their own are better."""
HELD_OUT = 0.3
"""Share of the examples, the newest, on which the weights must win."""
_NOISE = 1.0
"""Standard errors by which the fusion may stand behind the best single feature."""


@dataclass(frozen=True, slots=True)
class FusionReport:
    """What fitting found: mean reciprocal ranks on held-out commits, and what is served.

    chosen: 'own' weights, the 'prior' from other repositories, or the 'fixed' fusion.
    """

    chosen: str
    examples: int
    held_out: int
    fixed: float
    prior: float
    own: float
    best_lane: float
    lane: str
    """The lane that was best alone."""
    reason: str = ""


def fusion_examples(
    search: Search, index: Index, commits: Sequence[CommitExample], files: FileVectors,
    embed: EmbedTexts, progress: Progress,
) -> list[FusionExample]:  # fmt: skip
    """The newest commits as examples, oldest first; each is asked of what was known before it.

    The files are those of today: only history is as it was then.
    """
    past = search.past_changes()
    rows = _rows(index, past.commits.tolist())
    usable = [c for c in commits if c.sha in rows and len(c.files) <= MOST_FILES][-MOST_EXAMPLES:]
    vectors = embed([commit.subject for commit in usable])
    examples = []
    progress.start("fitting the fusion", len(usable))
    for commit, vector in zip(usable, vectors, strict=True):
        question = Question(commit.subject, vector)
        candidates, features = search.described(question, past.before(rows[commit.sha]))
        relevant = np.isin(candidates.document_ids, files.document_ids[list(commit.files)])
        if relevant.any():
            examples.append(FusionExample(features, base_scores(candidates), relevant))
        progress.advance(1)
    progress.finish()
    return examples


def _rows(index: Index, documents: Sequence[int]) -> dict[str, int]:
    """Hash of a commit → its row among the past changes."""
    with storage_errors(index.path):
        names = dict(
            index.connection.execute(
                "SELECT id, name FROM documents WHERE kind = 'commit'"
            ).fetchall()
        )
    return {names[one].removeprefix("commit:"): row for row, one in enumerate(documents)}


def fit_weights(examples: Sequence[FusionExample]) -> tuple[FusionWeights | None, FusionReport]:
    """The weights to serve, and why; None: the fixed fusion.

    Own weights are fitted on the older examples and must beat the prior's and the fixed fusion on
    the newer ones, and not stand behind the best lane by more than noise; then they are fitted
    again on all. The prior must beat the fixed fusion likewise.
    """
    start = _start()
    if len(examples) < LEAST_EXAMPLES:
        prior = FusionWeights(tuple(start.weights.tolist()))
        return prior, FusionReport("prior", len(examples), 0, 0, 0, 0, 0, "", "too few commits")
    cut = round(len(examples) * (1 - HELD_OUT))
    newer = examples[cut:]
    own = fit_fusion(examples[:cut], start)
    ranks = {
        "own": reciprocal_ranks(newer, own),
        "prior": reciprocal_ranks(newer, start.weights),
        "fixed": reciprocal_ranks(newer, np.zeros(len(FEATURES))),
    }
    lane, alone = _best_lane(newer)
    chosen = _chosen(ranks, alone)
    means = {name: float(values.mean()) for name, values in ranks.items()}
    report = FusionReport(
        chosen, len(examples), len(newer), means["fixed"], means["prior"], means["own"],
        float(alone.mean()), lane,
    )  # fmt: skip
    if chosen == "fixed":
        return None, report
    weights = fit_fusion(examples, start) if chosen == "own" else start.weights
    origin = "this repository" if chosen == "own" else "other repositories"
    return FusionWeights(tuple(weights.tolist()), origin), report


def _start() -> FusionStart:
    prior = fusion_prior()
    return FusionStart(np.array(prior.weights), np.array(prior.scales))


def _chosen(ranks: dict[str, Column], alone: Column) -> str:
    """The best by mean; the simpler where equal; none that noise cannot excuse against a lane."""
    best = max(("fixed", "prior", "own"), key=lambda name: float(ranks[name].mean()))
    return "fixed" if behind(ranks[best], alone) else best


def behind(ranks: Column, others: Column) -> bool:
    """Whether paired reciprocal ranks are worse than others by more than noise."""
    apart = others - ranks
    error = float(apart.std()) / len(apart) ** 0.5
    return bool(apart.mean() > _NOISE * error + 1e-9)


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
