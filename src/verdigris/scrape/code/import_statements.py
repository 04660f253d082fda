"""What the query found of import statements → Import records."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from posixpath import dirname

from verdigris.records import Import
from verdigris.scrape.code.languages import GO, SCALA, SWIFT, Language
from verdigris.scrape.code.syntax import Captures, text_of

_USE_TOKEN = re.compile(r"[{},]|[^{},]+")
_SCALA_CLAUSE = re.compile(r"[^,{]+(?:\{[^}]*\})?")
_WILDCARDS = frozenset({"_", "*", "given"})
_RELATIVE = "require_relative"
_SWIFT_MODULE = re.compile(r"(?:^|/)(?:Sources?|Tests)/([^/]+)/")


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
    if "scala" in captures:
        yield from _scala_paths(text_of(captures["scala"][0], source))
        return
    for node in captures.get("sibling", ()):
        yield f"./{text_of(node, source).removeprefix('/')}", []
    for node in captures.get("sourced", ()):
        yield _sourced(text_of(node, source)), []
    if "require" in captures and text_of(captures["require"][0], source) != "require":
        return
    is_relative = "loader" in captures and text_of(captures["loader"][0], source) == _RELATIVE
    imported = [text_of(node, source) for node in captures.get("imported", ())]
    for module in captures.get("module", ()):
        name = text_of(module, source).strip("\"'")
        yield f"./{name}" if is_relative else name, imported


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


def _scala_paths(statement: str) -> Iterator[tuple[str, list[str]]]:
    """Yield path and names: `import a.{B, C => D}, e.f` → a [B, C], e.f []."""
    for clause in _SCALA_CLAUSE.findall(" ".join(statement.split()).removeprefix("import ")):
        path, _, selected = clause.partition("{")
        names = [
            re.split(r" as | ?=> ?", name.strip())[0] for name in selected.strip("} ").split(",")
        ]
        path, _, last = path.strip(" .").rpartition(".") if not selected else (path, "", "")
        if last in _WILDCARDS:
            yield path, ["*"]
        elif last:
            yield f"{path}.{last}".lstrip("."), []
        else:
            yield path.strip(" ."), ["*" if name in _WILDCARDS else name for name in names if name]


def _sourced(argument: str) -> str:
    """Return the file that a shell reads: what follows the last variable is next to the script.

    `"$(dirname "$0")/lib.sh"` → `./lib.sh`.
    """
    spelled = argument.strip("\"'")
    if "$" not in spelled and "`" not in spelled:
        return spelled
    after = re.split(r"[)}`]", spelled)[-1] if re.search(r"[)}`]", spelled) else spelled
    return f"./{after.partition('/')[2]}" if "/" in after else spelled


def packages_of(path: str, spelled: Iterable[str], language: Language) -> tuple[str, ...]:
    """Return the packages of a file whose members see each other without an import.

    Go's are folders, Swift's the folder below Sources (or the like); Scala's clauses add up.
    """
    if language is GO:
        return (dirname(path),)
    if language is SWIFT:
        module = _SWIFT_MODULE.search(path)
        return (module.group(1) if module else "",)
    names = tuple(dict.fromkeys("".join(name.split()) for name in spelled))
    return (".".join(names),) if language is SCALA and names else names
