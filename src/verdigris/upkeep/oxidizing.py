"""Oxidize: read the recipe, make pairs, train, gate, and put what won into service."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from verdigris.engine.cpus import usable_cpus
from verdigris.errors import LockMismatch, NothingToLearn, RecipeError
from verdigris.learn.artifacts import FUSION, ServedProjection, write_manifest, write_projection
from verdigris.learn.lock import (
    VERSION,
    FusionLock,
    Lock,
    ProjectionLock,
    check_data,
    check_lock,
    check_result,
    libraries,
    read_lock,
    task_lock,
)
from verdigris.learn.material import Material
from verdigris.learn.network import Projection
from verdigris.learn.pair_sources import read_pairs
from verdigris.learn.pairs import PairSet
from verdigris.learn.recipe import ProjectionRecipe, Recipe, read_recipe
from verdigris.learn.selection import (
    LEAST_QUERIES,
    choose_and_gate,
    train_on_all,
)
from verdigris.retrieve.fusion_file import write_fusion
from verdigris.upkeep.fetching_recipes import FetchedRecipe
from verdigris.upkeep.progress import Progress
from verdigris.upkeep.publishing import Workshop, publish


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


def oxidize(
    shop: Workshop,
    read: Callable[[], Material],
    fit_lanes: Callable[[Material], FusionLock],
    wishes: Wishes,
    progress: Progress,
) -> Oxidized:
    """Train by the recipe, or again by the lock, and put what won into service.

    read: reads what is learned from. fit_lanes: fits the lanes' weights, while projections train.
    Raises RecipeError, LockMismatch, StorageError, Busy.
    """
    from threadpoolctl import threadpool_limits

    recipe = open_recipe(shop, wishes.recipe)
    told = _told(shop, recipe) if wishes.locked else None
    started = time.monotonic()
    # One thread: products this small gain nothing from more, and the bits do not depend on them.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(usable_cpus()) as pool:
        try:
            material = read()
            if told:
                training = _train_again(pool, recipe, material, told)
            else:
                training = _train_all(pool, recipe, material)
            lanes = told.fusion if told else fit_lanes(material)
            trained = _finish(training, progress)
        except BaseException:  # Ctrl-C does not wait for what has not begun
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    about = Lock(
        VERSION, recipe.digest(), shop.model, shop.fingerprint, shop.head, libraries(),
        {one.name: one.lock for one in trained}, lanes,
    )  # fmt: skip
    if wishes.dry_run:
        return Oxidized(told or about, False, time.monotonic() - started)
    written = _Written(shop, trained, about, told)
    lock = publish(shop, written.into)
    return Oxidized(lock, True, time.monotonic() - started)


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


def _told(shop: Workshop, recipe: Recipe) -> Lock:
    """The lock that is to be made again. Raises LockMismatch."""
    lock = read_lock(shop.lock)
    if lock is None:
        raise LockMismatch(f"there is no {shop.lock}; make one: verdigris oxidize")
    check_lock(lock, recipe.digest(), shop.fingerprint, shop.model)
    return lock


@dataclass(frozen=True, slots=True)
class Trained:
    """One projection as it came out: its line in the lock, and its weights where it won."""

    name: str
    lock: ProjectionLock
    projection: Projection | None = None


def _train_all(pool: Executor, recipe: Recipe, material: Material) -> list[Future[Trained]]:
    """Train and gate every projection of a recipe, some at once; what cannot be learned says why.

    Pairs are read in this thread: a connection to SQLite belongs to one.
    """
    reader = _PairReader(material)
    return [pool.submit(_train, one, *reader.read(one.pairs)) for one in recipe.projections]


def _train(
    recipe: ProjectionRecipe, sources: Mapping[str, PairSet], missing: dict[str, str]
) -> Trained:
    if not sources:
        return Trained(recipe.name, ProjectionLock(None, 0, "", {}, missing))
    try:
        gated = choose_and_gate(sources, recipe.plans(), recipe.epochs)
    except NothingToLearn as error:
        missing |= dict.fromkeys(sources, str(error))
        return Trained(recipe.name, ProjectionLock(None, 0, "", {}, missing))
    plan, epochs = gated.choice.plan, gated.choice.epochs
    tasks = {name: task_lock(one, gated.verdicts.get(name)) for name, one in sources.items()}
    won = any(task.served for task in tasks.values())
    lock = ProjectionLock(plan, epochs, "", tasks, missing)
    return Trained(recipe.name, lock, train_on_all(sources, plan, epochs) if won else None)


def _train_again(
    pool: Executor, recipe: Recipe, material: Material, told: Lock
) -> list[Future[Trained]]:
    """The projections that a lock names, without choosing or gating. Raises LockMismatch."""
    reader = _PairReader(material)
    started = []
    for one in recipe.projections:
        lock = told.projections[one.name]
        sources: Mapping[str, PairSet] = {}
        if lock.sha256:
            sources, _ = reader.read(one.pairs)
            check_data(told, one.name, sources)
        started.append(pool.submit(_again, one.name, lock, sources))
    return started


def _again(name: str, lock: ProjectionLock, sources: Mapping[str, PairSet]) -> Trained:
    if not sources or lock.plan is None:
        return Trained(name, lock)
    return Trained(name, lock, train_on_all(sources, lock.plan, lock.epochs))


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


@dataclass(frozen=True, slots=True)
class _Written:
    """All that a folder of what serves holds; `told`: the lock that it must agree with."""

    shop: Workshop
    trained: Sequence[Trained]
    about: Lock
    told: Lock | None

    def into(self, folder: Path) -> Lock:
        """Write weights and manifest; the lock with their hashes. Raises LockMismatch."""
        served = [found for one in self.trained if (found := self._projection(folder, one))]
        lanes = self.about.fusion
        fusion = write_fusion(
            folder / FUSION, self.shop.fingerprint, lanes.weights, lanes.questions.weights
        )
        write_manifest(folder, served, fusion)
        digests = {one.name: one.sha256 for one in served}
        projections = {
            name: replace(one, sha256=digests.get(name, ""))
            for name, one in self.about.projections.items()
        }
        made = replace(self.about, projections=projections, fusion=replace(lanes, sha256=fusion))
        if self.told:
            check_result(self.told, made)
        return self.told or made

    def _projection(self, folder: Path, one: Trained) -> ServedProjection | None:
        """What serves, written; None for what won nothing."""
        shop, plan = self.shop, one.lock.plan
        if one.projection is None or plan is None:
            return None
        won = tuple(name for name, task in one.lock.tasks.items() if task.served)
        about = {"model": shop.model, "fingerprint": shop.fingerprint, "tasks": " ".join(won)}
        digest = write_projection(folder, one.name, one.projection, about)
        return ServedProjection(one.name, won, plan.side, shop.fingerprint, digest, one.projection)
