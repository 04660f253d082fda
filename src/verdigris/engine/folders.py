"""Where the engine keeps models and finds the user's own rows; the environment overrides.

The engine is usable without the rest of the package, so it reads these two variables itself.
"""

from __future__ import annotations

import os
from pathlib import Path


def models_folder() -> Path:
    """The durable folder of pulled and imported models: VERDIGRIS_MODELS_DIR or the user's data.

    Data, not cache: what was pulled once must still be there when the network is not.
    """
    if folder := os.environ.get("VERDIGRIS_MODELS_DIR"):
        return Path(folder).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("verdigris", appauthor=False)) / "models"


def user_rows_file() -> Path:
    """`models.toml` beside the user's `config.toml`: the user's own models, one table each."""
    if folder := os.environ.get("VERDIGRIS_CONFIG_DIR"):
        return Path(folder) / "models.toml"
    base = os.environ.get("XDG_CONFIG_HOME") or os.environ.get("APPDATA")
    return (Path(base) if base else Path.home() / ".config") / "verdigris" / "models.toml"
