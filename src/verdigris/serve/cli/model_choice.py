"""Changes one line of a configuration file: the model; the rest of the file stays as it is."""

from __future__ import annotations

import json
import os
import re
import shutil
import tomllib
from pathlib import Path

from verdigris.errors import SettingsError
from verdigris.settings import STATE_FOLDER

_KEY = r"(?:model|\"model\"|'model')"
_ACTIVE = re.compile(rf"\s*{_KEY}\s*=")
_LINE = re.compile(
    rf"(?P<key>\s*{_KEY}\s*=\s*)(?:\"(?:[^\"\\]|\\.)*\"|'[^']*')(?P<rest>\s*(?:#.*)?)"
)
_COMMENTED = re.compile(r"#\s*model\s*=")
_TABLE = re.compile(r"\s*\[")


def project_config() -> Path:
    """The configuration of the project around the folder we stand in.

    Raises SettingsError outside of any project.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / STATE_FOLDER).is_dir() or (folder / ".git").exists():
            return folder / STATE_FOLDER / "config.toml"
    raise SettingsError(f"{here} is in no repository; run: verdigris model use --user NAME")


def choose_model(config: Path, reference: str) -> bool:
    """Make `reference` the model that a configuration file asks for.

    An active line keeps its comment; else the commented default that `init` writes becomes
    active; else a line is put first. The file is replaced in one step. Returns whether anything
    changed. Raises SettingsError for a file that cannot be read or changed safely.
    """
    config = config.resolve()
    old = _read(config)
    before = _parsed(config, old)
    if before.get("model") == reference:
        return False
    new = _changed(old, f"model = {json.dumps(reference, ensure_ascii=False)}")
    if _parsed(config, new) != {**before, "model": reference}:
        raise SettingsError(f"{config}: the line of `model` cannot be changed; edit it by hand")
    _replace(config, new)
    return True


def _changed(text: str, setting: str) -> str:
    lines = text.splitlines(keepends=True)
    ending = "\r\n" if "\r\n" in text else "\n"
    tables = (number for number, line in enumerate(lines) if _TABLE.match(line))
    top = range(next(tables, len(lines)))
    for number in top:
        if _ACTIVE.match(lines[number]):
            line = _LINE.match(lines[number])
            rest = line["rest"].rstrip("\r\n") if line else ""
            lines[number] = setting + rest + ending
            return "".join(lines)
    for number in top:
        if _COMMENTED.match(lines[number]):
            lines[number] = setting + ending
            return "".join(lines)
    return setting + ending + text


def _read(config: Path) -> str:
    try:
        return config.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise SettingsError(f"{config} cannot be read ({error}); mend or delete it") from error


def _parsed(config: Path, text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{config} is not valid TOML ({error}); mend or delete it") from error


def _replace(config: Path, text: str) -> None:
    part = config.with_name(f"{config.name}.part")
    try:
        config.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as stream:
            stream.write(text.encode())
            stream.flush()
            os.fsync(stream.fileno())
        if config.exists():
            shutil.copymode(config, part)
        part.replace(config)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise SettingsError(f"{config} cannot be written ({error.strerror})") from error
