"""Reads the weights of a BERT encoder out of an ONNX file: the bundled int8 graph or an fp32 one.

The bundled graph uses operators that only ONNX Runtime has; with its weights as plain numbers,
any library can compute the same encoder (Devlin et al. 2018).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from verdigris.engine.pooling import Array
from verdigris.engine.runtimes.onnx_weights import AnyArray, OnnxWeights, read_onnx_weights
from verdigris.errors import UnsupportedGraph

_PARTS = ("query", "key", "value")
_WORDS = "embeddings.word_embeddings.weight"
_QUERY_BIAS = ".attention.self.query.bias"
_OWN_WORDS = "words"


@dataclass(frozen=True, slots=True)
class Linear:
    """x → x @ weight + bias; weight (inputs, outputs), bias (outputs,), float32."""

    weight: Array
    bias: Array


@dataclass(frozen=True, slots=True)
class BertLayer:
    """One transformer layer."""

    attention: Linear
    """Query, key and value side by side: (dims, 3 * dims)."""
    attention_output: Linear
    attention_norm: Linear
    """`weight` and `bias` of the layer normalisation, both (dims,)."""
    intermediate: Linear
    output: Linear
    output_norm: Linear


@dataclass(frozen=True, slots=True)
class BertWeights:
    """A BERT encoder with GELU, for texts of one segment."""

    words: Array
    """(vocabulary, dims)"""
    positions: Array
    """(positions, dims), the token type of a first segment included."""
    norm: Linear
    layers: tuple[BertLayer, ...]
    heads: int
    epsilon: float
    quantised: bool
    """Whether the weights were stored in 8 bits."""

    @property
    def dims(self) -> int:
        """Length of a token's vector."""
        return int(self.words.shape[1])


def read_bert(weights_file: Path) -> BertWeights:
    """The BERT encoder in an ONNX file.

    Read are the bundled int8 graph and fp32 exports of transformers' BertModel, by the names
    that its biases keep. Raises UnsupportedGraph for anything else, CorruptModel for a file that
    is not ONNX.
    """
    graph = read_onnx_weights(weights_file)
    try:
        if _OWN_WORDS in graph.constants:
            return _read_bundled(graph)
        return _read_export(graph)
    except (KeyError, ValueError, IndexError) as error:
        raise UnsupportedGraph(
            f"{weights_file} is not a BERT encoder whose weights can be found by name: no {error} "
            "(another architecture, or an exporter that merged or renamed them)"
        ) from error


def _read_bundled(graph: OnnxWeights) -> BertWeights:
    """Undo the quantisation and the smoothing that scripts/build_model.py did."""
    constants = graph.constants
    attention = [dict(node.numbers) for node in graph.nodes if node.operator == "QAttention"]
    if not attention:
        raise KeyError("QAttention")
    names = _layer_names(lambda layer: f"{layer}.attention.weight" in constants)
    return BertWeights(
        words=_array(constants[_OWN_WORDS] * constants["word_scales"]),
        positions=_array(constants["positions"][0]),
        norm=_unsmoothed_norm(graph, "embeddings.LayerNorm"),
        layers=tuple(_bundled_layer(graph, name) for name in names),
        heads=int(attention[0]["num_heads"]),
        epsilon=1e-12,
        quantised=True,
    )


def _bundled_layer(graph: OnnxWeights, name: str) -> BertLayer:
    constants = graph.constants
    before = _previous_norm(name)
    inverse = constants.get(f"{name}.inverse")
    return BertLayer(
        attention=_dequantised(graph, f"{name}.attention", constants.get(f"{before}.factor")),
        attention_output=_dequantised(graph, f"{name}.attention.output", None),
        attention_norm=_unsmoothed_norm(graph, f"{name}.attention.output.LayerNorm"),
        intermediate=_dequantised(
            graph,
            f"{name}.intermediate",
            constants.get(f"{name}.attention.output.LayerNorm.factor"),
        ),
        output=_dequantised(graph, f"{name}.output", None if inverse is None else 1 / inverse),
        output_norm=_unsmoothed_norm(graph, f"{name}.output.LayerNorm"),
    )


def _previous_norm(layer: str) -> str:
    """The normalisation whose output goes into a layer."""
    index = int(layer.rsplit(".", 1)[1])
    return f"encoder.layer.{index - 1}.output.LayerNorm" if index else "embeddings.LayerNorm"


def _dequantised(graph: OnnxWeights, name: str, smoothing: AnyArray | None) -> Linear:
    constants = graph.constants
    weight = constants[f"{name}.weight"] * constants[f"{name}.scale"]
    if smoothing is not None:
        weight = weight / smoothing[:, None]
    return Linear(_array(weight), _array(constants[f"{name}.bias"]))


