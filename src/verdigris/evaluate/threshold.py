"""Thresholds for continuous integration: `MRR=0.5`, or of one suite `commits:recall@10=0.4`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

from verdigris.errors import EvaluationError
from verdigris.evaluate.metrics import METRIC_NAMES
from verdigris.evaluate.report import BenchmarkReport, EvaluationReport


@dataclass(frozen=True, slots=True)
class Threshold:
    """A metric of what users get must not be less than a value; suite '' = each suite."""

    suite: str
    metric: str
    value: float

    def __str__(self) -> str:
        return f"{self.suite}{':' if self.suite else ''}{self.metric}={self.value:g}"


def parse_threshold(text: str, suites: Sequence[str]) -> Threshold:
    """A threshold as written. Raises EvaluationError that says what is accepted."""
    left, _, value = text.partition("=")
    suite, _, metric = left.rpartition(":")
    names = {name.lower(): name for name in METRIC_NAMES}
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    known = metric.lower() in names and (not suite or suite in suites)
    if not known or not 0 <= number <= 1:
        raise EvaluationError(
            f"cannot understand the threshold {text!r}; write [SUITE:]METRIC=VALUE with a value "
            f"from 0 to 1, a metric of {', '.join(METRIC_NAMES)}, and a suite that is run "
            f"({', '.join(suites)})"
        )
    return Threshold(suite, names[metric.lower()], number)


def missed(thresholds: Sequence[Threshold], report: BenchmarkReport) -> list[str]:
    """What is below its threshold or was not measured, one line each."""
    lines = []
    for threshold in thresholds:
        of = [one for one in report.suites if threshold.suite in ("", one.suite) and one.queries]
        if not of:
            lines.append(f"{threshold}: not measured")
        for suite in of:
            value = _value(suite, threshold.metric)
            if value < threshold.value:
                lines.append(f"{threshold}: {suite.suite} has {value:.4f}")
    return lines


def _value(report: EvaluationReport, metric: str) -> float:
    values: tuple[float, ...] = astuple(report.served.metrics)
    return values[METRIC_NAMES.index(metric)]
