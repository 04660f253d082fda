"""Puts verified files of a model in place: whole or not at all, the manifest last."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from verdigris.engine.catalog import catalog_rows
from verdigris.engine.model_rows import ModelRow, table_of
from verdigris.engine.model_store import (
    MANIFEST,
    ModelFile,
    StoredModel,
    find_model,
    read_manifest,
)
from verdigris.errors import CorruptModel, EngineError
from verdigris.file_lock import lock_file

UNFINISHED = ".unfinished"
"""Folder, beside the models, of what has arrived but is not in place yet."""


@contextmanager
def installing(row: ModelRow, models: Path) -> Iterator[Path]:
    """A folder to collect a model's files in, for this process alone; it outlives an error.

    What is in it when the next attempt begins can be gone on with. Raises EngineError if another
    process installs the same model now, or if the disk does not take what is written.
    """
    staging = models / UNFINISHED / f"{row.name}@{row.revision[:12]}"
    try:
        staging.mkdir(parents=True, exist_ok=True)
        descriptor = _locked(row, staging)
        try:
            yield staging
        finally:
            os.close(descriptor)
    except OSError as error:
        raise EngineError(
            f"cannot install model {row.name!r} in {models}: {error.strerror or error}"
        ) from error


def _locked(row: ModelRow, staging: Path) -> int:
    try:
        return lock_file(staging.with_name(f"{row.name}.lock"))
    except TimeoutError as error:
        raise EngineError(
            f"another process is installing model {row.name!r}; wait for it"
        ) from error


def install(row: ModelRow, staging: Path, files: list[ModelFile], models: Path) -> StoredModel:
    """Move verified files from `staging` into the model's folder and list them in its manifest.

    Files of other precisions stay, if they are of the same revision. A process that dies in
    between leaves a model that is not found or is reported as damaged, never one that is wrong.
    """
    folder = models / row.name
    kept = [] if not (folder / MANIFEST).exists() else _same_revision(row, folder)
    for entry in files:
        target = folder / entry.name
        target.parent.mkdir(parents=True, exist_ok=True)
        (staging / entry.name).replace(target)
    new = {entry.name for entry in files}
    listed = [*(entry for entry in kept if entry.name not in new), *files]
    write_manifest(row, folder, listed)
    _remove_unlisted(folder, {MANIFEST, *(entry.name for entry in listed)})
    shutil.rmtree(staging, ignore_errors=True)
    return find_model(row, models)


def write_manifest(row: ModelRow, folder: Path, files: list[ModelFile]) -> None:
    """Replace the manifest in one step."""
    part = folder / f"{MANIFEST}.part"
    with part.open("w", encoding="utf-8") as stream:
        stream.write(manifest_text(row, files))
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(folder / MANIFEST)


def manifest_text(row: ModelRow, files: list[ModelFile]) -> str:
    """The manifest as JSON; it holds the row of a model that no catalogue has."""
    content: dict[str, object] = {
        "model": row.name,
        "source": row.source,
        "files": [
            {"name": entry.name, "bytes": entry.bytes, "sha256": entry.sha256}
            for entry in sorted(files, key=lambda entry: entry.name)
        ],
    }
    if all(row.name != one.name for one in catalog_rows()):
        content["row"] = table_of(row)
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _remove_unlisted(folder: Path, listed: set[str]) -> None:
    """Delete what an earlier revision left: hundreds of megabytes that nobody would read."""
    for path in folder.rglob("*"):
        if path.is_file() and path.relative_to(folder).as_posix() not in listed:
            path.unlink()


def _same_revision(row: ModelRow, folder: Path) -> list[ModelFile]:
    """What the manifest lists, if it was written for this revision and can be read."""
    try:
        manifest = read_manifest(row, folder)
    except CorruptModel:
        return []
    if manifest.source != row.source:
        return []
    return [entry for entry in manifest.files if (folder / entry.name).is_file()]
