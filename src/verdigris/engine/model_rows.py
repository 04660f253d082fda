"""What must be known to use a model: a frozen row, and how a TOML table becomes one."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast, get_args

from verdigris.errors import InvalidModel, ModelNotFound

InputType = Literal["passage", "query"]
Pooling = Literal["mean", "cls", "last_token"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class PinnedFile:
    """One file in a model's repository or folder, by its path there."""

    name: str
    bytes: int = 0
    """Its size; 0 where it is not known and is pinned when the file first arrives."""
    sha256: str = ""
    """Hex digits; '' where it is not known and is pinned when the file first arrives."""


@dataclass(frozen=True, slots=True)
class Weights:
    """The graph in one precision."""

    precision: str
    files: tuple[PinnedFile, ...]
    """The ONNX file first, then what it keeps outside itself."""


@dataclass(frozen=True, slots=True)
class ModelRow:
    """What must be known to use a model; the files that are here are in its manifest."""

    name: str
    dims: int
    max_tokens: int
    """Tokens of a text that the model sees, special tokens included."""
    pooling: Pooling
    precision: str
    """Of the weights that are in use; `weights` lists what else there is."""
    query_prefix: str = ""
    passage_prefix: str = ""
    weights_file: str = "model.onnx"
    tokenizer_file: str = "tokenizer.json"
    licence: str = "Apache-2.0"
    matryoshka_dims: tuple[int, ...] = ()
    """Lengths to which vectors may be cut, because the model was trained for them."""
    matryoshka_layer_norm: bool = False
    """Whether pooled vectors are layer-normalised before they are cut."""
    inputs: tuple[str, ...] = ()
    """What the graph takes; () where only the graph itself says so."""
    repository: str = ""
    """Owner and name on the Hugging Face hub; '' for a model that cannot be pulled."""
    revision: str = ""
    """The pinned commit of the repository."""
    tokenizer: PinnedFile = PinnedFile("tokenizer.json")
    weights: tuple[Weights, ...] = ()
    folder: str = ""
    """Where the user's own model lies; '' for models that are found by name."""

    def prefix(self, input_type: InputType) -> str:
        """What the model was trained to see in front of a query or a passage."""
        return self.query_prefix if input_type == "query" else self.passage_prefix

    @property
    def reference(self) -> str:
        """What to ask for to get this precision again: `name` or `name@precision`."""
        default = self.weights[0].precision if self.weights else self.precision
        return self.name if self.precision == default else f"{self.name}@{self.precision}"

    @property
    def source(self) -> str:
        """Where the files come from: `owner/name@commit`, or the name of the user's own model."""
        return f"{self.repository}@{self.revision}" if self.repository else self.name

    @property
    def precisions(self) -> tuple[str, ...]:
        """The precisions that there are, the default first."""
        return tuple(one.precision for one in self.weights) or (self.precision,)

    @property
    def files(self) -> tuple[PinnedFile, ...]:
        """The files that this precision needs: tokenizer, graph, and what the graph points to."""
        for one in self.weights:
            if one.precision == self.precision:
                return (self.tokenizer, *one.files)
        return (PinnedFile(self.tokenizer_file), PinnedFile(self.weights_file))

    def in_precision(self, precision: str) -> ModelRow:
        """The same model with other weights. Raises ModelNotFound that lists what there is."""
        for one in self.weights:
            if one.precision == precision:
                return replace(self, precision=precision, weights_file=one.files[0].name)
        if precision == self.precision:
            return self
        there_is = ", ".join(self.precisions)
        raise ModelNotFound(
            f"model {self.name!r} has no precision {precision!r}; it has {there_is}"
        )


