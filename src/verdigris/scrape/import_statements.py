"""What the query found of import statements → Import records."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from verdigris.records import Import
from verdigris.scrape.syntax import Captures, text_of

_USE_TOKEN = re.compile(r"[{},]|[^{},]+")


def imports_of(found: Iterable[Captures], source: bytes) -> tuple[Import, ...]:
    """Join the matches of one statement (one for each imported name) into one Import a module."""
    names: dict[tuple[int, str], dict[str, None]] = {}
    lines: dict[tuple[int, str], int] = {}
    for captures in found:
        statement = captures["import"][0]
        for module, imported in _spelled(captures, source):
            key = (statement.start_byte, module)
            lines.setdefault(key, statement.start_point.row + 1)
            names.setdefault(key, {}).update(dict.fromkeys(imported))
    return tuple(Import(key[1], lines[key], tuple(names[key])) for key in sorted(lines))


def _spelled(captures: Captures, source: bytes) -> Iterator[tuple[str, list[str]]]:
    """Yield each module of a match with the names taken from it."""
    if "use" in captures:
        yield from _use_paths(text_of(captures["use"][0], source))
        return
    if "require" in captures and text_of(captures["require"][0], source) != "require":
        return
    imported = [text_of(node, source) for node in captures.get("imported", ())]
    for module in captures["module"]:
        yield text_of(module, source).strip("\"'"), imported


def _use_paths(tree: str) -> Iterator[tuple[str, list[str]]]:
    """Yield path and name of every leaf of a Rust use tree: `a::{b, c::d}` → a b, a::c d."""
    prefixes = [""]
    path = ""
    for token in _USE_TOKEN.findall(tree):
        if token == "{":
            prefixes.append(path)
        elif token == "}":
            prefixes.pop()
            path = ""
        elif token == ",":
            path = ""
        elif token.strip():
            path = prefixes[-1] + "".join(token.split(" as ")[0].split())
            if not path.endswith("::"):
                module, _, name = path.rpartition("::")
                yield (module, [name]) if module else (name, [])
