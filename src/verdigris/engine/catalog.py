"""The models this engine knows by name, and how a name becomes a row."""

from __future__ import annotations

import json
import os
import re
from functools import cache
from pathlib import Path

from verdigris.engine.folders import models_folder, user_rows_file
from verdigris.engine.model_folder import read_folder
from verdigris.engine.model_rows import InputType, ModelRow, Pooling, read_rows, row_of
from verdigris.engine.model_store import MANIFEST
from verdigris.errors import CorruptModel, InvalidInput, InvalidModel, ModelNotFound

__all__ = [
    "DEFAULT_MODEL",
    "InputType",
    "ModelRow",
    "Pooling",
    "catalog_rows",
    "known_rows",
    "model_row",
]

DEFAULT_MODEL = "all-minilm-l6-v2"
CATALOG = Path(__file__).parent / "catalog.toml"
_PRECISION = re.compile(r"[A-Za-z0-9_-]+")


@cache
def catalog_rows() -> tuple[ModelRow, ...]:
    """The rows that come with the engine, the bundled model first."""
    return read_rows(CATALOG)


def known_rows() -> tuple[ModelRow, ...]:
    """All rows that have a name here: the catalogue's, the user's own, and imported ones.

    Raises InvalidModel if the user's file cannot be read or uses a name of the catalogue.
    """
    rows = {row.name: row for row in catalog_rows()}
    for row in read_rows(user_rows_file()):
        if row.name in rows:
            raise InvalidModel(
                f"{user_rows_file()}: the catalogue has a model {row.name!r} already"
            )
        rows[row.name] = row
    for row in _imported_rows():
        rows.setdefault(row.name, row)
    return tuple(rows.values())


def model_row(reference: str) -> ModelRow:
    """The row for `name`, `name@precision`, `FOLDER` or `FOLDER@precision`.

    What has a slash or begins with `.` or `~` is a folder. Raises ModelNotFound for an unknown
    name or precision, InvalidInput for what is no text, InvalidModel for a folder or row that
    leaves something open, and CorruptModel for a model that was imported and is damaged.
    """
    if not isinstance(reference, str):
        raise InvalidInput(f"the model is {reference!r}; give its name, or a folder's path as text")
    name, _, precision = _split(reference)
    row = read_folder(Path(name).expanduser()) if _is_path(name) else _named(name)
    return row.in_precision(precision) if precision else row


def _split(reference: str) -> tuple[str, str, str]:
    """Name and precision; an `@` inside a path is left alone."""
    name, sign, precision = reference.rpartition("@")
    if not name or not _PRECISION.fullmatch(precision):
        return reference, "", ""
    return name, sign, precision


def _is_path(name: str) -> bool:
    return name.startswith((".", "~")) or "/" in name or os.sep in name


def _named(name: str) -> ModelRow:
    for row in catalog_rows():  # first, because it needs no file of the user's
        if row.name == name:
            return row
    rows = known_rows()
    for row in rows:
        if row.name == name:
            return row
    if (manifest := models_folder() / name / MANIFEST).exists():
        raise CorruptModel(
            f"model {name!r} is here, but {manifest} does not say what it is; import its archive "
            "again"
        )
    known = ", ".join(row.name for row in rows)
    raise ModelNotFound(f"no model named {name!r}; known models: {known}; or give a folder's path")


def _imported_rows() -> list[ModelRow]:
    """Rows that came with an archive; they are kept in the manifests of the models."""
    rows = []
    for path in sorted(models_folder().glob(f"*/{MANIFEST}")):
        try:
            table = json.loads(path.read_text(encoding="utf-8")).get("row")
        except (OSError, ValueError, AttributeError):
            continue  # a damaged manifest is reported by whoever opens that model
        if table is not None:
            rows.append(row_of(table, str(path)))
    return rows
