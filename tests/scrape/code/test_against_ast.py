"""Symbols, imports and calls of packages of the standard library, against Python's own parser."""

from __future__ import annotations

import ast
import sysconfig
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from verdigris.records import SeenDetails, SourceFile, SymbolDetails
from verdigris.scrape.code.events import parse_code
from verdigris.scrape.file_content import decode

LIBRARY = Path(sysconfig.get_paths()["stdlib"])
FEW = ("json", "logging", "http", "email", "importlib")
MANY = (
    "asyncio",
    "unittest",
    "xml",
    "multiprocessing",
    "concurrent",
    "urllib",
    "sqlite3",
    "curses",
)

Found = dict[str, Counter[tuple[object, ...]]]


def by_ast(text: str) -> Found:
    """What the file holds, as Python parses it; functions inside functions are none of its own."""
    tree = ast.parse(text)
    found: Found = {
        "symbols": Counter(_definitions(tree, "")),
        "imports": Counter(_imports(tree)),
        "calls": Counter(),
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Name):
                found["calls"][function.id, function.end_lineno] += 1
            elif isinstance(function, ast.Attribute):
                found["calls"][function.attr, function.end_lineno] += 1
    return found


def _definitions(node: ast.AST, prefix: str) -> Iterator[tuple[object, ...]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield (prefix + child.name,)
            if isinstance(child, ast.ClassDef):
                yield from _definitions(child, f"{prefix}{child.name}.")
        else:
            yield from _definitions(child, prefix)


def _imports(tree: ast.AST) -> Iterator[tuple[object, ...]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "", node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from ((module, alias.name, node.lineno) for alias in node.names)


def by_us(path: str, text: str) -> Found:
    events = parse_code(SourceFile(path, text, "v1"))
    details = events[0].details
    assert isinstance(details, SeenDetails)
    assert details.file is not None
    symbols = [event.details for event in events if isinstance(event.details, SymbolDetails)]
    calls = [*details.file.calls, *(call for symbol in symbols for call in symbol.calls)]
    return {
        "symbols": Counter((symbol.name,) for symbol in symbols),
        "imports": Counter(
            (one.module, name, one.line)
            for one in details.file.imports
            for name in one.names or ("",)
        ),
        "calls": Counter((call.name, call.line) for call in calls),
    }


def compare(packages: tuple[str, ...]) -> dict[str, tuple[float, float]]:
    """Precision and recall of each kind over all files of the packages."""
    ours, theirs, common = Counter[str](), Counter[str](), Counter[str]()
    for package in packages:
        for path in sorted(LIBRARY.joinpath(package).rglob("*.py")):
            text = decode(path.read_bytes()).text
            expected, found = by_ast(text), by_us(path.name, text)
            for kind in expected:
                # Equal calls on one line are one of ours.
                left, right = (
                    Counter(set(c)) if kind == "calls" else c for c in (found[kind], expected[kind])
                )
                ours[kind] += left.total()
                theirs[kind] += right.total()
                common[kind] += (left & right).total()
    return {kind: (common[kind] / ours[kind], common[kind] / theirs[kind]) for kind in theirs}


@pytest.mark.parametrize("packages", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
def test_we_find_what_python_finds(packages: tuple[str, ...]) -> None:
    found = compare(packages)
    assert min(found["symbols"]) >= 0.98
    assert min(found["imports"]) >= 0.98
    assert min(found["calls"]) >= 0.9
