"""Fits the fusion to one repository: its commits ask, and what they changed is the answer.

For questions the results that were used are the answers.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from verdigris.database import storage_errors
from verdigris.learn.fusion_fit import (
    Column,
    FusionExample,
    FusionStart,
    first_answer,
    fit_fusion,
    reciprocal_ranks,
)
from verdigris.learn.history_pairs import used_questions
from verdigris.learn.lock import FusionLock, QuestionsLock
from verdigris.learn.material import Material
from verdigris.learn.network import Array
from verdigris.retrieve.features import FEATURES
from verdigris.retrieve.lanes import Question
from verdigris.retrieve.learned_fusion import QUESTION_SHARE, base_scores, fusion_prior
from verdigris.retrieve.search import Search
from verdigris.retrieve.wording import is_question
from verdigris.upkeep.progress import Progress

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
class Asked:
    """A text with known answers, and how much of the past it may know."""

    text: str
    vector: Array
    time: str
    commits_before: int
    """Commits of the past that came before it."""
    files: Sequence[int]
    """Rows of the material's files that answer it."""


@dataclass(frozen=True, slots=True)
class FusionExamples:
    """What asks in one repository, oldest first, and what each may know."""

    search: Search
    material: Material

    def of_commits(self) -> list[Asked]:
        """The newest commits that are about one thing, and what was asked in such words.

        Raises StorageError.
        """
        material = self.material
        rows = {sha: row for row, (sha, _) in enumerate(self._past_commits())}
        asking = [
            Asked(commit.subject, vector, commit.time, rows[commit.sha], commit.files)
            for commit, vector in zip(material.commits, material.commit_vectors, strict=True)
            if commit.sha in rows and len(commit.files) <= MOST_FILES
        ]
        asking += [one for one in self._used() if not is_question(one.text)]
        return sorted(asking, key=lambda one: one.time)[-MOST_EXAMPLES:]

    def of_questions(self) -> list[Asked]:
        """The newest questions of which somebody said which files answered. Raises StorageError."""
        return [one for one in self._used() if is_question(one.text)][-MOST_EXAMPLES:]

    def _used(self) -> list[Asked]:
        """All texts of which somebody said which files answered, oldest first."""
        times = [time for _, time in self._past_commits()]
        used = used_questions(self.material)
        vectors = self.material.embed([one.text for one in used])
        return [
            Asked(one.text, vector, one.time, bisect_right(times, one.time), one.files)
            for one, vector in zip(used, vectors, strict=True)
        ]

    def _past_commits(self) -> list[tuple[str, str]]:
        """(hash, time) of the past's commits, in its order."""
        with storage_errors(self.material.index.path):
            rows = self.material.index.connection.execute(
                "SELECT id, name, time FROM documents WHERE kind = 'commit'"
            ).fetchall()
        known = {row[0]: (row[1].removeprefix("commit:"), row[2]) for row in rows}
        return [known[one] for one in self.search.past_changes().commits.tolist()]

    def described(self, asking: Sequence[Asked], progress: Progress) -> list[FusionExample]:
        """Each text with the files that may answer it, asked of what was known before it.

        The files are those of today: only history is as it was then.
        Texts whose answers are not among the files that may answer are left out.
        """
        past = self.search.past_changes()
        examples = []
        progress.start("fitting the fusion", len(asking))
        with self.search.for_many_questions():
            for one in asking:
                question = Question(one.text, one.vector)
                known = past.before(one.commits_before)
                candidates, features = self.search.described(question, known)
                answers = self.material.files.document_ids[list(one.files)]
                relevant = np.isin(candidates.document_ids, answers)
                if relevant.any():
                    examples.append(FusionExample(features, base_scores(candidates), relevant))
                progress.advance(1)
        progress.finish()
        return examples


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


def fit_questions(examples: Sequence[FusionExample], commits: Mapping[str, float]) -> QuestionsLock:
    """The weights to serve for questions, and what was measured.

    They start as QUESTION_SHARE of those for commits (by feature; {} = the fixed fusion), are
    fitted on the older questions, and serve if they surely beat that start on the newer ones: what
    people mark is what they were shown, so the start has the advantage.
    """
    if len(examples) < LEAST_EXAMPLES:
        return QuestionsLock(examples=len(examples))
    tenth = QUESTION_SHARE * np.array([commits.get(name, 0.0) for name in FEATURES])
    start = FusionStart(tenth, np.array(fusion_prior().scales))
    cut = round(len(examples) * (1 - HELD_OUT))
    newer = examples[cut:]
    before = reciprocal_ranks(newer, tenth)
    after = reciprocal_ranks(newer, fit_fusion(examples[:cut], start))
    weights = _named(fit_fusion(examples, start)) if _is_surely_ahead(after - before) else {}
    own, its_start = round(float(after.mean()), 4), round(float(before.mean()), 4)
    return QuestionsLock(weights, len(examples), len(newer), own, its_start)


def _is_surely_ahead(differences: Column) -> bool:
    """Whether paired differences (queries,) are above zero by more than chance."""
    mean = float(differences.mean())
    return mean > 0 and mean > SURE * float(differences.std()) / len(differences) ** 0.5


def _named(weights: Column) -> dict[str, float]:
    rounded = [round(float(one), DECIMALS) for one in weights]
    return dict(zip(FEATURES, rounded, strict=True))


def _start() -> FusionStart:
    prior = fusion_prior()
    return FusionStart(np.array(prior.weights), np.array(prior.scales))


def choose(ranks: Mapping[str, Column]) -> Chosen:
    """Which of 'own', 'prior' and 'fixed' to serve, by their reciprocal ranks on one set."""
    best: Chosen = "own" if ranks["own"].mean() > ranks["prior"].mean() else "prior"
    return "fixed" if _is_surely_ahead(ranks["fixed"] - ranks[best]) else best


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
