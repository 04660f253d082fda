"""Where in the repository an import leads: a module as spelled → the path of a file.

Only paths are known here, no build files: aliases of bundlers, packages whose name differs from
their folder's, and a Go module's own name at its root are not resolved.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from posixpath import basename, commonprefix, dirname, join, normpath

from verdigris.scrape.code.languages import (
    CPP,
    GO,
    JAVASCRIPT,
    PHP,
    PYTHON,
    RUBY,
    RUST,
    SHELL,
    TSX,
    TYPESCRIPT,
    C,
    Language,
    language_of,
)

_PYTHON_FILES = (".py", "/__init__.py", ".pyi", "/__init__.pyi")
_SOURCE_FOLDERS = ("src", "lib", "python")
_SCRIPT_ENDINGS = (".ts", ".tsx", ".d.ts", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".json")
_COMPILED_SCRIPT = re.compile(r"\.([mc]?)js(x?)$")
_WORKSPACE_FOLDERS = frozenset({"packages", "libs"})
_CRATE_ROOTS = ("lib.rs", "main.rs")
_CRATE_FOLDERS = frozenset({"tests", "examples", "benches", "bin"})
"""Every file of these is a crate of its own, and its modules lie beside it."""
_GO_HOSTS_WITH_OWNERS = frozenset({"github.com", "gitlab.com", "bitbucket.org", "codeberg.org"})
_RUBY_LIBRARY = re.compile(r"(?:^|/)lib/[^/]+\.rb$")
_RUBY_TEST_FOLDERS = frozenset({"test", "spec"})
_GO_MAJOR_VERSION = re.compile(r"v[0-9]+")


def resolve_import(importer_path: str, module: str, paths: frozenset[str]) -> str:
    """Return the file that an import leads to, '' where that is outside or the importer itself.

    importer_path: the importing file, which decides the language; module: as the source spells
    it (for a name that may be a submodule, try `module.name` before `module`); paths: all files
    of the repository. Of several candidates the one nearest to the importer wins.
    """
    language = language_of(importer_path)
    if language is PYTHON:
        candidates = _python(importer_path, module, paths)
    elif language in (JAVASCRIPT, TYPESCRIPT, TSX):
        candidates = _script(importer_path, module, paths)
    elif language is RUST:
        candidates = _rust(importer_path, module, paths)
    elif language is GO:
        candidates = _go(module, paths)
    elif language in (C, CPP):
        candidates = _include(importer_path, module, paths)
    elif language in (RUBY, PHP, SHELL):
        candidates = _loaded(importer_path, module, language, paths)
    else:
        candidates = iter(())
    found = next((path for path in candidates if path in paths), "")
    return found if found != importer_path else ""


def _python(importer: str, module: str, paths: frozenset[str]) -> Iterator[str]:
    """Yield candidates: relative ones from the package, others from every folder on the path."""
    dots = len(module) - len(module.lstrip("."))
    parts = [part for part in module.split(".") if part]
    if dots:
        roots = [_ancestor(dirname(importer), dots - 1)]
        shortest = 0
    else:
        roots = list(_python_roots(importer, paths))
        shortest = 1
    for length in (len(parts), len(parts) - 1):
        if length < shortest:
            continue
        for root in roots:
            base = join(root, *parts[:length])
            yield from (_relative(base + ending) for ending in _PYTHON_FILES)


def _python_roots(importer: str, paths: frozenset[str]) -> Iterator[str]:
    """Yield folders that may be on `sys.path`: those around the importer that are no packages."""
    for folder in _ancestors(dirname(importer)):
        if join(folder, "__init__.py") not in paths:
            yield folder
        yield from (join(folder, name) for name in _SOURCE_FOLDERS)


def _script(importer: str, module: str, paths: frozenset[str]) -> Iterator[str]:
    """Yield candidates as Node and TypeScript look for them; bare names may be own packages."""
    if not re.match(r"\.\.?(/|$)", module):
        yield from _script_package(module, paths)
        return
    base = _relative(normpath(join(dirname(importer), module)))
    if not base.startswith(".."):
        yield from _script_files(base)


def _script_files(base: str) -> Iterator[str]:
    """Yield the files that a path without its ending, or with that of the output, stands for."""
    yield base
    source = _COMPILED_SCRIPT.sub(r".\1ts\2", base)
    if source != base:
        yield source
        yield source + "x"
    yield from (base + ending for ending in _SCRIPT_ENDINGS)
    yield from (join(base, "index" + ending) for ending in _SCRIPT_ENDINGS)


def _script_package(module: str, paths: frozenset[str]) -> Iterator[str]:
    """Yield candidates within the workspace's package of that name; a scope is not looked at."""
    name, _, rest = re.sub(r"^@[^/]+/", "", module).partition("/")
    folder = _script_packages(paths).get(name)
    if folder:
        yield from _script_files(join(folder, "src", rest).rstrip("/"))
        yield from _script_files(join(folder, rest).rstrip("/"))


