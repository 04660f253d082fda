"""Source code → what its grammar and our query find in it: definitions, comments, calls, imports.

The trees are never walked in Python: one compiled query a language does the work. Measured:
parsing is linear in the size, so the caller's size limit bounds it, but matching costs (nodes x
depth), so it starts no deeper than MAX_DEPTH. Time limits by py-tree-sitter's callbacks are not
used: reading through a callback crashes the process in 0.25, a query's progress callback in 0.26.
"""

from __future__ import annotations

import importlib
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from operator import attrgetter
from pathlib import Path

from tree_sitter import Language as Grammar
from tree_sitter import Node, Query, QueryCursor, Tree

from verdigris.records import Call
from verdigris.scrape.code.bare_names import BARE_NAMES, bare_calls
from verdigris.scrape.code.languages import Language
from verdigris.scrape.code.parsing import parse
from verdigris.scrape.code.receivers import Receivers

MAX_DEPTH = 4000
MAX_FRAGMENTS = 20_000
"""Where nothing parses, matching costs the square of the fragments."""
_QUERIES = Path(__file__).with_name("queries")

_SINGLE = ("comment", "decorator", "call", "component", "package", "last", *BARE_NAMES)
"""Captures that stand for themselves; `last` is the body of the definition that ends with it."""

_DECLARED_NAME = re.compile(rb"(?:[*&\s]|const\b)*([\w$\x80-\xff]+)")
"""Where a variable is declared; C++ says `*pot` or `&pot` with the type before it."""

Captures = dict[str, list[Node]]


