"""Texts from a file, vectors to a file: lines or JSON lines in, JSON lines or .npy out."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

import numpy as np

from verdigris.engine.catalog import InputType
from verdigris.engine.embedder import Embedder, EmbeddingResult
from verdigris.engine.vector_text import json_vector
from verdigris.errors import EngineError, InputTooLong, InvalidInput

TEXTS_AT_ONCE = 256
"""Texts whose vectors are held before they are written."""


@dataclass(frozen=True, slots=True)
class NamedText:
    """A text with the id that its vector will carry."""

    id: str | int
    text: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be embedded."""

    texts: Iterable[NamedText]
    input_type: InputType = "passage"
    refuse_long: bool = False
    """A text of which the model sees only the beginning is an error."""


@dataclass(frozen=True, slots=True)
class Written:
    """How many vectors were written, and of how many texts the model saw only the beginning."""

    texts: int
    truncated: int


def read_lines(source: BinaryIO) -> Iterator[NamedText]:
    """Each line is a text, blank ones too, so that row n belongs to line n, from 0.

    Raises InvalidInput for a line that is not UTF-8.
    """
    for number, line in enumerate(source):
        yield NamedText(number, _decoded(line.removesuffix(b"\n").removesuffix(b"\r"), number))


def read_json_lines(source: BinaryIO) -> Iterator[NamedText]:
    """Each line is a JSON text, or an object with `text` and perhaps `id`; blank lines are none.

    Raises InvalidInput that names the line.
    """
    for number, line in enumerate(source):
        if line.strip():
            yield _json_text(_decoded(line, number), number)


def _json_text(line: str, number: int) -> NamedText:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"line {number + 1} is not JSON: {error}") from error
    found = value if isinstance(value, dict) else {"text": value}
    text, name = found.get("text"), found.get("id", number)
    if not isinstance(text, str):
        raise InvalidInput(f'line {number + 1} has no text; write "…" or {{"id": …, "text": "…"}}')
    if not isinstance(name, str | int):
        raise InvalidInput(f"line {number + 1}: the id must be a text or a whole number")
    return NamedText(name, text)


def _decoded(line: bytes, number: int) -> str:
    try:
        return line.decode("utf-8-sig" if number == 0 else "utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"line {number + 1} is not UTF-8 ({error.reason})") from error


def write_json_lines(embedder: Embedder, wanted: Wanted, target: BinaryIO) -> Written:
    """Write an object with `id`, `vector`, `tokens` and `truncated` for each text, in order.

    Raises InvalidInput, InputTooLong, after all texts before are written.
    """
    count = truncated = 0
    for named, result in _embedded(embedder, wanted):
        for one, vector, tokens, cut in zip(
            named, result.vectors, result.token_counts, result.truncated, strict=True
        ):
            line = f'{{"id": {json.dumps(one.id)}, "vector": {json_vector(vector)}, '
            line += f'"tokens": {tokens}, "truncated": {json.dumps(bool(cut))}}}\n'
            target.write(line.encode("ascii"))
        target.flush()
        count, truncated = count + len(named), truncated + int(result.truncated.sum())
    return Written(count, truncated)


def write_npy(embedder: Embedder, wanted: Wanted, target: BinaryIO) -> Written:
    """Write a (texts, dims) float32 matrix in NumPy's format.

    The number of rows stands at the beginning of the file, so the rows wait in a temporary file
    until it is known; memory stays bounded. Raises InvalidInput, InputTooLong.
    """
    count = truncated = 0
    with tempfile.TemporaryFile() as rows:
        for named, result in _embedded(embedder, wanted):
            rows.write(result.vectors.astype(np.dtype("<f4")).tobytes())
            count, truncated = count + len(named), truncated + int(result.truncated.sum())
        rows.seek(0)
        header = {"descr": "<f4", "fortran_order": False, "shape": (count, embedder.dims)}
        np.lib.format.write_array_header_1_0(target, header)
        shutil.copyfileobj(rows, target)
        target.flush()
    return Written(count, truncated)


def _embedded(
    embedder: Embedder, wanted: Wanted
) -> Iterator[tuple[list[NamedText], EmbeddingResult]]:
    """Some texts at a time with their vectors; an error comes after the texts before it."""
    source = iter(wanted.texts)
    failure: InvalidInput | None = None
    while not failure:
        named: list[NamedText] = []
        try:
            named.extend(islice(source, TEXTS_AT_ONCE))
        except InvalidInput as error:
            failure = error
        if not named and not failure:
            return
        result = embedder.embed_batch([one.text for one in named], wanted.input_type)
        if wanted.refuse_long and result.truncated.any():
            place = int(result.truncated.argmax())
            failure = _too_long(named[place], embedder.max_tokens)
            named, result = named[:place], _first(result, place)
        yield named, result
    raise failure


def _first(result: EmbeddingResult, count: int) -> EmbeddingResult:
    return EmbeddingResult(
        result.vectors[:count], result.token_counts[:count], result.truncated[:count]
    )


def _too_long(text: NamedText, limit: int) -> InputTooLong:
    return InputTooLong(
        f"text {text.id!r} has more than the {limit} tokens that the model sees; shorten it, or "
        "use --long-input chunk"
    )


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file that appears when the block ends well, and not at all otherwise.

    Raises EngineError where the folder cannot be written.
    """
    # The name is known before the file is there: an interrupt at any moment leaves none behind.
    part = path.with_name(f".{path.name}.{token_hex(8)}")
    try:
        try:
            stream = part.open("xb")
        except OSError as error:
            raise EngineError(f"cannot write into {path.parent} ({error.strerror})") from error
        with stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
