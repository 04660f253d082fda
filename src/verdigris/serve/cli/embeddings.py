"""The commands about the repository's vectors: embeddings status, embeddings generate."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click

from verdigris.serve.cli import STALE
from verdigris.serve.cli.answers import envelope, state_json
from verdigris.serve.cli.console import one_line, open_knowledge_base, plural, warn
from verdigris.serve.cli.index_text import state_text
from verdigris.serve.cli.options import JSON, QUIET, REFRESH
from verdigris.upkeep.model_swap import FINISH_SWAP, swap_text

if TYPE_CHECKING:
    from verdigris.answers import ModelSwap
    from verdigris.knowledge_base import KnowledgeBase
    from verdigris.store.coverage import CacheSize, KindCoverage


@dataclass(frozen=True, slots=True)
class _Embeddings:
    """The vectors of one repository."""

    kinds: list[KindCoverage]
    model: str
    model_fingerprint: str
    index_fingerprint: str
    """Of the vectors in the index; '' where there is none yet."""
    swap: ModelSwap | None
    cache: CacheSize

    @property
    def missing(self) -> int:
        """Chunks without a vector."""
        return sum(kind.missing for kind in self.kinds)


@click.group()
def embeddings() -> None:
    """Vectors of the repository: what is embedded, what is missing; embed the rest."""


@embeddings.command()
@JSON
@click.option("--strict", is_flag=True, help="Exit 3 when vectors are missing.")
@click.pass_context
def status(ctx: click.Context, as_json: bool, strict: bool) -> None:
    """Show which passages have vectors, and of which model.

    Looks at the index as it is; `verdigris status` tells whether that is behind.
    """
    with open_knowledge_base(ctx.obj) as knowledge_base:
        found = _look(knowledge_base)
    click.echo(_json(found) if as_json else "\n".join(_lines(found)))
    if strict and (found.missing or found.swap):
        ctx.exit(STALE)


@embeddings.command()
@REFRESH
@JSON
@QUIET
@click.pass_context
def generate(ctx: click.Context, refresh: bool, as_json: bool, quiet: bool) -> None:
    """Embed every passage that has no vector yet.

    Known texts come from the user's cache. Interrupted, it keeps what is done, and the next run
    goes on from there.
    """
    with open_knowledge_base(ctx.obj, quiet) as knowledge_base:
        if refresh:
            knowledge_base.refresh()
        embedded = knowledge_base.embed()
        state = knowledge_base.state(current=refresh)
        warnings = list(knowledge_base.warnings)
    if as_json:
        click.echo(envelope(embedded=embedded, index=state_json(state), warnings=warnings))
    elif not quiet:
        click.echo(f"embedded: {plural(embedded, 'passage')}\n{state_text(state)}")
        for warning in warnings:
            warn(one_line(warning))


def _look(knowledge_base: KnowledgeBase) -> _Embeddings:
    """Everything that is shown; the model itself is not loaded."""
    from verdigris.store.coverage import cache_size, coverage
    from verdigris.upkeep.embedding import vector_space
    from verdigris.upkeep.model_swap import swap_state

    wanted = vector_space(knowledge_base.settings.model)
    return _Embeddings(
        kinds=coverage(knowledge_base.index),
        model=wanted.model,
        model_fingerprint=wanted.fingerprint,
        index_fingerprint=knowledge_base.index.meta("fingerprint"),
        swap=swap_state(knowledge_base.index, wanted),
        cache=cache_size(knowledge_base.locations.vector_cache, wanted.fingerprint),
    )


def _json(found: _Embeddings) -> str:
    kinds = [asdict(kind) | {"missing": kind.missing} for kind in found.kinds]
    return envelope(
        kinds=kinds, chunks=sum(kind.chunks for kind in found.kinds), missing=found.missing,
        model=found.model, fingerprint=found.model_fingerprint,
        index_fingerprint=found.index_fingerprint or None,
        swap=asdict(found.swap) if found.swap else None,
        cache=asdict(found.cache) | {"path": str(found.cache.path)},
    )  # fmt: skip


def _lines(found: _Embeddings) -> list[str]:
    lines = [f"model: {found.model}, fingerprint {found.model_fingerprint}"]
    lines += _table(found.kinds) if found.kinds else ["no passages yet; run: verdigris scrape"]
    if found.swap:
        chunks = sum(kind.chunks for kind in found.kinds)
        lines.append(f"{one_line(swap_text(found.swap, chunks))}; finish: {FINISH_SWAP}")
    elif found.missing:
        lines.append(f"{plural(found.missing, 'passage')} without a vector; run: {FINISH_SWAP}")
    cache = found.cache
    lines.append(
        f"cache: {plural(cache.vectors, 'vector')}, {cache.of_this_model:,} of this model, "
        f"{cache.bytes / 1024**2:,.1f} MB, {one_line(str(cache.path))}"
    )
    return lines


def _table(kinds: list[KindCoverage]) -> list[str]:
    rows = [f"{'kind':<10}{'passages':>12}{'vectors':>12}{'missing':>12}"]
    return rows + [f"{k.kind:<10}{k.chunks:>12,}{k.vectors:>12,}{k.missing:>12,}" for k in kinds]
