"""Fits the fusion to one repository: its commits ask, and what they changed is the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from verdigris.database import storage_errors
from verdigris.learn.examples import (
    CommitExample,
    EmbedTexts,
    FileVectors,
    commit_examples,
    file_vectors,
)
from verdigris.learn.fusion_fit import (
    Column,
    FusionExample,
    FusionStart,
    first_answer,
    fit_fusion,
    reciprocal_ranks,
)
from verdigris.retrieve.features import FEATURES
from verdigris.retrieve.fusion_file import FittedFusion, FusionReport
from verdigris.retrieve.lanes import Question
from verdigris.retrieve.learned_fusion import (
    FusionWeights,
    base_scores,
    fusion_prior,
    prior_weights,
)
from verdigris.retrieve.search import Search
from verdigris.store.index import Index
from verdigris.upkeep.progress import Progress
from verdigris.views import Facts

MOST_EXAMPLES = 250
"""Newest commits that ask; more say little more and take longer."""
MOST_FILES = 10
"""Files of a commit that is still about one thing."""
LEAST_EXAMPLES = 20
"""Fewer commits cannot tell whether weights of their own are better."""
SURE = 1.64
"""Standard errors of a paired difference that chance gives once in twenty times."""
HELD_OUT = 0.3
"""Share of the examples, the newest, on which the weights must win."""


def fit_repository(
    search: Search, index: Index, facts: Facts, embed: EmbedTexts, progress: Progress
) -> FittedFusion:
    """Weights of the learned fusion from the repository's own commits. Raises StorageError."""
    files = file_vectors(index)
    material = CommitMaterial(commit_examples(index, facts, files), files, embed)
    return fit_weights(fusion_examples(search, index, material, progress))


@dataclass(frozen=True, slots=True)
class CommitMaterial:
    """Commits that tell something, oldest first; the files that they name rows of; an embedder."""

    commits: Sequence[CommitExample]
    files: FileVectors
    embed: EmbedTexts


def fusion_examples(
    search: Search, index: Index, material: CommitMaterial, progress: Progress
) -> list[FusionExample]:
    """The newest commits as examples, oldest first; each is asked of what was known before it.

    The files are those of today: only history is as it was then.
    """
    past = search.past_changes()
    rows = _rows(index, past.commits.tolist())
    usable = [c for c in material.commits if c.sha in rows and len(c.files) <= MOST_FILES]
    usable = usable[-MOST_EXAMPLES:]
    vectors = material.embed([commit.subject for commit in usable])
    examples = []
    progress.start("fitting the fusion", len(usable))
    with search.for_many_questions():
        for commit, vector in zip(usable, vectors, strict=True):
            question = Question(commit.subject, vector)
            candidates, features = search.described(question, past.before(rows[commit.sha]))
            answers = material.files.document_ids[list(commit.files)]
            relevant = np.isin(candidates.document_ids, answers)
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


def fit_weights(examples: Sequence[FusionExample]) -> FittedFusion:
    """The weights to serve, and what was measured.

    Own weights are fitted on the older examples and must beat those of other repositories on the
    newer ones; then they are fitted again on all. The fixed fusion takes over where it surely beats
    both: the files hold what the commits wrote, which flatters it.
    """
    start = _start()
    if len(examples) < LEAST_EXAMPLES:
        reason = f"{len(examples)} commits that tell something; {LEAST_EXAMPLES} are needed"
        return FittedFusion(prior_weights(), FusionReport("prior", len(examples), reason=reason))
    cut = round(len(examples) * (1 - HELD_OUT))
    newer = examples[cut:]
    ranks = {
        "fixed": reciprocal_ranks(newer, np.zeros(len(FEATURES))),
        "prior": reciprocal_ranks(newer, start.weights),
        "own": reciprocal_ranks(newer, fit_fusion(examples[:cut], start)),
    }
    lane, alone = _best_lane(newer)
    chosen = choose(ranks)
    fixed, prior, own = (float(ranks[name].mean()) for name in ("fixed", "prior", "own"))
    counts = (len(examples), len(newer))
    report = FusionReport(chosen, *counts, fixed, prior, own, float(alone.mean()), lane)
    if chosen == "fixed":
        return FittedFusion(None, report)
    weights = fit_fusion(examples, start) if chosen == "own" else start.weights
    return FittedFusion(FusionWeights(tuple(weights.tolist())), report)


def _start() -> FusionStart:
    prior = fusion_prior()
    return FusionStart(np.array(prior.weights), np.array(prior.scales))


def choose(ranks: Mapping[str, Column]) -> str:
    """Which of 'own', 'prior' and 'fixed' to serve, by their reciprocal ranks on one set."""
    best = "own" if ranks["own"].mean() > ranks["prior"].mean() else "prior"
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