def _unsmoothed_norm(graph: OnnxWeights, name: str) -> Linear:
    factor = graph.constants.get(f"{name}.factor", np.float32(1))
    constants = graph.constants
    weight, bias = constants[f"{name}.weight"] * factor, constants[f"{name}.bias"] * factor
    return Linear(_array(weight), _array(bias))


def _read_export(graph: OnnxWeights) -> BertWeights:
    """An export of transformers' BertModel: biases keep their names, matrices may not."""
    if not {"Erf", "Gelu"} & {node.operator for node in graph.nodes}:
        raise KeyError("exact GELU")
    constants = _named_matrices(graph)
    prefix = next((n for n in constants if n.endswith(_WORDS)), _WORDS).removesuffix(_WORDS)
    plain = {name.removeprefix(prefix): value for name, value in constants.items()}
    names = _layer_names(lambda layer: f"{layer}.attention.self.query.bias" in plain)
    types = plain["embeddings.token_type_embeddings.weight"]
    if len(types) == 1:
        raise KeyError("second segment: RoBERTa, which counts positions in another way")
    return BertWeights(
        words=_array(plain[_WORDS]),
        positions=_array(plain["embeddings.position_embeddings.weight"] + types[0]),
        norm=_linear(plain, "embeddings.LayerNorm"),
        layers=tuple(_export_layer(plain, name) for name in names),
        heads=plain[_WORDS].shape[1] // _head_dims(graph),
        epsilon=_epsilon(graph),
        quantised=False,
    )


def _named_matrices(graph: OnnxWeights) -> dict[str, Array]:
    """Constants by name, and each product's matrix (inputs, outputs) by the name of its bias.

    Exporters transpose the matrices and rename them: they are found as what is multiplied right
    before `….bias` is added.
    """
    made_by = {output: node for node in graph.nodes for output in node.outputs}
    named = dict(graph.constants)
    for node in graph.nodes:
        biases = [name for name in node.inputs if name.endswith(".bias") and name in named]
        if node.operator != "Add" or not biases:
            continue
        product = next((made_by[name] for name in node.inputs if name in made_by), None)
        if product is not None and product.operator == "MatMul" and product.inputs[1] in named:
            named[biases[0].removesuffix("bias") + "matrix"] = named[product.inputs[1]]
    return named


def _head_dims(graph: OnnxWeights) -> int:
    """Length of a head: the last number of the shape that queries are brought into."""
    made_by = {output: node for node in graph.nodes for output in node.outputs}
    for node in graph.nodes:
        query = made_by.get(node.inputs[0]) if node.operator == "Reshape" else None
        if query is not None and any(name.endswith(_QUERY_BIAS) for name in query.inputs):
            shape = node.inputs[1]
            if shape in made_by and made_by[shape].operator == "Concat":
                shape = made_by[shape].inputs[-1]
            return int(graph.constants[shape].flat[-1])
    raise KeyError("shape of the heads")


def _epsilon(graph: OnnxWeights) -> float:
    """What layer normalisation adds to the variance, in one node or before a square root."""
    made_by = {output: node for node in graph.nodes for output in node.outputs}
    for node in graph.nodes:
        if node.operator == "LayerNormalization":
            return dict(node.numbers)["epsilon"]
        if node.operator == "Sqrt" and node.inputs[0] in made_by:
            added = made_by[node.inputs[0]].inputs
            found = [graph.constants[name] for name in added if name in graph.constants]
            if found and found[0].size == 1:
                return float(found[0].flat[0])
    raise KeyError("layer normalisation")


def _export_layer(plain: dict[str, Array], name: str) -> BertLayer:
    parts = [_product(plain, f"{name}.attention.self.{part}") for part in _PARTS]
    return BertLayer(
        attention=Linear(
            np.concatenate([part.weight for part in parts], axis=1),
            np.concatenate([part.bias for part in parts]),
        ),
        attention_output=_product(plain, f"{name}.attention.output.dense"),
        attention_norm=_linear(plain, f"{name}.attention.output.LayerNorm"),
        intermediate=_product(plain, f"{name}.intermediate.dense"),
        output=_product(plain, f"{name}.output.dense"),
        output_norm=_linear(plain, f"{name}.output.LayerNorm"),
    )


def _product(plain: dict[str, Array], name: str) -> Linear:
    return Linear(_array(plain[f"{name}.matrix"]), _array(plain[f"{name}.bias"]))


def _linear(plain: dict[str, Array], name: str) -> Linear:
    return Linear(_array(plain[f"{name}.weight"]), _array(plain[f"{name}.bias"]))


def _layer_names(is_there: Callable[[str], bool]) -> list[str]:
    """Names of the layers from the first on, as long as there is one more."""
    names: list[str] = []
    while is_there(name := f"encoder.layer.{len(names)}"):
        names.append(name)
    if not names:
        raise KeyError("encoder.layer.0")
    return names


def _array(values: Array) -> Array:
    return np.ascontiguousarray(values, dtype=np.float32)