def read_rows(path: Path) -> tuple[ModelRow, ...]:
    """The rows of a TOML file, one `[[models]]` table each; none if there is no such file.

    Raises InvalidModel that names the file, the model and the key.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except (OSError, ValueError) as error:
        raise InvalidModel(f"{path} cannot be read ({error}); mend or delete it") from error
    tables = document.pop("models", [])
    if document or not isinstance(tables, list):
        raise InvalidModel(f"{path}: there may be nothing but [[models]] tables in it")
    rows = tuple(row_of(table, str(path)) for table in tables)
    names = [row.name for row in rows]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidModel(f"{path}: model {twice[0]!r} is there twice")
    return rows


def row_of(table: object, source: str) -> ModelRow:
    """A row from a TOML (or JSON) table, checked; nothing that matters has a default.

    source: what to name in errors. Raises InvalidModel for a key that is missing, unknown or of
    the wrong kind.
    """
    values = _Table(table, f"{source}: a model")
    name = check_name(values.text("name"), source)
    values.what = f"{source}: model {name!r}"
    weights = tuple(_weights(one, values.what) for one in values.tables("weights"))
    tokenizer = _file(values.table("tokenizer"), values.what)
    row = ModelRow(
        name=name,
        dims=values.number("dims"),
        max_tokens=values.number("max_tokens"),
        pooling=cast(Pooling, values.text("pooling", get_args(Pooling))),
        precision=weights[0].precision,
        query_prefix=values.text("query_prefix"),
        passage_prefix=values.text("passage_prefix"),
        weights_file=weights[0].files[0].name,
        tokenizer_file=tokenizer.name,
        licence=values.text("licence"),
        matryoshka_dims=tuple(values.numbers("matryoshka_dims")),
        matryoshka_layer_norm=bool(values.optional("matryoshka_layer_norm", bool, False)),
        inputs=tuple(str(one) for one in values.optional("inputs", list, [])),
        repository=str(values.optional("repository", str, "")),
        revision=str(values.optional("revision", str, "")),
        tokenizer=tokenizer,
        weights=weights,
        folder=str(values.optional("folder", str, "")),
    )
    values.end()
    _check_origin(row, values.what)
    return row


def check_name(name: str, source: str) -> str:
    """The name itself. Raises InvalidModel for one that cannot be a folder everywhere."""
    if not _NAME.fullmatch(name):
        raise InvalidModel(f"{source}: {name!r} is no name of a model (letters, digits, . _ -)")
    return name


def table_of(row: ModelRow) -> dict[str, Any]:
    """A row as the table that `row_of` reads; without the folder, which is of one machine."""
    return {
        "name": row.name,
        "dims": row.dims,
        "max_tokens": row.max_tokens,
        "pooling": row.pooling,
        "query_prefix": row.query_prefix,
        "passage_prefix": row.passage_prefix,
        "licence": row.licence,
        "matryoshka_dims": list(row.matryoshka_dims),
        "matryoshka_layer_norm": row.matryoshka_layer_norm,
        "inputs": list(row.inputs),
        "repository": row.repository,
        "revision": row.revision,
        "tokenizer": {"file": row.tokenizer_file},
        "weights": [_weights_table(one) for one in row.weights if one.precision == row.precision],
    }


def _weights_table(weights: Weights) -> dict[str, Any]:
    first, *rest = [file.name for file in weights.files]
    return {"precision": weights.precision, "file": first, "external": [{"file": n} for n in rest]}


def _weights(table: object, what: str) -> Weights:
    values = _Table(table, f"{what}, weights")
    precision = values.text("precision")
    external = [_file(one, values.what) for one in values.optional("external", list, [])]
    return Weights(precision, (_file(values.rest(), values.what), *external))


def _file(table: object, what: str) -> PinnedFile:
    values = _Table(table, what)
    name, sha256 = values.text("file"), str(values.optional("sha256", str, ""))
    size = int(values.optional("bytes", int, 0))
    values.end()
    if not is_inside(name):
        raise InvalidModel(f"{what}: {name!r} is not a path below the model's folder")
    if sha256 and not _SHA256.fullmatch(sha256):
        raise InvalidModel(f"{what}: {sha256!r} is no SHA-256 (64 hex digits)")
    return PinnedFile(name, size, sha256)


def is_inside(name: str) -> bool:
    """Whether a path stays below the folder that it is joined to, on every platform."""
    parts = name.split("/")
    return not ("\\" in name or ":" in name or {"", ".", ".."} & set(parts) or "\0" in name)


def _check_origin(row: ModelRow, what: str) -> None:
    if row.repository and row.folder:
        raise InvalidModel(f"{what} has both a repository and a folder; one of them must go")
    if row.repository and not re.fullmatch(r"[\w.-]+/[\w.-]+", row.repository):
        raise InvalidModel(f"{what}: {row.repository!r} is not of the form owner/name")
    if row.repository and not _COMMIT.fullmatch(row.revision):
        raise InvalidModel(f"{what}: revision must be a full commit hash (40 hex digits)")
    if row.dims < 1 or row.max_tokens < 1:
        raise InvalidModel(f"{what}: dims and max_tokens must be 1 or more")
    if any(not 0 < dims < row.dims for dims in row.matryoshka_dims):
        raise InvalidModel(f"{what}: matryoshka_dims must lie between 0 and {row.dims}")


class _Table:
    """Takes values out of a table one by one, so that what is left over is unknown."""

    def __init__(self, table: object, what: str) -> None:
        self.what = what
        if not isinstance(table, Mapping):
            raise InvalidModel(f"{what}: there must be a table, not {table!r}")
        self._left: dict[str, object] = {str(key): value for key, value in table.items()}

    def optional(self, key: str, kind: type, default: object) -> Any:  # noqa: ANN401
        """A value of a kind. Raises InvalidModel for one of another kind."""
        value = self._left.pop(key, default)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise InvalidModel(f"{self.what}: {key} must be a {kind.__name__}, not {value!r}")
        return value

    def _needed(self, key: str, kind: type) -> Any:  # noqa: ANN401
        if key not in self._left:
            raise InvalidModel(f"{self.what} does not say {key}")
        return self.optional(key, kind, None)

    def text(self, key: str, allowed: tuple[str, ...] = ()) -> str:
        value = str(self._needed(key, str))
        if allowed and value not in allowed:
            raise InvalidModel(f"{self.what}: {key} must be one of {', '.join(allowed)}")
        return value

    def number(self, key: str) -> int:
        return int(self._needed(key, int))

    def numbers(self, key: str) -> list[int]:
        values = self.optional(key, list, [])
        if not all(isinstance(one, int) and not isinstance(one, bool) for one in values):
            raise InvalidModel(f"{self.what}: {key} must be whole numbers, not {values!r}")
        return list(values)

    def table(self, key: str) -> object:
        return self._needed(key, dict)

    def tables(self, key: str) -> list[object]:
        values = list(self._needed(key, list))
        if not values:
            raise InvalidModel(f"{self.what} does not say {key}")
        return values

    def rest(self) -> dict[str, object]:
        """What was not taken yet."""
        return self._left

    def end(self) -> None:
        """Raises InvalidModel if anything was not taken."""
        if self._left:
            raise InvalidModel(f"{self.what}: unknown key {min(self._left)!r}")
