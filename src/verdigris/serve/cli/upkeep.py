"""Commands that keep the memory: init, scrape, status, doctor, rebuild."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from verdigris.records import QUESTION_ASKED, RESULT_UNUSED, RESULT_USED, ScrapeReport
from verdigris.serve.cli import ERROR, STALE
from verdigris.serve.cli.answers import envelope, state_json
from verdigris.serve.cli.console import (
    crop,
    one_line,
    open_knowledge_base,
    plural,
    terminal_width,
    warn,
    wrapped,
)
from verdigris.serve.cli.index_text import counts_text, is_behind, kinds_text, state_text
from verdigris.serve.cli.learned_text import learned_lines
from verdigris.serve.cli.options import JSON, QUIET, STRICT
from verdigris.settings import STATE_FOLDER
from verdigris.upkeep.model_swap import FINISH_SWAP, swap_text
from verdigris.upkeep.scraping import FORGE, SOURCES, TRANSCRIPTS

if TYPE_CHECKING:
    from verdigris.knowledge_base import KnowledgeBase
    from verdigris.upkeep.status import Status
    from verdigris.views import DatedMoment

_CONFIG = """\
# verdigris: every key is optional; these are the defaults.
# model = "all-minilm-l6-v2"
# runtime = "onnxruntime"    # or openvino, mlx: extras
# threads = 0                # inference threads; 0 = as many as the process may use
# memory_mb = 0              # what model and runs may take, as estimated; 0 = no bound
# max_file_bytes = 1048576   # larger files are skipped and counted
# sessions_dir = ""          # where session logs are written; "" = where they lie already
# forge = ""                 # gh or glab: a plain scrape reads issues, too, over the network
# transcripts = []           # claude, codex, gemini: their transcripts, from your home folder
# questions = true           # keep the last answers, so that `verdigris used` knows them
"""
_SHOWN_WARNINGS = 10
_SHORT_HASH = 10
_WIDEST_MOMENT = 40


@click.command()
@QUIET
@click.pass_context
def init(ctx: click.Context, quiet: bool) -> None:
    """Make .verdigris/config.toml to edit. Optional: every command works without."""
    with open_knowledge_base(ctx.obj, quiet) as knowledge_base:
        config = knowledge_base.repository.root / STATE_FOLDER / "config.toml"
        created = not config.exists()
        if created:
            config.parent.mkdir(exist_ok=True)
            config.write_text(_CONFIG, encoding="utf-8")
    if not quiet:
        click.echo(f"{'created' if created else 'already there:'} {config}")
        click.echo('now ask: verdigris scry "how does … work?"')


@click.command()
@click.argument(
    "sources",
    nargs=-1,
    type=click.Choice((*SOURCES, TRANSCRIPTS, FORGE)),
    metavar=f"[{'|'.join((*SOURCES, TRANSCRIPTS, FORGE))}]...",
)
@click.option(
    "--from",
    "file",
    type=click.Path(path_type=Path, allow_dash=True, dir_okay=False),
    metavar="FILE",
    help="With forge: read an exported file (- for standard input), and ask nobody.",
)
@click.option(
    "--vectors/--no-vectors",
    default=True,
    help="Embed what has no vector yet (default), or do not.",
)
@JSON
@QUIET
@click.pass_context
def scrape(
    ctx: click.Context, sources: tuple[str, ...], file: Path | None, vectors: bool,
    as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Read what changed into the log, index it and embed it; all SOURCES unless some are named.

    forge reads issues, pull requests and reviews with gh or glab, over the network, transcripts
    what coding agents keep of this repository in your home folder; both are left out unless they
    are named, or configured. Interrupted, a scrape keeps what is done, and the next
    run goes on from there.
    """
    if file and sources != (FORGE,):
        raise click.UsageError(
            "--from FILE goes with forge: verdigris scrape forge --from FILE", ctx
        )
    with open_knowledge_base(ctx.obj, quiet) as knowledge_base:
        report = (
            knowledge_base.import_issues(file)
            if file
            else knowledge_base.refresh(sources or _usual_sources(knowledge_base))
        )
        knowledge_base.anchor()
        embedded = knowledge_base.embed() if vectors else 0
        state = knowledge_base.state(current=not sources)
        warnings = [*knowledge_base.warnings, *report.warnings]
    if as_json:
        click.echo(
            envelope(
                scraped=asdict(report), embedded=embedded, index=state_json(state),
                warnings=warnings,
            )
        )  # fmt: skip
    elif not quiet:
        click.echo("\n".join(map(wrapped, [*_report_lines(report, embedded), state_text(state)])))
        _warn_all(warnings)


def _usual_sources(knowledge_base: KnowledgeBase) -> tuple[str, ...]:
    """All that need no network, and the forge where the configuration asks for it."""
    return (*SOURCES, FORGE) if knowledge_base.settings.forge else SOURCES


def _report_lines(report: ScrapeReport, embedded: int) -> list[str]:
    lines = [f"read: {kinds_text(report.documents) or 'nothing new'}"]
    if report.gone:
        lines.append(f"gone: {plural(report.gone, 'entry')}")
    if report.parsers:
        lines.append(f"files by parser: {counts_text(report.parsers)}")
    if report.skipped:
        lines.append(f"skipped files: {counts_text(report.skipped)}")
    if report.left_out:
        lines.append(f"left out: {counts_text(report.left_out)}")
    if report.secrets:
        lines.append(f"secrets redacted: {report.secrets:,}")
    if embedded:
        lines.append(f"embedded: {plural(embedded, 'passage')}")
    return lines


def _warn_all(warnings: list[str]) -> None:
    for warning in warnings[:_SHOWN_WARNINGS]:
        warn(one_line(warning))
    if len(warnings) > _SHOWN_WARNINGS:
        warn(f"and {len(warnings) - _SHOWN_WARNINGS:,} more of the kind")


