"""Runs a model with ONNX Runtime, one text a run, on the CPU or another of its providers."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import onnxruntime

from verdigris.engine.graph_inputs import TOKEN_OUTPUTS, Feed, Feeder, GraphInput
from verdigris.engine.pooling import Array
from verdigris.engine.runtimes import DEFAULT_PROVIDER, NodeRun, RuntimeInfo
from verdigris.engine.runtimes.onnx_weights import producer_of
from verdigris.engine.runtimes.providers import name_of, wanted_provider
from verdigris.engine.tokenizing import Encoding
from verdigris.errors import CorruptModel, RuntimeBroken

_ERRORS_ONLY = 3
_OWN_GRAPHS = "verdigris"


class OnnxRuntime:
    """One session with no threads of its own, shared by the threads that call it.

    One text a run, because dynamic int8 takes the scale of its activations from the whole
    tensor: neighbours and padding would change a text's vector.
    """

    def __init__(self, weights_file: Path, provider: str = DEFAULT_PROVIDER) -> None:
        """Load a verified model file.

        Raises RuntimeUnavailable for a provider that is not there, RuntimeBroken for one that is
        there and does not start, CorruptModel for a file that cannot be loaded, InvalidModel for
        inputs that no text has.
        """
        self._weights_file = weights_file
        self._row = wanted_provider(provider)
        self._session = self._open(_session_options(weights_file))
        self._feeder = Feeder(
            [GraphInput(one.name, one.type, tuple(one.shape)) for one in self._session.get_inputs()]
        )
        self._output = _token_output([node.name for node in self._session.get_outputs()])
        self.info = RuntimeInfo(
            "onnxruntime",
            onnxruntime.__version__,
            name_of(self._session.get_providers()[0]),
        )

    def token_vectors(self, encoding: Encoding) -> Array:
        """Run one text; returns (1, tokens, dims) float32."""
        return _run(self._session, self._feeder.feed(encoding), self._output)

    def token_vectors_of(self, encodings: Sequence[Encoding]) -> Iterator[Array]:
        """Run texts one by one; yields (1, tokens, dims) float32 for each."""
        for encoding in encodings:
            yield self.token_vectors(encoding)

    def profile(self, encoding: Encoding) -> tuple[NodeRun, ...]:
        """Run one text in a session that records which node ran on which provider."""
        options = _session_options(self._weights_file)
        options.enable_profiling = True
        with tempfile.TemporaryDirectory() as scratch:
            options.profile_file_prefix = str(Path(scratch) / "profile")
            session = self._open(options)
            _run(session, self._feeder.feed(encoding), self._output)
            events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
        return tuple(
            NodeRun(event["args"]["op_name"], name_of(event["args"]["provider"]))
            for event in events
            if event.get("cat") == "Node" and event["name"].endswith("_kernel_time")
        )

    def _open(self, options: onnxruntime.SessionOptions) -> onnxruntime.InferenceSession:
        """A session on the wanted provider; nodes that it does not take run on the CPU."""
        wanted = list(dict.fromkeys((self._row.onnxruntime_name, "CPUExecutionProvider")))
        try:
            session = onnxruntime.InferenceSession(
                str(self._weights_file), options, providers=wanted
            )
        except Exception as error:
            raise self._failure(error) from error
        session.disable_fallback()
        if session.get_providers()[0] != self._row.onnxruntime_name:
            raise RuntimeBroken(
                f"ONNX Runtime {onnxruntime.__version__} lists provider {self._row.name!r} but "
                f"does not start it; see whether {self._row.package} fits the driver"
            )
        return session

    def _failure(self, error: Exception) -> Exception:
        """What a session that cannot be made means: the file on the CPU, else the provider."""
        said = str(error).strip().splitlines()[0]
        if self._row.name == DEFAULT_PROVIDER:
            return CorruptModel(
                f"ONNX Runtime {onnxruntime.__version__} cannot load {self._weights_file}: "
                f"{said}; run: pip install --force-reinstall verdigris"
            )
        return RuntimeBroken(
            f"provider {self._row.name!r} cannot load {self._weights_file.name}: {said}; "
            f"leave the provider away to run on the CPU"
        )


def _run(session: onnxruntime.InferenceSession, feed: Feed, output: str) -> Array:
    vectors: Array = session.run([output], feed)[0]
    return vectors


def _token_output(outputs: list[str]) -> str:
    """The output that holds the vectors of the tokens."""
    return next((name for name in TOKEN_OUTPUTS if name in outputs), outputs[0])


def _session_options(weights_file: Path) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    if producer_of(weights_file) == _OWN_GRAPHS:
        # The graph is stored as it should run: a higher level would fuse layer normalisation
        # into an operator that is seven times slower (docs/experiments.md), and any level costs
        # time. Graphs of others are optimised as ONNX Runtime thinks best.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    # The arena keeps what the longest text once needed and a pattern for every length; without
    # them memory stays flat and the speed is the same or better.
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    options.log_severity_level = _ERRORS_ONLY
    return options
