"""The fitted weights of the learned fusion on disk: `projections/fusion.json`."""

from __future__ import annotations

import json
import math
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from verdigris.errors import StorageError
from verdigris.retrieve.features import FEATURES
from verdigris.retrieve.learned_fusion import FusionWeights, prior_weights

SCHEMA_VERSION = 1
_MEND = "fit it again: verdigris oxidize"


@dataclass(frozen=True, slots=True)
class FusionReport:
    """What fitting found: mean reciprocal ranks on held-out commits, and what is served.

    chosen: 'own' weights, the 'prior' from other repositories, or the 'fixed' fusion.
    """

    chosen: str
    examples: int = 0
    held_out: int = 0
    fixed: float = 0.0
    prior: float = 0.0
    own: float = 0.0
    best_lane: float = 0.0
    lane: str = ""
    """The lane that was best alone."""
    reason: str = ""
    """Why nothing was fitted; '' where something was."""


@dataclass(frozen=True, slots=True)
class FittedFusion:
    """What a repository taught; weights is None where the fixed fusion is better."""

    weights: FusionWeights | None
    report: FusionReport


def write_fusion(path: Path, fingerprint: str, fitted: FittedFusion) -> None:
    """Replace the file in one step. fingerprint: of the vectors that the features came from."""
    weights = fitted.weights.weights if fitted.weights else ()
    text = json.dumps(
        {
            "schema_version": SCHEMA_VERSION,
            "fingerprint": fingerprint,
            "report": asdict(fitted.report),
            "weights": dict(zip(FEATURES, weights, strict=False)),
        },
        indent=1,
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError as error:
        raise StorageError(f"cannot write {path} ({error.strerror}); make it writable") from error


def read_fusion(path: Path, fingerprint: str) -> FittedFusion:
    """What was fitted to this repository, or the weights that come with the package.

    Raises StorageError for a file that is damaged, or fitted to other vectors or features.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return FittedFusion(prior_weights(), FusionReport("prior", reason="not fitted here"))
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"cannot read {path}; {_MEND}") from error
    try:
        value = json.loads(text)
        report = FusionReport(**value["report"])
        weights = tuple(float(value["weights"][name]) for name in value["weights"])
        names, made_with = tuple(value["weights"]), value["fingerprint"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StorageError(f"{path} is damaged; {_MEND}") from error
    if made_with != fingerprint:
        raise StorageError(f"{path} was fitted to another model's vectors; {_MEND}")
    if report.chosen == "fixed":
        return FittedFusion(None, report)
    if names != tuple(FEATURES) or not all(map(math.isfinite, weights)):
        raise StorageError(f"{path} has weights for other features; {_MEND}")
    return FittedFusion(FusionWeights(weights), report)
