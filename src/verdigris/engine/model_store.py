"""Finds the files of a model and verifies them before anything reads them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from verdigris.engine.catalog import ModelRow
from verdigris.errors import CorruptModel

BUNDLED_MODELS = Path(__file__).parent / "data"
MANIFEST = "manifest.json"
_MEND = "run: pip install --force-reinstall verdigris"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model as its manifest lists it."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model whose files are all here with the right sizes; contents are checked on use."""

    row: ModelRow
    folder: Path
    files: tuple[ModelFile, ...]

    def file(self, name: str) -> ModelFile:
        """The manifest's entry for a file; a file that it does not list raises CorruptModel."""
        for entry in self.files:
            if entry.name == name:
                return entry
        raise CorruptModel(f"model {self.row.name!r}: {MANIFEST} does not list {name}; {_MEND}")

    def verified(self, name: str) -> Path:
        """Path of a file after comparing its SHA-256; a mismatch raises CorruptModel.

        Hashing the largest file takes some 15 ms where the processor has SHA instructions, so
        it is done at every load and not remembered.
        """
        path = self.folder / name
        expected = self.file(name).sha256
        if _sha256(path) != expected:
            raise CorruptModel(
                f"model {self.row.name!r}: {path} is damaged (wrong SHA-256); {_MEND}"
            )
        return path

    def verify(self) -> None:
        """Compare the SHA-256 of every file; the first mismatch raises CorruptModel."""
        for entry in self.files:
            self.verified(entry.name)

    def fingerprint(self) -> str:
        """32 hex digits that stand for everything that a vector depends on.

        Hashed: weights, tokenizer, pooling, prefixes, token limit, dimensions, precision class.
        Vectors of different fingerprints must never be compared.
        """
        row = self.row
        parts = (
            self.file(row.weights_file).sha256,
            self.file(row.tokenizer_file).sha256,
            row.pooling,
            row.query_prefix,
            row.passage_prefix,
            row.max_tokens,
            row.dims,
            row.precision,
        )
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def find_model(row: ModelRow, models: Path = BUNDLED_MODELS) -> StoredModel:
    """The stored files of a model: all present, all of the size in the manifest.

    models: folder with one folder a model. Raises CorruptModel for a missing, unreadable or
    truncated file.
    """
    folder = models / row.name
    stored = StoredModel(row, folder, _read_manifest(row.name, folder))
    for entry in stored.files:
        _check_size(stored, entry)
    return stored


def _read_manifest(model: str, folder: Path) -> tuple[ModelFile, ...]:
    path = folder / MANIFEST
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))["files"]
        return tuple(ModelFile(str(f["name"]), int(f["bytes"]), str(f["sha256"])) for f in listed)
    except OSError as error:
        raise CorruptModel(
            f"model {model!r}: cannot read {path}: {error.strerror}; {_MEND}"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptModel(f"model {model!r}: {path} is not a manifest; {_MEND}") from error


def _check_size(stored: StoredModel, entry: ModelFile) -> None:
    path = stored.folder / entry.name
    try:
        size = path.stat().st_size
    except OSError as error:
        raise CorruptModel(f"model {stored.row.name!r}: {path} is missing; {_MEND}") from error
    if size != entry.bytes:
        sizes = f"{size:,} bytes instead of {entry.bytes:,}"
        raise CorruptModel(f"model {stored.row.name!r}: {path} has {sizes}; {_MEND}")


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise CorruptModel(f"cannot read {path}: {error.strerror}; {_MEND}") from error
