"""Builds the tiny models of tests/engine/models: random weights in real architectures.

    python scripts/build_test_models.py                all of them
    python scripts/build_test_models.py bert-mean      one

Each folder is what sentence-transformers saves, with the graph as ONNX in place of the weights, and
with vectors that sentence-transformers computed with torch, all texts padded into one batch.
Needs scripts/requirements-model.txt and sentence-transformers.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import onnx
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Normalize, Pooling, Transformer
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertModel,
    DynamicCache,
    NomicBertConfig,
    NomicBertModel,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen3Config,
    Qwen3Model,
)

TARGET = Path(__file__).parents[1] / "tests/engine/models"
LARGEST_BYTES = 300_000
HIDDEN, LAYERS, HEADS, WIDE = 32, 2, 4, 64

TEXTS = [
    "",
    "a",
    "The quick brown fox jumps over the lazy dog.",
    "the log is only ever appended to, and nothing is deleted from it",
    "def append(self, event): return self.log.write(event)",
    "Zahlen 0123456789 und Zeichen !?#%&",
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen",
    "word " * 100,
]
"""The last one is longer than every limit below."""

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
PUNCTUATION = "!#%&'()*+,-./:;<=>?@[]_{}"
WORDS = (
    "the",
    "of",
    "and",
    "to",
    "in",
    "is",
    "it",
    "word",
    "log",
    "event",
    "def",
    "self",
    "append",
)


@dataclass(frozen=True)
class TestModel:
    """One folder: the architecture, and what sentence-transformers is told about its use."""

    name: str
    model: PreTrainedModel
    tokenizer: Tokenizer
    pooling: str
    max_tokens: int
    inputs: tuple[str, ...] = ("input_ids", "attention_mask", "token_type_ids")
    prompts: dict[str, str] = field(default_factory=dict)
    padding_side: str = "right"
    graph: str = "model.onnx"
    takes_past: bool = False
    """Whether the graph takes a decoder's cache, as those made for generating text do."""


def main() -> None:
    """Build the models that are named, or all."""
    torch.manual_seed(20)
    wanted = sys.argv[1:]
    for make in (bert_mean, bert_cls, nomic_like, qwen3_like, qwen3_past):
        one = make()
        if not wanted or one.name in wanted:
            build(one)


def bert_mean() -> TestModel:
    """As all-MiniLM and gte: mean pooling, no prefixes."""
    return TestModel("bert-mean", bert(), word_pieces(), "mean", 24)


def bert_cls() -> TestModel:
    """As bge: the first token, and a prefix for queries alone; the graph lies in `onnx`."""
    prompts = {"query": "find words in the log: ", "document": ""}
    return TestModel(
        "bert-cls", bert(), word_pieces(), "cls", 32, prompts=prompts, graph="onnx/model.onnx"
    )


def nomic_like() -> TestModel:
    """As nomic-embed-text: rotary positions, gated feed-forward network, two prefixes."""
    config = NomicBertConfig(
        vocab_size=word_pieces().get_vocab_size(),
        hidden_size=HIDDEN,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=WIDE,
        max_position_embeddings=64,
        initializer_range=0.3,
        attn_implementation="eager",
    )
    prompts = {"query": "search_query: ", "document": "search_document: "}
    return TestModel(
        "nomic-like", NomicBertModel(config), word_pieces(), "mean", 48, prompts=prompts
    )


def qwen3_like() -> TestModel:
    """As Qwen3-Embedding: a decoder, the last token, padding on the left, an instruction."""
    tokenizer = byte_pairs()
    config = Qwen3Config(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=HIDDEN,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        num_key_value_heads=HEADS // 2,
        head_dim=HIDDEN // HEADS,
        intermediate_size=WIDE,
        max_position_embeddings=128,
        initializer_range=0.3,
        attn_implementation="eager",
        use_cache=False,
    )
    return TestModel(
        "qwen3-like",
        Qwen3Model(config),
        tokenizer,
        "lasttoken",
        96,
        inputs=("input_ids", "attention_mask", "position_ids"),
        prompts={"query": "Instruct: find the passage\nQuery:", "document": ""},
        padding_side="left",
    )


def qwen3_past() -> TestModel:
    """As Qwen3-Embedding in the files that people really pull: the graph wants a cache, too."""
    return replace(qwen3_like(), name="qwen3-past", takes_past=True)


