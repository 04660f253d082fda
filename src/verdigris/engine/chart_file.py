"""Bars as a picture in a file: SVG with nothing but text, PNG with an extra."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

from verdigris.engine.svg_chart import Panel, bar_chart
from verdigris.errors import EngineError

CHARTS = (".svg", ".png")


def check_chart(file: Path) -> None:
    """Raise EngineError, before anything is measured, for a chart that cannot be drawn."""
    if file.suffix not in CHARTS:
        raise EngineError(f"cannot draw {file}: name it {' or '.join(CHARTS)}")
    if not file.parent.is_dir():
        raise EngineError(f"cannot write {file}: there is no folder {file.parent}")
    if file.suffix == ".png":
        _png_door()


def draw_chart(file: Path, title: str, panels: Sequence[Panel], footer: str) -> None:
    """Draw the panels one below the other. Raises EngineError."""
    png = file.suffix == ".png"
    picture = (
        _png_door().bar_chart_png(title, panels, footer)
        if png
        else bar_chart(title, panels, footer).encode()
    )
    try:
        file.write_bytes(picture)
    except OSError as error:
        raise EngineError(f"cannot write {file} ({error.strerror})") from error


def _png_door() -> ModuleType:
    """The module that draws with matplotlib. Raises EngineError that names the extra."""
    try:
        return import_module("verdigris.engine.png_chart")
    except ImportError as error:
        raise EngineError(
            f"a PNG needs matplotlib ({error}); run: pip install 'verdigris[chart]', "
            "or write an .svg"
        ) from error
