"""Looks at a model before it is trusted: files, graph, vocabulary, providers, golden vectors."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import tokenizers

from verdigris.engine.catalog import model_row
from verdigris.engine.engine_choice import EngineChoice
from verdigris.engine.model_store import StoredModel, find_model
from verdigris.engine.onnx_graph import Constant, OnnxGraph, Tensor, read_onnx
from verdigris.engine.provider_support import PROVIDERS, ProviderSupport, provider_support
from verdigris.engine.runtimes.report import RuntimeReport, runtime_report
from verdigris.engine.selfcheck import SelfCheck, read_golden, run_selfcheck
from verdigris.errors import CorruptModel, EngineError, SelfCheckFailed

_SHOWN_CONSTANTS = 5


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold."""

    what: str
    ok: bool
    state: str


@dataclass(frozen=True, slots=True)
class ConstantTotal:
    """All initialisers of one type."""

    type: str
    count: int
    bytes: int


@dataclass(frozen=True, slots=True)
class GraphSummary:
    """What the ONNX file says about itself."""

    ir_version: int
    producer: str
    opsets: dict[str, int]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    nodes: int
    operators: dict[str, int]
    constants: tuple[ConstantTotal, ...]
    """By type, the largest first."""
    largest: tuple[Constant, ...]


@dataclass(frozen=True, slots=True)
class ModelValidation:
    """Everything that was found out about a model; it is valid if every check holds."""

    choice: EngineChoice
    model: str
    precision: str
    dims: int
    max_tokens: int
    fingerprint: str
    bytes: int
    """Size of all its files."""
    vocabulary: int
    """All token ids lie below; 0 where the tokenizer cannot be read."""
    checks: tuple[Check, ...]
    graph: GraphSummary | None
    """None where the file is no ONNX graph."""
    providers: tuple[ProviderSupport, ...]
    """What others could take, by their own rules."""
    runtime: RuntimeReport | None
    """What really ran here, node by node; None where the model cannot be run."""
    golden: SelfCheck | None
    """None where the model has no golden vectors or cannot be run."""

    @property
    def valid(self) -> bool:
        """Whether every check holds."""
        return all(check.ok for check in self.checks)


def validate_model(choice: EngineChoice) -> ModelValidation:
    """Check a model as one runtime runs it; damage is reported, not raised.

    Raises ModelNotFound for a model that is not here, CorruptModel for one without its files.
    """
    stored = find_model(model_row(choice.model))
    checks = [_file_check(stored, entry.name) for entry in stored.files]
    graph = vocabulary = None
    try:
        graph = read_onnx(stored.folder / stored.row.weights_file)
        vocabulary = _vocabulary(stored)
        checks += [_outputs_check(graph, stored.row.dims), _vocabulary_check(graph, vocabulary)]
    except CorruptModel as error:
        checks.append(Check("files", False, str(error)))
    ran = _run(choice)
    return ModelValidation(
        choice=choice,
        model=stored.row.name,
        precision=stored.row.precision,
        dims=stored.row.dims,
        max_tokens=stored.row.max_tokens,
        fingerprint=stored.fingerprint(),
        bytes=stored.bytes,
        vocabulary=vocabulary or 0,
        checks=(*checks, ran.check),
        graph=_summary(graph) if graph else None,
        providers=tuple(provider_support(graph, rules) for rules in PROVIDERS) if graph else (),
        runtime=ran.runtime,
        golden=ran.golden,
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """What came of running the model."""

    check: Check
    runtime: RuntimeReport | None = None
    golden: SelfCheck | None = None


def _run(choice: EngineChoice) -> _Run:
    """Load the model, look at what runs it, and compare with golden vectors if it has some."""
    try:
        with choice.open(threads=1) as embedder:
            report = runtime_report(embedder)
            if read_golden(find_model(embedder.model).folder) is None:
                return _Run(Check("golden vectors", True, "the model has none; it runs"), report)
            golden = run_selfcheck(embedder)
    except SelfCheckFailed as error:
        return _Run(Check("golden vectors", False, str(error)))
    except EngineError as error:
        return _Run(Check("run", False, str(error)))
    return _Run(Check("golden vectors", golden.passed, golden.verdict), report, golden)


def _file_check(stored: StoredModel, name: str) -> Check:
    try:
        size = stored.verified(name).stat().st_size
    except EngineError as error:
        return Check(name, False, str(error))
    return Check(name, True, f"{size:,} bytes, SHA-256 {stored.file(name).sha256[:12]}…")


def _vocabulary(stored: StoredModel) -> int:
    """The highest id that the tokenizer can give, and one more. Raises CorruptModel."""
    path = stored.folder / stored.row.tokenizer_file
    try:
        ids = tokenizers.Tokenizer.from_file(str(path)).get_vocab().values()
    except Exception as error:  # the library raises nothing narrower
        raise CorruptModel(f"{path} is not a tokenizer: {str(error).splitlines()[0]}") from error
    return max(ids, default=-1) + 1


def _outputs_check(graph: OnnxGraph, dims: int) -> Check:
    """The first output is (batch, tokens, dims), or (batch, dims) where the graph pools itself."""
    if not graph.outputs:
        return Check("output", False, "the graph has no output")
    output = graph.outputs[0]
    last = output.shape[-1] if output.shape else "?"
    shape = " × ".join(map(str, output.shape))
    return Check("output", last == dims or isinstance(last, str), f"{output.name}: {shape}")


def _vocabulary_check(graph: OnnxGraph, vocabulary: int) -> Check:
    """Every token id that the tokenizer can give must have a row in the embedding table."""
    table = embedding_table(graph)
    if table is None:
        return Check("vocabulary", True, f"ids below {vocabulary:,}; no embedding table was found")
    state = f"ids below {vocabulary:,}, {table.shape[0]:,} rows in the embedding table"
    return Check("vocabulary", vocabulary <= table.shape[0], state)


def embedding_table(graph: OnnxGraph) -> Constant | None:
    """The constant out of which a Gather picks rows by input_ids; None where there is none."""
    constants = {constant.name: constant for constant in graph.constants}
    for node in graph.nodes:
        if node.operator == "Gather" and node.inputs[1:2] == ("input_ids",):
            table = constants.get(node.inputs[0])
            if table and len(table.shape) == 2 and table.shape[1] > 1:
                return table
    return None


def _summary(graph: OnnxGraph) -> GraphSummary:
    largest = sorted(graph.constants, key=lambda constant: constant.bytes, reverse=True)
    sizes: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for constant in graph.constants:
        sizes[constant.type] += constant.bytes
        counts[constant.type] += 1
    return GraphSummary(
        ir_version=graph.ir_version,
        producer=graph.producer,
        opsets=graph.opsets,
        inputs=graph.inputs,
        outputs=graph.outputs,
        nodes=len(graph.nodes),
        operators=graph.operators,
        constants=tuple(
            ConstantTotal(kind, counts[kind], size) for kind, size in sizes.most_common()
        ),
        largest=tuple(largest[:_SHOWN_CONSTANTS]),
    )
