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

SCHEMA_VERSION = 2
_MEND = "fit it again: verdigris oxidize"


def write_fusion(path: Path, fingerprint: str, weights: Mapping[str, float]) -> str:
    """Write a weight for each feature, or none for the fixed fusion; returns the file's SHA-256.

    fingerprint: of the vectors that the features came from. The same weights, the same bytes.
    """
    content = {"schema_version": SCHEMA_VERSION, "fingerprint": fingerprint}
    ordered = {name: weights[name] for name in FEATURES if name in weights}
    written = (json.dumps(content | {"weights": ordered}, indent=1) + "\n").encode()
    path.write_bytes(written)
    return hashlib.sha256(written).hexdigest()


def read_fusion(path: Path, fingerprint: str, sha256: str) -> FusionWeights | None:
    """The weights as they were written; None where the fixed fusion is to serve.

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
    if not found["weights"]:
        return None
    weights = tuple(found["weights"].values())
    if tuple(found["weights"]) != tuple(FEATURES) or not all(map(math.isfinite, weights)):
        raise StorageError(f"{path} has weights for other features; {_MEND}")
    return FusionWeights(weights)
