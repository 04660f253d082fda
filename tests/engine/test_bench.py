"""The bench as a whole, on a tiny model, and beside engines that are faked or absent."""

from __future__ import annotations

import json
import struct
import sys
import types
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from verdigris.engine import other_engines
from verdigris.engine.bench import BenchPlan, BenchReport, bench_model
from verdigris.engine.bench_chart import draw_bench
from verdigris.engine.chart_file import check_chart
from verdigris.engine.engine_choice import EngineChoice
from verdigris.engine.other_engines import measure_other_engines
from verdigris.errors import EngineError

TINY = EngineChoice(str(Path(__file__).parent / "models" / "nomic-like"))


@pytest.fixture(scope="module")
def report() -> BenchReport:
    plan = BenchPlan(TINY, threads=(1, 2), runs=20, seconds=0.05, starts=1, compare=True)
    return bench_model(plan)


def test_every_reading_is_there(report: BenchReport) -> None:
    assert (report.dims, report.max_tokens, report.precision) == (32, 48, "fp32")
    assert [(one.threads, one.tokens) for one in report.throughput] == [(1, 16), (2, 16)]
    assert all(one.texts_per_second > 0 for one in report.throughput)
    assert report.latency.runs == 20
    assert report.batching.same_bits
    assert report.batching.largest_difference == 0
    assert min(report.batching.alone, report.batching.together) > 0
    assert report.fresh.cold_start > 0
    assert report.quality.pairs >= 60
    assert report.bytes_on_disk > 100_000
    assert json.dumps(asdict(report))


def test_the_chart_shows_the_readings(report: BenchReport, tmp_path: Path) -> None:
    draw_bench(report, tmp_path / "chart.svg")
    chart = ElementTree.fromstring((tmp_path / "chart.svg").read_text("utf-8"))
    texts = [text.text for text in chart.iter() if text.text]
    assert {"p50", "p95", "p99", "16 tokens, 1 thread", "16 tokens, 2 threads"} <= set(texts)
    assert " ".join(str(report.machine).split()) in " ".join(texts)


def test_a_chart_may_be_a_png(report: BenchReport, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    check_chart(tmp_path / "chart.png")
    draw_bench(report, tmp_path / "chart.png")
    content = (tmp_path / "chart.png").read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", content[16:24])
    assert (width, height) > (1_000, 400)


def test_what_cannot_be_drawn_is_told_before_measuring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(EngineError, match=r"name it \.svg or \.png"):
        check_chart(tmp_path / "chart.gif")
    with pytest.raises(EngineError, match="there is no folder"):
        check_chart(tmp_path / "no" / "chart.svg")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.axes", None)
    monkeypatch.delitem(sys.modules, "verdigris.engine.png_chart", raising=False)
    with pytest.raises(EngineError, match=r"pip install 'verdigris\[chart\]'"):
        check_chart(tmp_path / "chart.png")


def test_other_engines_say_why_they_were_not_measured(report: BenchReport) -> None:
    own, *others = report.others
    assert own.name.startswith("verdigris")
    assert own.texts_per_second > 0
    assert {one.missing for one in others} == {"name its model with --original FOLDER"}


class Foreign:
    """Another library's model: the same vectors as the tiny model, or a failure."""

    def __init__(self, *_: object, **options: object) -> None:
        self.options = options

    def encode(self, texts: Sequence[str], **_: object) -> Any:  # noqa: ANN401
        with TINY.open(1) as embedder:
            return embedder.embed_batch(texts).vectors.astype(np.float64)

    def embed(self, texts: Sequence[str], **_: object) -> Any:  # noqa: ANN401
        raise RuntimeError("no kernel\nand more")


def test_an_engine_that_runs_is_compared_and_one_that_fails_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Stand-ins for the libraries: neither is a dependency of the tests."""
    torch = types.ModuleType("torch")
    threads: list[int] = []
    torch.set_num_threads = threads.append  # type: ignore[attr-defined]
    library = types.ModuleType("sentence_transformers")
    library.SentenceTransformer = Foreign  # type: ignore[attr-defined]
    fastembed = types.ModuleType("fastembed")
    fastembed.TextEmbedding = Foreign  # type: ignore[attr-defined]
    for name, module in (("torch", torch), ("sentence_transformers", library)):
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setitem(sys.modules, "fastembed", fastembed)
    monkeypatch.setattr(other_engines, "version", lambda name: "1.0")
    _, first, second = measure_other_engines(TINY, "some folder", 1)
    assert first.name == "sentence-transformers 1.0"
    assert first.mean_cosine == pytest.approx(1)
    assert first.texts_per_second > 0
    assert threads == [1]
    assert second.missing == "RuntimeError: no kernel"


def test_an_engine_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("sentence_transformers", "fastembed"):
        monkeypatch.setitem(sys.modules, name, None)
    _, first, second = measure_other_engines(TINY, "some folder", 1)
    assert first.missing == "sentence_transformers is not installed"
    assert second.missing == "fastembed is not installed"
