"""A book of recipes: a plain folder of YAML files with votes as files, best kept in git.

recipes/NAME.yaml       a recipe
votes/NAME/VOTER        an empty file a vote; who votes twice votes once
RECIPES.md              the recipes, most votes first; written by `vote` and `add`
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from verdigris.errors import RecipeError
from verdigris.learn.recipe import Recipe, read_recipe

LIST = "RECIPES.md"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
_VOTER_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Entry:
    """One recipe of a book; problem says why it cannot be used, '' where it can."""

    name: str
    votes: int
    recipe: Recipe | None
    problem: str = ""

    @property
    def summary(self) -> str:
        """Its projections with their pairs, in one line."""
        if self.recipe is None:
            return self.problem
        parts = (f"{one.name} ({', '.join(one.pairs)})" for one in self.recipe.projections)
        return "; ".join(parts)


class RecipeBook:
    """The book in a folder. Raises RecipeError for a folder that is none, unless it is `new`."""

    def __init__(self, folder: Path, new: bool = False) -> None:
        self.folder = folder
        if not new and not (folder / "recipes").is_dir():
            raise RecipeError(
                f"{folder} has no folder 'recipes'; begin a book: verdigris recipe add"
            )

    def path(self, name: str) -> Path:
        """Where the recipe of that name lies. Raises RecipeError for what is no name."""
        if not _NAME.fullmatch(name):
            raise RecipeError(f"{name!r} is no name of a recipe: a-z, 0-9 and -, at most 61")
        return self.folder / "recipes" / f"{name}.yaml"

    def entries(self) -> list[Entry]:
        """All recipes, most votes first, then by name."""
        found = [self._entry(path) for path in sorted((self.folder / "recipes").glob("*.yaml"))]
        return sorted(found, key=lambda entry: (-entry.votes, entry.name))

    def _entry(self, path: Path) -> Entry:
        votes = self.folder / "votes" / path.stem
        count = sum(1 for one in votes.iterdir() if one.is_file()) if votes.is_dir() else 0
        try:
            return Entry(path.stem, count, read_recipe(path))
        except RecipeError as error:
            return Entry(path.stem, count, None, str(error))

    def add(self, name: str, text: str) -> Path:
        """Put a recipe in. Raises RecipeError where there is another one of that name."""
        path = self.path(name)
        if path.exists() and path.read_text(encoding="utf-8") != text:
            raise RecipeError(f"{path} is another recipe already; choose another name")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        self._write_list()
        return path

    def vote(self, name: str, voter: str) -> int:
        """Count a vote once a voter; returns the votes. Raises RecipeError for an unknown recipe.

        voter: an address; only its hash is written.
        """
        if not self.path(name).exists():
            known = ", ".join(entry.name for entry in self.entries()) or "none"
            raise RecipeError(f"{self.folder} has no recipe {name!r}; known: {known}")
        file = hashlib.sha256(voter.strip().lower().encode()).hexdigest()[:_VOTER_DIGITS]
        folder = self.folder / "votes" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()
        self._write_list()
        return next(entry.votes for entry in self.entries() if entry.name == name)

    def _write_list(self) -> None:
        lines = ["# Recipes", "", "| votes | recipe | projections |", "|---|---|---|"]
        for entry in self.entries():
            summary = entry.summary.replace("|", "\\|")
            lines.append(
                f"| {entry.votes} | [{entry.name}](recipes/{entry.name}.yaml) | {summary} |"
            )
        (self.folder / LIST).write_text("\n".join(lines) + "\n", encoding="utf-8")
