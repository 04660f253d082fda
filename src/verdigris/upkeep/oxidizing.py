"""Oxidize: read the recipe, make pairs, train, gate, and put what won into service."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from verdigris.engine.cpus import usable_cpus
from verdigris.errors import LearningError, LockMismatch, NothingToLearn, RecipeError, StorageError
from verdigris.learn.artifacts import SERVED, ServedProjection, publish, write_projection
from verdigris.learn.lock import (
    VERSION,
    Lock,
    ProjectionLock,
    check_data,
    check_lock,
    check_result,
    libraries,
    lock_text,
    read_lock,
    task_lock,
)
from verdigris.learn.material import Material
from verdigris.learn.network import Projection
from verdigris.learn.pair_sources import read_pairs
from verdigris.learn.pairs import PairSet
from verdigris.learn.recipe import ProjectionRecipe, Recipe, read_recipe
from verdigris.learn.selection import LEAST_QUERIES, fit, refit
from verdigris.learn.training import Plan
from verdigris.retrieve.fusion_file import FusionReport
from verdigris.settings import OXIDIZE_LOCK, OXIDIZE_RECIPE, STATE_FOLDER
from verdigris.upkeep.fetching_recipes import FetchedRecipe
from verdigris.upkeep.progress import Progress

PREVIOUS = "projections.previous"
FUSION = "fusion.json"


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where a repository's recipe, lock and projections lie, and which model makes its vectors."""

    root: Path
    projections: Path
    """The served ones."""
    model: str
    fingerprint: str
    head: str
    dims: int

    @property
    def recipe(self) -> Path:
        """The recipe, which may not be there."""
        return self.root / STATE_FOLDER / OXIDIZE_RECIPE

    @property
    def lock(self) -> Path:
        """The lock beside it."""
        return self.root / STATE_FOLDER / OXIDIZE_LOCK

    @property
    def previous(self) -> Path:
        """Those that served before."""
        return self.projections.with_name(PREVIOUS)


@dataclass(frozen=True, slots=True)
class Trained:
    """One projection as it came out: its line in the lock, and its weights where it won."""

    name: str
    lock: ProjectionLock
    projection: Projection | None
    plan: Plan | None

    @property
    def won(self) -> tuple[str, ...]:
        """The tasks that it serves."""
        return tuple(name for name, task in self.lock.tasks.items() if task.served)


def open_recipe(shop: Workshop, other: FetchedRecipe | None = None) -> Recipe:
    """Another recipe, or the repository's own, or the default. Raises RecipeError."""
    recipe = other.recipe if other else read_recipe(shop.recipe)
    place = other.source if other else shop.recipe
    if recipe.model not in ("", shop.model):
        raise RecipeError(
            f"{place} is for model {recipe.model!r}, {shop.model!r} is in use; "
            f"run: verdigris model use {recipe.model}"
        )
    for projection in recipe.projections:
        if projection.dims > shop.dims:
            raise RecipeError(
                f"projection {projection.name!r} wants {projection.dims} dims, the model has "
                f"{shop.dims}; set dims to {shop.dims} or less"
            )
    return recipe


def start_training(pool: Executor, recipe: Recipe, material: Material) -> list[Future[Trained]]:
    """Train and gate every projection of a recipe, some at once; what cannot be learned says why.

    Pairs are read in this thread: a connection to SQLite belongs to one.
    """
    reader = _PairReader(material)
    return [pool.submit(_train, one, *reader.read(one.pairs)) for one in recipe.projections]


def _finish(training: Sequence[Future[Trained]], progress: Progress) -> list[Trained]:
    progress.start("training", len(training))
    found = []
    for one in training:
        found.append(one.result())
        progress.advance(1)
    progress.finish()
    return found


