"""What really runs a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from verdigris.engine import Embedder
from verdigris.engine.cpu_features import from_cpuinfo
from verdigris.engine.runtimes import NodeRun
from verdigris.engine.runtimes.report import RuntimeReport, runtime_report, shares_of
from verdigris.engine.runtimes.saturation import ByteProducts


@pytest.fixture(scope="module")
def report() -> Iterator[RuntimeReport]:
    with Embedder(threads=2) as embedder:
        yield runtime_report(embedder)


def test_the_default_runs_every_node_on_the_cpu(report: RuntimeReport) -> None:
    assert (report.runtime, report.provider, report.fallback) == ("onnxruntime", "cpu", "")
    assert not report.partly_elsewhere
    (share,) = report.shares
    assert share.provider == "cpu"
    assert share.partitions == 1
    operators = {count.operator: count.nodes for count in share.operators}
    assert operators["QAttention"] == 6
    assert report.nodes == sum(operators.values()) == share.nodes


def test_precision_threads_and_processor_are_told(report: RuntimeReport) -> None:
    assert report.weights_precision == report.compute_precision == "int8-dynamic"
    assert report.threads == 2
    assert "cpu" in report.listed_providers
    assert report.cpu.architecture
    assert report.check is not None
    assert report.check.passed


@pytest.mark.parametrize(
    ("flags", "saturating", "said"),
    [
        ("avx2 avx512_vnni", 24, "8-bit dot products in hardware"),
        ("avx2", 0, "which 0 of 24 can reach"),
        ("avx2", 3, "which 3 of 24 can reach; vectors may be off, prefer a precision in floats"),
    ],
)
def test_products_that_saturate_on_this_processor_are_told(
    report: RuntimeReport, flags: str, saturating: int, said: str
) -> None:
    assert report.byte_products == ByteProducts(24, 0)
    cpu = from_cpuinfo(f"flags : {flags}")
    other = replace(report, cpu=cpu, byte_products=ByteProducts(24, saturating))
    assert other.int8_path.endswith(said)


def test_partitions_are_runs_of_neighbours() -> None:
    order = ["cpu", "coreml", "coreml", "cpu", "coreml", "cpu"]
    nodes = tuple(
        NodeRun("MatMul" if index % 2 else "Add", name) for index, name in enumerate(order)
    )
    first, second = shares_of(nodes)
    assert {first.provider, second.provider} == {"cpu", "coreml"}
    by_name = {share.provider: share for share in (first, second)}
    assert (by_name["cpu"].nodes, by_name["cpu"].partitions) == (3, 3)
    assert (by_name["coreml"].nodes, by_name["coreml"].partitions) == (3, 2)
    assert shares_of(()) == ()
