"""A model as one tar file, for machines without a network: written, and unpacked with suspicion."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from verdigris.engine.catalog import catalog_rows
from verdigris.engine.folders import models_folder
from verdigris.engine.installing import install, installing, manifest_text
from verdigris.engine.model_rows import ModelRow, check_name, is_inside, row_of
from verdigris.engine.model_store import (
    MANIFEST,
    ModelFile,
    StoredModel,
    find_model,
)
from verdigris.errors import EngineError, InvalidArchive

LARGEST_MANIFEST = 1 << 20


def export_model(row: ModelRow, target: Path) -> StoredModel:
    """Write the row's files and a manifest to `target`; the same files give the same archive.

    Of a model with several precisions, only the row's one. Raises ModelNotFound or CorruptModel
    for the model and EngineError for the target; half an archive is never left behind.
    """
    stored = find_model(row)
    stored.verify()
    check_name(row.name, str(stored.folder))
    other = {file.name for one in row.weights for file in one.files} - {f.name for f in row.files}
    files = [entry for entry in stored.files if entry.name not in other]
    part = target.with_name(f"{target.name}.part")
    try:
        with tarfile.open(part, "w", format=tarfile.PAX_FORMAT) as archive:
            _add(archive, MANIFEST, io.BytesIO(manifest_text(row, files).encode()))
            for entry in files:
                with (stored.folder / entry.name).open("rb") as stream:
                    _add(archive, entry.name, stream)
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise EngineError(f"cannot write {target}: {error.strerror}") from error
    return stored


def import_model(source: Path, models: Path | None = None) -> StoredModel:
    """Unpack an archive into the user's models, after checking every name, size and hash.

    Raises InvalidArchive for what is no such archive or must not be unpacked: absolute paths,
    `..`, links, devices, files that the manifest does not list, wrong hashes. Nothing is left
    behind then.
    """
    models = models or models_folder()
    with _opened(source) as archive:
        members = _members(source, archive)
        row, files = _manifest(source, archive, members)
        with installing(row, models) as staging:
            try:
                for entry in files:
                    _unpack(source, archive, members[entry.name], staging / entry.name, entry)
                return install(row, staging, files, models)
            except InvalidArchive:
                for entry in files:
                    (staging / entry.name).unlink(missing_ok=True)
                raise


@contextmanager
def _opened(source: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(source, "r:") as archive:
            yield archive
    except (tarfile.TarError, EOFError) as error:
        said = str(error).splitlines()[0]
        raise InvalidArchive(f"{source} is no whole, plain tar archive ({said})") from error
    except FileNotFoundError as error:
        raise InvalidArchive(f"no archive at {source}") from error


def _members(source: Path, archive: tarfile.TarFile) -> dict[str, tarfile.TarInfo]:
    """All files by name. Raises InvalidArchive for a name or kind that must not be unpacked."""
    members: dict[str, tarfile.TarInfo] = {}
    for member in archive:
        if not is_inside(member.name) or member.name in members:
            raise InvalidArchive(f"{source} holds the path {member.name!r}; nothing was unpacked")
        if not member.isreg():
            raise InvalidArchive(
                f"{source} holds {member.name!r}, which is not a plain file; nothing was unpacked"
            )
        members[member.name] = member
    return members


def _manifest(
    source: Path, archive: tarfile.TarFile, members: dict[str, tarfile.TarInfo]
) -> tuple[ModelRow, list[ModelFile]]:
    """The model that the archive holds and its files, which must be all that it holds."""
    member = members.get(MANIFEST)
    stream = archive.extractfile(member) if member and member.size <= LARGEST_MANIFEST else None
    if stream is None:
        raise InvalidArchive(f"{source} has no {MANIFEST}; was it made by verdigris model export?")
    try:
        content = json.loads(stream.read())
        files = [ModelFile(f["name"], int(f["bytes"]), f["sha256"]) for f in content["files"]]
        row = _row(source, content, {entry.name for entry in files})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidArchive(f"{source}: {MANIFEST} is not a manifest") from error
    _check_files(source, row, files, members)
    return row, files


def _check_files(
    source: Path, row: ModelRow, files: list[ModelFile], members: dict[str, tarfile.TarInfo]
) -> None:
    """The manifest lists what is there, and that is what the row needs and the catalogue pins."""
    names = [entry.name for entry in files]
    if set(names) != members.keys() - {MANIFEST} or len(set(names)) != len(names):
        raise InvalidArchive(f"{source} does not hold what its {MANIFEST} lists")
    hashes = {entry.name: entry.sha256 for entry in files}
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
    return row_of(content["row"], f"{source}: {MANIFEST}")


def _held_precision(row: ModelRow, names: set[str]) -> ModelRow:
    for one in row.weights:
        if names >= {file.name for file in one.files}:
            return row.in_precision(one.precision)
    return row


def _unpack(
    source: Path, archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path, entry: ModelFile
) -> None:
    """Write one member and compare its size and hash with the manifest."""
    stream = archive.extractfile(member)
    if stream is None or member.size != entry.bytes:
        raise InvalidArchive(f"{source}: {entry.name} has another size than its manifest says")
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with path.open("wb") as target:
        while block := stream.read(1 << 20):
            digest.update(block)
            target.write(block)
    if digest.hexdigest() != entry.sha256:
        raise InvalidArchive(f"{source}: {entry.name} is damaged (wrong SHA-256)")


def _add(archive: tarfile.TarFile, name: str, stream: BinaryIO) -> None:
    """Add one file, with nothing in it that depends on the machine or the time."""
    member = tarfile.TarInfo(name)
    member.size = stream.seek(0, io.SEEK_END)
    member.mode = 0o644
    stream.seek(0)
    archive.addfile(member, stream)
