"""The only reader of environment and configuration files: flags > environment > project > user."""

from __future__ import annotations

import os

from verdigris.errors import SettingsError
from verdigris.named_tuple import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

STATE_FOLDER = ".verdigris"
OXIDIZE_RECIPE, OXIDIZE_LOCK = "oxidize.yaml", "oxidize.lock"
"""The training recipe in STATE_FOLDER, and what it resolved to; git tracks both."""


class Settings(NamedTuple):
    """Every value that can be configured; `origins` says where each came from."""

    model: str = "all-minilm-l6-v2"
    """Name of the embedding model."""
    runtime: str = "onnxruntime"
    """What runs the model: onnxruntime, openvino or mlx (the latter two are extras); a provider
    of ONNX Runtime or MLX after a colon, as in `onnxruntime:cuda`."""
    threads: int = 0
    """Threads for inference; 0 = as many as the process may use."""
    memory_mb: int = 0
    """What a model and its runs may take, as estimated; 0 = no bound. With one, a process keeps
    one model at a time."""
    max_file_bytes: int = 1_048_576
    """Larger files are skipped and counted."""
    cache_dir: str = ""
    """The user's cache of vectors; '' = where the platform keeps caches."""
    local_dir: str = ""
    """Where log and index lie; '' = `.verdigris/local` in the work tree."""
    sessions_dir: str = ""
    """Where session logs are written; '' = where they lie already, else `.verdigris/sessions`."""
    forge: str = ""
    """`gh` or `glab`: a plain scrape also runs it to read issues; '' = only `scrape forge` does."""
    transcripts: tuple[str, ...] = ()
    """Agents whose transcripts, in your home folder, every scrape reads: claude, codex, gemini."""
    questions: bool = True
    """Whether the last answers are kept for `verdigris used`."""
    origins: tuple[tuple[str, str], ...] = ()

    def cache_path(self) -> Path:
        """Folder of the user-wide cache."""
        from pathlib import Path  # a session command asks for no cache, and has no time for it

        if self.cache_dir:
            return Path(self.cache_dir).expanduser()
        import platformdirs

        return Path(platformdirs.user_cache_dir("verdigris"))


_NAMES = tuple(name for name in Settings._fields if name != "origins")
_CHOICES = {"forge": ("", "gh", "glab")}
_LISTS = {"transcripts": ("claude", "codex", "gemini")}
_SWITCHES = ("questions",)
_NUMBERS = {"memory_mb": (0, 2**24), "threads": (0, 1024), "max_file_bytes": (1, 2**31)}


def load_settings(root: str | os.PathLike[str] | None) -> Settings:
    """Settings for the repository at `root` (None: user and environment only).

    Raises SettingsError that names file, key and accepted values.
    """
    values: dict[str, Any] = {}
    origins = dict.fromkeys(_NAMES, "default")
    for origin, layer in _layers(root):
        for key, value in layer.items():
            values[key] = _checked(origin, key, value)
            origins[key] = origin
    return Settings(**values, origins=tuple(origins.items()))


def _layers(root: str | os.PathLike[str] | None) -> list[tuple[str, dict[str, Any]]]:
    layers = [_toml(_user_config())]
    if root is not None:
        layers.append(_toml(os.path.join(root, STATE_FOLDER, "config.toml")))
    layers += [
        (f"VERDIGRIS_{name.upper()}", {name: os.environ[f"VERDIGRIS_{name.upper()}"]})
        for name in _NAMES
        if os.environ.get(f"VERDIGRIS_{name.upper()}")
    ]
    return layers


def _user_config() -> str:
    if folder := os.environ.get("VERDIGRIS_CONFIG_DIR"):
        return os.path.join(folder, "config.toml")
    base = os.environ.get("XDG_CONFIG_HOME") or os.environ.get("APPDATA")
    folder = base or os.path.join(os.path.expanduser("~"), ".config")
    return os.path.join(folder, "verdigris", "config.toml")


def _toml(path: str) -> tuple[str, dict[str, Any]]:
    try:
        with open(path, "rb") as stream:
            content = stream.read()
    except (FileNotFoundError, NotADirectoryError):
        return path, {}
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read ({error.strerror}); mend or delete it"
        ) from error
    import tomllib  # only where there is such a file: a session command need not wait for it

    try:
        return path, tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML ({error}); mend or delete it") from error


def _checked(origin: str, key: str, value: object) -> object:
    if key not in _NAMES:
        raise SettingsError(f"{origin}: unknown key {key!r}; known: {', '.join(_NAMES)}")
    if key in _LISTS:
        return _checked_list(origin, key, value)
    if key in _SWITCHES:
        if str(value).lower() not in ("true", "false"):  # a text in the environment
            raise SettingsError(f"{origin}: {key} must be true or false, not {value!r}")
        return str(value).lower() == "true"
    if key not in _NUMBERS:
        if not isinstance(value, str):
            raise SettingsError(f"{origin}: {key} must be a text, not {value!r}")
        if key in _CHOICES and value not in _CHOICES[key]:
            accepted = ", ".join(repr(choice) for choice in _CHOICES[key])
            raise SettingsError(f"{origin}: {key} must be one of {accepted}, not {value!r}")
        return value
    low, high = _NUMBERS[key]
    text = str(value)
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 13 else low - 1
    if not low <= number <= high:
        raise SettingsError(f"{origin}: {key} must be a whole number from {low} to {high}")
    return number


def _checked_list(origin: str, key: str, value: object) -> tuple[str, ...]:
    """A list of texts; in the environment, one text with commas."""
    entries = value.split(",") if isinstance(value, str) else value
    accepted = _LISTS[key]
    if not isinstance(entries, list) or not all(isinstance(one, str) for one in entries):
        raise SettingsError(f'{origin}: {key} must be a list of texts, as in ["{accepted[0]}"]')
    named = tuple(one.strip() for one in entries if one.strip())
    if unknown := [one for one in named if one not in accepted]:
        raise SettingsError(f"{origin}: {key} may name {', '.join(accepted)}, not {unknown[0]!r}")
    return named
