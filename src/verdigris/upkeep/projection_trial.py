"""raw, random, trained: files by the cosine of their mean vector to a question, turned three ways.

What training gives is only told beside what nothing and chance give.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from verdigris.errors import NothingToLearn
from verdigris.evaluate.run import LaneList
from verdigris.learn.examples import FileVectors
from verdigris.learn.material import Material
from verdigris.learn.network import Array, Projection, random_projection
from verdigris.learn.pair_sources import read_pairs
from verdigris.learn.recipe import ProjectionRecipe, Recipe
from verdigris.learn.selection import LEAST_QUERIES, choose_and_gate, train_on_all

RAW, RANDOM, TRAINED = "files raw", "files random", "files trained"
_TASK = "commit-files"


@dataclass(frozen=True, slots=True)
class _Turn:
    """What is done to a question before it is compared with `candidates` (files, dims)."""

    projection: Projection | None
    candidates: Array


def projection_trial(
    material: Material, recipe: Recipe, depth: int
) -> Callable[[str], list[LaneList]]:
    """A function from a question to the files of each of the three; trains on `material`.

    The recipe's first projection of commit subjects is trained, and shown whether or not a gate
    would let it serve. Only raw where there is none, or too little to train on.
    """
    files, embed = material.files, material.embed
    turns = {RAW: _Turn(None, files.vectors)}
    for one in recipe.projections:
        if _TASK in one.pairs:
            with suppress(NothingToLearn):
                turns |= _trained(material, one)
            break

    def lanes(text: str) -> list[LaneList]:
        (vector,) = embed([text])
        return [
            LaneList(name, _nearest(files, turn, vector, depth)) for name, turn in turns.items()
        ]

    return lanes


def _trained(material: Material, recipe: ProjectionRecipe) -> dict[str, _Turn]:
    """Random and trained. Raises NothingToLearn where commits do not suffice."""
    sources = {_TASK: read_pairs(_TASK, material, LEAST_QUERIES)}
    for name in recipe.pairs:
        with suppress(NothingToLearn):
            sources[name] = read_pairs(name, material, LEAST_QUERIES)
    choice = choose_and_gate(sources, recipe.plans(), recipe.epochs).choice
    trained = train_on_all(sources, choice.plan, choice.epochs)
    turns = {RANDOM: random_projection(trained, choice.plan.seed), TRAINED: trained}
    vectors, shared = material.files.vectors, choice.plan.side == "shared"
    return {name: _Turn(one, one(vectors) if shared else vectors) for name, one in turns.items()}


def _nearest(files: FileVectors, turn: _Turn, vector: Array, depth: int) -> list[tuple[str, float]]:
    asked = turn.projection(vector[None])[0] if turn.projection else vector
    cosines = turn.candidates @ asked
    order = np.argsort(-cosines, kind="stable")[:depth]
    return [(files.paths[row], float(cosines[row])) for row in order.tolist()]
