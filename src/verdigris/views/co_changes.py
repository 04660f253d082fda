"""Facts of files that change together, from the commits that they have in common."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime

from verdigris.frozen_dataclass import dataclass
from verdigris.views.history import HistoryFacts

HALF_LIFE = 180.0
"""Days in which what two files have in common loses half its weight."""
OLDEST_WEIGHT = 0.01
LITTLE_EVIDENCE = 0.5
"""Weight of commits that a rule must outweigh to be believed by half."""
LEAST_CONFIDENCE = 0.05
"""Below it a file is not worth a look before a commit."""


@dataclass(frozen=True, slots=True)
class CoChange:
    """A file that changed together with another one.

    weight: sum of 1/(files of the commit − 1) over the common commits, older ones counting less;
    support: common commits; confidence: support over all commits of the asked file.
    """

    path: str
    weight: float
    support: int
    confidence: float
    examples: tuple[tuple[str, str], ...]
    """(commit hash, subject), newest first."""


@dataclass(frozen=True, slots=True)
class Companion:
    """A file that usually changes with some others.

    because_of: which of them says so most surely, by `support` common ones of its `commits`
    commits; confidence: how sure all of them together are, small and recent commits counting more.
    """

    path: str
    because_of: str
    support: int
    commits: int
    confidence: float
    example: tuple[str, str]
    """(commit hash, subject) of the newest common commit."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What may have been forgotten in a commit that is being made."""

    staged: tuple[str, ...]
    companions: tuple[Companion, ...]


class CoChangeFacts(HistoryFacts):
    """Which files change together; merges, bulk and bot commits do not count."""

    def co_changes(self, path: str, limit: int = 10) -> list[CoChange]:
        """Files that changed together with `path`, strongest first.

        Each common commit counts 1/(its files − 1), less with its age (`_recency`); merges, bulk
        and bot commits do not count.
        Method: association rules over commits (Zimmermann et al. 2004), weighted by size.
        """
        rows = self._commits_of(path)
        weights: dict[str, float] = defaultdict(float)
        examples: dict[str, list[tuple[str, str]]] = defaultdict(list)
        now_named, recency = self.present_names(), self._recency()
        for sha, subject, size, time in rows:
            for current in {now_named(other) for other in self.paths_of(sha)}:
                if current and current != path:
                    weights[current] += recency(time) / max(size - 1, 1)
                    examples[current].append((sha, subject))
        best = sorted(weights, key=lambda other: (-weights[other], other))[:limit]
        return [
            CoChange(
                other, weights[other], len(examples[other]), len(examples[other]) / len(rows),
                tuple(examples[other][:3]),
            )
            for other in best
        ]  # fmt: skip

    def _commits_of(self, path: str) -> list[tuple[str, str, int, str]]:
        """(hash, subject, files, time) of the commits of a file that count, newest first."""
        names = self.names_of(path)
        rows = self._connection.execute(
            "SELECT DISTINCT sha, subject, size, time, position "
            "FROM commit_files JOIN commits USING (sha) "
            f"WHERE path IN ({','.join('?' * len(names))}) AND marks = '' "
            "ORDER BY time DESC, position DESC",
            names,
        )
        return [row[:4] for row in rows]

    def _recency(self) -> Callable[[str], float]:
        """A function from a time to a weight: 1 for the newest commit's, half for HALF_LIFE before.

        It never falls below OLDEST_WEIGHT: what changed together only long ago is still found.
        """
        row = self._connection.execute("SELECT max(time) FROM commits").fetchone()
        newest = _days(row[0] or "")

        def weight(time: str) -> float:
            age = max(newest - _days(time), 0.0) / HALF_LIFE
            return OLDEST_WEIGHT + (1 - OLDEST_WEIGHT) * float(0.5**age)

        return weight

    def usually_changed_with(self, paths: Collection[str], limit: int = 10) -> list[Companion]:
        """Files that usually change with the given ones and are not among them, surest first.

        Each path gives a rule: the weight of the common commits over that of all its commits,
        and a little more, so that one common commit proves little. A commit weighs 1/(its files
        − 1), less with its age. Rules agree as independent evidence does.
        Method: association rules (Zimmermann et al. 2004) aggregated by a noisy-or; figures in
        docs/experiments.md.
        """
        now_named, recency = self.present_names(), self._recency()
        doubts: dict[str, float] = defaultdict(lambda: 1.0)
        rules: dict[str, list[Companion]] = defaultdict(list)
        for path in paths:
            rows = self._commits_of(path)
            weights = {sha: recency(time) / max(size - 1, 1) for sha, _, size, time in rows}
            total = sum(weights.values()) + LITTLE_EVIDENCE
            common: dict[str, list[tuple[str, str]]] = defaultdict(list)
            for sha, subject, *_ in rows:
                for other in {now_named(name) for name in self.paths_of(sha)} - {"", *paths}:
                    common[other].append((sha, subject))
            for other, commits in common.items():
                sure = sum(weights[sha] for sha, _ in commits) / total
                doubts[other] *= 1 - sure
                rule = Companion(other, path, len(commits), len(rows), sure, commits[0])
                rules[other].append(rule)
        likely = [other for other in doubts if 1 - doubts[other] >= LEAST_CONFIDENCE]
        best = sorted(likely, key=lambda other: (doubts[other], other))[:limit]
        surest = (max(rules[other], key=lambda rule: rule.confidence) for other in best)
        return [replace(one, confidence=1 - doubts[one.path]) for one in surest]


def _days(time: str) -> float:
    """Days since 1970; 0 for an unknown time."""
    return datetime.fromisoformat(time).timestamp() / 86_400 if time else 0.0
