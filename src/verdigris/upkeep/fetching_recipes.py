"""Recipes from elsewhere: a file, a URL or a git repository, fetched only when asked for.

    FILE                            a file on this machine
    https://HOST/PATH.yaml          one file
    git+https://HOST/REPO#NAME      recipes/NAME.yaml of a book of recipes; git+ssh://, git+file://

Any of them may end in `@sha256:HEX`, which the content must then have.
"""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from verdigris.errors import RecipeError
from verdigris.learn.recipe import LARGEST_RECIPE, Recipe, parse_recipe
from verdigris.learn.recipe_book import RecipeBook

SECONDS = 30
_PIN = "@sha256:"
_GIT = "git+"


@dataclass(frozen=True, slots=True)
class FetchedRecipe:
    """A recipe as its source gave it, checked; pinned: whether the source named its hash."""

    source: str
    text: str
    recipe: Recipe
    pinned: bool

    @property
    def sha256(self) -> str:
        """Of the text as it was read."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def is_remote(source: str) -> bool:
    """Whether a source lies outside this machine's files, and must be shown before use."""
    return source.startswith(("https://", "http://", _GIT))


def fetch_recipe(source: str) -> FetchedRecipe:
    """Read a recipe. Raises RecipeError for what cannot be read, is none, or has another hash."""
    place, _, pin = source.partition(_PIN)
    if place.startswith(_GIT):
        content = _from_git(place.removeprefix(_GIT))
    elif place.startswith("https://"):
        content = _from_url(place)
    elif place.startswith("http://"):
        raise RecipeError(f"{place} may be changed on the way; use https://")
    else:
        content = _from_file(Path(place))
    if len(content) > LARGEST_RECIPE:
        raise RecipeError(f"{place} is larger than {LARGEST_RECIPE} bytes; it is no recipe")
    found = hashlib.sha256(content).hexdigest()
    if pin and pin.lower() != found:
        raise RecipeError(f"{place} has SHA-256 {found}, not {pin}; look at what changed there")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RecipeError(f"{place} is no text; it is no recipe") from error
    return FetchedRecipe(place, text, parse_recipe(text, place), bool(pin))


def _from_file(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(LARGEST_RECIPE + 1)
    except OSError as error:
        raise RecipeError(
            f"there is no recipe {path} ({error.strerror}); "
            "see what a book has: verdigris recipe list"
        ) from error


def _from_url(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as answer:
            content: bytes = answer.read(LARGEST_RECIPE + 1)
            return content
    except (urllib.error.URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise RecipeError(f"{url} cannot be fetched ({reason}); try again later") from error


def _from_git(place: str) -> bytes:
    """`URL#NAME`: a shallow clone into a folder that is gone afterwards."""
    url, _, name = place.partition("#")
    if not name:
        raise RecipeError(f"git+{url} names no recipe; write git+{url}#NAME")
    with tempfile.TemporaryDirectory(prefix="verdigris-recipes-") as folder:
        command = ["git", "clone", "--quiet", "--depth", "1", "--", url, folder]
        try:
            done = subprocess.run(command, capture_output=True, timeout=10 * SECONDS, check=False)
        except subprocess.TimeoutExpired as error:
            raise RecipeError(f"{url} does not answer; try again later") from error
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines() or ["git failed"]
            raise RecipeError(f"{url} cannot be cloned ({said[-1]}); check the address")
        return _from_file(RecipeBook(Path(folder)).path(name))
