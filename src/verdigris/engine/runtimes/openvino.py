"""Runs a model with OpenVINO on the CPU, in bfloat16 where the processor has it.

A BERT encoder is rebuilt from its weights in standard operators, so that several texts can share a
run with little padding; any other graph is read as it is and run one text at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from queue import SimpleQueue

import openvino

from verdigris.engine.cpu_features import cpu_capability
from verdigris.engine.graph_inputs import TOKEN_OUTPUTS, Feed, Feeder, GraphInput
from verdigris.engine.pooling import Array
from verdigris.engine.runtimes import DEFAULT_PROVIDER, NodeRun, RuntimeInfo, RuntimeRequest
from verdigris.engine.runtimes.bert import read_bert
from verdigris.engine.runtimes.openvino_bert import bert_graph
from verdigris.engine.runtimes.packing import Pack, packs_of
from verdigris.engine.tokenizing import Encoding
from verdigris.errors import CorruptModel, RuntimeUnavailable, UnsupportedGraph

_NOT_COMPUTED = ("Input", "Output", "Const")


class OpenVinoRuntime:
    """One compiled model with a stream for each thread that calls it."""

    def __init__(
        self,
        weights_file: Path,
        provider: str = DEFAULT_PROVIDER,
        threads: int = 1,
        precision: str | None = None,
    ) -> None:
        """Load and compile a verified ONNX file.

        threads: how many runs are computed at once, each with one thread. precision: `bf16` or
        `fp32`; None means bf16 where the processor multiplies it, which is reported.
        Raises RuntimeUnavailable for another provider than `cpu`, UnsupportedGraph for operators
        that OpenVINO does not know, CorruptModel for a file that is not a model.
        """
        if provider != DEFAULT_PROVIDER:
            raise RuntimeUnavailable(f"runtime 'openvino' has the provider cpu, not {provider!r}")
        precision = precision or ("bf16" if cpu_capability().bf16 else "fp32")
        graph, self._feeder = _graph(weights_file)
        compiled = openvino.Core().compile_model(graph, "CPU", _settings(threads, precision))
        self._output = _token_output(compiled)
        self._compiled = compiled
        self._requests: SimpleQueue[openvino.InferRequest] = SimpleQueue()
        for _ in range(threads):
            self._requests.put(compiled.create_infer_request())
        version = openvino.__version__.split("-")[0]
        self.info = RuntimeInfo("openvino", version, DEFAULT_PROVIDER, precision)

    def token_vectors(self, encoding: Encoding) -> Array:
        """Run one text; returns (1, tokens, dims) float32."""
        return next(self.token_vectors_of([encoding]))

    def token_vectors_of(self, encodings: Sequence[Encoding]) -> Iterator[Array]:
        """Run a group of texts, packed where the graph allows it; yields (1, tokens, dims) each."""
        if self._feeder is None:
            for pack in packs_of(encodings):
                yield from pack.split(self._run(_packed_feed(pack)))
            return
        for encoding in encodings:
            yield self._run(self._feeder.feed(encoding))

    def profile(self, encoding: Encoding) -> tuple[NodeRun, ...]:
        """The nodes that OpenVINO executes after its fusions, with the kernel it chose for each."""
        nodes = []
        for node in self._compiled.get_runtime_model().get_ordered_ops():
            facts = node.get_rt_info()
            operator = facts["layerType"].astype(str)
            if operator not in _NOT_COMPUTED:
                kernel = facts["primitiveType"].astype(str)
                nodes.append(NodeRun(operator, DEFAULT_PROVIDER, kernel))
        return tuple(nodes)

    def _run(self, feed: Feed) -> Array:
        """Compute in a request that no other thread has; the result is a copy."""
        request = self._requests.get()
        try:
            vectors: Array = request.infer(feed, share_inputs=True)[self._output]
            return vectors
        finally:
            self._requests.put(request)


def open_runtime(request: RuntimeRequest) -> OpenVinoRuntime:
    """The runtime for a request; raises what its constructor raises."""
    return OpenVinoRuntime(request.weights_file, request.provider, request.threads)


def _graph(weights_file: Path) -> tuple[openvino.Model, Feeder | None]:
    """The graph to compile, and what feeds it one text; None where it takes packed texts."""
    try:
        return bert_graph(read_bert(weights_file)), None
    except UnsupportedGraph:
        graph = _read(weights_file)
    inputs = [
        GraphInput(one.get_any_name(), _onnx_type(one), _onnx_shape(one)) for one in graph.inputs
    ]
    return graph, Feeder(inputs)


def _read(weights_file: Path) -> openvino.Model:
    """Any graph of standard operators, as OpenVINO's ONNX front end reads it."""
    try:
        return openvino.Core().read_model(weights_file)
    except RuntimeError as error:
        said = next((line for line in reversed(str(error).splitlines()) if line.strip()), "")
        if "domain" in str(error) or "not supported" in str(error):
            raise UnsupportedGraph(
                f"OpenVINO cannot run {weights_file.name}: {said.strip()}; use the model in fp32, "
                f"or leave the runtime away"
            ) from error
        raise CorruptModel(
            f"OpenVINO {openvino.__version__} cannot load {weights_file}: {said.strip()}"
        ) from error


def _onnx_type(port: openvino.Output) -> str:
    """An input's type in ONNX's spelling: f32 → tensor(float), i64 → tensor(int64)."""
    name = port.get_element_type().to_dtype().name
    return f"tensor({'float' if name == 'float32' else name})"


def _onnx_shape(port: openvino.Output) -> tuple[int | None, ...]:
    shape = port.get_partial_shape()
    return tuple(one.get_length() if one.is_static else None for one in shape)


def _token_output(compiled: openvino.CompiledModel) -> openvino.Output:
    """The output that holds the vectors of the tokens."""
    for output in compiled.outputs:
        if output.get_names() & set(TOKEN_OUTPUTS):
            return output
    return compiled.outputs[0]


def _settings(threads: int, precision: str) -> dict[str, str | int]:
    return {
        "PERFORMANCE_HINT": "THROUGHPUT",
        "NUM_STREAMS": str(threads),
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32",
    }


def _packed_feed(pack: Pack) -> Feed:
    return {
        "input_ids": pack.input_ids,
        "positions": pack.positions,
        "segments": pack.segments,
    }
