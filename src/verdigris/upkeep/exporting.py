"""Exports what serves: one ONNX file for each projection, run and compared before it is kept."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from verdigris.engine import Embedder
from verdigris.engine.catalog import model_row
from verdigris.engine.graph_inputs import Feeder, GraphInput
from verdigris.engine.model_store import StoredModel, find_model
from verdigris.engine.tokenizing import TextTokenizer
from verdigris.errors import LearningError, StorageError
from verdigris.learn.artifacts import ServedProjection
from verdigris.learn.onnx_export import PROJECTED, VECTOR, export_graph

LARGEST_DIFFERENCE = 1e-5
_TEXTS = (
    "Fix a race in the shutdown of the worker pool",
    "a",
    "Where are colours of the terminal chosen, and what does NO_COLOR do to them?",
    "def mean(values):\n    return sum(values) / len(values)",
    "naïve café — 東京 " * 40,
)
"""Short, long, code, other scripts: what an exported graph is run on."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A written graph, and the largest difference of any number of its vectors."""

    path: Path
    difference: float


def export_onnx(
    served: list[ServedProjection], embedder: Embedder, model: str, folder: Path
) -> list[Exported]:
    """Write NAME.onnx for each projection in service, with the tokenizer and a description.

    model: what the embedder was opened with.

    Raises LearningError where nothing serves or a graph does not give the same vectors,
    StorageError where the folder cannot be written.
    """
    if not served:
        raise LearningError("no projection serves here; train first: verdigris oxidize")
    stored = find_model(model_row(model))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tokenizer = stored.verified(stored.row.tokenizer_file)
        exported = [_export(one, embedder, stored, folder) for one in served]
        shutil.copyfile(tokenizer, folder / "tokenizer.json")
        (folder / "export.json").write_text(_description(embedder, served), encoding="utf-8")
    except OSError as error:
        raise StorageError(
            f"cannot write {folder} ({error.strerror}); name another folder"
        ) from error
    return exported


def _export(
    one: ServedProjection, embedder: Embedder, stored: StoredModel, folder: Path
) -> Exported:
    content = export_graph(stored.weights(), stored.row.pooling, one.projection)
    target = folder / f"{one.name}.onnx"
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        trial = Path(scratch) / target.name
        trial.write_bytes(content)
        for weights in _kept_apart(stored):
            shutil.copyfile(stored.folder / weights, Path(scratch) / Path(weights).name)
        difference = _largest_difference(trial, one, embedder, stored)
        if not difference <= LARGEST_DIFFERENCE:  # true for NaN, too
            raise LearningError(
                f"the exported {target.name} differs by {difference:.1e} from what serves; "
                "nothing was written; check the model: verdigris model check"
            )
        for file in Path(scratch).iterdir():
            file.replace(folder / file.name)
    return Exported(target, difference)


def _kept_apart(stored: StoredModel) -> list[str]:
    """Weights that a graph keeps in files beside itself."""
    own = (stored.row.weights_file, stored.row.tokenizer_file)
    return [one.name for one in stored.row.files if one.name not in own]


def _largest_difference(
    graph: Path, one: ServedProjection, embedder: Embedder, stored: StoredModel
) -> float:
    """Between the graph's vectors and the embedder's, projected, over texts of all sorts."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(graph), providers=["CPUExecutionProvider"])
    inputs = [GraphInput(i.name, i.type, tuple(i.shape)) for i in session.get_inputs()]
    feeder, row = Feeder(inputs), stored.row
    tokenizer = TextTokenizer(stored.verified(row.tokenizer_file), row.max_tokens)
    largest = 0.0
    for text in _TEXTS:
        encoding = tokenizer.encode(row.prefix("query") + text)
        raw, projected = session.run([VECTOR, PROJECTED], feeder.feed(encoding))
        vector = embedder.embed_query(text)
        wanted = one.projection(vector[None])
        differences = (np.abs(raw[0] - vector).max(), np.abs(projected - wanted).max())
        largest = max(largest, *map(float, differences))
    return largest


def _description(embedder: Embedder, served: list[ServedProjection]) -> str:
    row = embedder.model
    about = {
        "model": row.name,
        "fingerprint": embedder.fingerprint,
        "inputs": "ids of tokenizer.json with its padding off, one text a run, cut to max_tokens",
        "max_tokens": row.max_tokens,
        "query_prefix": row.query_prefix,
        "outputs": {VECTOR: row.dims, PROJECTED: "dims of the projection"},
        "projections": {one.name: {"tasks": one.won, "side": one.side} for one in served},
    }
    return json.dumps(about, indent=2) + "\n"
