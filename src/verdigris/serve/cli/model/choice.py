"""Writes the chosen model into a configuration file, whose other lines stay as they are."""

from __future__ import annotations

import json
import os
import re
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from verdigris.errors import SettingsError
from verdigris.serve.cli.console import one_line
from verdigris.serve.cli.model.options import project_here, settings_here
from verdigris.settings import STATE_FOLDER

if TYPE_CHECKING:
    from verdigris.engine.engine_choice import EngineChoice

_VALUE = r"(?:\"(?:[^\"\\]|\\.)*\"|'[^']*')"
_TABLE = re.compile(r"\s*\[")


def project_config() -> Path:
    """The configuration of the project around the folder we stand in.

    Raises SettingsError outside of any project.
    """
    root = project_here()
    if root is None:
        raise SettingsError(
            f"{Path.cwd()} is in no repository; run: verdigris model use --user NAME"
        )
    return root / STATE_FOLDER / "config.toml"


def absolute_model(name: str) -> str:
    """A model as a configuration names it, which is read from elsewhere: a folder's full path."""
    if name.startswith(("~", ".")) or "/" in name or os.sep in name:
        return str(Path(name).expanduser().absolute())
    return name


def write_choice(choice: EngineChoice, user: bool, keep_runtime: bool = False) -> str:
    """Configure a model and its runtime; returns what was done, in words.

    The runtime is written where the file names one, or another one would be used; never if
    `keep_runtime`. Raises SettingsError.
    """
    from verdigris.engine.folders import user_rows_file

    config = user_rows_file().with_name("config.toml") if user else project_config()
    wanted = {"model": absolute_model(choice.model)}
    named = "runtime" in _parsed(config, _read(config))
    if not keep_runtime and (named or choice.runtime_setting != settings_here().runtime):
        wanted["runtime"] = choice.runtime_setting
    changed = change_settings(config, wanted)
    done = "embeds with" if changed else "already embeds with"
    said = f"{one_line(str(config))}: {done} {one_line(str(choice))}"
    if "model" not in changed:
        return said
    return (
        f"{said}\nthe earlier vectors answer until all passages have one of this model: "
        "verdigris embeddings generate"
    )


def change_settings(config: Path, wanted: Mapping[str, str]) -> set[str]:
    """Give keys of a configuration file these texts as values; returns those that changed.

    An active line keeps its comment; else the commented default that `init` writes becomes
    active; else a line is put first. The file is replaced in one step. Raises SettingsError for
    a file that cannot be read or changed safely.
    """
    config = config.resolve()
    text = _read(config)
    before = _parsed(config, text)
    changed = {key for key, value in wanted.items() if before.get(key) != value}
    for key in sorted(changed, reverse=True):  # what is put first comes out in order
        text = _changed(text, key, f"{key} = {json.dumps(wanted[key], ensure_ascii=False)}")
    if _parsed(config, text) != {**before, **wanted}:
        names = ", ".join(sorted(wanted))
        raise SettingsError(f"{config}: the line of {names} cannot be changed; edit it by hand")
    if changed:
        _replace(config, text)
    return changed


def _changed(text: str, key: str, setting: str) -> str:
    lines = text.splitlines(keepends=True)
    ending = "\r\n" if "\r\n" in text else "\n"
    tables = (number for number, line in enumerate(lines) if _TABLE.match(line))
    top = range(next(tables, len(lines)))
    active = re.compile(rf"\s*(?:{key}|\"{key}\"|'{key}')\s*=\s*")
    for number in top:
        if found := active.match(lines[number]):
            rest = re.compile(rf"{_VALUE}(\s*(?:#.*)?)").match(lines[number], found.end())
            lines[number] = setting + (rest[1].rstrip("\r\n") if rest else "") + ending
            return "".join(lines)
    for number in top:
        if re.match(rf"#\s*{key}\s*=", lines[number]):
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
