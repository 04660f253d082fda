"""Edits the text of a JSON file in place: what is not touched keeps its bytes, comments too.

An array item or object member is added at the end of its parent and taken out again with the
comma that came with it, so that taking out what was added gives the text from before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_COMMENT = re.compile(r'("(?:[^"\\]|\\.)*")|//[^\r\n]*|/\*.*?\*/', re.DOTALL)

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


@dataclass(slots=True)
class Node:
    """A value and where it stands; `begin` of a member is where its key begins."""

    value: Json
    begin: int
    start: int
    end: int
    members: dict[str, Node] = field(default_factory=dict)
    items: list[Node] = field(default_factory=list)

    @property
    def children(self) -> list[Node]:
        """Members or items, in their order."""
        return [*self.members.values(), *self.items]


def read(text: str) -> Node:
    """The value of a JSON text, which may have comments. Raises ValueError."""
    plain = _COMMENT.sub(lambda match: match[1] or re.sub(r"\S", " ", match[0]), text)
    try:
        value: Json = json.loads(plain if plain.strip() else "{}", object_pairs_hook=_unique)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    tokens = list(_TOKEN.finditer(plain))
    return _Reader(tokens).node(value, 0)[0] if tokens else Node({}, 0, 0, 0)


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key stands there twice")
    return dict(pairs)


class _Reader:
    """Finds the places of values that json has read: the text is known to be right."""

    def __init__(self, tokens: list[re.Match[str]]) -> None:
        self._tokens = tokens

    def node(self, value: Json, at: int, begin: int = -1) -> tuple[Node, int]:
        """The node that begins at a token, and the token after it."""
        token = self._tokens[at]
        start = token.start()
        node = Node(value, start if begin < 0 else begin, start, token.end())
        at += 1
        if isinstance(value, dict):
            for key, inner in value.items():
                at += self._tokens[at][0] == ","
                key_start = self._tokens[at].start()
                node.members[key], at = self.node(inner, at + 2, key_start)
        elif isinstance(value, list):
            for inner in value:
                at += self._tokens[at][0] == ","
                item, at = self.node(inner, at)
                node.items.append(item)
        else:
            return node, at
        node.end = self._tokens[at].end()
        return node, at + 1


def add_item(text: str, path: tuple[str, ...], item: Json) -> str:
    """The text with an item at the end of the array at `path`, which is made where missing.

    Raises ValueError where something else than objects and, last, an array stands on the path.
    """
    node, depth = read(text), 0
    for depth, name in enumerate(path):
        if not isinstance(node.value, dict):
            raise ValueError(f"{_shown(path[:depth])} is no object")
        if name not in node.members:
            value: Json = [item]
            for missing in reversed(path[depth + 1 :]):
                value = {missing: value}
            return _insert(text, node, depth + 1, value, name)
        node = node.members[name]
    if not isinstance(node.value, list):
        raise ValueError(f"{_shown(path)} is no array")
    return _insert(text, node, len(path) + 1, item)


def _shown(path: tuple[str, ...]) -> str:
    return ".".join(path) or "the file"


def _insert(text: str, parent: Node, depth: int, value: Json, key: str = "") -> str:
    """The text with a value as the last child of a parent; depth: of the child, 1 = topmost."""
    newline, step = "\r\n" if "\r\n" in text else "\n", _indent(text)
    shown = json.dumps(value, indent=step, ensure_ascii=False).replace("\n", newline + step * depth)
    shown = f"{json.dumps(key)}: {shown}" if key else shown
    line = f"{newline}{step * depth}{shown}"
    if parent.children:
        last = parent.children[-1].end
        return f"{text[:last]},{line}{text[last:]}"
    if parent.end == 0:
        return f"{{{line}{newline}}}{newline}"
    closing = f"{newline}{step * (depth - 1)}"
    return f"{text[: parent.start + 1]}{line}{closing}{text[parent.end - 1 :]}"


def _indent(text: str) -> str:
    match = re.search(r"\{[ \t]*\r?\n([ \t]+)\"", text)
    return match[1] if match else "  "


def remove_items(text: str, path: tuple[str, ...], is_ours: Callable[[Json], bool]) -> str:
    """The text without the items below `path` that are ours, nor what is left empty by that.

    Raises ValueError.
    """
    while (place := _find(read(text), path, is_ours)) is not None:
        text = _without(text, *place)
    return text


def _find(
    root: Node, path: tuple[str, ...], is_ours: Callable[[Json], bool]
) -> tuple[Node, Node] | None:
    """A parent and the child to take out of it: the highest one that would be left empty."""
    node, chain = root, [root]
    for name in path:
        if name not in node.members:
            return None
        node = node.members[name]
        chain.append(node)
    for below in _chains(node):
        if is_ours(below[-1].value):
            full = [*chain, *below]
            while len(full) > 2 and len(full[-2].children) == 1:
                full.pop()
            return full[-2], full[-1]
    return None


def _chains(node: Node) -> Iterator[list[Node]]:
    """Every way down from a node, without the node itself."""
    for child in node.children:
        yield [child]
        yield from ([child, *below] for below in _chains(child))


def _without(text: str, parent: Node, child: Node) -> str:
    siblings = parent.children
    at = siblings.index(child)
    if at:
        return text[: siblings[at - 1].end] + text[child.end :]
    if len(siblings) > 1:
        return text[: child.begin] + text[siblings[1].begin :]
    return text[: parent.start + 1] + text[parent.end - 1 :]
