"""The command that learns from the repository's own history: oxidize."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from verdigris.errors import RecipeError
from verdigris.serve.cli.answers import envelope
from verdigris.serve.cli.console import is_terminal, one_line, open_knowledge_base, plural, warn
from verdigris.serve.cli.options import JSON, QUIET

if TYPE_CHECKING:
    from verdigris.learn.lock import FusionLock, Lock, ProjectionLock, QuestionsLock, TaskLock
    from verdigris.upkeep.fetching_recipes import FetchedRecipe
    from verdigris.upkeep.oxidizing import Oxidized
    from verdigris.upkeep.publishing import Learned

_WEIGHTS = {
    "own": "weights of its own",
    "prior": "the weights of other repositories",
    "fixed": "the fixed weights",
}
_COLUMNS = ("raw", "random", "count_table", "projection")
_METHODS = ("raw", "random", "count table", "projection")
_HEADING = f"{'later queries':>31}  " + "".join(f"{one:13}" for one in _METHODS) + "gain over raw"


@click.command()
@click.option(
    "--recipe",
    metavar="SOURCE",
    help="Another recipe than .verdigris/oxidize.yaml: a file, https://…, or git+URL#NAME; what is "
    "fetched is shown first. @sha256:HEX at the end pins its content.",
)
@click.option(
    "--locked",
    is_flag=True,
    help="Make again what oxidize.lock names, bit for bit; fail where that is not possible.",
)
@click.option("--dry-run", is_flag=True, help="Train and measure, but change nothing.")
@click.option(
    "--export",
    "export",
    nargs=2,
    metavar="onnx FOLDER",
    help="Write what serves as ONNX graphs from token ids to vectors; trains nothing.",
)
@click.option("--rollback", is_flag=True, help="Serve what served before the last training.")
@JSON
@QUIET
@click.pass_context
def oxidize(
    ctx: click.Context, recipe: str | None, locked: bool, dry_run: bool, rollback: bool,
    export: tuple[str, str] | None, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Learn from this repository's own history; serve only what wins on later history.

    Small projections of the embeddings are trained on commits, sessions and code, in seconds. The
    newest fifth is kept apart: a projection serves only if it surely beats raw vectors and plain
    counting there. Figures are MRR/recall@10. Exit codes: 0 done, 2 error.
    """
    from verdigris.upkeep.oxidizing import Wishes

    if (rollback or export) and (recipe or locked or dry_run or (rollback and export)):
        raise click.UsageError("--rollback and --export go with no other option", ctx)
    if export and export[0] != "onnx":
        raise click.UsageError(f"--export takes onnx and a folder, not {export[0]!r}", ctx)
    fetched = _fetched(recipe) if recipe else None
    with open_knowledge_base(ctx.obj, quiet) as knowledge_base:
        if rollback:
            click.echo(_rolled_back(knowledge_base.roll_back()))
            return
        if export:
            for one in knowledge_base.export_onnx(Path(export[1])):
                click.echo(f"{one.path}: same vectors, largest difference {one.difference:.1e}")
            return
        done = knowledge_base.oxidize(Wishes(fetched, locked, dry_run))
        notes = list(knowledge_base.warnings)
    if as_json:
        seconds = round(done.seconds, 2)
        click.echo(envelope(written=done.written, seconds=seconds, **asdict(done.lock)))
    elif not quiet:
        click.echo("\n".join(_lines(done)))
        for note in notes:
            warn(one_line(note))


def _fetched(source: str) -> FetchedRecipe:
    """A recipe; one from elsewhere is shown, and used only where a person or a pin agrees."""
    from verdigris.upkeep.fetching_recipes import fetch_recipe, is_remote

    found = fetch_recipe(source)
    if is_remote(source) and not found.pinned:
        click.echo(f"{found.source}@sha256:{found.sha256}\n{found.text.rstrip()}", err=True)
        if not is_terminal():
            raise RecipeError(
                "nobody is here to agree to this recipe; pin it: "
                f"--recipe {found.source}@sha256:{found.sha256}"
            )
        click.confirm("Train by this recipe?", abort=True, err=True)
    return found


def _lines(done: Oxidized) -> list[str]:
    lines = [_HEADING]
    for name, projection in done.lock.projections.items():
        lines += _projection_lines(name, projection)
    lines += [_fusion_line(done.lock.fusion), _questions_line(done.lock.fusion.questions)]
    return [*lines, "", _verdict(done)]


