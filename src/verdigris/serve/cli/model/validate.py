"""The command that looks at a model before it is trusted: model validate."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from verdigris.serve.cli import ERROR
from verdigris.serve.cli.answers import envelope
from verdigris.serve.cli.console import one_line, plural, printable
from verdigris.serve.cli.model.options import choice_here
from verdigris.serve.cli.options import JSON

if TYPE_CHECKING:
    from verdigris.engine.onnx_graph import Tensor
    from verdigris.engine.provider_support import ProviderSupport
    from verdigris.engine.runtimes.report import RuntimeReport
    from verdigris.engine.validate import GraphSummary, ModelValidation

_MB = 1024**2


@click.command()
@click.argument("name", required=False, metavar="[MODEL[+RUNTIME]]")
@JSON
@click.pass_context
def validate(ctx: click.Context, name: str | None, as_json: bool) -> None:
    """Check a model's files, graph, vocabulary and vectors.

    Tells, too, which nodes ran where, and what other hardware could take and why not the rest.
    MODEL is the configured one by default. Exit 2 when a check fails.
    """
    from verdigris.engine.validate import validate_model

    found = validate_model(choice_here(name))
    if as_json:
        click.echo(envelope(**asdict(found), valid=found.valid))
    else:
        click.echo("\n".join(_lines(found)))
    if not found.valid:
        ctx.exit(ERROR)


def _lines(found: ModelValidation) -> list[str]:
    lines = [
        f"{found.model}, {found.precision}: {found.dims} dims, {found.max_tokens} tokens, "
        f"{found.bytes / _MB:.1f} MB, fingerprint {found.fingerprint}"
    ]
    for check in found.checks:
        mark = click.style("ok   ", fg="green") if check.ok else click.style("WRONG", fg="red")
        lines.append(f"{mark} {check.what}: {one_line(check.state)}")
    if found.graph:
        lines += ["", *_graph_lines(found.graph)]
    if found.runtime:
        lines += ["", *_runtime_lines(found.runtime)]
    for provider in found.providers:
        lines += ["", *_provider_lines(provider)]
    return lines


def _graph_lines(graph: GraphSummary) -> list[str]:
    opsets = ", ".join(f"{domain} {version}" for domain, version in graph.opsets.items())
    lines = [f"graph: opsets {opsets}; IR {graph.ir_version}; by {graph.producer or 'unknown'}"]
    lines += [f"  input   {_tensor_text(tensor)}" for tensor in graph.inputs]
    lines += [f"  output  {_tensor_text(tensor)}" for tensor in graph.outputs]
    operators = ", ".join(f"{name} {count}" for name, count in graph.operators.items())
    lines.append(f"  {plural(graph.nodes, 'node')}: {operators}")
    for total in graph.constants:
        size = f"{total.bytes / _MB:9.2f} MB"
        lines.append(f"  {total.type:<9} {size} in {plural(total.count, 'initialiser')}")
    lines += [
        f"  largest: {one.name} {one.type} {_shape_text(one.shape)}, {one.bytes / _MB:.2f} MB"
        for one in graph.largest[:3]
    ]
    return [_kept(line) for line in lines]


def _kept(line: str) -> str:
    """A printable line whose columns stay where they are: names in a graph may hold anything."""
    return printable(line).replace("\n", " ")


def _runtime_lines(report: RuntimeReport) -> list[str]:
    """What ran the model here, by provider."""
    lines = [
        f"ran here on {report.runtime} {report.version}, provider {report.provider}, products in "
        f"{report.compute_precision}; {report.int8_path}"
    ]
    for share in report.shares:
        runs = plural(share.partitions, "partition")
        lines.append(f"  {share.provider} ran {plural(share.nodes, 'node')}, in {runs}")
    return [_kept(line) for line in lines]


def _provider_lines(provider: ProviderSupport) -> list[str]:
    """What a provider would take, and for each reason what it would not."""
    runs = plural(provider.partitions, "partition")
    lines = [f"{provider.provider} can take {provider.taken} of {provider.nodes} nodes, in {runs}"]
    lines += [
        f"  {one.nodes:>4} × {one.operator}: {one.reason} (first: {one.example})"
        for one in provider.refused
    ]
    return [_kept(line) for line in [*lines, f"  by the rules of {provider.source}"]]


def _tensor_text(tensor: Tensor) -> str:
    return f"{tensor.name}  {tensor.type}  {_shape_text(tensor.shape)}"


def _shape_text(shape: tuple[int | str, ...]) -> str:
    return " × ".join(map(str, shape)) or "scalar"