@lru_cache(maxsize=4)
def _script_packages(paths: frozenset[str]) -> Mapping[str, str]:
    """Map the names of folders with a package.json, directly in packages/ or libs/, to them."""
    folders = (dirname(path) for path in sorted(paths) if path.endswith("/package.json"))
    return {
        basename(folder): folder
        for folder in folders
        if basename(dirname(folder)) in _WORKSPACE_FOLDERS
    }


def _rust(importer: str, module: str, paths: frozenset[str]) -> Iterator[str]:
    """Yield candidates for a path of modules, items cut off its end one by one."""
    parts = [part.removeprefix("r#") for part in module.split("::") if part]
    if not parts:
        return
    folder = dirname(importer)
    name = basename(importer).removesuffix(".rs")
    own = folder if name in ("mod", "lib", "main") else join(folder, name)
    crate = _crate_folder(importer, paths)
    if parts[0] == "crate":
        yield from _rust_modules(crate, parts[1:], paths)
    elif parts[0] in ("self", "super"):
        supers = sum(1 for part in parts if part == "super")
        rest = [part for part in parts if part not in ("self", "super")]
        yield from _rust_modules(_ancestor(own, supers), rest, paths)
    else:
        yield from _rust_modules(own, parts, paths, shortest=1)
        if basename(folder) in _CRATE_FOLDERS:
            yield from _rust_modules(folder, parts, paths, shortest=1)
        for source in _other_crates(parts[0], paths):
            yield from _rust_modules(source, parts[1:], paths)


def _rust_modules(
    folder: str, parts: list[str], paths: frozenset[str], shortest: int = 0
) -> Iterator[str]:
    """Yield the files of `folder::a::b`, then of `folder::a`, down to the folder's own module."""
    for length in range(len(parts), shortest - 1, -1):
        base = join(folder, *parts[:length])
        if length or not any(join(base, root) in paths for root in _CRATE_ROOTS):
            yield from (base + ".rs", join(base, "mod.rs"))
        else:
            yield from (join(base, root) for root in _CRATE_ROOTS)


def _crate_folder(importer: str, paths: frozenset[str]) -> str:
    """Return the folder of the crate's root module: the nearest with lib.rs or main.rs."""
    folders = list(_ancestors(dirname(importer)))
    for folder in folders:
        if any(join(folder, root) in paths for root in _CRATE_ROOTS):
            return folder
    return dirname(importer)


def _other_crates(name: str, paths: frozenset[str]) -> Iterable[str]:
    """Return the source folders of the crate of a workspace.

    Its folder has the crate's name (with `-` for `_` or not), or the name without the prefix
    that is the name of the workspace's main crate: `grep_matcher` in `matcher` beside `grep`.
    """
    crates = _crates(paths)
    prefix, _, rest = name.partition("_")
    return crates.get(name) or (crates.get(rest, ()) if prefix in crates else ())


@lru_cache(maxsize=4)
def _crates(paths: frozenset[str]) -> Mapping[str, tuple[str, ...]]:
    """Map the name of every folder that holds src/lib.rs to its source folders."""
    found: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    for path in sorted(paths):
        if path.endswith("/src/lib.rs"):
            source = dirname(path)
            found[basename(dirname(source)).replace("-", "_")] += (source,)
    return found


