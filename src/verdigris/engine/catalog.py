"""The models this engine knows, as frozen rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from verdigris.errors import ModelNotFound

InputType = Literal["passage", "query"]


@dataclass(frozen=True, slots=True)
class ModelRow:
    """What must be known to use a model; sizes and hashes of its files are in its manifest."""

    name: str
    dims: int
    max_tokens: int
    """Tokens of a text that the model sees, special tokens included."""
    pooling: Literal["mean"]
    precision: str
    query_prefix: str = ""
    passage_prefix: str = ""
    weights_file: str = "model.onnx"
    tokenizer_file: str = "tokenizer.json"
    licence: str = "Apache-2.0"

    def prefix(self, input_type: InputType) -> str:
        """What the model was trained to see in front of a query or a passage."""
        return self.query_prefix if input_type == "query" else self.passage_prefix


DEFAULT_MODEL = "all-minilm-l6-v2"

MODELS = (
    ModelRow(
        name=DEFAULT_MODEL,
        dims=384,
        max_tokens=256,
        pooling="mean",
        precision="int8-dynamic",
    ),
)


def model_row(name: str) -> ModelRow:
    """The row of a model; an unknown name raises ModelNotFound."""
    for row in MODELS:
        if row.name == name:
            return row
    known = ", ".join(row.name for row in MODELS)
    raise ModelNotFound(f"no model named {name!r}; known models: {known}")
