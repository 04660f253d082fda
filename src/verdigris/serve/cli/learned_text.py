"""What was learned, as people read it: after `oxidize`, and in `status`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from verdigris.serve.cli.console import plural, wrapped

if TYPE_CHECKING:
    from verdigris.learn.lock import FusionLock, Lock, ProjectionLock, QuestionsLock, TaskLock
    from verdigris.upkeep.oxidizing import Oxidized
    from verdigris.upkeep.publishing import Learned

_WEIGHTS = {
    "own": "weights fitted to this repository",
    "prior": "the package's weights, from other repositories",
    "fixed": "the fixed fusion, without weights",
}
_LEGEND = (
    "Figures are of the newest questions, which nothing was trained on: with raw vectors → as "
    "learned. MRR: mean of 1/rank of the first right answer. recall@10: share of the right "
    "answers among the first 10. counting: the answers of the most similar earlier questions. "
    "random: a projection with random weights."
)


def oxidized_text(done: Oxidized) -> str:
    """What was learned from what, whether it serves, why not, and by how much."""
    lines: list[str] = []
    for name, projection in done.lock.projections.items():
        lines += _projection_lines(name, projection)
    fusion = done.lock.fusion
    lines += [*_fusion_lines(fusion), *_questions_lines(fusion.questions)]
    return "\n".join([*lines, "", wrapped(_LEGEND), "", _verdict(done)])


def _projection_lines(name: str, projection: ProjectionLock) -> Iterator[str]:
    yield f"{click.style(name, bold=True)}: {_how(projection)}"
    for source, task in projection.tasks.items():
        yield from _task_lines(source, task)
    for source, why in projection.missing.items():
        yield wrapped(f"  {source}: not learned: {why}")


def _how(projection: ProjectionLock) -> str:
    plan = projection.plan
    if plan is None:
        return "nothing to learn from"
    layers = "two layers" if plan.hidden else "one layer"
    sides = "questions only" if plan.side == "query" else "questions and answers"
    dims = f", {plan.dims} dims" if plan.dims else ""
    return f"{layers}, {sides}{dims}, {plural(projection.epochs, 'epoch')}"


def _source(name: str) -> str:
    """A source of pairs with what it asks and what answers; one that is no more by its name."""
    from verdigris.learn.pair_sources import SOURCES

    return f"{name} ({SOURCES[name].pairs})" if name in SOURCES else name


def _task_lines(source: str, task: TaskLock) -> Iterator[str]:
    if not (task.raw and task.projection and task.count_table and task.random):
        few = f"too few of its {plural(task.queries, 'query')} are late enough to measure"
        yield wrapped(f"  {_source(source)}: not served: {few}")
        return
    told = click.style("served", fg="green") if task.served else "not served"
    yield wrapped(f"  {_source(source)}: {told}{task.refusal and ': '}{task.refusal}")
    for name, metric in (("MRR", "mrr"), ("recall@10", "recall_at_10")):
        raw, learned, counting, random = (
            getattr(one, metric)
            for one in (task.raw, task.projection, task.count_table, task.random)
        )
        others = f"counting {counting:.3f}, random {random:.3f}"
        yield f"    {name:<9}  {raw:.3f} → {learned:.3f}   {others}"
    yield f"    on {plural(task.gate_queries, 'later query')}"


def _fusion_lines(fusion: FusionLock) -> Iterator[str]:
    """Which weights put files in order, and what was measured."""
    start = f"{click.style('order of files', bold=True)}: {_WEIGHTS[fusion.chosen]}"
    if fusion.reason:
        yield wrapped(f"{start} ({fusion.reason})")
        return
    yield start
    yield wrapped(
        f"  MRR on {plural(fusion.held_out, 'later commit')}: fitted here {fusion.own:.3f}, "
        f"the package's {fusion.prior:.3f}, without weights {fusion.fixed:.3f}; the best lane "
        f"alone ({fusion.lane}) {fusion.best_lane:.3f}, flattered by files that hold today what "
        "these commits wrote (verdigris eval measures without)"
    )


def _questions_lines(questions: QuestionsLock) -> Iterator[str]:
    """The same for what reads as a question."""
    weights = "weights of their own" if questions.weights else "a tenth of these weights"
    start = f"{click.style('order of files for questions', bold=True)}: {weights}"
    if not questions.held_out:
        known = plural(questions.examples, "question")
        yield wrapped(f"{start} ({known} with used results; mark more: verdigris used N)")
        return
    yield start
    yield (
        f"  MRR on {plural(questions.held_out, 'later question')}: own {questions.own:.3f}, "
        f"a tenth {questions.tenth:.3f}"
    )


def _served(lock: Lock) -> list[str]:
    """Each projection that serves, with its tasks."""
    return [
        f"{name} ({', '.join(won)})"
        for name, projection in lock.projections.items()
        if (won := [source for source, task in projection.tasks.items() if task.served])
    ]


def rolled_back_text(lock: Lock | None) -> str:
    """What serves again."""
    if lock is None:
        return "Raw vectors and the package's weights serve, as before the first training."
    projections = "; ".join(_served(lock)) or "no projection"
    return f"Serving again: {projections}; order of files: {_WEIGHTS[lock.fusion.chosen]}."


def _verdict(done: Oxidized) -> str:
    served = "; ".join(_served(done.lock)) or "no projection, since none surely beat raw vectors"
    start = "Serving" if done.written else "Would serve"
    undo = "; undo: verdigris oxidize --rollback" if done.written else ""
    order = _WEIGHTS[done.lock.fusion.chosen]
    return wrapped(f"{start}: {served}; order of files: {order}. {done.seconds:.1f} s{undo}")


def learned_lines(learned: Learned) -> list[str]:
    """What `status` shows: what each projection and the lanes gained, and whether they are here."""
    if learned.lock is None:
        return [f"learned: {learned.problem}"]
    lines = []
    for name, projection in learned.lock.projections.items():
        for source, task in projection.tasks.items():
            if task.served and task.raw and task.projection:
                lines.append(
                    f"learned: {name}, {source}: MRR {task.raw.mrr:.3f} → {task.projection.mrr:.3f}"
                    f", recall@10 {task.raw.recall_at_10:.3f} → {task.projection.recall_at_10:.3f}"
                    f" on {plural(task.gate_queries, 'later query')}"
                )
    if not lines:
        lines.append("learned: nothing that beats raw vectors surely")
    lines.append(f"learned: order of files: {_lanes_gain(learned.lock.fusion)}")
    if (questions := learned.lock.fusion.questions).weights:
        lines.append(
            f"learned: order of files for questions: MRR {questions.tenth:.3f} → "
            f"{questions.own:.3f} on {plural(questions.held_out, 'later question')}"
        )
    if not learned.here:
        lines.append(
            "learned elsewhere: what oxidize.lock names does not serve here; "
            "verdigris oxidize --locked"
        )
    return lines


def _lanes_gain(fusion: FusionLock) -> str:
    """What the lanes' weights gained over the fixed fusion."""
    if fusion.reason or fusion.chosen == "fixed":
        return f"{_WEIGHTS[fusion.chosen]}{fusion.reason and f' ({fusion.reason})'}"
    return (
        f"{_WEIGHTS[fusion.chosen]}: MRR {fusion.fixed:.3f} → "
        f"{getattr(fusion, fusion.chosen):.3f} on {plural(fusion.held_out, 'later commit')}"
    )
