"""The training recipe: what oxidize.yaml may say, checked with the line of what is wrong."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from verdigris.errors import RecipeError
from verdigris.learn.pair_sources import SOURCES
from verdigris.learn.selection import plan_variants
from verdigris.learn.training import Plan

VERSION = 1
AUTO = "auto"
_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")
_LONGEST_NAME = 40
LARGEST_RECIPE = 100_000
"""Bytes; a recipe is a page of text."""
MOST_PROJECTIONS = 20
_DEEPEST = 8
"""Levels of nesting; a recipe has four, and the YAML library takes long over thousands."""


@dataclass(frozen=True, slots=True)
class ProjectionRecipe:
    """How one projection is made. `auto` leaves the choice to the part of the data that chooses."""

    name: str
    pairs: tuple[str, ...]
    layers: str = AUTO
    side: str = AUTO
    hidden: int = 384
    dims: int = 0
    epochs: int = 30
    batch_size: int = 256
    temperature: float = 0.05
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    seed: int = 0

    def plans(self) -> list[Plan]:
        """Every plan that the recipe leaves open."""
        plan = Plan(
            hidden=self.hidden,
            dims=self.dims,
            batch_size=self.batch_size,
            temperature=self.temperature,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            seed=self.seed,
        )
        return plan_variants(plan, self.layers, self.side)


DEFAULT_PROJECTIONS = (
    ProjectionRecipe("temporal", ("commit-files", "used", "session-files")),
    ProjectionRecipe("co-change", ("co-changes",)),
    ProjectionRecipe("dependency", ("imports",), layers="1", side="query"),
    ProjectionRecipe("semantic", ("docstrings", "summaries", "threads")),
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to train. model: name of the embedding model, '' = the one in use."""

    model: str = ""
    projections: tuple[ProjectionRecipe, ...] = DEFAULT_PROJECTIONS

    def digest(self) -> str:
        """SHA-256 of what the recipe means: comments, order of keys and defaults do not matter."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Number:
    """A number within bounds, both allowed."""

    kind: type[int] | type[float]
    low: float
    high: float

    def __str__(self) -> str:
        what = "a whole number" if self.kind is int else "a number"
        return f"{what} from {self.low:g} to {self.high:g}"


_KEYS: dict[str, _Number | tuple[str, ...]] = {
    "layers": (AUTO, "1", "2"),
    "side": (AUTO, "query", "shared"),
    "hidden": _Number(int, 8, 4096),
    "dims": _Number(int, 8, 4096),
    "epochs": _Number(int, 1, 200),
    "batch_size": _Number(int, 8, 4096),
    "temperature": _Number(float, 0.005, 1),
    "learning_rate": _Number(float, 1e-6, 0.1),
    "weight_decay": _Number(float, 0, 1),
    "seed": _Number(int, 0, 2**31 - 1),
}
"""What a projection may say beside name and pairs, and the accepted values."""


def read_recipe(path: Path) -> Recipe:
    """The recipe in a file; the default one where there is no file. Raises RecipeError."""
    try:
        if path.stat().st_size > LARGEST_RECIPE:
            raise RecipeError(f"{path} is larger than {LARGEST_RECIPE} bytes; it is no recipe")
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Recipe()
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path} cannot be read ({error}); mend or delete it") from error
    return parse_recipe(text, str(path))


def parse_recipe(text: str, source: str) -> Recipe:
    """A recipe from YAML. Raises RecipeError with source, line and accepted values."""
    try:
        _check_depth(text, source)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{source}:{mark.line + 1}" if mark else source
        problem = getattr(error, "problem", None) or type(error).__name__
        raise RecipeError(f"{place}: not valid YAML ({problem})") from error
    return _Reader(source).recipe(node) if node is not None else Recipe()


def _check_depth(text: str, source: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            place = f"{source}:{event.start_mark.line + 1}" if event.start_mark else source
            raise RecipeError(f"{place}: nested too deep for a recipe")


class _Reader:
    """Turns YAML nodes, which know their lines, into a Recipe."""

    def __init__(self, source: str) -> None:
        self._source = source

    def recipe(self, node: yaml.Node) -> Recipe:
        found = self._mapping(node, ("version", "model", "projections"))
        if "version" not in found:
            raise self._wrong(node, f"'version' is missing; write: version: {VERSION}")
        if self._scalar(found["version"]) != str(VERSION):
            raise self._wrong(found["version"], f"version must be {VERSION}")
        model = self._scalar(found["model"]) if "model" in found else ""
        if "projections" not in found:
            return Recipe(model)
        items = self._items(found["projections"])
        if len(items) > MOST_PROJECTIONS:
            raise self._wrong(items[MOST_PROJECTIONS], f"more than {MOST_PROJECTIONS} projections")
        projections = [self._projection(one) for one in items]
        names = [projection.name for projection in projections]
        for name in names:
            if names.count(name) > 1:
                raise self._wrong(found["projections"], f"two projections are named {name!r}")
        return Recipe(model, tuple(projections))

    def _projection(self, node: yaml.Node) -> ProjectionRecipe:
        known = tuple(field.name for field in fields(ProjectionRecipe))
        found = self._mapping(node, known)
        for field in fields(ProjectionRecipe):
            if field.default is MISSING and field.name not in found:
                raise self._wrong(node, f"a projection needs {field.name!r}")
        values: dict[str, Any] = {
            key: self._value(key, found[key]) for key in _KEYS if key in found
        }
        values["pairs"] = tuple(self._source_name(one) for one in self._items(found["pairs"]))
        if not values["pairs"]:
            raise self._wrong(found["pairs"], f"pairs must name some of: {', '.join(SOURCES)}")
        if len(set(values["pairs"])) < len(values["pairs"]):
            raise self._wrong(found["pairs"], "some pairs are named twice")
        if values.get("dims") and values.get("side") == "query":
            raise self._wrong(found["dims"], "with fewer dims both sides change: side: shared")
        return ProjectionRecipe(name=self._name(found["name"]), **values)

    def _name(self, node: yaml.Node) -> str:
        name = self._scalar(node)
        if not name or len(name) > _LONGEST_NAME or not set(name) <= _NAME_CHARACTERS:
            raise self._wrong(
                node, f"a name has 1 to {_LONGEST_NAME} of a-z, 0-9, - and _, not {name[:50]!r}"
            )
        return name

    def _source_name(self, node: yaml.Node) -> str:
        name = self._scalar(node)
        if name not in SOURCES:
            raise self._wrong(node, f"no pairs are named {name!r}; known: {', '.join(SOURCES)}")
        return name

    def _value(self, key: str, node: yaml.Node) -> str | int | float:
        text, accepted = self._scalar(node), _KEYS[key]
        if isinstance(accepted, tuple):
            if text not in accepted:
                raise self._wrong(node, f"{key} must be {' or '.join(accepted)}, not {text!r}")
            return text
        try:
            number: int | float | None = accepted.kind(text)
        except ValueError:
            number = None
        if number is None or not accepted.low <= number <= accepted.high:
            raise self._wrong(node, f"{key} must be {accepted}, not {text!r}")
        return number

    def _mapping(self, node: yaml.Node, known: Sequence[str]) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            raise self._wrong(node, f"expected keys and values: {', '.join(known)}")
        found: dict[str, yaml.Node] = {}
        for key_node, value in node.value:
            key = self._scalar(key_node)
            if key not in known:
                raise self._wrong(key_node, f"unknown key {key!r}; known: {', '.join(known)}")
            if key in found:
                raise self._wrong(key_node, f"{key!r} is there twice")
            found[key] = value
        return found

    def _items(self, node: yaml.Node) -> list[yaml.Node]:
        if not isinstance(node, yaml.SequenceNode):
            raise self._wrong(node, "expected a list")
        return list(node.value)

    def _scalar(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise self._wrong(node, "expected one value")
        return str(node.value)

    def _wrong(self, node: yaml.Node, what: str) -> RecipeError:
        return RecipeError(f"{self._source}:{node.start_mark.line + 1}: {what}")


def recipe_text(recipe: Recipe) -> str:
    """A recipe as YAML that `parse_recipe` reads back; values that are defaults are left out."""
    lines = [f"version: {VERSION}"]
    if recipe.model:
        lines.append(f"model: {recipe.model}")
    lines.append("projections:")
    for projection in recipe.projections:
        lines += [f"  - name: {projection.name}", f"    pairs: [{', '.join(projection.pairs)}]"]
        for field in fields(ProjectionRecipe):
            value = getattr(projection, field.name)
            if field.default is not MISSING and value != field.default:
                lines.append(f"    {field.name}: {value}")
    return "\n".join(lines) + "\n"
