"""Measures other embedding engines that happen to be installed, on the same texts and threads.

They need the model in their own format: a folder with the original, since nothing is downloaded.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version

import numpy as np

from verdigris.engine.engine_choice import EngineChoice
from verdigris.engine.measurements import BUCKETS, texts_of_length
from verdigris.engine.pooling import Array

BATCH = 32
_TEXTS_A_LENGTH = 24
_ROUNDS = 3

Embed = Callable[[Sequence[str]], Array]


@dataclass(frozen=True, slots=True)
class OtherEngine:
    """Readings of one engine; `missing` says why there are none."""

    name: str
    threads: int
    texts_per_second: float = 0.0
    mean_cosine: float = 0.0
    """To the vectors of the model that is being measured."""
    missing: str = ""


@dataclass(frozen=True, slots=True)
class _Trial:
    """What every engine is given."""

    texts: list[str]
    vectors: Array
    """Of the model that is being measured (texts, dims)."""
    original: str
    threads: int
    max_tokens: int


def measure_other_engines(choice: EngineChoice, original: str, threads: int) -> list[OtherEngine]:
    """Embed texts of all lengths with each engine in turn; the one that is measured comes first.

    original: folder with the model as the others read it; '' leaves them out, saying so. All get
    the same number of threads: other comparisons are worth nothing.
    """
    with choice.open(threads) as embedder:
        texts = [
            text
            for tokens in BUCKETS
            if tokens <= embedder.max_tokens
            for text in texts_of_length(embedder, tokens, _TEXTS_A_LENGTH)
        ]
        vectors = embedder.embed_batch(texts).vectors
        trial = _Trial(texts, vectors, original, threads, embedder.max_tokens)
        own = _speed(lambda some: embedder.embed_batch(some).vectors, texts)
    first = OtherEngine(f"verdigris, {choice}", threads, own, 1.0)
    return [first, *(_measured(name, load, trial) for name, load in _LOADERS)]


def _measured(name: str, load: Callable[[_Trial], Embed], trial: _Trial) -> OtherEngine:
    if not trial.original:
        return OtherEngine(name, trial.threads, missing="name its model with --original FOLDER")
    try:
        embed = load(trial)
        vectors = embed(trial.texts)
        speed = _speed(embed, trial.texts)
    except ModuleNotFoundError as error:
        return OtherEngine(name, trial.threads, missing=f"{error.name} is not installed")
    except Exception as error:  # whatever another library raises, the other readings stay
        reason = (str(error).splitlines() or [""])[0]
        return OtherEngine(name, trial.threads, missing=f"{type(error).__name__}: {reason}")
    cosine = float((vectors * trial.vectors).sum(axis=1).mean())
    return OtherEngine(f"{name} {version(name)}", trial.threads, speed, cosine)


def _speed(embed: Embed, texts: list[str]) -> float:
    """Texts a second, the best of some rounds: whatever else runs can only slow one down."""
    best = float("inf")
    for _ in range(_ROUNDS):
        begin = time.perf_counter()
        embed(texts)
        best = min(best, time.perf_counter() - begin)
    return len(texts) / best


def _sentence_transformers(trial: _Trial) -> Embed:
    """torch, fp32, batches sorted by length as the library does."""
    library, torch = import_module("sentence_transformers"), import_module("torch")
    torch.set_num_threads(trial.threads)
    model = library.SentenceTransformer(trial.original, device="cpu", local_files_only=True)
    model.max_seq_length = trial.max_tokens

    def embed(texts: Sequence[str]) -> Array:
        vectors = model.encode(
            list(texts), batch_size=BATCH, show_progress_bar=False, normalize_embeddings=True
        )
        return np.asarray(vectors, dtype=np.float32)

    return embed


def _fastembed(trial: _Trial) -> Embed:
    """ONNX Runtime, fp32, batches in the order in which texts arrive."""
    library = import_module("fastembed")
    model = library.TextEmbedding(
        "sentence-transformers/all-MiniLM-L6-v2",
        specific_model_path=trial.original,
        threads=trial.threads,
    )
    return lambda texts: np.stack(list(model.embed(list(texts), batch_size=BATCH)))


_LOADERS: tuple[tuple[str, Callable[[_Trial], Embed]], ...] = (
    ("sentence-transformers", _sentence_transformers),
    ("fastembed", _fastembed),
)