@dataclass(frozen=True, slots=True)
class Definition:
    """A named definition, as the query found it; rows count from 0."""

    kind: str
    name: str
    start_byte: int
    end_byte: int
    first_row: int
    last_row: int
    body_byte: int
    """Where the body starts, -1 where the definition has none of its own."""
    aliases: tuple[str, ...] = ()
    """Further names that the definition itself gives: C's `typedef struct node {…} node_t`."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Where a comment or decorator stands: rows from 0, both ends included, and its bytes."""

    first: int
    last: int
    column: int
    start_byte: int
    end_byte: int


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable, parameter or field with the type that is written with it."""

    name: str
    type_name: str
    """As spelled."""
    row: int
    is_field: bool
    """A method makes it a field of its class."""


@dataclass(frozen=True, slots=True)
class Syntax:
    """All that a query found in one file."""

    definitions: tuple[Definition, ...]
    docstrings: dict[int, str]
    """Literal as written, by the start byte of the definition that it documents."""
    comments: tuple[Rows, ...]
    decorators: tuple[Rows, ...]
    calls: tuple[Call, ...]
    variables: tuple[Variable, ...]
    imports: tuple[Captures, ...]
    packages: tuple[str, ...]
    """Packages or namespaces that the file says it belongs to, as spelled."""
    warning: str


@dataclass(frozen=True, slots=True)
class CompiledLanguage:
    """A grammar with the query that was compiled for it."""

    grammar: Grammar
    query: Query


def read_syntax(source: bytes, language: Language) -> Syntax | str:
    """Parse UTF-8 source and run the language's query over it.

    Returns the findings, or in one sentence why there are none: the grammar is missing or does
    not fit the installed tree-sitter, or nothing in a long source parses.
    """
    try:
        compiled = compile_language(language)
    except (ImportError, ValueError) as error:
        return f"no {language.name} grammar ({error}); cut as text"
    parsed = parse(source, compiled.grammar, language)
    root = parsed.tree.root_node
    if root.is_error and root.child_count > MAX_FRAGMENTS:
        return f"cannot be read as {language.name}; cut as text"
    cursor = QueryCursor(compiled.query)
    cursor.set_max_start_depth(MAX_DEPTH)
    matches = chain(*(cursor.matches(one.root_node) for one in (parsed.tree, *parsed.parts)))
    return _Findings(source, language).collect(matches, parsed.macro_calls, _warning(parsed.tree))


@cache
def compile_language(language: Language) -> CompiledLanguage:
    """Load a grammar and compile its query, once a process."""
    module = importlib.import_module(language.grammar)
    grammar = Grammar(getattr(module, language.grammar_function)())
    texts = [_QUERIES.joinpath(f"{name}.scm").read_text("utf-8") for name in language.queries]
    return CompiledLanguage(grammar, Query(grammar, "\n".join(texts)))


def _warning(tree: Tree) -> str:
    """Say what of the tree cannot be trusted."""
    found = []
    if tree.root_node.has_error:
        found.append(f"syntax error near line {_error_row(tree.root_node) + 1}")
    if _is_deeper(tree.root_node, MAX_DEPTH):
        found.append(f"nested deeper than {MAX_DEPTH}: symbols and calls below are not listed")
    return "; ".join(found)


def _error_row(root: Node) -> int:
    """Follow the first child that holds an error down to the innermost one."""
    node = root
    for _ in range(MAX_DEPTH):
        broken = next((c for c in node.children if c.has_error or c.is_missing), None)
        if broken is None:
            break
        node = broken
    return node.start_point.row


def _is_deeper(root: Node, depth: int) -> bool:
    """Tell whether the tree is deeper, looking only at nodes with enough descendants for it."""
    waiting = [(root, 0)]
    while waiting:
        node, level = waiting.pop()
        if level > depth:
            return True
        needed = depth - level
        if node.descendant_count > needed:
            waiting += [(c, level + 1) for c in node.children if c.descendant_count >= needed]
    return False


class _Findings:
    """Sorts the matches of one file into their kinds."""

    def __init__(self, source: bytes, language: Language) -> None:
        self._source = source
        self._receivers = Receivers(source, dot_joins_texts=language.dot_joins_texts)
        self._definitions: dict[tuple[int, int], Definition] = {}
        self._docstrings: dict[int, str] = {}
        self._nodes: dict[str, list[Node]] = {name: [] for name in _SINGLE}
        self._imports: list[Captures] = []
        self._aliases: dict[int, list[str]] = {}
        self._templates: dict[int, Node] = {}
        self._variables: list[Variable] = []
        self._members: list[Captures] = []
        self._owners: dict[int, list[Node]] = {}

    def collect(
        self,
        matches: Iterable[tuple[int, Captures]],
        macro_calls: Iterable[tuple[int, str]],
        warning: str,
    ) -> Syntax:
        """Take all matches, and macros that are in no tree, and return what they are."""
        nodes = self._nodes
        for _, captures in matches:
            name = next(iter(captures))
            if name in nodes:
                nodes[name] += captures[name]
            else:
                self._add(captures)
        for captures in self._members:
            self._define_member(captures)
        comments = _rows(nodes["comment"])
        components = [c for c in self._calls("component") if c.name[:1].isupper()]
        bodies = {node.end_byte: node.start_byte for node in nodes["last"]}
        definitions = [self._completed(one, bodies) for one in self._definitions.values()]
        return Syntax(
            definitions=tuple(sorted(definitions, key=lambda d: (d.start_byte, -d.end_byte))),
            docstrings=self._docstrings,
            comments=comments,
            decorators=_rows(nodes["decorator"]),
            calls=(
                *self._calls("call"),
                *components,
                *bare_calls(nodes, self._source),
                *self._macros(macro_calls, comments),
            ),
            variables=tuple(self._variables),
            imports=tuple(self._imports),
            packages=tuple(text_of(node, self._source) for node in nodes["package"]),
            warning=warning,
        )

    def _add(self, captures: Captures) -> None:
        """Sort in a match of several captures."""
        if "import" in captures:
            self._imports.append(captures)
        elif "type" in captures:
            self._variables += _variable(captures, self._source)
        elif "documented" in captures:
            documented = captures["documented"][0].start_byte
            self._docstrings[documented] = text_of(captures["docstring"][0], self._source)
        elif "alias" in captures:
            names = [text_of(node, self._source) for node in captures["alias"]]
            self._aliases.setdefault(captures["aliased"][0].start_byte, []).extend(names)
        elif "object" in captures:
            self._members.append(captures)
        elif "owned" in captures:
            self._owners[captures["owned"][0].start_byte] = captures["owner"]
        elif "template" in captures:
            self._templates[captures["templated"][0].start_byte] = captures["template"][0]
        else:
            self._nodes["call"] += captures.get("test_macro", ())
            self._define(_definition(captures, self._source))

    def _calls(self, label: str) -> list[Call]:
        """Turn the names of callees into calls."""
        receiver_before = self._receivers.before
        return [
            Call(
                text_of(node, self._source),
                node.start_point.row + 1,
                receiver_before(node.start_byte),
            )
            for node in self._nodes[label]
        ]

    def _macros(self, calls: Iterable[tuple[int, str]], comments: Sequence[Rows]) -> Iterator[Call]:
        """Turn macros into calls but those that stand in comments."""
        line, place = 1, 0
        for start, name in calls:
            line += self._source.count(b"\n", place, start)
            place = start
            before = bisect_right(comments, start, key=attrgetter("start_byte"))
            if not before or comments[before - 1].end_byte <= start:
                yield Call(name, line)

    def _define_member(self, captures: Captures) -> None:
        """Take a function of an object, if that has a name."""
        if owner := self._owners.get(captures["object"][0].start_byte):
            self._define(_definition(captures | {"owner": owner}, self._source))

    def _define(self, definition: Definition) -> None:
        place = (definition.start_byte, definition.end_byte)
        other = self._definitions.get(place)
        if other is None or _says_more(definition, other):
            self._definitions[place] = definition

    def _completed(self, definition: Definition, bodies: Mapping[int, int]) -> Definition:
        """Give a definition its other names, the template that it is, and its body."""
        if definition.body_byte < 0 and bodies:
            body_byte = bodies.get(definition.end_byte, -1)
            definition = replace(definition, body_byte=body_byte)
        if names := self._aliases.get(definition.start_byte):
            definition = replace(definition, aliases=tuple(names))
        if node := self._templates.get(definition.start_byte):
            first_row = node.start_point.row
            definition = replace(definition, start_byte=node.start_byte, first_row=first_row)
        return definition


def _says_more(definition: Definition, other: Definition) -> bool:
    """Choose between patterns that match one node: the one with body, kind and owner."""
    return _rank(definition) > _rank(other)


def _rank(definition: Definition) -> tuple[bool, bool, bool]:
    return definition.body_byte >= 0, definition.kind != "type", "." in definition.name


def _definition(captures: Captures, source: bytes) -> Definition:
    """Turn `symbol.<kind>`, `name`, `owner`, and `body` or what has one, into a definition."""
    label = next(name for name in captures if name.startswith("symbol."))
    node = captures[label][0]
    name = text_of(captures["name"][0], source)
    if "owner" in captures:
        name = f"{text_of(captures['owner'][0], source)}.{name}"
    body = captures["body"][0] if "body" in captures else None
    if "value" in captures:
        body = captures["value"][0].child_by_field_name("body")
    rows = _rows_of(node)
    return Definition(
        kind=label.removeprefix("symbol."),
        name=name,
        start_byte=node.start_byte,
        end_byte=node.end_byte,
        first_row=rows.first,
        last_row=rows.last,
        body_byte=body.start_byte if body else -1,
    )


def _variable(captures: Captures, source: bytes) -> Iterator[Variable]:
    """Turn the captures `type` and `variable` or `field` into a variable, if it has a name."""
    is_field = "field" in captures
    node = captures["field" if is_field else "variable"][0]
    if name := _DECLARED_NAME.match(source, node.start_byte, node.end_byte):
        type_name = text_of(captures["type"][0], source)
        yield Variable(
            name[1].decode("utf-8", "replace"), type_name, node.start_point.row, is_field
        )


def _rows(nodes: Iterable[Node]) -> tuple[Rows, ...]:
    """Return where nodes stand, in the file's order."""
    return tuple(sorted(map(_rows_of, nodes), key=attrgetter("start_byte")))


def _rows_of(node: Node) -> Rows:
    """Return the rows of a node; one that ends with its line break ends on that line."""
    first, column = node.start_point
    last, end_column = node.end_point
    if end_column == 0 and last > first:
        last -= 1
    return Rows(first, last, column, node.start_byte, node.end_byte)


def text_of(node: Node, source: bytes) -> str:
    """Return a node's text."""
    return source[node.start_byte : node.end_byte].decode("utf-8", "replace")
