"""From pairs to a projection that earned its place: split by time, choose, gate, train on all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from verdigris.errors import NothingToLearn
from verdigris.learn.gate import (
    Verdict,
    count_table_scores,
    measure,
    paired_gain,
    projected_scores,
)
from verdigris.learn.network import Projection, random_projection
from verdigris.learn.pairs import PairSet
from verdigris.learn.training import Plan, Side, train

GATE_SHARE, STOP_SHARE = 0.2, 0.15
"""The newest part of the queries is kept for the gate, the part before it chooses the epochs."""
LEAST_GATE, LEAST_STOP = 20, 12
LEAST_QUERIES = 60
"""Fewer queries than this are not split: the gate could not be sure of anything."""
PATIENCE = 5
"""Epochs without a better score after which training ends."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A plan, and how many epochs were best for it on the part that chooses."""

    plan: Plan
    epochs: int
    score: float


@dataclass(frozen=True, slots=True)
class Gated:
    """A chosen plan, and what the gate measured."""

    choice: Choice
    verdicts: Mapping[str, Verdict]
    """By source; a source with too few later queries has none."""

    @property
    def won(self) -> tuple[str, ...]:
        """The sources whose task it wins, and serves."""
        return tuple(name for name, verdict in self.verdicts.items() if verdict.served)


@dataclass(frozen=True, slots=True)
class Split:
    """One source, cut at two times that all sources of a projection share."""

    train: PairSet
    stop: PairSet
    gate: PairSet
    before_gate: PairSet


def cut_times(times: Sequence[str]) -> tuple[str, str]:
    """When the part that chooses begins, and when the gate's does.

    times: of at least LEAST_QUERIES queries, ascending. Raises NothingToLearn where no part would
    come before the other.
    """
    gate = max(int(len(times) * GATE_SHARE), LEAST_GATE)
    stop = max(int(len(times) * STOP_SHARE), LEAST_STOP)
    if times[0] < times[-gate - stop] < times[-gate]:
        return times[-gate - stop], times[-gate]
    raise NothingToLearn(
        f"{len(times)} examples, nearly all of one moment; it takes a history in which later "
        "ones can test what earlier ones taught"
    )


def split_by_time(sources: Mapping[str, PairSet]) -> dict[str, Split]:
    """Cut all sources at the same two times, those of the first source's newest shares.

    Raises NothingToLearn where they are not spread over time.
    """
    stop_time, gate_time = cut_times(next(iter(sources.values())).times)
    splits = {}
    for name, pairs in sources.items():
        times = np.array(pairs.times)
        at, then = (int(np.searchsorted(times, time)) for time in (stop_time, gate_time))
        splits[name] = Split(
            pairs.part(0, at), pairs.part(at, then), pairs.part(then, len(pairs)),
            pairs.part(0, then),
        )  # fmt: skip
    return splits


def choose_and_gate(
    sources: Mapping[str, PairSet], plans: Sequence[Plan], most_epochs: int
) -> Gated:
    """Choose a plan and its epochs on one later part, and measure it on a newer one.

    The gate's part chooses nothing and is not trained on; `train_on_all` does that. sources: at
    least LEAST_QUERIES queries in the first. Raises NothingToLearn where they are not spread over
    time.
    """
    splits = split_by_time(sources)
    choice = max((_choose(splits, plan, most_epochs) for plan in plans), key=lambda c: c.score)
    known = [split.before_gate for split in splits.values() if len(split.before_gate)]
    seen = after(train(known, choice.plan), choice.epochs)
    verdicts = {
        name: judge(seen, choice.plan, split)
        for name, split in splits.items()
        if len(split.gate) >= LEAST_GATE
    }
    return Gated(choice, verdicts)


def train_on_all(sources: Mapping[str, PairSet], plan: Plan, epochs: int) -> Projection:
    """The projection that is to serve: trained on everything, as was chosen."""
    return after(train(list(sources.values()), plan), epochs)


def after(epochs: Iterator[Projection], count: int) -> Projection:
    """The projection after `count` epochs of `train`."""
    return next(islice(epochs, count - 1, None))


def _choose(splits: Mapping[str, Split], plan: Plan, most_epochs: int) -> Choice:
    """The epochs that are best on the part that chooses; ends PATIENCE epochs after the best."""
    known = [split.train for split in splits.values() if len(split.train)]
    best = Choice(plan, 1, -1.0)
    for epoch, projection in enumerate(islice(train(known, plan), most_epochs), start=1):
        score = _stop_score(splits, projection, plan)
        if score > best.score:
            best = Choice(plan, epoch, score)
        elif epoch - best.epochs >= PATIENCE:
            break
    return best


def _stop_score(splits: Mapping[str, Split], projection: Projection, plan: Plan) -> float:
    """Mean of MRR and recall, over all sources that have later queries."""
    values = []
    for split in splits.values():
        if len(split.stop):
            found = measure(projected_scores(projection, plan.side, split.stop), split.stop)
            values.append((found.mrr + found.recall) / 2)
    return float(np.mean(values)) if values else 0.0


def judge(projection: Projection, plan: Plan, split: Split) -> Verdict:
    """Measure raw, random, counted and trained on the newest queries."""
    later = split.gate
    raw = measure(later.queries @ later.candidates.T, later)
    drawn = random_projection(projection, plan.seed)
    random = measure(projected_scores(drawn, plan.side, later), later)
    counted = measure(count_table_scores(split.before_gate, later), later)
    trained = measure(projected_scores(projection, plan.side, later), later)
    return Verdict(
        len(later), raw, random, counted, trained,
        paired_gain(trained, raw, plan.seed), paired_gain(trained, counted, plan.seed),
    )  # fmt: skip


def plan_variants(plan: Plan, layers: str, side: str) -> list[Plan]:
    """All plans that a recipe leaves open: `auto` layers or side stand for both."""
    hidden = [plan.hidden] * (layers != "1") + [0] * (layers != "2")
    left_open: dict[Side, bool] = {
        "query": side != "shared" and not plan.dims,
        "shared": side != "query",
    }
    sides = [one for one, is_open in left_open.items() if is_open]
    return [replace(plan, hidden=h, side=s) for h in hidden for s in sides]
