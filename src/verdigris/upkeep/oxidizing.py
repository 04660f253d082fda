"""Oxidize: read the recipe, make pairs, train, gate, and put what won into service."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
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
    Earlier,
    choose_and_gate,
    train_on_all,
)
from verdigris.retrieve.fusion_file import write_fusion
from verdigris.upkeep.fetching_recipes import FetchedRecipe
from verdigris.upkeep.fusion_fitting import EarlierProjection
from verdigris.upkeep.progress import Progress
from verdigris.upkeep.publishing import Workshop, publish

FitLanes = Callable[[Material, Sequence[EarlierProjection]], FusionLock]
"""(what is learned from, the projections as they were before the gate) → the lanes' weights."""


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
    fit_lanes: FitLanes,
    wishes: Wishes,
    progress: Progress,
) -> Oxidized:
    """Train by the recipe, or again by the lock, and put what won into service.

    Raises RecipeError, LockMismatch, StorageError, Busy.
    """
    from threadpoolctl import threadpool_limits

    recipe = open_recipe(shop, wishes.recipe)
    told = _told(shop, recipe) if wishes.locked else None
    started = time.monotonic()
    # One thread: products this small gain nothing from more, and the bits do not depend on them.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(usable_cpus()) as pool:
        material = read()
        if told:
            contenders = _named_by(told, recipe, material)
        else:
            contenders = _contenders(pool, recipe, material, progress)
        finals = [pool.submit(one.final) for one in contenders]
        earlier = [known for one in contenders for known in one.known]
        lanes = told.fusion if told else fit_lanes(material, earlier)
        trained = [final.result() for final in finals]
    about = Lock(
        VERSION, recipe.digest(), shop.model, shop.fingerprint, shop.head, libraries(),
        {one.name: one.lock for one in contenders}, lanes,
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
class Contender:
    """One projection before its last training: its pairs, its line in the lock, what the gate saw.

    earlier: None where it won nothing, or is made again.
    """

    name: str
    sources: Mapping[str, PairSet]
    lock: ProjectionLock
    earlier: Earlier | None = None

    @property
    def won(self) -> tuple[str, ...]:
        """The tasks that it serves."""
        return tuple(name for name, task in self.lock.tasks.items() if task.served)

    @property
    def known(self) -> list[EarlierProjection]:
        """What may be asked of later commits while the lanes' weights are fitted."""
        if self.earlier is None:
            return []
        served = self._served(self.earlier.projection)
        return [EarlierProjection(served, self.earlier.until)]

    def final(self) -> ServedProjection | None:
        """The projection trained on everything; None where it won nothing."""
        plan = self.lock.plan
        if not self.won or plan is None:
            return None
        return self._served(train_on_all(self.sources, plan, self.lock.epochs))

    def _served(self, projection: Projection) -> ServedProjection:
        assert self.lock.plan is not None
        return ServedProjection(self.name, self.won, self.lock.plan.side, "", "", projection)


def _contenders(
    pool: Executor, recipe: Recipe, material: Material, progress: Progress
) -> list[Contender]:
    """Every projection of a recipe, gated, some at once; what cannot be learned says why.

    Pairs are read in this thread: a connection to SQLite belongs to one.
    """
    reader = _PairReader(material)
    progress.start("training", len(recipe.projections))
    started = [pool.submit(_gate, one, *reader.read(one.pairs)) for one in recipe.projections]
    found = []
    for one in started:
        found.append(one.result())
        progress.advance(1)
    progress.finish()
    return found


def _named_by(told: Lock, recipe: Recipe, material: Material) -> list[Contender]:
    """The projections that a lock names, without choosing or gating. Raises LockMismatch."""
    reader = _PairReader(material)
    found = []
    for one in recipe.projections:
        sources: Mapping[str, PairSet] = {}
        if told.projections[one.name].sha256:
            sources, _ = reader.read(one.pairs)
            check_data(told, one.name, sources)
        found.append(Contender(one.name, sources, told.projections[one.name]))
    return found


def _gate(
    recipe: ProjectionRecipe, sources: Mapping[str, PairSet], missing: dict[str, str]
) -> Contender:
    if not sources:
        return Contender(recipe.name, {}, ProjectionLock(None, 0, "", {}, missing))
    try:
        gated = choose_and_gate(sources, recipe.plans(), recipe.epochs)
    except NothingToLearn as error:
        missing |= dict.fromkeys(sources, str(error))
        return Contender(recipe.name, {}, ProjectionLock(None, 0, "", {}, missing))
    tasks = {name: task_lock(one, gated.verdicts.get(name)) for name, one in sources.items()}
    lock = ProjectionLock(gated.choice.plan, gated.choice.epochs, "", tasks, missing)
    won = any(task.served for task in tasks.values())
    return Contender(recipe.name, sources, lock, gated.earlier if won else None)


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
    trained: Sequence[ServedProjection | None]
    about: Lock
    told: Lock | None

    def into(self, folder: Path) -> Lock:
        """Write weights and manifest; the lock with their hashes. Raises LockMismatch."""
        served = [self._projection(folder, one) for one in self.trained if one]
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

    def _projection(self, folder: Path, one: ServedProjection) -> ServedProjection:
        shop = self.shop
        about = {"model": shop.model, "fingerprint": shop.fingerprint, "tasks": " ".join(one.won)}
        digest = write_projection(folder, one.name, one.projection, about)
        return replace(one, fingerprint=shop.fingerprint, sha256=digest)
