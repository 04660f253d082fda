"""Evaluations as programs read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from typing import Any

from verdigris.evaluate.comparison import ComparedMetric, Comparison
from verdigris.evaluate.metrics import METRIC_NAMES, Metrics
from verdigris.evaluate.report import BenchmarkReport, Difference, EvaluationReport
from verdigris.serve.cli.answers import SCHEMA_VERSION

_DIGITS = 6


def benchmark_json(report: BenchmarkReport, missed: Sequence[str]) -> dict[str, Any]:
    """The envelope of a run."""
    return {
        "schema_version": SCHEMA_VERSION,
        "head": report.head,
        "model": report.model,
        "seed": report.seed,
        "suites": [{"suite": one.suite, **suite_json(one)} for one in report.suites],
        "not_made": [{"suite": one.suite, "reason": one.reason} for one in report.not_made],
        "below_threshold": list(missed),
    }


def suite_json(report: EvaluationReport) -> dict[str, Any]:
    """What is known of one suite, without the single queries."""
    rival = report.rival
    return {
        "about": report.source.about,
        "index": {"commit": report.source.commit, "time": report.source.time},
        "learned": report.source.learned,
        "queries": report.queries,
        "relevant": report.relevant,
        "missing": [{"query": m.query_id, "doc": m.document} for m in report.missing],
        "depth": report.depth,
        "lanes": {one.lane: _metrics(one.metrics) for one in report.lanes},
        "intervals": {
            one.lane: {"low": _metrics(one.low), "high": _metrics(one.high)} for one in report.lanes
        },
        "contribution": {
            one.lane: {
                "MRR": _difference(one.mrr),
                "recall@10": _difference(one.recall_at_10),
                "gains": one.gains,
            }
            for one in report.left_out
        },
        "best_rival": {"lane": rival.lane, "MRR": _difference(rival.mrr)} if rival else None,
        "latency_ms": {
            "p50": round(report.latency.p50_ms, 2),
            "p95": round(report.latency.p95_ms, 2),
        },
    }


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """The envelope of a comparison."""
    return {
        "schema_version": SCHEMA_VERSION,
        "suites": [
            {
                "suite": suite.suite,
                "queries": suite.queries,
                "lanes": {
                    one.lane: {"MRR": _compared(one.mrr), "recall@10": _compared(one.recall_at_10)}
                    for one in suite.lanes
                },
            }
            for suite in comparison.suites
        ],
        "notes": list(comparison.notes),
    }


def _metrics(metrics: Metrics) -> dict[str, float]:
    values: tuple[float, ...] = astuple(metrics)
    return {name: round(value, _DIGITS) for name, value in zip(METRIC_NAMES, values, strict=True)}


def _compared(metric: ComparedMetric) -> dict[str, Any]:
    a, b = round(metric.a, _DIGITS), round(metric.b, _DIGITS)
    return {"a": a, "b": b, "difference": _difference(metric.difference)}


def _difference(difference: Difference) -> dict[str, float]:
    return {
        "mean": round(difference.mean, _DIGITS),
        "low": round(difference.low, _DIGITS),
        "high": round(difference.high, _DIGITS),
        "p": round(difference.p, _DIGITS),
    }
