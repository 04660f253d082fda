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

if TYPE_CHECKING:
    from verdigris.knowledge_base import KnowledgeBase
    from verdigris.store.coverage import CacheSize, KindCoverage

_MEND = "verdigris embeddings generate"


@dataclass(frozen=True, slots=True)
class _Embeddings:
    """The vectors of one repository."""

    kinds: list[KindCoverage]
    model: str
    model_fingerprint: str
    index_fingerprint: str
    """Of the vectors in the index; '' where there is none yet."""
    cache: CacheSize

    @property
    def missing(self) -> int:
        """Chunks without a vector."""
        return sum(kind.missing for kind in self.kinds)

    @property
    def of_another_model(self) -> bool:
        """Whether the index's vectors were made by another model than the configured one."""
        return self.index_fingerprint not in ("", self.model_fingerprint)


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
    if strict and (found.missing or found.of_another_model):
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
    from verdigris.engine.catalog import model_row
    from verdigris.engine.model_store import find_model
    from verdigris.store.coverage import cache_size, coverage

    model = knowledge_base.settings.model
    fingerprint = find_model(model_row(model)).fingerprint()
    return _Embeddings(
        kinds=coverage(knowledge_base.index),
        model=model,
        model_fingerprint=fingerprint,
        index_fingerprint=knowledge_base.index.meta("fingerprint"),
        cache=cache_size(knowledge_base.locations.vector_cache, fingerprint),
    )


def _json(found: _Embeddings) -> str:
    kinds = [asdict(kind) | {"missing": kind.missing} for kind in found.kinds]
    return envelope(
        kinds=kinds, chunks=sum(kind.chunks for kind in found.kinds), missing=found.missing,
        model=found.model, fingerprint=found.model_fingerprint,
        index_fingerprint=found.index_fingerprint or None,
        cache=asdict(found.cache) | {"path": str(found.cache.path)},
    )  # fmt: skip


def _lines(found: _Embeddings) -> list[str]:
    lines = [f"model: {found.model}, fingerprint {found.model_fingerprint}"]
    lines += _table(found.kinds) if found.kinds else ["no passages yet; run: verdigris scrape"]
    if found.of_another_model:
        lines.append(f"the index has vectors of another model; run: {_MEND}")
    elif found.missing:
        lines.append(f"{plural(found.missing, 'passage')} without a vector; run: {_MEND}")
    cache = found.cache
    lines.append(
        f"cache: {plural(cache.vectors, 'vector')}, {cache.of_this_model:,} of this model, "
        f"{cache.bytes / 1024**2:,.1f} MB, {one_line(str(cache.path))}"
    )
    return lines


def _table(kinds: list[KindCoverage]) -> list[str]:
    rows = [f"{'kind':<10}{'passages':>12}{'vectors':>12}{'missing':>12}"]
    return rows + [f"{k.kind:<10}{k.chunks:>12,}{k.vectors:>12,}{k.missing:>12,}" for k in kinds]
