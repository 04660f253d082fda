"""Projections as files: written whole or not at all, checked before anything uses them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from verdigris.errors import InvalidProjection
from verdigris.learn.network import Array, Projection, Weights
from verdigris.learn.training import Side

SERVED = "served.json"
"""What serves, with the hash of each file."""
FUSION = "fusion.json"
_VERSION = 2
_MEND = "run: verdigris oxidize"
_LAYERS = (("w1.weight", "w1.bias"), ("w2.weight", "w2.bias"))


@dataclass(frozen=True, slots=True)
class ServedProjection:
    """A projection in use: which tasks it won, and what it may be applied to.

    won: sources of pairs (`commit-files` …). fingerprint: of the embedding model whose vectors go
    in. sha256: of its file.
    """

    name: str
    won: tuple[str, ...]
    side: Side
    fingerprint: str
    sha256: str
    projection: Projection


def write_projection(folder: Path, name: str, projection: Projection, about: dict[str, str]) -> str:
    """Write NAME.safetensors; returns its SHA-256. `about` is for readers and never read back."""
    from safetensors.numpy import save

    weights = {
        key: np.ascontiguousarray(values, "<f4") for key, values in projection.weights.items()
    }
    # One entry, since the library writes several in any order, and the bytes must be the same.
    content = save(weights, metadata={"about": json.dumps(about, sort_keys=True)})
    (folder / f"{name}.safetensors").write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def read_projection(path: Path) -> Projection:
    """The weights in a file; dims and layers follow from their shapes. Raises InvalidProjection."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        weights = load(path.read_bytes())
    except OSError as error:
        raise InvalidProjection(f"{path} cannot be read ({error.strerror}); {_MEND}") from error
    except (SafetensorError, ValueError, KeyError) as error:
        raise InvalidProjection(f"{path} is no safetensors file ({error}); {_MEND}") from error
    return checked_projection(weights, str(path))


def checked_projection(weights: Weights, source: str) -> Projection:
    """Weights whose names, shapes and values fit. Raises InvalidProjection."""
    names = [name for layer in _LAYERS[: 1 + ("w2.weight" in weights)] for name in layer]
    if sorted(weights) != sorted(names):
        raise InvalidProjection(f"{source} holds {sorted(weights)}, not {names}; {_MEND}")
    inputs = -1
    for layer in _LAYERS[: len(names) // 2]:
        matrix, bias = (weights[name] for name in layer)
        fits = matrix.ndim == 2 and min(matrix.shape) > 0 and bias.shape == matrix.shape[:1]
        if not fits or (inputs > 0 and matrix.shape[1] != inputs):
            raise InvalidProjection(f"{source}: shapes of {' and '.join(layer)} differ; {_MEND}")
        inputs = matrix.shape[0]
    for name, values in weights.items():
        if not np.isfinite(values).all():
            raise InvalidProjection(f"{source}: {name} is not finite; {_MEND}")
    projection = Projection({name: np.asarray(weights[name], np.float32) for name in names})
    if projection.dims_out > projection.dims_in:
        raise InvalidProjection(f"{source} gives more dims than it takes; {_MEND}")
    return projection


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    won: tuple[str, ...]
    side: Side
    fingerprint: str
    sha256: str


@dataclass(frozen=True, slots=True)
class _Manifest:
    version: int
    fusion: str
    projections: list[_Entry]


def write_manifest(folder: Path, served: Sequence[ServedProjection], fusion: str) -> None:
    """Say which files of a folder serve. fusion: SHA-256 of the lanes' weights."""
    entries = [_Entry(one.name, one.won, one.side, one.fingerprint, one.sha256) for one in served]
    content = json.dumps(asdict(_Manifest(_VERSION, fusion, entries)), indent=2) + "\n"
    (folder / SERVED).write_text(content, encoding="utf-8")


def served_hashes(folder: Path) -> dict[str, str]:
    """File → its SHA-256 as it was written; {} where nothing serves. Raises InvalidProjection."""
    manifest = _manifest(folder)
    weights = {f"{one.name}.safetensors": one.sha256 for one in manifest.projections}
    return ({FUSION: manifest.fusion} if manifest.fusion else {}) | weights


def load_served(folder: Path, fingerprint: str) -> list[ServedProjection]:
    """The projections that won, verified; [] where nothing was trained.

    Raises InvalidProjection for a file that is damaged, not finite, or of another model than the
    one of `fingerprint`.
    """
    served = []
    for entry in _manifest(folder).projections:
        path = folder / f"{entry.name}.safetensors"
        if entry.fingerprint != fingerprint:
            raise InvalidProjection(
                f"projection {entry.name!r} was trained on vectors of another model; {_MEND}"
            )
        projection = read_projection(path)
        if hashlib.sha256(path.read_bytes()).hexdigest() != entry.sha256:
            raise InvalidProjection(f"{path} is not the file that was trained; {_MEND}")
        told = (entry.name, entry.won, entry.side, entry.fingerprint, entry.sha256)
        served.append(ServedProjection(*told, projection))
    return served


def _manifest(folder: Path) -> _Manifest:
    import msgspec

    path = folder / SERVED
    try:
        return msgspec.convert(json.loads(path.read_text(encoding="utf-8")), _Manifest)
    except FileNotFoundError:
        return _Manifest(_VERSION, "", [])
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidProjection(f"{path} cannot be read ({error}); {_MEND}") from error


def project_all(projection: Projection, vectors: Array) -> Array:
    """Vectors (rows, dims) projected in parts, so that memory stays small."""
    parts = [projection(vectors[start : start + 4096]) for start in range(0, len(vectors), 4096)]
    return np.concatenate(parts) if parts else np.empty((0, projection.dims_out), np.float32)