class _PairReader:
    """Reads each source once, however many projections use it."""

    def __init__(self, material: Material) -> None:
        self._material = material
        self._known: dict[str, PairSet | str] = {}

    def read(self, names: tuple[str, ...]) -> tuple[dict[str, PairSet], dict[str, str]]:
        """The sources that have enough pairs, and what the others lack."""
        for name in names:
            if name not in self._known:
                try:
                    self._known[name] = read_pairs(name, self._material, LEAST_QUERIES)
                except NothingToLearn as error:
                    self._known[name] = str(error)
        known = {name: self._known[name] for name in names}
        pairs = {name: one for name, one in known.items() if isinstance(one, PairSet)}
        return pairs, {name: one for name, one in known.items() if isinstance(one, str)}


def _train(
    recipe: ProjectionRecipe, sources: Mapping[str, PairSet], missing: dict[str, str]
) -> Trained:
    if not sources:
        return Trained(recipe.name, ProjectionLock(None, 0, "", {}, missing), None, None)
    try:
        fitted = fit(sources, recipe.plans(), recipe.epochs)
    except NothingToLearn as error:
        missing |= dict.fromkeys(sources, str(error))
        return Trained(recipe.name, ProjectionLock(None, 0, "", {}, missing), None, None)
    tasks = {name: task_lock(one, fitted.verdicts.get(name)) for name, one in sources.items()}
    lock = ProjectionLock(fitted.choice.plan, fitted.choice.epochs, "", tasks, missing)
    won = any(task.served for task in tasks.values())
    return Trained(recipe.name, lock, fitted.projection if won else None, fitted.choice.plan)


