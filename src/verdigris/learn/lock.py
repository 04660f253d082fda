"""oxidize.lock: what a recipe resolved to, so that the same weights can be made again."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np

from verdigris.errors import LockMismatch
from verdigris.learn.artifacts import FUSION
from verdigris.learn.gate import Gain, Measured, Verdict
from verdigris.learn.pairs import PairSet
from verdigris.learn.training import Plan

VERSION = 2
_AGAIN = "train anew: verdigris oxidize"


@dataclass(frozen=True, slots=True)
class Figures:
    """MRR and recall@10 of one method on the gate's queries."""

    mrr: float
    recall_at_10: float


@dataclass(frozen=True, slots=True)
class TaskLock:
    """One source of pairs: how many, from when to when, and what the gate measured on it.

    refusal: why it does not serve, where it was measured.
    gate_queries, raw, random, count_table, projection and the gains are of the gate's queries; None
    where there were too few. Gains are in the mean of reciprocal rank and recall@10, `lower` is
    their one-sided 95 % bound.
    """

    pairs: int
    queries: int
    first: str
    last: str
    digest: str
    served: bool = False
    refusal: str = ""
    gate_queries: int = 0
    raw: Figures | None = None
    random: Figures | None = None
    count_table: Figures | None = None
    projection: Figures | None = None
    gain_over_raw: Gain | None = None
    gain_over_count_table: Gain | None = None


@dataclass(frozen=True, slots=True)
class ProjectionLock:
    """One projection: what was chosen, its tasks, and the hash of its weights.

    sha256: of NAME.safetensors; '' where it won nothing and raw vectors are served. missing: why
    a source, or all of it, could not be learned from.
    """

    plan: Plan | None
    epochs: int
    sha256: str
    tasks: dict[str, TaskLock]
    missing: dict[str, str]


@dataclass(frozen=True, slots=True)
class QuestionsLock:
    """The weights of the lanes for questions, fitted to results that were used.

    weights: by feature, {} where a tenth of those for commits serves. own and tenth are mean
    reciprocal ranks on the `held_out` newest of `examples` questions, 0 where there were too few.
    """

    weights: dict[str, float] = field(default_factory=dict)
    examples: int = 0
    held_out: int = 0
    own: float = 0.0
    tenth: float = 0.0


@dataclass(frozen=True, slots=True)
class FusionLock:
    """The weights of the lanes: which serve, the hash of their file, and what was measured.

    chosen: 'own' weights, the 'prior' from other repositories, or the 'fixed' fusion. weights: by
    feature, {} for the fixed fusion; they stand here, since fitting them again needs an index that
    is the same to the last passage. own, prior, fixed and best_lane are mean reciprocal ranks on
    the `held_out` newest of `examples` commits.
    """

    chosen: Literal["own", "prior", "fixed"]
    weights: dict[str, float]
    sha256: str = ""
    examples: int = 0
    held_out: int = 0
    own: float = 0.0
    prior: float = 0.0
    fixed: float = 0.0
    best_lane: float = 0.0
    lane: str = ""
    """The lane that was best alone."""
    reason: str = ""
    """Why nothing was fitted; '' where something was."""
    questions: QuestionsLock = QuestionsLock()


@dataclass(frozen=True, slots=True)
class Lock:
    """A resolved recipe."""

    version: int
    recipe: str
    model: str
    fingerprint: str
    commit: str
    """HEAD when it was trained: the cut of the data."""
    libraries: dict[str, str]
    projections: dict[str, ProjectionLock]
    fusion: FusionLock

    def hashes(self) -> dict[str, str]:
        """File in the folder of what serves → its SHA-256."""
        weights = {f"{name}.safetensors": one.sha256 for name, one in self.projections.items()}
        return {FUSION: self.fusion.sha256} | {name: one for name, one in weights.items() if one}