def _go(module: str, paths: frozenset[str]) -> Iterator[str]:
    """Yield the main file of the package, its folder being the end of the module's path."""
    parts = module.split("/")
    if "." not in parts[0]:
        return
    parts = parts[3:] if parts[0] in _GO_HOSTS_WITH_OWNERS else parts[1:]
    if parts and _GO_MAJOR_VERSION.fullmatch(parts[0]):
        parts = parts[1:]
    packages = _go_packages(paths)
    for start in range(len(parts)):
        folder = "/".join(parts[start:])
        if folder in packages:
            yield packages[folder]


@lru_cache(maxsize=4)
def _go_packages(paths: frozenset[str]) -> Mapping[str, str]:
    """Map every folder with Go files to one of them: the one named like it, doc.go, the first."""
    files: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted(paths):
        if path.endswith(".go") and not path.endswith("_test.go"):
            files[dirname(path)].append(path)
    return {folder: _main_file(folder, found) for folder, found in files.items()}


def _main_file(folder: str, files: list[str]) -> str:
    wanted = (join(folder, basename(folder) + ".go"), join(folder, "doc.go"))
    return next((path for path in wanted if path in files), files[0])


def _include(importer: str, module: str, paths: frozenset[str]) -> Iterator[str]:
    """Yield the header beside the includer, then those whose path ends so, the nearest first."""
    spelled = module.strip("<>")
    if not module.startswith("<"):
        yield _relative(normpath(join(dirname(importer), spelled)))
    yield from sorted(
        included_by_ending(spelled, paths), key=lambda path: _distance(importer, path)
    )


def included_by_ending(spelled: str, paths: frozenset[str]) -> list[str]:
    """Return the files whose path ends as an include is spelled: some include path has them."""
    ending = "/" + re.sub(r"^(\.\.?/)+", "", normpath(spelled))
    return [
        path for path in _by_name(paths).get(basename(ending), ()) if f"/{path}".endswith(ending)
    ]


@lru_cache(maxsize=4)
def _by_name(paths: frozenset[str]) -> Mapping[str, tuple[str, ...]]:
    """Map the names of files, without folders, to their paths."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted(paths):
        found[basename(path)].append(path)
    return {name: tuple(same) for name, same in found.items()}


def _distance(one: str, other: str) -> tuple[int, str]:
    """Count the folders that only one of two paths lies in; equal ones are told by name."""
    first, second = dirname(one).split("/"), dirname(other).split("/")
    common = len(commonprefix([first, second]))
    return len(first) + len(second) - 2 * common, other


def _loaded(importer: str, module: str, language: Language, paths: frozenset[str]) -> Iterator[str]:
    """Yield the files that Ruby, PHP and a shell may load: beside the loader, then on a path.

    Ruby's path are the folders `lib`, and those around the file; PHP and shells begin at the root.
    """
    ending = ".rb" if language is RUBY and not module.endswith(".rb") else ""
    beside = _relative(normpath(join(dirname(importer), module)))
    if module.startswith("."):
        yield beside + ending
        if language is not SHELL:
            return
    if language is RUBY:
        yield from (_relative(join(root, module)) + ending for root in _ruby_roots(importer, paths))
    else:
        yield beside
        yield _relative(normpath(module))


def _ruby_roots(importer: str, paths: frozenset[str]) -> Iterator[str]:
    """Yield the folders of the load path: `lib` around the file, the others, the tests' own."""
    for folder in _ancestors(dirname(importer)):
        yield join(folder, "lib")
    yield from _ruby_libraries(paths)
    for folder in _ancestors(dirname(importer)):
        if basename(folder) in _RUBY_TEST_FOLDERS:
            yield folder


@lru_cache(maxsize=4)
def _ruby_libraries(paths: frozenset[str]) -> tuple[str, ...]:
    """Return all folders named lib that hold Ruby files."""
    found = {path[: path.rindex("lib/") + 3] for path in paths if _RUBY_LIBRARY.search(path)}
    return tuple(sorted(found))


def _ancestors(folder: str) -> Iterator[str]:
    """Yield a folder and all above it, the root ('') last."""
    yield folder
    while folder:
        folder = dirname(folder)
        yield folder


def _ancestor(folder: str, steps: int) -> str:
    for _ in range(steps):
        folder = dirname(folder)
    return folder


def _relative(path: str) -> str:
    """Return a path as git spells it: no leading slash, '' for the root."""
    return "" if path == "." else path.removeprefix("/")
