"""The weights of the learned fusion on disk: `projections/fusion.json`."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path

from verdigris.errors import StorageError
from verdigris.retrieve.features import FEATURES
from verdigris.retrieve.learned_fusion import FusionWeights

SCHEMA_VERSION = 3
_MEND = "fit it again: verdigris oxidize"


def write_fusion(
    path: Path, fingerprint: str, weights: Mapping[str, float], questions: Mapping[str, float]
) -> str:
    """Write a weight for each feature, or none for the fixed fusion; returns the file's SHA-256.

    fingerprint: of the vectors that the features came from. questions: those for questions, or
    none. The same weights, the same bytes.
    """
    content = {
        "schema_version": SCHEMA_VERSION,
        "fingerprint": fingerprint,
        "weights": _ordered(weights),
        "questions": _ordered(questions),
    }
    written = (json.dumps(content, indent=1) + "\n").encode()
    path.write_bytes(written)
    return hashlib.sha256(written).hexdigest()


def _ordered(weights: Mapping[str, float]) -> dict[str, float]:
    return {name: weights[name] for name in FEATURES if name in weights}


def read_fusion(path: Path, fingerprint: str, sha256: str) -> FusionWeights:
    """The weights as they were written.

    Raises StorageError for a file that is damaged, or fitted to other vectors or features.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StorageError(f"cannot read {path} ({error.strerror}); {_MEND}") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise StorageError(f"{path} is not the file that was written; {_MEND}")
    found = json.loads(content)
    if found["fingerprint"] != fingerprint:
        raise StorageError(f"{path} was fitted to another model's vectors; {_MEND}")
    for row in (found["weights"], found["questions"]):
        if tuple(row) not in ((), tuple(FEATURES)) or not all(map(math.isfinite, row.values())):
            raise StorageError(f"{path} has weights for other features; {_MEND}")
    return FusionWeights(tuple(found["weights"].values()), tuple(found["questions"].values()))
