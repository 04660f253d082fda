"""The command that turns texts into vectors: embed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from verdigris.errors import InvalidInput
from verdigris.serve.cli import NOTHING_FOUND
from verdigris.serve.cli.console import plural, warn
from verdigris.serve.cli.model.options import (
    DIMS,
    LONG_INPUT,
    MODEL,
    STRICT_RUNTIME,
    THREADS,
    EmbedderOptions,
    open_embedder,
)
from verdigris.serve.cli.options import QUIET

if TYPE_CHECKING:
    from verdigris.engine import Embedder
    from verdigris.engine.catalog import InputType
    from verdigris.engine.embedder import LongInput
    from verdigris.engine.vector_files import Written

_STANDARD_STREAM = "-"


@dataclass(frozen=True, slots=True)
class _Task:
    """What is to be embedded, and where the vectors go."""

    file: str
    jsonl: bool
    input_type: InputType
    npy: bool
    output: Path | None
    refuse_long: bool


@click.command()
@click.argument("file", default=_STANDARD_STREAM, metavar="[FILE|-]")
@click.option("--jsonl", is_flag=True, help='Each line is a JSON text or {"id": …, "text": "…"}.')
@click.option(
    "--input-type",
    type=click.Choice(["passage", "query"]),
    default="passage",
    show_default=True,
    help="What the texts are: a model may want another prefix for each.",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["jsonl", "npy"]),
    default="jsonl",
    show_default=True,
    help="JSON lines, or a float32 matrix (texts, dims) in NumPy's format.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write there, whole or not at all, instead of to standard output.",
)
@click.option(
    "--serve-stdio",
    is_flag=True,
    help="Stay, and answer JSON-lines requests (docs/worker-protocol.md).",
)
@MODEL
@LONG_INPUT
@DIMS
@THREADS
@STRICT_RUNTIME
@QUIET
@click.pass_context
def embed(  # noqa: PLR0913 - one parameter an option
    ctx: click.Context, file: str, jsonl: bool, input_type: InputType, output_format: str,
    output: Path | None, serve_stdio: bool, model: str | None, threads: int | None,
    long_input: LongInput, dims: int | None, strict: bool, quiet: bool,
) -> None:  # fmt: skip
    """Embed texts: each line of FILE, or of standard input, becomes a unit vector.

    JSON lines hold `id` (the given one, or the line's number from 0), `vector`, `tokens` and
    `truncated`. Works outside of repositories too. Exit 1 when there is no text.
    """
    if serve_stdio:
        _serve(EmbedderOptions(model, threads, long_input, dims, strict))
        return
    if output_format == "npy" and output is None and _standard_output().isatty():
        raise click.UsageError("--format npy is binary; name a file with --output, or use a pipe")
    refuse_long = long_input == "error"
    task = _Task(file, jsonl, input_type, output_format == "npy", output, refuse_long)
    # A text that is refused is named by its own id, after all before it are written.
    policy: LongInput = "truncate" if refuse_long else long_input
    with open_embedder(EmbedderOptions(model, threads, policy, dims, strict)) as embedder:
        written = _embed(embedder, task)
    if written.truncated and not quiet:
        seen = f"the model sees {embedder.max_tokens} tokens of a text"
        warn(f"{plural(written.truncated, 'text')} truncated: {seen}")
    if not written.texts:
        ctx.exit(NOTHING_FOUND)


def _embed(embedder: Embedder, task: _Task) -> Written:
    from verdigris.engine.vector_files import (
        Wanted,
        read_json_lines,
        read_lines,
        whole_file,
        write_json_lines,
        write_npy,
    )

    read = read_json_lines if task.jsonl else read_lines
    write = write_npy if task.npy else write_json_lines
    with _input(task.file) as source:
        wanted = Wanted(read(source), task.input_type, task.refuse_long)
        if task.output is None:
            return write(embedder, wanted, _standard_output())
        with whole_file(task.output) as target:
            return write(embedder, wanted, target)


@contextmanager
def _input(file: str) -> Iterator[BinaryIO]:
    """The file, or standard input for `-`. Raises InvalidInput where it cannot be opened."""
    if file == _STANDARD_STREAM:
        if sys.stdin is None:
            raise InvalidInput("standard input is closed; name a file")
        if sys.stdin.isatty():
            warn("reading texts, one a line, from the terminal; end with Ctrl-D")
        yield sys.stdin.buffer
        return
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(Path(file).open("rb"))
        except OSError as error:
            raise InvalidInput(f"cannot read {file} ({error.strerror})") from error
        yield stream


def _standard_output() -> BinaryIO:
    """Raises InvalidInput where whoever started this closed it."""
    if sys.stdout is None:
        raise InvalidInput("standard output is closed; name a file with --output")
    return sys.stdout.buffer


def _serve(options: EmbedderOptions) -> None:
    from verdigris.engine.worker import Worker

    if sys.stdin is None or sys.stdout is None:
        raise InvalidInput("the worker needs standard input and output, and one of them is closed")
    with _protocol_stream() as answers, open_embedder(options) as embedder:
        Worker(embedder, answers).serve(sys.stdin.buffer)


@contextmanager
def _protocol_stream() -> Iterator[BinaryIO]:
    """Standard output for the protocol alone: what any library prints goes to standard error."""
    sys.stdout.flush()
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        yield answers
