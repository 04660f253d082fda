"""Recipes from files and git repositories: read, pinned, and refused."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import GitFolder

from verdigris.errors import RecipeError
from verdigris.learn.recipe import LARGEST_RECIPE, Recipe, recipe_text
from verdigris.learn.recipe_book import RecipeBook
from verdigris.upkeep.fetching_recipes import fetch_recipe, is_remote

TEXT = recipe_text(Recipe())
DIGEST = hashlib.sha256(TEXT.encode()).hexdigest()


@pytest.fixture
def book(make_git: Callable[[str], GitFolder], monkeypatch: pytest.MonkeyPatch) -> GitFolder:
    folder = make_git("book")
    RecipeBook(folder.root, new=True).add("plain", TEXT)
    folder.commit("Add a recipe")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "protocol.file.allow")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "always")
    return folder


def test_a_file_is_read_and_a_pin_must_fit(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(TEXT)
    assert fetch_recipe(str(file)).recipe == Recipe()
    assert fetch_recipe(f"{file}@sha256:{DIGEST}").pinned
    with pytest.raises(RecipeError, match=f"has SHA-256 {DIGEST}, not 00"):
        fetch_recipe(f"{file}@sha256:00")


def test_a_recipe_of_a_git_repository(book: GitFolder) -> None:
    found = fetch_recipe(f"git+file://{book.root}#plain")
    assert (found.recipe, found.sha256, found.pinned) == (Recipe(), DIGEST, False)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("missing.yaml", r"there is no recipe missing\.yaml .*; see .* verdigris recipe list"),
        ("http://example.org/a.yaml", "use https://"),
        ("git+file:///nowhere#plain", r"/nowhere cannot be cloned"),
        ("git+file:///nowhere", "names no recipe; write git"),
    ],
)
def test_what_cannot_be_fetched_says_why(source: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        fetch_recipe(source)


@pytest.mark.parametrize("name", ["other", "../../etc/passwd", ""])
def test_only_recipes_of_the_book_are_read(book: GitFolder, name: str) -> None:
    with pytest.raises(RecipeError):
        fetch_recipe(f"git+file://{book.root}#{name}")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"#" * (LARGEST_RECIPE + 1), b"wrong: 1"])
def test_what_is_no_recipe_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "odd.yaml"
    file.write_bytes(content)
    with pytest.raises(RecipeError):
        fetch_recipe(str(file))


def test_what_is_remote_is_shown_first() -> None:
    assert is_remote("https://example.org/a.yaml")
    assert is_remote("git+ssh://example.org/book#a")
    assert not is_remote("folder/a.yaml")