def _fusion_line(fusion: FusionLock) -> str:
    """How the lanes are weighed, and what was measured."""
    start = f"{click.style('lanes', bold=True)}: {_WEIGHTS[fusion.chosen]}"
    if fusion.reason:
        return f"{start} ({fusion.reason})"
    return (
        f"{start}; MRR on {plural(fusion.held_out, 'later commit')}: own {fusion.own:.3f}, "
        f"others' {fusion.prior:.3f}, fixed {fusion.fixed:.3f}, "
        f"best lane alone {fusion.best_lane:.3f} ({fusion.lane})"
    )


def _questions_line(questions: QuestionsLock) -> str:
    """How the lanes are weighed for questions, and what was measured."""
    weights = "weights of their own" if questions.weights else "a tenth of these weights"
    start = f"{click.style('questions', bold=True)}: {weights}"
    if not questions.held_out:
        known = plural(questions.examples, "question")
        return f"{start} ({known} with used results; mark more: verdigris used N)"
    return (
        f"{start}; MRR on {plural(questions.held_out, 'later question')}: own {questions.own:.3f}, "
        f"a tenth {questions.tenth:.3f}"
    )


def _projection_lines(name: str, projection: ProjectionLock) -> list[str]:
    lines = [f"{click.style(name, bold=True)}: {_how(projection)}"]
    lines += [_task_line(source, task) for source, task in projection.tasks.items()]
    lines += [f"  {source:<14}  {why}" for source, why in projection.missing.items()]
    return lines


def _how(projection: ProjectionLock) -> str:
    plan = projection.plan
    if plan is None:
        return "nothing to learn from"
    layers = "two layers" if plan.hidden else "one layer"
    sides = "questions only" if plan.side == "query" else "questions and answers"
    dims = f", {plan.dims} dims" if plan.dims else ""
    return f"{layers}, {sides}{dims}, {plural(projection.epochs, 'epoch')}"


def _task_line(source: str, task: TaskLock) -> str:
    if task.raw is None or task.gain_over_raw is None:
        few = f"too few of its {plural(task.queries, 'query')} are late enough to measure"
        return f"  {source:<14}  {few}"
    figures = (getattr(task, column) for column in _COLUMNS)
    cells = "  ".join(f"{one.mrr:.3f}/{one.recall_at_10:.3f}" for one in figures)
    served = click.style("served", fg="green") if task.served else "not served"
    gain = f"{task.gain_over_raw.mean:+.3f} (≥ {task.gain_over_raw.lower:+.3f})"
    return f"  {source:<14}  {task.gate_queries:>13,}  {cells}  {gain}  {served}"


def _served(lock: Lock) -> list[str]:
    """Each projection that serves, with its tasks."""
    return [
        f"{name} ({', '.join(won)})"
        for name, projection in lock.projections.items()
        if (won := [source for source, task in projection.tasks.items() if task.served])
    ]


def _rolled_back(lock: Lock | None) -> str:
    if lock is None:
        return "Raw vectors and the package's weights serve, as before the first training."
    projections = "; ".join(_served(lock)) or "no projection"
    return f"Serving again: {projections}; lanes: {_WEIGHTS[lock.fusion.chosen]}."


def _verdict(done: Oxidized) -> str:
    served = _served(done.lock)
    would = "" if done.written else "would "
    if not served:
        return f"Raw vectors {would}serve: nothing beat them surely. {done.seconds:.1f} s"
    verb = "serve" if not done.written else "Serving"
    start = f"Would {verb}" if not done.written else verb
    undo = "" if done.written is False else "; undo: verdigris oxidize --rollback"
    return f"{start}: {'; '.join(served)}. {done.seconds:.1f} s{undo}"


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
    lines.append(f"learned: {_lanes_gain(learned.lock.fusion)}")
    if (questions := learned.lock.fusion.questions).weights:
        lines.append(
            f"learned: lanes for questions: MRR {questions.tenth:.3f} → {questions.own:.3f} on "
            f"{plural(questions.held_out, 'later question')}"
        )
    if not learned.here:
        lines.append(
            "learned elsewhere: what oxidize.lock names does not serve here; "
            "verdigris oxidize --locked"
        )
    return lines


def _lanes_gain(fusion: FusionLock) -> str:
    """What the lanes' weights gained over the fixed ones."""
    if fusion.reason:
        return f"lanes: {_WEIGHTS[fusion.chosen]} ({fusion.reason})"
    return (
        f"lanes: {_WEIGHTS[fusion.chosen]}: MRR {fusion.fixed:.3f} → "
        f"{getattr(fusion, fusion.chosen):.3f} on {plural(fusion.held_out, 'later commit')}"
    )
