"""Reads a model's own folder, as sentence-transformers writes it; what it leaves open is an error.

Format: sentence-transformers documentation, "Creating Custom Models", and the files it saves.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from verdigris.engine.model_rows import ModelRow, PinnedFile, Pooling, Weights
from verdigris.errors import InvalidModel, ModelNotFound

MODULES = "modules.json"
PROMPTS = "config_sentence_transformers.json"
TOKENIZER = "tokenizer.json"
_POOLING_CONFIG = "config.json"
_EXTERNAL_DATA = ("_data", ".data")

_POOLING_FLAGS: dict[str, Pooling | None] = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_lasttoken": "last_token",
    "pooling_mode_max_tokens": None,
    "pooling_mode_mean_sqrt_len_tokens": None,
    "pooling_mode_weightedmean_tokens": None,
}
"""The flag of each kind of pooling; None for those that this engine cannot do."""
_POOLING_NAMES: dict[str, Pooling] = {"mean": "mean", "cls": "cls", "lasttoken": "last_token"}
_NO_LIMIT = 10**9
"""Tokenizers without a limit say a number like 10^30."""


def read_folder(folder: Path) -> ModelRow:
    """The row of the model in a folder: modules, pooling, prompts, limit, tokenizer and graph.

    Raises ModelNotFound if there is no such folder, and InvalidModel that names the file which
    should say what is missing.
    """
    try:
        found = folder.is_dir()
    except (OSError, ValueError) as error:  # a name that no file system takes
        raise ModelNotFound(f"no model folder at {str(folder)[:100]!r} ({error})") from error
    if not found:
        raise ModelNotFound(f"no model folder at {folder}")
    folder = folder.resolve()
    pooling_file = _pooling_file(folder)
    pooling = _json(folder, pooling_file)
    prompts = _prompts(folder)
    weights = tuple(_weights(folder))
    if not weights:
        raise InvalidModel(
            f"{folder} has no model.onnx or onnx/model.onnx; export the model to ONNX first"
        )
    if not (folder / TOKENIZER).is_file():
        raise InvalidModel(f"{folder / TOKENIZER} is missing; save the model's fast tokenizer")
    return ModelRow(
        name=folder.name,
        dims=_dims(folder, pooling_file, pooling),
        max_tokens=_max_tokens(folder),
        pooling=_pooling_mode(folder / pooling_file, pooling),
        precision=weights[0].precision,
        query_prefix=_prompt(folder, prompts, ("query",)),
        passage_prefix=_prompt(folder, prompts, ("document", "passage")),
        weights_file=weights[0].files[0].name,
        tokenizer_file=TOKENIZER,
        licence="",
        weights=weights,
        folder=str(folder),
    )


def _pooling_file(folder: Path) -> str:
    """Path of the pooling module's configuration; a module this engine lacks is an error."""
    modules = _json(folder, MODULES)
    if not isinstance(modules, list) or not all(isinstance(one, dict) for one in modules):
        raise InvalidModel(f"{folder / MODULES} is not a list of modules")
    kinds = [str(one.get("type", "")).rpartition(".")[2] for one in modules]
    for kind in kinds:
        if kind not in ("Transformer", "Pooling", "Normalize"):
            raise InvalidModel(f"{folder / MODULES} asks for a {kind!r} module, which is not known")
    if kinds.count("Transformer") != 1 or kinds.count("Pooling") != 1:
        raise InvalidModel(f"{folder / MODULES} must list one Transformer and one Pooling module")
    path = str(modules[kinds.index("Pooling")].get("path", ""))
    return f"{path}/{_POOLING_CONFIG}"


def _pooling_mode(path: Path, config: dict[str, Any]) -> Pooling:
    """Exactly one mode that this engine can do; both spellings of the file are read."""
    if config.get("include_prompt") is False:
        raise InvalidModel(f"{path} leaves prompts out of pooling, which is not supported")
    if isinstance(name := config.get("pooling_mode"), str):
        modes = [_POOLING_NAMES.get(name)]
    else:
        modes = [_POOLING_FLAGS[flag] for flag in _POOLING_FLAGS if config.get(flag) is True]
    if len(modes) != 1 or modes[0] is None:
        known = ", ".join(_POOLING_NAMES)
        raise InvalidModel(f"{path} must ask for one pooling mode of {known}")
    return modes[0]


def _dims(folder: Path, pooling_file: str, pooling: dict[str, Any]) -> int:
    for key in ("word_embedding_dimension", "embedding_dimension"):
        if isinstance(dims := pooling.get(key), int) and dims > 0:
            return dims
    raise InvalidModel(f"{folder / pooling_file} does not say word_embedding_dimension")


def _max_tokens(folder: Path) -> int:
    """As sentence-transformers finds it: its own limit, else the smaller of tokenizer and graph."""
    own = _json(folder, "sentence_bert_config.json", {}).get("max_seq_length")
    if isinstance(own, int) and own > 0:
        return own
    limits = [
        _json(folder, "tokenizer_config.json", {}).get("model_max_length"),
        _json(folder, "config.json", {}).get("max_position_embeddings"),
    ]
    known = [int(one) for one in limits if isinstance(one, int | float) and 0 < one < _NO_LIMIT]
    if not known:
        raise InvalidModel(f"{folder / 'sentence_bert_config.json'} does not say max_seq_length")
    return min(known)


def _prompts(folder: Path) -> dict[str, Any]:
    """Prompts by name. A file without any says that there are none; no file says nothing."""
    prompts = _json(folder, PROMPTS).get("prompts") or {}
    if not isinstance(prompts, dict):
        raise InvalidModel(f"{folder / PROMPTS}: prompts must be an object")
    return prompts


def _prompt(folder: Path, prompts: dict[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        if name in prompts:
            if not isinstance(prompts[name], str):
                raise InvalidModel(f"{folder / PROMPTS}: prompt {name!r} is not a text")
            return str(prompts[name])
    return ""


def _weights(folder: Path) -> Iterator[Weights]:
    """The graphs in the folder and in `onnx`, plain `model.onnx` first.

    By the exporters' convention `model.onnx` is fp32, and `model_NAME.onnx` has precision NAME.
    """
    seen: set[str] = set()
    for pattern in ("model.onnx", "onnx/model.onnx", "model_*.onnx", "onnx/model_*.onnx"):
        for path in sorted(folder.glob(pattern)):
            precision = path.stem.removeprefix("model").removeprefix("_") or "fp32"
            if precision not in seen and path.is_file():
                seen.add(precision)
                yield Weights(precision, tuple(_graph_files(folder, path)))


def _graph_files(folder: Path, graph: Path) -> Iterator[PinnedFile]:
    names = [graph.name, *(graph.name + ending for ending in _EXTERNAL_DATA)]
    for name in names:
        if (graph.parent / name).is_file():
            yield PinnedFile((graph.parent / name).relative_to(folder).as_posix())


def _json(folder: Path, name: str, default: Any = None) -> Any:  # noqa: ANN401
    """A JSON file of the folder; one that is missing raises unless there is a default."""
    path = folder / name
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if default is not None:
            return default
        raise InvalidModel(f"{path} is missing; it should say how the model is used") from error
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidModel(f"{path} cannot be read ({error})") from error
    if not isinstance(value, dict) and name != MODULES:
        raise InvalidModel(f"{path} is not a JSON object")
    return value
