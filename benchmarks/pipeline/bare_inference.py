"""The least that embedding some texts can cost: nothing but `session.run`, in its own process.

`python -m benchmarks.pipeline.bare_inference TEXTS.json THREADS` prints the seconds of the runs
as JSON. Loading and tokenising lie outside of the measured time.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from verdigris.engine.catalog import DEFAULT_MODEL, model_row
from verdigris.engine.model_store import find_model
from verdigris.engine.tokenizing import TextTokenizer

Feed = dict[str, npt.NDArray[np.int64]]


def main() -> None:
    """Measure the texts of a file."""
    texts = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    model = find_model(model_row(DEFAULT_MODEL))
    session = open_session(model.verified(model.row.weights_file))
    feeds = tokenised(
        texts, model.verified(model.row.tokenizer_file), model.row.max_tokens, session
    )
    print(json.dumps(run_all(session, feeds, int(sys.argv[2]))))


def open_session(weights: Path) -> onnxruntime.InferenceSession:
    """A session without threads of its own."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.enable_cpu_mem_arena = options.enable_mem_pattern = False
    return onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])


def tokenised(
    texts: list[str], tokenizer_file: Path, max_tokens: int, session: onnxruntime.InferenceSession
) -> list[Feed]:
    """One feed a text: no batches, no padding."""
    tokenizer = TextTokenizer(tokenizer_file, max_tokens)
    names = [node.name for node in session.get_inputs()]
    encodings = map(tokenizer.encode, texts)
    return [{name: getattr(encoding, name) for name in names} for encoding in encodings]


def run_all(session: onnxruntime.InferenceSession, feeds: list[Feed], threads: int) -> float:
    """Seconds for all runs, each thread taking every n-th text."""

    def work(first: int) -> None:
        for feed in feeds[first::threads]:
            session.run(None, feed)

    for feed in feeds[:20]:
        session.run(None, feed)
    with ThreadPoolExecutor(threads) as pool:
        started = time.perf_counter()
        list(pool.map(work, range(threads)))
        return time.perf_counter() - started


if __name__ == "__main__":
    main()
