"""Paths as a reader can open them: relative to the folder in which the command runs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from verdigris.records import Lines
from verdigris.serve.cli.console import one_line


@dataclass(frozen=True, slots=True)
class Places:
    """The repository's root and the reader's folder, both absolute."""

    root: Path
    here: Path

    def shown(self, path: str, lines: Lines | int | None = None) -> str:
        """`path:lines`, the path as it is named from the reader's folder, as git status does."""
        if self.here != self.root and self.here.is_relative_to(self.root):
            path = os.path.relpath(self.root / path, self.here)
        return one_line(path) + (f":{lines}" if lines else "")

    def from_root(self, path: str) -> str:
        """A path as typed, named from the root: what lies here wins over what lies at the root.

        What exists in neither place, such as a glob, is taken as it stands.
        """
        typed = self.here / path
        if path and typed.exists() and typed.resolve().is_relative_to(self.root):
            inside = typed.resolve().relative_to(self.root).as_posix()
            return "" if inside == "." else inside
        return path


def places_of(root: Path) -> Places:
    """Places for the folder in which the process runs."""
    return Places(root, Path.cwd())
