"""Options and settings that the commands about vectors and models share."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from verdigris.serve.cli.console import one_line, warn
from verdigris.settings import STATE_FOLDER, Settings, load_settings

if TYPE_CHECKING:
    from verdigris.engine import Embedder
    from verdigris.engine.embedder import LongInput
    from verdigris.engine.engine_choice import EngineChoice

MODEL = click.option(
    "--model", metavar="NAME[+RUNTIME]", help="Model and runtime (default: the configured model)."
)
THREADS = click.option(
    "--threads", type=click.IntRange(0, 1024), help="Threads; 0 = as many as the process may use."
)
LONG_INPUT = click.option(
    "--long-input",
    type=click.Choice(["truncate", "chunk", "error"]),
    default="truncate",
    show_default=True,
    help="What to do with texts longer than the model sees; `chunk` averages their pieces.",
)
DIMS = click.option(
    "--dims", type=click.IntRange(1), help="Shorter vectors, where the model was trained for them."
)
STRICT_RUNTIME = click.option(
    "--strict", is_flag=True, help="Exit 2 where another runtime would have to stand in."
)


@dataclass(frozen=True, slots=True)
class EmbedderOptions:
    """What the options of a command ask of the embedder; None is left to the configuration."""

    model: str | None
    threads: int | None
    long_input: LongInput = "truncate"
    dims: int | None = None
    strict: bool = False
    """No other runtime may take the place of the one that is asked for."""


def project_here() -> Path | None:
    """The root of the project around the folder we stand in, a repository or not; None: none."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / STATE_FOLDER).is_dir() or (folder / ".git").exists():
            return folder
    return None


def settings_here() -> Settings:
    """The settings of the project around the folder we stand in. Raises SettingsError."""
    return load_settings(project_here())


def choice_here(name: str | None) -> EngineChoice:
    """The model and runtime of a `NAME[+RUNTIME]`; None: those of the configuration.

    Raises SettingsError, and InvalidInput.
    """
    from verdigris.engine.engine_choice import configured_choice, parse_choice

    if name:
        return parse_choice(name)
    settings = settings_here()
    return configured_choice(settings.model, settings.runtime)


@contextmanager
def open_embedder(options: EmbedderOptions) -> Iterator[Embedder]:
    """The embedder that options, environment and configuration ask for. Raises EngineError.

    A runtime that was fallen back from is a note on standard error.
    """
    from verdigris.engine import Embedder, RuntimeChoice

    settings = settings_here()
    choice = choice_here(options.model)
    threads = settings.threads if options.threads is None else options.threads
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always")
        embedder = Embedder(
            choice.model,
            threads or None,
            runtime=RuntimeChoice(choice.runtime, choice.provider, options.strict),
            long_input=options.long_input,
            dims=options.dims,
            memory_mb=settings.memory_mb or None,
        )
    with embedder:
        for one in noted:
            warn(one_line(str(one.message)))
        yield embedder
