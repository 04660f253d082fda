"""Runs a model with ONNX Runtime on the CPU, one text a run."""

from __future__ import annotations

from pathlib import Path

import onnxruntime

from verdigris.engine.pooling import Array
from verdigris.engine.tokenizing import Encoding
from verdigris.errors import CorruptModel

_ERRORS_ONLY = 3


class OnnxRuntime:
    """One session with no threads of its own, shared by the threads that call it.

    One text a run, because dynamic int8 takes the scale of its activations from the whole
    tensor: neighbours and padding would change a text's vector.
    """

    def __init__(self, weights_file: Path) -> None:
        try:
            self._session = onnxruntime.InferenceSession(
                str(weights_file), _session_options(), providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise CorruptModel(
                f"ONNX Runtime {onnxruntime.__version__} cannot load {weights_file}: "
                f"{str(error).splitlines()[0]}; run: pip install --force-reinstall verdigris"
            ) from error
        self._inputs = [node.name for node in self._session.get_inputs()]

    def token_vectors(self, encoding: Encoding) -> Array:
        """Run one text; returns (1, tokens, dims) float32."""
        feed = {name: getattr(encoding, name) for name in self._inputs}
        vectors: Array = self._session.run(None, feed)[0]
        return vectors


def _session_options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    # The graph is stored as it should run: a higher level would fuse layer normalisation into
    # an operator that is seven times slower (docs/experiments.md), and any level costs time.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    # The arena keeps what the longest text once needed and a pattern for every length; without
    # them memory stays flat and the speed is the same or better.
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    options.log_severity_level = _ERRORS_ONLY
    return options
