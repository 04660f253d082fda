"""Recipes: defaults, what is read back, and errors with the line and the accepted values."""

from __future__ import annotations

from pathlib import Path

import pytest

from verdigris.errors import RecipeError
from verdigris.learn.recipe import (
    LARGEST_RECIPE,
    ProjectionRecipe,
    Recipe,
    parse_recipe,
    read_recipe,
    recipe_text,
)

FULL = """\
version: 1
model: all-minilm-l6-v2
projections:
  - name: mine
    pairs: [commit-files, imports]
    layers: 2
    side: shared
    hidden: 64
    dims: 128
    epochs: 12
    batch_size: 32
    temperature: 0.1
    learning_rate: 0.002
    weight_decay: 0
    seed: 7
"""


def projection(line: str) -> str:
    return f"version: 1\nprojections:\n  - name: mine\n    pairs: [imports]\n    {line}\n"


def test_without_a_file_the_defaults_count(tmp_path: Path) -> None:
    assert read_recipe(tmp_path / "oxidize.yaml") == Recipe()
    assert parse_recipe("", "here") == Recipe()
    assert parse_recipe("version: 1\n", "here") == Recipe()


def test_every_key_is_read() -> None:
    wanted = ProjectionRecipe(
        "mine", ("commit-files", "imports"), "2", "shared", 64, 128, 12, 32, 0.1, 0.002, 0.0, 7
    )
    assert parse_recipe(FULL, "here") == Recipe("all-minilm-l6-v2", (wanted,))


@pytest.mark.parametrize("text", [FULL, recipe_text(Recipe())])
def test_a_written_recipe_reads_back_the_same(text: str) -> None:
    recipe = parse_recipe(text, "here")
    assert parse_recipe(recipe_text(recipe), "there") == recipe


def test_the_model_is_changed_in_one_line() -> None:
    assert parse_recipe("version: 1\nmodel: other\n", "here") == Recipe("other")


def test_the_digest_is_of_what_the_recipe_means() -> None:
    commented = "# mine\nmodel: all-minilm-l6-v2\n" + FULL.replace("model: all-minilm-l6-v2\n", "")
    assert parse_recipe(commented, "a").digest() == parse_recipe(FULL, "b").digest()
    assert parse_recipe(FULL, "a").digest() != Recipe().digest()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("projections: []", "here:1: 'version' is missing; write: version: 1"),
        ("version: 2", "here:1: version must be 1"),
        ("version: 1\nprojectons: []", "here:2: unknown key 'projectons'; known: version, model"),
        ("version: 1\nversion: 1", "here:2: 'version' is there twice"),
        ("version: 1\nprojections: 3", "here:2: expected a list"),
        ("- 1", "here:1: expected keys and values: version, model, projections"),
        ("version: 1\nprojections:\n  - name: a\n", "here:3: a projection needs 'pairs'"),
        ("version: 1\nprojections:\n  - name: a\n    pairs: []\n", "here:4: pairs must name some"),
        ("version: 1\nprojections:\n  - name: ../a\n    pairs: [imports]\n", "here:3: a name has"),
        (projection("dims: 0"), "here:5: dims must be a whole number from 8 to 4096, not '0'"),
        (projection("hidden: many"), "here:5: hidden must be a whole number from 8 to 4096"),
        (projection("epochs: 1.5"), "here:5: epochs must be a whole number from 1 to 200"),
        (projection("temperature: nan"), "here:5: temperature must be a number from 0.005 to 1"),
        (projection("layers: 3"), "here:5: layers must be auto or 1 or 2, not '3'"),
        (projection("side: both"), "here:5: side must be auto or query or shared, not 'both'"),
        (projection("optimizer: adam"), "here:5: unknown key 'optimizer'; known: name, pairs"),
        (projection("seed: [1]"), "here:5: expected one value"),
        (projection("dims: 64\n    side: query"), "here:5: with fewer dims both sides change"),
        (
            "version: 1\nprojections:\n  - name: a\n    pairs: [x]\n",
            "here:4: no pairs are named 'x'",
        ),
        ("version: 1\nmodel: [", "here:2: not valid YAML"),
        ("version: 1\nprojections: " + "[" * 5_000, "here:2: nested too deep for a recipe"),
        (projection("pairs: [imports]"), "here:5: 'pairs' is there twice"),
        (projection("").replace("[imports]", "[imports, imports]"), "here:4: some pairs are named"),
        (
            "version: 1\nprojections:\n" + "  - {name: a, pairs: [imports]}\n" * 21,
            "here:23: more than 20 projections",
        ),
        (FULL + FULL[FULL.index("  - name") :], "here:4: two projections are named 'mine'"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, message: str) -> None:
    with pytest.raises(RecipeError) as raised:
        parse_recipe(text, "here")
    assert str(raised.value).startswith(message)


def test_a_file_that_is_no_recipe_is_refused(tmp_path: Path) -> None:
    large, binary = tmp_path / "large.yaml", tmp_path / "binary.yaml"
    large.write_text("#" * (LARGEST_RECIPE + 1))
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecipeError, match="is larger than"):
        read_recipe(large)
    with pytest.raises(RecipeError, match="cannot be read"):
        read_recipe(binary)


def test_aliases_that_grow_without_end_are_no_danger() -> None:
    bomb = "version: 1\nprojections: &a [*a, *a]\n"
    with pytest.raises(RecipeError):
        parse_recipe(bomb, "here")


def test_auto_leaves_plans_open_and_dims_need_both_sides() -> None:
    open_plans = ProjectionRecipe("a", ("imports",)).plans()
    assert {(plan.hidden, plan.side) for plan in open_plans} == {
        (384, "query"), (384, "shared"), (0, "query"), (0, "shared"),
    }  # fmt: skip
    reduced = ProjectionRecipe("a", ("imports",), layers="1", dims=64).plans()
    assert [(plan.hidden, plan.side, plan.dims) for plan in reduced] == [(0, "shared", 64)]
