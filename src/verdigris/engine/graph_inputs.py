"""What a graph is fed and where its vectors come out, by name; an unknown input is an error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from verdigris.engine.tokenizing import Encoding
from verdigris.errors import InvalidModel

Feed = dict[str, npt.NDArray[np.generic]]

TOKEN_INPUTS = ("input_ids", "attention_mask", "token_type_ids", "position_ids")
TOKEN_OUTPUTS = ("token_vectors", "last_hidden_state", "token_embeddings")
"""Names that exporters give to the vectors of the tokens; without them the first output is it."""
_PAST = ("past_key_values.", "past_key.", "past_value.")
_FLOATS: dict[str, type[np.generic]] = {"tensor(float)": np.float32, "tensor(float16)": np.float16}
_INTEGERS: dict[str, type[np.generic]] = {"tensor(int64)": np.int64, "tensor(int32)": np.int32}


@dataclass(frozen=True, slots=True)
class GraphInput:
    """One input as a graph declares it: name, ONNX type (`tensor(int64)`) and shape."""

    name: str
    type: str
    shape: tuple[int | str | None, ...]


class Feeder:
    """Makes the inputs of one run; may be shared between threads.

    A decoder's cache (`past_key_values…`) is fed as of no earlier tokens: batch 1, length 0.
    """

    def __init__(self, inputs: Sequence[GraphInput]) -> None:
        """Raises InvalidModel for an input that is neither of tokens nor a decoder's cache."""
        self._tokens: list[tuple[str, type[np.generic]]] = []
        self._past: Feed = {}
        for one in inputs:
            if one.name in TOKEN_INPUTS:
                self._tokens.append((one.name, _type(one, _INTEGERS)))
            elif one.name.startswith(_PAST):
                self._past[one.name] = _no_past(one)
            else:
                known = ", ".join(TOKEN_INPUTS)
                raise InvalidModel(f"the graph wants {one.name!r}; known inputs: {known}")

    def feed(self, encoding: Encoding) -> Feed:
        """All inputs for one text, by name."""
        tokens: Feed = {
            name: getattr(encoding, name).astype(kind, copy=False) for name, kind in self._tokens
        }
        return tokens | self._past if self._past else tokens


def _type(one: GraphInput, types: dict[str, type[np.generic]]) -> type[np.generic]:
    if one.type not in types:
        raise InvalidModel(f"the graph's input {one.name!r} is a {one.type}, which is not known")
    return types[one.type]


def _no_past(one: GraphInput) -> npt.NDArray[np.generic]:
    """An empty cache (1, heads, 0, dims of a head): sizes that are not given vary by text."""
    match one.shape:
        case (_, int(heads), _, int(dims)):
            return np.zeros((1, heads, 0, dims), dtype=_type(one, _FLOATS))
    raise InvalidModel(f"the graph's input {one.name!r} has an unknown shape {one.shape}")
