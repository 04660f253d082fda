"""raw, random, trained: files by the cosine of their mean vector to a question, turned three ways.

What training gives is only told beside what nothing and chance give.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import numpy as np

from verdigris.errors import NothingToLearn
from verdigris.evaluate.run import LaneList
from verdigris.learn.examples import FileVectors
from verdigris.learn.material import Material
from verdigris.learn.network import Array, Projection, random_projection
from verdigris.learn.pair_sources import read_pairs
from verdigris.learn.selection import LEAST_QUERIES, choose_and_gate, train_on_all
from verdigris.learn.training import Plan

RAW, RANDOM, TRAINED = "files raw", "files random", "files trained"
_TASK = "commit-files"
_MOST_EPOCHS = 30


def projection_trial(material: Material, depth: int) -> Callable[[str], list[LaneList]]:
    """A function from a question to the files of each of the three; trains on `material`.

    Only raw where there is too little to train on. The projection turns questions alone, and is
    shown whether or not a gate would let it serve.
    """
    files, embed = material.files, material.embed
    turns: dict[str, Projection | None] = {RAW: None}
    with suppress(NothingToLearn):
        pairs = read_pairs(_TASK, material, LEAST_QUERIES)
        choice = choose_and_gate({_TASK: pairs}, [Plan()], _MOST_EPOCHS).choice
        trained = train_on_all({_TASK: pairs}, choice.plan, choice.epochs)
        turns |= {RANDOM: random_projection(trained, Plan().seed), TRAINED: trained}

    def lanes(text: str) -> list[LaneList]:
        (vector,) = embed([text])
        place = partial(_nearest, files, depth=depth)
        return [
            LaneList(name, place(turn(vector[None])[0] if turn else vector))
            for name, turn in turns.items()
        ]

    return lanes


def _nearest(files: FileVectors, vector: Array, depth: int) -> list[tuple[str, float]]:
    cosines = files.vectors @ vector
    order = np.argsort(-cosines, kind="stable")[:depth]
    return [(files.paths[row], float(cosines[row])) for row in order.tolist()]
