"""Which bare names of Ruby are calls: those that are bound nowhere before, as Ruby decides it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tree_sitter import Node

from verdigris.records import Call

BARE_NAMES = ("bare", "told", "alone", "block", "bound", "regex")
"""What a query captures for it; only Ruby's does."""
_NAMED_GROUP = re.compile(rb"\(\?<([a-z_]\w*)>")
_MATCHED = re.compile(rb"[imxounse]*\s*=~")
_NO_METHOD = re.compile(rb"_[1-9]|__(?:FILE|LINE|ENCODING)__")
"""Parameters of a block that have no names, and keywords that the grammar takes for names."""
_ACCESSORS = re.compile(rb"^[ \t]*attr(?:_reader|_accessor)?\b[ (]*((?::\w+[,\s]*)+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Scope:
    """What is known where a name stands."""

    end_byte: int
    variables: set[bytes]
    """Of the scope and, in a block, of what is around it: one set for all of these."""
    own: list[bytes] = field(default_factory=list)
    """Those that go when the scope ends."""

    def bind(self, *names: bytes) -> None:
        """Make variables of names, until the scope ends."""
        for name in names:
            if name not in self.variables:
                self.variables.add(name)
                self.own.append(name)


def bare_calls(nodes: Mapping[str, list[Node]], source: bytes) -> Iterator[Call]:
    """Yield the calls among the bare names of one file.

    nodes: what the query captured as `call` and as BARE_NAMES. A name is a variable after it is
    bound, be that ever done or not (`x = 1 if false`), and in the blocks around which it is bound;
    methods, classes and modules begin without variables. What `attr_reader` defines in the file is
    called on `self`, so that no function elsewhere is taken for it.
    """
    bare = {node.start_byte: node for node in nodes["bare"]}
    for node in (*nodes["call"], *nodes["told"]):
        bare.pop(node.start_byte, None)
    opened = [_Scope(len(source) + 1, set())]
    accessors = _accessors(source) if bare else frozenset[bytes]()
    for start, label, negative_end in _in_order(nodes, bare):
        while opened[-1].end_byte <= start:
            ended = opened.pop()
            ended.variables.difference_update(ended.own)
        scope = opened[-1]
        if label in ("alone", "block"):
            opened.append(_Scope(-negative_end, scope.variables if label == "block" else set()))
            continue
        text = source[start:-negative_end]
        if label == "bound":
            scope.bind(text)
        elif label == "regex":
            scope.bind(*_group_names(start, -negative_end, source))
        elif text not in scope.variables and not _NO_METHOD.fullmatch(text):
            receiver = "self" if text in accessors else ""
            yield Call(text.decode("utf-8", "replace"), bare[start].start_point.row + 1, receiver)


def _in_order(
    nodes: Mapping[str, list[Node]], bare: Mapping[int, Node]
) -> list[tuple[int, str, int]]:
    """Return start, label and end (negative) of what tells calls from variables, in bytes, sorted.

    What holds others comes before them. In one place the labels' order counts: a scope, what is
    bound in it, the name itself.
    """
    found = [(start, "name", -node.end_byte) for start, node in bare.items()]
    for label in ("alone", "block", "bound", "regex"):
        found += [(node.start_byte, label, -node.end_byte) for node in nodes[label]]
    return sorted(found)


def _group_names(start: int, end: int, source: bytes) -> list[bytes]:
    """Return what `/(?<name>…)/ =~ text` binds; nothing where the pattern is put together."""
    if not _MATCHED.match(source, end) or b"#{" in (pattern := source[start:end]):
        return []
    return _NAMED_GROUP.findall(pattern)


def _accessors(source: bytes) -> frozenset[bytes]:
    """Return the names of the methods that `attr_reader :name` defines."""
    listed = (match[1] for match in _ACCESSORS.finditer(source))
    return frozenset(name for names in listed for name in re.findall(rb"\w+", names))
