"""Follow imports to files of the repository: only those that changed, or all when names moved."""

from __future__ import annotations

import hashlib
from collections import defaultdict

from verdigris.scrape.code.import_targets import Packages, import_targets
from verdigris.store.index import Index
from verdigris.views import Facts

_POSITION, _NAMES = "imports_position", "imports_names"
_NO_PACKAGES = Packages({}, {})


def resolve_imports(index: Index, facts: Facts) -> None:
    """Bring the targets of imports up to the index's position.

    A file's targets depend on its imports, on which files there are, and, where packages are
    imported, on who defines what in them; a change of the latter two follows all imports anew.
    """
    position = str(index.position)
    if index.meta(_POSITION) == position:
        return
    with index.transaction():
        paths = facts.paths()
        packages = _packages(facts)
        names = _digest(paths, packages)
        if index.meta(_NAMES) != names:
            facts.forget_targets()
        unresolved = facts.unresolved()
        families = facts.families(unresolved)
        for document, imports in unresolved.items():
            known = packages.get(families.get(document, ""), _NO_PACKAGES)
            facts.add_targets(
                document,
                [
                    (one, target.path, target.confidence)
                    for one in imports
                    for target in import_targets(document, one, paths, known)
                ],
            )
        index.set_meta(_NAMES, names)
        index.set_meta(_POSITION, position)


def _packages(facts: Facts) -> dict[str, Packages]:
    """Family of languages → its packages; what is in a package are its outermost symbols."""
    files: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    of_path: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for family, package, path in facts.packages():
        files[family][package].append(path)
        of_path[path].append((family, package))
    symbols: dict[str, dict[tuple[str, str], dict[str, None]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    for path, name in facts.outer_symbols():
        for family, package in of_path[path]:
            symbols[family][package, name][path] = None
    return {
        family: Packages(
            {package: tuple(paths) for package, paths in found.items()},
            {key: tuple(paths) for key, paths in symbols[family].items()},
        )
        for family, found in files.items()
    }


def _digest(paths: frozenset[str], packages: dict[str, Packages]) -> str:
    """A digest of everything but the imports themselves that decides where they lead."""
    digest = hashlib.sha256("\0".join(sorted(paths)).encode())
    for family in sorted(packages):
        for package, files in sorted(packages[family].files.items()):
            digest.update("\0".join((family, package, *files)).encode())
        for key, files in sorted(packages[family].symbols.items()):
            digest.update("\0".join((family, *key, *files)).encode())
    return digest.hexdigest()
