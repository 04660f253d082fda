"""A model as one archive, for machines without a network; checked file by file on its way in."""

from __future__ import annotations

import hashlib
import io
import json
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO, Any

from verdigris.engine.archive_formats import Member, read_archive, write_archive
from verdigris.engine.catalog import catalog_rows
from verdigris.engine.folders import models_folder
from verdigris.engine.installing import install, installing, manifest_text
from verdigris.engine.model_rows import ModelRow, check_name, row_of
from verdigris.engine.model_store import (
    EXTRAS,
    MANIFEST,
    ModelFile,
    StoredModel,
    find_model,
)
from verdigris.errors import InvalidArchive

LARGEST_MANIFEST = 1 << 20
_NO_MANIFEST = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
)
"""What reading a manifest raises that was not written by `export_model`."""


def export_model(row: ModelRow, target: Path) -> StoredModel:
    """Write the row's files and a manifest to a `.tar` or `.zip`; same files, same archive.

    Of a model with several precisions, only the row's one. Raises ModelNotFound or CorruptModel
    for the model and EngineError for the target; half an archive is never left behind.
    """
    stored = find_model(row)
    stored.verify()
    check_name(row.name, str(stored.folder))
    other = {file.name for one in row.weights for file in one.files} - {f.name for f in row.files}
    files = [entry for entry in stored.files if entry.name not in other]
    manifest = manifest_text(row, files).encode()
    write_archive(
        target,
        [
            Member(MANIFEST, len(manifest), lambda: io.BytesIO(manifest)),
            *(
                Member(entry.name, entry.bytes, partial(_open, stored.folder / entry.name))
                for entry in files
            ),
        ],
    )
    return stored


def _open(path: Path) -> IO[bytes]:
    return path.open("rb")


def import_model(source: Path, models: Path | None = None) -> StoredModel:
    """Unpack an archive into the user's models, after checking every name, size and hash.

    Raises InvalidArchive for what is no such archive or must not be unpacked: absolute paths,
    `..`, links, devices, files that the manifest does not list or no model needs, wrong hashes; and
    EngineError for what the disk does not take. Nothing is left behind then.
    """
    models = models or models_folder()
    with read_archive(source) as members:
        row, files = _manifest(source, members)
        with installing(row, models) as staging:
            try:
                for entry in files:
                    _unpack(source, members[entry.name], staging / entry.name, entry)
                return install(row, staging, files, models)
            except BaseException:
                _discard(staging, files)
                raise


def _discard(staging: Path, files: list[ModelFile]) -> None:
    """Delete what was unpacked, and not what an earlier pull of the same model left there."""
    for entry in files:
        with suppress(OSError):
            (staging / entry.name).unlink()


def _manifest(source: Path, members: dict[str, Member]) -> tuple[ModelRow, list[ModelFile]]:
    """The model that the archive holds and its files, which must be all that it holds."""
    member = members.get(MANIFEST)
    if member is None or member.size > LARGEST_MANIFEST:
        raise InvalidArchive(f"{source} has no {MANIFEST}; was it made by verdigris model export?")
    try:
        content = json.loads(member.open().read())
        files = [ModelFile(f["name"], int(f["bytes"]), f["sha256"]) for f in content["files"]]
        row = _row(source, content, {entry.name for entry in files})
    except _NO_MANIFEST as error:
        raise InvalidArchive(f"{source}: {MANIFEST} is not a manifest") from error
    _check_files(source, row, files, members)
    return row, files


def _check_files(
    source: Path, row: ModelRow, files: list[ModelFile], members: dict[str, Member]
) -> None:
    """The manifest lists what is there, and that is what the row needs and the catalogue pins."""
    names = [entry.name for entry in files]
    if set(names) != members.keys() - {MANIFEST} or len(set(names)) != len(names):
        raise InvalidArchive(f"{source} does not hold what its {MANIFEST} lists")
    hashes = {entry.name: entry.sha256 for entry in files}
    if needless := sorted(hashes.keys() - {one.name for one in row.files} - {*EXTRAS}):
        raise InvalidArchive(
            f"{source} holds {needless[0][:100]!r}, which is no file of model {row.name!r}"
        )
    for needed in row.files:
        if needed.name not in names:
            raise InvalidArchive(f"{source} lacks {needed.name} of model {row.name!r}")
        if needed.sha256 not in ("", hashes[needed.name]):
            raise InvalidArchive(f"{source}: {needed.name} is not the file that is pinned")


def _row(source: Path, content: dict[str, Any], names: set[str]) -> ModelRow:
    """The catalogue's row in a precision that is there; the archive's own for other models."""
    name = content["model"]
    for row in catalog_rows():
        if row.name == name and not row.repository:
            raise InvalidArchive(f"{source} holds {name!r}, which is part of the package already")
        if row.name == name:
            return _held_precision(row, names)
    row = row_of(content["row"], f"{source}: {MANIFEST}")
    if row.name != name or row.folder:
        raise InvalidArchive(f"{source}: the row in {MANIFEST} is not one of this archive's model")
    return row


def _held_precision(row: ModelRow, names: set[str]) -> ModelRow:
    for one in row.weights:
        if names >= {file.name for file in one.files}:
            return row.in_precision(one.precision)
    return row


def _unpack(source: Path, member: Member, path: Path, entry: ModelFile) -> None:
    """Write one member and compare its size and hash with the manifest."""
    if member.size != entry.bytes:
        raise InvalidArchive(f"{source}: {entry.name} has another size than its manifest says")
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with member.open() as stream, path.open("wb") as target:
        while block := stream.read(1 << 20):
            digest.update(block)
            target.write(block)
    if digest.hexdigest() != entry.sha256:
        raise InvalidArchive(f"{source}: {entry.name} is damaged (wrong SHA-256)")
