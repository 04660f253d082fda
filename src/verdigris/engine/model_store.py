"""Finds the files of a model and verifies them before anything reads them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from verdigris.engine.folders import models_folder
from verdigris.engine.model_rows import ModelRow, PinnedFile, is_inside
from verdigris.errors import CorruptModel, ModelNotFound

BUNDLED_MODELS = Path(__file__).parent / "data"
MANIFEST = "manifest.json"
EXTRAS = ("LICENSE", "NOTICE", "golden_texts.json", "golden_vectors.npy")
"""What belongs to a model beside the files it runs on, where it is there."""
_REINSTALL = "run: pip install --force-reinstall verdigris"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model as its manifest lists it."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a model's folder says of itself."""

    source: str
    """`owner/name@commit`, or what the files were made from."""
    files: tuple[ModelFile, ...]


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model whose files are all here with the right sizes; contents are checked on use."""

    row: ModelRow
    folder: Path
    files: tuple[ModelFile, ...]
    just_hashed: bool = False
    """The hashes were taken from the files themselves: a folder of the user's has no manifest."""

    def file(self, name: str) -> ModelFile:
        """The manifest's entry for a file; a file that it does not list raises CorruptModel."""
        for entry in self.files:
            if entry.name == name:
                return entry
        raise CorruptModel(f"model {self.row.name!r}: {MANIFEST} does not list {name}; {self.mend}")

    @property
    def mend(self) -> str:
        """What to do about a damaged file."""
        return _mend(self.row)

    @property
    def bytes(self) -> int:
        """Size of the files that the row's precision needs."""
        return sum(self.file(one.name).bytes for one in self.row.files)

    def verified(self, name: str) -> Path:
        """Path of a file after comparing its SHA-256; a mismatch raises CorruptModel.

        Hashing the largest file takes some 15 ms where the processor has SHA instructions, so
        it is done at every load and not remembered.
        """
        path = self.folder / name
        expected = self.file(name).sha256
        if not self.just_hashed and sha256_of(path, self.mend) != expected:
            raise CorruptModel(
                f"model {self.row.name!r}: {path} is damaged (wrong SHA-256); {self.mend}"
            )
        return path

    def weights(self) -> Path:
        """Path of the graph, after verifying it and the files that it points to."""
        for one in self._graph_files():
            self.verified(one)
        return self.folder / self.row.weights_file

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
        parts: list[str | int] = [
            self.file(row.weights_file).sha256,
            self.file(row.tokenizer_file).sha256,
            row.pooling,
            row.query_prefix,
            row.passage_prefix,
            row.max_tokens,
            row.dims,
            row.precision,
        ]
        parts += [self.file(name).sha256 for name in self._graph_files()[1:]]
        parts += ["layer_norm"] if row.matryoshka_layer_norm else []
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]

    def _graph_files(self) -> list[str]:
        """The graph first, then what it keeps outside itself."""
        others = [one.name for one in self.row.files]
        apart = (self.row.weights_file, self.row.tokenizer_file)
        return [self.row.weights_file, *(name for name in others if name not in apart)]


def find_model(row: ModelRow, models: Path | None = None) -> StoredModel:
    """The stored files of a model: all present, all of the size in the manifest.

    models: folder with one folder a model; None means the bundled ones, then the user's. Raises
    ModelNotFound for a model that was not pulled, and CorruptModel for a missing, unreadable or
    truncated file.
    """
    if row.folder:
        return _own_folder(row)
    folder = (models or _home(row)) / row.name
    if row.repository and not (folder / MANIFEST).is_file():
        raise ModelNotFound(f"model {row.name!r} is not on this machine; {_mend(row)}")
    manifest = read_manifest(row, folder)
    stored = StoredModel(row, folder, manifest.files)
    if row.repository and manifest.source != row.source:
        raise ModelNotFound(
            f"model {row.name!r} is here from {manifest.source}, not {row.source}; {stored.mend}"
        )
    _check_precision(stored)
    for entry in stored.files:
        _check_size(stored, entry)
    return stored


def _home(row: ModelRow) -> Path:
    return BUNDLED_MODELS if (BUNDLED_MODELS / row.name).is_dir() else models_folder()


def _mend(row: ModelRow) -> str:
    if row.folder:
        return f"mend or replace the files in {row.folder}"
    if row.repository:
        return f"run: verdigris model pull {row.reference}"
    return _REINSTALL if (BUNDLED_MODELS / row.name).is_dir() else "import its archive again"


def _own_folder(row: ModelRow) -> StoredModel:
    """A folder of the user's: its files are hashed now, because nothing says what they were."""
    folder = Path(row.folder).expanduser()
    stored = StoredModel(row, folder, (), just_hashed=True)
    files = []
    extras = (PinnedFile(name) for name in EXTRAS if (folder / name).is_file())
    for pinned in (*row.files, *extras):
        path = folder / pinned.name
        size = _size(stored, path)
        entry = ModelFile(pinned.name, size, sha256_of(path, stored.mend))
        _check_pin(stored, pinned, entry)
        files.append(entry)
    return StoredModel(row, folder, tuple(files), just_hashed=True)


def read_manifest(row: ModelRow, folder: Path) -> Manifest:
    """What the manifest in a model's folder lists. Raises CorruptModel if it is no manifest."""
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        listed = content["files"]
        files = tuple(ModelFile(str(f["name"]), int(f["bytes"]), str(f["sha256"])) for f in listed)
    except OSError as error:
        raise CorruptModel(
            f"model {row.name!r}: cannot read {path}: {error.strerror}; {_mend(row)}"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptModel(f"model {row.name!r}: {path} is not a manifest; {_mend(row)}") from error
    if not all(is_inside(entry.name) for entry in files):
        raise CorruptModel(f"model {row.name!r}: {path} lists a path outside the folder")
    return Manifest(str(content.get("source", "")), files)


def _check_precision(stored: StoredModel) -> None:
    """Pulled files that are not those of the row: another precision, or another revision."""
    listed = {entry.name: entry for entry in stored.files}
    for pinned in stored.row.files if stored.row.repository else ():
        if pinned.name not in listed:
            raise ModelNotFound(
                f"model {stored.row.name!r} is here, but not in precision "
                f"{stored.row.precision!r}; {stored.mend}"
            )
        _check_pin(stored, pinned, listed[pinned.name])


def _check_pin(stored: StoredModel, pinned: PinnedFile, entry: ModelFile) -> None:
    if pinned.sha256 and pinned.sha256 != entry.sha256:
        raise CorruptModel(
            f"model {stored.row.name!r}: {stored.folder / entry.name} is not the file that is "
            f"pinned (another SHA-256); {stored.mend}"
        )


def _check_size(stored: StoredModel, entry: ModelFile) -> None:
    path = stored.folder / entry.name
    size = _size(stored, path)
    if size != entry.bytes:
        sizes = f"{size:,} bytes instead of {entry.bytes:,}"
        raise CorruptModel(f"model {stored.row.name!r}: {path} has {sizes}; {stored.mend}")


def _size(stored: StoredModel, path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise CorruptModel(
            f"model {stored.row.name!r}: {path} is missing; {stored.mend}"
        ) from error


def sha256_of(path: Path, mend: str) -> str:
    """Hex digits of a file's SHA-256. Raises CorruptModel that ends with `mend`."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise CorruptModel(f"cannot read {path}: {error.strerror}; {mend}") from error
