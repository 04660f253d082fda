"""Each model is loaded once; under a bound of memory one at a time."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from verdigris.errors import EngineError, InvalidInput, MemoryExceeded, ModelNotFound
from verdigris.settings import Settings
from verdigris.upkeep.loaded_models import LoadedModels

BUNDLED = "all-minilm-l6-v2"
TINY = str(Path(__file__).parents[1] / "engine/models/bert-mean")


def test_a_model_is_loaded_once_and_closed_with_the_rest() -> None:
    with closing(LoadedModels(Settings(), [])) as models:
        models.begin(TINY)
        tiny, bundled = models.get(TINY), models.get(BUNDLED)
        assert models.get(TINY) is tiny
        assert tiny.embed_query("a").shape != bundled.embed_query("a").shape
    models.close()
    for embedder in (tiny, bundled):
        with pytest.raises(EngineError, match="closed"):
            embedder.embed_query("a")


def test_a_model_that_arrives_later_is_found(tmp_path: Path) -> None:
    with closing(LoadedModels(Settings(), [])) as models:
        with pytest.raises(ModelNotFound):
            models.get(str(tmp_path / "model"))
        shutil.copytree(TINY, tmp_path / "model")
        assert models.get(str(tmp_path / "model")).embed_query("a").shape


def test_under_a_bound_of_memory_the_other_model_makes_place() -> None:
    with closing(LoadedModels(Settings(memory_mb=120), [])) as models:
        tiny = models.get(TINY)
        models.get(BUNDLED).embed_query("a")
        with pytest.raises(EngineError, match="closed"):
            tiny.embed_query("a")
        assert models.get(TINY) is not tiny


@pytest.mark.parametrize(
    ("settings", "model", "error"),
    [
        (Settings(), "nope", ModelNotFound),
        (Settings(runtime="abacus"), BUNDLED, InvalidInput),
        (Settings(memory_mb=20), BUNDLED, MemoryExceeded),
    ],
)
def test_what_cannot_be_loaded_is_told_by_get(
    settings: Settings, model: str, error: type[EngineError]
) -> None:
    with closing(LoadedModels(settings, [])) as models:
        models.begin(model)
        with pytest.raises(error):
            models.get(model)
