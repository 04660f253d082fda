"""Which files of the repository an import leads to, and how surely.

Languages that import files are followed by path (imports.py); those that import packages by what
files say of themselves. Swift's modules are no names of files: all files below the module's
folder come into question.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from posixpath import dirname

from verdigris.records import Import
from verdigris.scrape.code.imports import included_by_ending, resolve_import
from verdigris.scrape.code.languages import (
    CPP,
    CSHARP,
    GO,
    JAVA,
    KOTLIN,
    PHP,
    SCALA,
    SWIFT,
    C,
    language_of,
)

AS_SPELLED = 1.0
BY_NAME = 0.9
"""Found where such a name is looked for, which a build may arrange otherwise."""
SYSTEM_HEADER = 0.5
"""`<string.h>`: the system's own more often than the repository's."""
_PACKAGED = (CSHARP, JAVA, KOTLIN, PHP, SCALA, SWIFT)


@dataclass(frozen=True, slots=True)
class Packages:
    """The packages of languages that import each other."""

    files: Mapping[str, tuple[str, ...]]
    """Package → its files."""
    symbols: Mapping[tuple[str, str], tuple[str, ...]]
    """(package, name of something in it) → the files that define it."""


@dataclass(frozen=True, slots=True)
class Target:
    """A file that an import leads to."""

    path: str
    confidence: float


def import_targets(
    importer: str, imported: Import, paths: frozenset[str], packages: Packages
) -> list[Target]:
    """Return the files that an import leads to, without the importer itself.

    paths: all files of the repository; packages: those of the importer's family of languages.
    """
    found: Iterable[Target]
    language = language_of(importer)
    if language in _PACKAGED and not _is_path(imported.module):
        found = _in_packages(imported, packages)
    elif language is GO:
        found = _go_package(importer, imported.module, paths, packages)
    elif language in (C, CPP):
        found = _header(importer, imported.module, paths)
    else:
        found = _by_path(importer, imported, paths)
    best: dict[str, float] = {}
    for target in found:
        best[target.path] = max(target.confidence, best.get(target.path, 0.0))
    return [Target(path, sure) for path, sure in best.items() if path not in ("", importer)]


def _is_path(module: str) -> bool:
    return "/" in module or (module.endswith(".php") and "\\" not in module)


def _by_path(importer: str, imported: Import, paths: frozenset[str]) -> Iterator[Target]:
    """Follow the module, and each name that may be a module inside it."""
    sure = AS_SPELLED if re.match(r"\.|crate\b|self\b|super\b", imported.module) else BY_NAME
    for spelled in (imported.module, *(_submodule(imported.module, n) for n in imported.names)):
        yield Target(resolve_import(importer, spelled, paths), sure)


def _submodule(module: str, name: str) -> str:
    """`from tea import pot` may mean `tea.pot`, `from . import pot` `.pot`; Rust has `tea::pot`."""
    joint = "::" if "::" in module else "" if module.endswith(".") else "."
    return f"{module}{joint}{name}"


def _header(importer: str, module: str, paths: frozenset[str]) -> Iterator[Target]:
    path = resolve_import(importer, module, paths)
    spelled = module.strip("<>")
    if not path or path == _beside(importer, spelled):
        yield Target(path, AS_SPELLED)
        return
    sure = SYSTEM_HEADER if module.startswith("<") and "/" not in spelled else BY_NAME
    yield Target(path, sure / max(len(included_by_ending(spelled, paths)), 1))


def _beside(importer: str, spelled: str) -> str:
    return f"{dirname(importer)}/{spelled}".removeprefix("/")


def _go_package(
    importer: str, module: str, paths: frozenset[str], packages: Packages
) -> list[Target]:
    main = resolve_import(importer, module, paths)
    files = [p for p in packages.files.get(dirname(main), ()) if not p.endswith("_test.go")]
    return _shared(files or [main]) if main else []


def _in_packages(imported: Import, packages: Packages) -> Iterator[Target]:
    """Look for the longest package that the name begins with, and what follows inside it."""
    separator = "\\" if "\\" in imported.module else "."
    names = [name for name in imported.names if name != "*"]
    if not names:
        yield from _package_or_symbol(imported.module, separator, packages)
    for name in names:
        yield from _package_or_symbol(f"{imported.module}{separator}{name}", separator, packages)


def _package_or_symbol(spelled: str, separator: str, packages: Packages) -> list[Target]:
    parts = spelled.strip("\\").split(separator)
    for length in range(len(parts), 0, -1):
        package = separator.join(parts[:length])
        if package in packages.files:
            if length == len(parts):
                return _shared(packages.files[package])
            return _shared(packages.symbols.get((package, parts[length]), ()))
    return []


def _shared(files: Iterable[str]) -> list[Target]:
    """One of these is meant: each is as likely."""
    found = list(files)
    return [Target(path, 1 / len(found)) for path in found]