class WithPast(torch.nn.Module):
    """A decoder whose cache is given as tensors: a key and a value for each layer."""

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Token vectors for ids, mask (past and present), positions, then keys and values."""
        ids, mask, positions, *past = inputs
        cache = DynamicCache()
        for layer in range(LAYERS):
            cache.update(past[2 * layer], past[2 * layer + 1], layer)
        return self.model(ids, mask, positions, past_key_values=cache).last_hidden_state


def bert() -> BertModel:
    """A BERT encoder with weights large enough for texts to differ."""
    config = BertConfig(
        vocab_size=word_pieces().get_vocab_size(),
        hidden_size=HIDDEN,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=WIDE,
        max_position_embeddings=64,
        initializer_range=0.3,
        attn_implementation="eager",
    )
    return BertModel(config, add_pooling_layer=False)


def word_pieces() -> Tokenizer:
    """A WordPiece tokenizer of single characters and a few words, in BERT's layout."""
    characters = [*LETTERS, *(f"##{letter}" for letter in LETTERS), *PUNCTUATION]
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *dict.fromkeys([*characters, *WORDS])]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return tokenizer


def byte_pairs() -> Tokenizer:
    """A byte-level tokenizer with a few merges, which ends every text with its end token."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [("t", "h"), ("th", "e"), ("i", "n"), ("Ġ", "t"), ("e", "r")]
    tokens = ["<|endoftext|>", *letters, *("".join(pair) for pair in merges)]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocabulary, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A <|endoftext|>", special_tokens=[("<|endoftext|>", 0)]
    )
    return tokenizer


def build(one: TestModel) -> None:
    """Save with sentence-transformers, compute the golden vectors, export the graph."""
    folder = TARGET / one.name
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        saved = Path(scratch) / one.name
        original = sentence_transformer(one, Path(scratch) / "transformer")
        original.save(str(saved), create_model_card=False)
        original = SentenceTransformer(str(saved), device="cpu").double()
        for name, kind in (("golden_vectors", "document"), ("golden_queries", "query")):
            prompt = one.prompts.get(kind) or None
            found = original.encode(TEXTS, batch_size=len(TEXTS), prompt=prompt)
            np.save(saved / f"{name}.npy", found.astype(np.float32))
        (saved / "model.safetensors").unlink()
        shutil.copytree(saved, folder)
    (folder / "golden_texts.json").write_text(json.dumps(TEXTS, indent=1) + "\n")
    export(one, folder / one.graph)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{folder}: {size:,} bytes")
    if size > LARGEST_BYTES:
        raise SystemExit(f"{one.name} is larger than {LARGEST_BYTES:,} bytes")


def sentence_transformer(one: TestModel, folder: Path) -> SentenceTransformer:
    """The model as sentence-transformers puts it together."""
    padding = "[PAD]" if one.tokenizer.token_to_id("[PAD]") == 0 else "<|endoftext|>"
    fast = PreTrainedTokenizerFast(
        tokenizer_object=one.tokenizer, pad_token=padding, padding_side=one.padding_side
    )
    one.model.eval().save_pretrained(folder)
    fast.save_pretrained(folder)
    transformer = Transformer(str(folder), max_seq_length=one.max_tokens)
    pooling = Pooling(HIDDEN, pooling_mode=one.pooling)
    return SentenceTransformer(
        modules=[transformer, pooling, Normalize()], prompts=one.prompts, device="cpu"
    )


def export(one: TestModel, target: Path) -> None:
    """Write the fp32 graph with free batch and length, without the exporter's notes."""
    target.parent.mkdir(exist_ok=True)
    free = torch.export.Dim.DYNAMIC
    names, sizes = list(one.inputs), [{0: free, 1: free}] * len(one.inputs)
    inputs = [torch.ones((2, 8), dtype=torch.int64) for _ in names]
    model = one.model.eval()
    if one.takes_past:
        model = WithPast(model)
        inputs[1] = torch.ones((2, 11), dtype=torch.int64)
        kinds = [f"{layer}.{kind}" for layer in range(LAYERS) for kind in ("key", "value")]
        names += [f"past_key_values.{kind}" for kind in kinds]
        inputs += [torch.randn(2, HEADS // 2, 3, HIDDEN // HEADS) for _ in kinds]
        sizes += [{0: free, 2: free}] * len(kinds)
    torch.onnx.export(
        model,
        tuple(inputs),
        f=str(target),
        input_names=names,
        output_names=["last_hidden_state"],
        dynamic_shapes=(tuple(sizes),) if one.takes_past else tuple(sizes),
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    model = onnx.load(target)
    for noted in (model, model.graph, *model.graph.node, *model.graph.initializer):
        noted.ClearField("metadata_props")
        noted.ClearField("doc_string")
    del model.graph.value_info[:]
    del model.functions[:]
    onnx.save(model, target)


if __name__ == "__main__":
    main()