def retrain(
    shop: Workshop, recipe: Recipe, read: Callable[[], Material]
) -> tuple[Lock, list[Trained]]:
    """Make again what the lock names, without choosing or gating. Raises LockMismatch."""
    lock = read_lock(shop.lock)
    if lock is None:
        raise LockMismatch(f"there is no {shop.lock}; make one: verdigris oxidize")
    check_lock(lock, recipe.digest(), shop.fingerprint, shop.model)
    reader = _PairReader(read())
    found = []
    for projection in recipe.projections:
        told = lock.projections[projection.name]
        weights = None
        if told.sha256 and told.plan:
            sources, _ = reader.read(projection.pairs)
            check_data(lock, projection.name, sources)
            weights = refit(sources, told.plan, told.epochs)
        found.append(Trained(projection.name, told, weights, told.plan))
    return lock, found


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is wanted of `oxidize`: another recipe than the repository's, the lock's, no change."""

    recipe: FetchedRecipe | None = None
    locked: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Oxidized:
    """What came of it; seconds do not count scraping and embedding."""

    lock: Lock
    written: bool
    seconds: float
    fusion: FusionReport | None = None
    """How the lanes are weighed since; None in a dry run."""


def oxidize(
    shop: Workshop,
    read: Callable[[], Material],
    fit_lanes: Callable[[], FusionReport],
    wishes: Wishes,
    progress: Progress,
) -> Oxidized:
    """Train by the recipe, or again by the lock, and put what won into service.

    read: reads what pairs are made from. fit_lanes: fits the weights of the lanes and serves them;
    it runs while projections train. Raises RecipeError, LockMismatch, StorageError.
    """
    from threadpoolctl import threadpool_limits

    recipe = open_recipe(shop, wishes.recipe)
    started = time.monotonic()
    locked, fusion = None, None
    # One thread: products this small gain nothing from more, and the bits do not depend on them.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(usable_cpus()) as pool:
        if wishes.locked:
            locked, trained = retrain(shop, recipe, read)
        else:
            training = start_training(pool, recipe, read())
        if not wishes.dry_run:
            fusion = fit_lanes()
        if not wishes.locked:
            trained = _finish(training, progress)
    if wishes.dry_run:
        lock = locked or make_lock(shop, recipe, {one.name: one.lock for one in trained})
    else:
        lock = put_into_service(shop, recipe, trained, locked)
    return Oxidized(lock, not wishes.dry_run, time.monotonic() - started, fusion)


def make_lock(shop: Workshop, recipe: Recipe, trained: Mapping[str, ProjectionLock]) -> Lock:
    """What a training resolved to."""
    return Lock(
        VERSION, recipe.digest(), shop.model, shop.fingerprint, shop.head, libraries(),
        dict(trained),
    )  # fmt: skip


def put_into_service(
    shop: Workshop, recipe: Recipe, trained: list[Trained], locked: Lock | None = None
) -> Lock:
    """Write weights and lock, then swap them in; a failure on the way leaves what was.

    locked: the lock that the weights must agree with, which is then left as it is.
    Raises LockMismatch, StorageError.
    """
    staged = _staged(shop)
    try:
        served, locks = [], {}
        for one in trained:
            digest = _write(staged, shop, one) if one.projection else ""
            if locked:
                check_result(locked, one.name, digest)
            locks[one.name] = _with_digest(one.lock, digest)
            if one.projection and one.plan:
                told = (one.name, one.won, one.plan.side, shop.fingerprint, digest)
                served.append(ServedProjection(*told, one.projection))
        lock = locked or make_lock(shop, recipe, locks)
        _carry_fusion(shop.projections, staged)
        (staged / OXIDIZE_LOCK).write_text(lock_text(lock), encoding="utf-8")
        publish(staged, served, shop.projections, shop.previous)
        _write_tracked(shop.lock, lock_text(lock))
    except OSError as error:
        raise StorageError(
            f"cannot write {error.filename or shop.projections} ({error.strerror}); make it "
            "writable and run: verdigris oxidize"
        ) from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return lock


def _carry_fusion(folder: Path, staged: Path) -> None:
    """Fitted weights of the fusion lie in the same folder, and stay."""
    if (folder / FUSION).exists():
        shutil.copyfile(folder / FUSION, staged / FUSION)


def _write(staged: Path, shop: Workshop, one: Trained) -> str:
    assert one.projection is not None
    about = {"model": shop.model, "fingerprint": shop.fingerprint, "tasks": " ".join(one.won)}
    return write_projection(staged, one.name, one.projection, about)


def _with_digest(lock: ProjectionLock, digest: str) -> ProjectionLock:
    return ProjectionLock(lock.plan, lock.epochs, digest, lock.tasks, lock.missing)


def _staged(shop: Workshop) -> Path:
    folder = shop.projections.parent
    folder.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="projections.", suffix=".part", dir=folder))


def _write_tracked(path: Path, text: str) -> None:
    """Write a file that git tracks, by replacing it."""
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_name(f"{path.name}.part")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def roll_back(shop: Workshop) -> str:
    """Swap what serves and what served before, and put the lock of the latter back.

    A second time undoes the first. Returns what serves now, in words. Raises LearningError where
    nothing was ever trained.
    """
    if not shop.projections.exists() and not shop.previous.exists():
        raise LearningError("there is nothing to roll back to; train first: verdigris oxidize")
    aside = shop.projections.with_name("projections.swap")
    for source, target in (
        (shop.projections, aside), (shop.previous, shop.projections), (aside, shop.previous)
    ):  # fmt: skip
        if source.exists():
            source.rename(target)
    lock = shop.projections / OXIDIZE_LOCK
    if not lock.exists():
        shop.lock.unlink(missing_ok=True)
        return "raw vectors serve, as before the first training"
    _write_tracked(shop.lock, lock.read_text(encoding="utf-8"))
    return "the projections from before the last training serve"


@dataclass(frozen=True, slots=True)
class Learned:
    """What a lock says, and whether its weights are on this machine."""

    lock: Lock
    here: bool


def learned(root: Path, projections: Path) -> Learned | None:
    """The repository's lock; None where there is none. Raises LockMismatch for a damaged one."""
    lock = read_lock(root / STATE_FOLDER / OXIDIZE_LOCK)
    return Learned(lock, (projections / SERVED).exists()) if lock else None