@click.command()
@click.option("--config", "show_config", is_flag=True, help="Each setting and where it came from.")
@click.option("--moments", is_flag=True, help="The first commit, releases and big rewrites.")
@JSON
@STRICT
@click.pass_context
def status(
    ctx: click.Context, show_config: bool, moments: bool, as_json: bool, strict: bool
) -> None:  # fmt: skip
    """Show what is indexed and how far the index is behind; change nothing."""
    with open_knowledge_base(ctx.obj) as knowledge_base:
        found = knowledge_base.status()
    if as_json:
        click.echo(_status_json(found))
    else:
        place, *facts = _status_lines(found)
        click.echo("\n".join([place, *map(wrapped, facts)]))
        if show_config:
            click.echo("\n" + "\n".join(_setting_lines(found)))
        if moments:
            click.echo("\n" + "\n".join(_moment_lines(found.moments)))
    if strict and is_behind(found.state):
        ctx.exit(STALE)


def _status_json(found: Status) -> str:
    settings = {
        key: {"value": getattr(found.settings, key), "origin": origin}
        for key, origin in found.settings.origins
    }
    return envelope(
        root=str(found.root), branch=found.branch, head=found.head, shallow=found.shallow,
        submodules=list(found.submodules), index=state_json(found.state),
        documents=found.documents, parsers=found.parsers, not_parsed=found.not_parsed,
        events=found.events, skipped=found.skipped, settings=settings,
        moments=[asdict(moment) for moment in found.moments],
        learned=asdict(found.learned) if found.learned else None,
    )  # fmt: skip


def _status_lines(found: Status) -> list[str]:
    head = f"at {found.head[:_SHORT_HASH]}" if found.head else "without commits"
    lines = [
        f"{one_line(str(found.root))}, {found.branch or 'detached'} {head}",
        state_text(found.state),
        f"holds: {kinds_text(found.documents) or 'nothing yet'}",
        f"log: {plural(sum(found.events.values()), 'event')}",
    ]
    if used := found.events.get(RESULT_USED, 0) - found.events.get(RESULT_UNUSED, 0):
        asked = plural(found.events[QUESTION_ASKED], "question")
        lines.append(f"marked as used: {plural(used, 'result')} of {asked}")
    if parsers := {name: count for name, count in found.parsers.items() if name}:
        lines.append(f"files by parser: {counts_text(parsers)}")
    for reason, count in found.not_parsed.items():
        lines.append(f"not parsed: {plural(count, 'file')}: {one_line(reason)}")
    if found.skipped:
        lines.append(f"skipped files: {counts_text(found.skipped)}")
    if found.state.swap:
        swapping = one_line(swap_text(found.state.swap, found.state.chunks))
        lines.append(f"{swapping}; finish: {FINISH_SWAP}")
    if found.learned:
        lines += learned_lines(found.learned)
    if found.shallow:
        lines.append("shallow clone: older history is missing; git fetch --unshallow")
    if found.submodules:
        lines.append(f"submodules, not indexed here: {', '.join(found.submodules)}")
    return lines


def _setting_lines(found: Status) -> list[str]:
    rows = [(f"{key} = {getattr(found.settings, key)!r}", o) for key, o in found.settings.origins]
    column = max(len(value) for value, _ in rows)
    return [f"{value:<{column}}  {origin}" for value, origin in rows]


def _moment_lines(moments: tuple[DatedMoment, ...]) -> list[str]:
    """`2014-04-09  f4c2a5ff8c  release 4.0.0  4.0.0`, oldest first."""
    if not moments:
        return ["no first commit, release or big rewrite is known; run: verdigris scrape"]
    names = [one_line(f"{moment.kind} {moment.label}".strip()) for moment in moments]
    column = min(max(map(len, names)), _WIDEST_MOMENT)
    return [
        crop(
            f"{one.time[:10]}  {one.commit[:_SHORT_HASH]}  {name:<{column}}  "
            f"{one_line(one.subject)}",
            terminal_width(),
        )
        for one, name in zip(moments, names, strict=True)
    ]


@click.command()
@click.option("--fix", is_flag=True, help="Mend what can be mended; the log is never deleted.")
@JSON
@click.pass_context
def doctor(ctx: click.Context, fix: bool, as_json: bool) -> None:
    """Check repository, log, index, vectors and model. Exit 2 when something is wrong."""
    from verdigris.upkeep.health import examine

    findings = examine(Path(ctx.obj), fix)
    if as_json:
        click.echo(envelope(checks=[asdict(finding) for finding in findings]))
    else:
        for finding in findings:
            mark = (
                click.style("ok   ", fg="green") if finding.ok else click.style("WRONG", fg="red")
            )
            mend = f"; {finding.mend}" if finding.mend else ""
            told = wrapped(f"      {finding.what}: {one_line(finding.state)}{mend}")
            click.echo(f"{mark}{told[5:]}")
            for detail in finding.details:
                click.echo(f"        {one_line(detail)}")
    if not all(finding.ok for finding in findings):
        ctx.exit(ERROR)


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be dropped; drop nothing.")
@QUIET
@click.pass_context
def rebuild(ctx: click.Context, dry_run: bool, quiet: bool) -> None:
    """Drop the index and bring it back from the log; known vectors come from the cache."""
    with open_knowledge_base(ctx.obj, quiet) as knowledge_base:
        if dry_run:
            click.echo(f"would drop {knowledge_base.locations.index} and make it anew from the log")
            return
        knowledge_base.rebuild()
        embedded = knowledge_base.embed()
        state = knowledge_base.state(current=True)
    if not quiet:
        click.echo(f"rebuilt, {plural(embedded, 'vector')} stored\n{state_text(state)}")
