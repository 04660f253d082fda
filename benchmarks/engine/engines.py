"""The engines that are compared, each as a function from texts to unit vectors."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Embed = Callable[[Sequence[str]], Array]

MAX_TOKENS = 256
PADDED_TOKENS_A_RUN = 1_024
BATCH = 32


@dataclass(frozen=True)
class Engine:
    """One row of the table; load(original, threads) gives the function that is timed."""

    key: str
    title: str
    load: Callable[[Path, int], Embed]
    every: int = 1
    """It gets each so-manieth passage: one that is ten times slower would fill the whole run."""


def verdigris(_: Path, threads: int) -> Embed:
    """The engine as users call it."""
    from verdigris.engine import Embedder

    embedder = Embedder(threads=threads)
    return lambda texts: np.stack(list(embedder.embed(texts)))


def openvino_original(original: Path, threads: int) -> Embed:
    """The engine on OpenVINO with the fp32 original: bf16 products where the processor has them."""
    from verdigris.engine import Embedder, RuntimeChoice

    embedder = Embedder(
        str(original), threads=threads, runtime=RuntimeChoice("openvino", strict=True)
    )
    return lambda texts: np.stack(list(embedder.embed(texts)))


def openvino_bundled(_: Path, threads: int) -> Embed:
    """The engine on OpenVINO with the bundled int8 weights as plain numbers."""
    from verdigris.engine import Embedder, RuntimeChoice

    embedder = Embedder(threads=threads, runtime=RuntimeChoice("openvino", strict=True))
    return lambda texts: np.stack(list(embedder.embed(texts)))


def bare_loop(_: Path, threads: int) -> Embed:
    """Tokenise and session.run on the same model file, in as many threads; nothing else."""
    import tokenizers

    session, folder = bare_session()
    tokenizer = plain_tokenizer(tokenizers, folder)

    def run(text: str) -> Array:
        ids = np.array([tokenizer.encode(text).ids], dtype=np.int64)
        token_vectors: Array = session.run(None, {"input_ids": ids})[0]
        return token_vectors

    return lambda texts: finish([v.mean(axis=1) for v in in_threads(run, texts, threads)])


def bare_session() -> tuple[Any, Path]:
    """A session of one thread on the bundled model, with the engine's options; and its folder."""
    import onnxruntime

    from verdigris.engine.catalog import DEFAULT_MODEL, model_row
    from verdigris.engine.model_store import find_model

    folder = find_model(model_row(DEFAULT_MODEL)).folder
    options = single_threaded(onnxruntime)
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    return onnxruntime.InferenceSession(str(folder / "model.onnx"), options), folder


def onnx_fp32(original: Path, threads: int) -> Embed:
    """The fp32 graph in batches sorted by length, one session shared by the threads."""
    import onnxruntime
    import tokenizers

    options = single_threaded(onnxruntime)
    session = onnxruntime.InferenceSession(str(original / "model.onnx"), options)
    output = session.get_outputs()[0].name
    tokenizer = plain_tokenizer(tokenizers, original)

    def run(encodings: list[Any]) -> Array:
        shape = (len(encodings), max(len(encoding.ids) for encoding in encodings))
        ids, mask = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)] = encoding.ids
            mask[row, : len(encoding.ids)] = 1
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        token_vectors = session.run([output], feed)[0] * mask[:, :, None].astype(np.float32)
        means: Array = token_vectors.sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return means

    def embed(texts: Sequence[str]) -> Array:
        encodings = tokenizer.encode_batch(list(texts))
        order = sorted(range(len(texts)), key=lambda index: len(encodings[index].ids))
        batches = [[encodings[i] for i in batch] for batch in batched(order, encodings)]
        vectors = finish(in_threads(run, batches, threads))
        return vectors[np.argsort(order)]

    return embed


def sentence_transformers(original: Path, threads: int) -> Embed:
    """sentence-transformers on torch, fp32."""
    import sentence_transformers as library
    import torch

    torch.set_num_threads(threads)
    model = library.SentenceTransformer(str(original), device="cpu")
    model.max_seq_length = MAX_TOKENS
    return lambda texts: model.encode(
        list(texts), batch_size=BATCH, show_progress_bar=False, normalize_embeddings=True
    )


def fastembed(original: Path, threads: int) -> Embed:
    """fastembed with the fp32 graph from a local folder."""
    import fastembed as library

    model = library.TextEmbedding(
        "sentence-transformers/all-MiniLM-L6-v2",
        specific_model_path=str(original),
        threads=threads,
    )
    return lambda texts: np.stack(list(model.embed(list(texts), batch_size=BATCH)))


def single_threaded(onnxruntime: Any) -> Any:  # noqa: ANN401
    """Session options with one thread, without warnings."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return options


def plain_tokenizer(tokenizers: Any, folder: Path) -> Any:  # noqa: ANN401
    """The tokenizer with the model's limit and no padding."""
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def batched(order: list[int], encodings: list[Any]) -> list[list[int]]:
    """Cut an order of rising length into runs of a bounded number of padded tokens."""
    batches: list[list[int]] = [[]]
    for index in order:
        if (len(batches[-1]) + 1) * len(encodings[index].ids) > PADDED_TOKENS_A_RUN:
            batches.append([])
        batches[-1].append(index)
    return [batch for batch in batches if batch]


def in_threads(run: Callable[[Any], Array], items: Sequence[Any], threads: int) -> list[Array]:
    """Run every item, each thread taking the next one; results in order."""
    results: list[Array] = [np.empty(0, dtype=np.float32)] * len(items)
    remaining = iter(range(len(items)))
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                index = next(remaining, None)
            if index is None:
                return
            results[index] = run(items[index])

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return results


def finish(pooled: list[Array]) -> Array:
    """Stack pooled rows and scale them to length 1."""
    vectors = np.concatenate(pooled)
    unit: Array = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


ENGINES = (
    Engine("verdigris", "verdigris int8, one text a run", verdigris),
    Engine(
        "openvino", "verdigris[openvino], fp32 original, several texts a run", openvino_original
    ),
    Engine("openvino-int8", "verdigris[openvino], bundled weights", openvino_bundled),
    Engine("bare", "bare tokenise + `session.run` loop, same model file", bare_loop),
    Engine("onnx-fp32", "ONNX Runtime fp32, sorted, ≤ 1,024 padded tokens a run", onnx_fp32),
    Engine("torch", "sentence-transformers torch fp32, batch 32", sentence_transformers),
    Engine("fastembed", "fastembed fp32, batch 32", fastembed, every=5),
)