def libraries() -> dict[str, str]:
    """What the last bits of the weights depend on beside data and seed."""
    from verdigris import __version__

    return {
        "verdigris": __version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
    }


def task_lock(pairs: PairSet, verdict: Verdict | None) -> TaskLock:
    """What the lock says of a source."""
    told = (pairs.pairs, len(pairs), pairs.times[0], pairs.times[-1], pairs_digest(pairs))
    if verdict is None:
        return TaskLock(*told)
    return TaskLock(
        *told,
        served=verdict.served,
        refusal=verdict.refusal,
        gate_queries=verdict.queries,
        raw=_figures(verdict.raw),
        random=_figures(verdict.random),
        count_table=_figures(verdict.count_table),
        projection=_figures(verdict.trained),
        gain_over_raw=_rounded(verdict.over_raw),
        gain_over_count_table=_rounded(verdict.over_count_table),
    )


def pairs_digest(pairs: PairSet) -> str:
    """32 hex digits of everything that training sees of a source."""
    digest = hashlib.sha256("\n".join(pairs.times).encode())
    for values in (pairs.queries, pairs.candidates, pairs.weights, pairs.positives, pairs.offsets):
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()[:32]


def _figures(measured: Measured) -> Figures:
    return Figures(round(measured.mrr, 4), round(measured.recall, 4))


def _rounded(gain: Gain) -> Gain:
    return Gain(round(gain.mean, 4), round(gain.lower, 4))


def lock_text(lock: Lock) -> str:
    """JSON with sorted keys: short differences in git."""
    return json.dumps(asdict(lock), indent=2, sort_keys=True) + "\n"


def read_lock(path: Path) -> Lock | None:
    """The lock; None where there is none. Raises LockMismatch for what is no lock."""
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
        version = content.get("version") if isinstance(content, dict) else None
        if version not in (VERSION, None):
            raise LockMismatch(f"{path} has version {version}, not {VERSION}; {_AGAIN}")
        return msgspec.convert(content, Lock)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise LockMismatch(f"{path} cannot be read ({error}); {_AGAIN}") from error


def check_lock(lock: Lock, recipe: str, fingerprint: str, model: str) -> None:
    """Whether recipe and model are those of the lock. Raises LockMismatch."""
    if lock.recipe != recipe:
        raise LockMismatch(f"the recipe is not the one of oxidize.lock; {_AGAIN}")
    if lock.model != model:
        raise LockMismatch(
            f"oxidize.lock is for model {lock.model!r}, {model!r} is in use; "
            f"run: verdigris model use {lock.model}"
        )
    if lock.fingerprint != fingerprint:
        raise LockMismatch(f"model {model!r} has changed since oxidize.lock; {_AGAIN}")


def check_data(lock: Lock, name: str, sources: Mapping[str, PairSet]) -> None:
    """Whether the pairs of a projection are those of the lock. Raises LockMismatch."""
    wanted = {source: task.digest for source, task in lock.projections[name].tasks.items()}
    if wanted != {source: pairs_digest(pairs) for source, pairs in sources.items()}:
        raise LockMismatch(
            f"the pairs of {name!r} are not those of oxidize.lock, which was made at "
            f"{lock.commit[:10] or 'another state'}; check that out, or {_AGAIN}"
        )


def check_result(lock: Lock, made: Lock) -> None:
    """Whether all weights came out the same, bit for bit. Raises LockMismatch."""
    wanted, found = lock.hashes(), made.hashes()
    for name in sorted(wanted | found):
        if wanted.get(name) != found.get(name):
            raise LockMismatch(f"{name} differs from oxidize.lock ({_why(lock)}); {_AGAIN}")


def _why(lock: Lock) -> str:
    now = libraries()
    changed = [f"{key} {lock.libraries.get(key)} → {now[key]}" for key in now
               if lock.libraries.get(key) != now[key]]  # fmt: skip
    return ", ".join(changed) or "the processor or its number of threads"
