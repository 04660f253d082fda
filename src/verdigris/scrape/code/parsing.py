"""Source → syntax trees, mended where the grammar does not know what a source says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Language as Grammar
from tree_sitter import Parser, Tree

from verdigris.scrape.code.blanking import FirstBranches, blanked, first_branches, macro_calls
from verdigris.scrape.code.languages import Language


@dataclass(frozen=True, slots=True)
class Parsed:
    """What was made of one source; rows and bytes of all trees are the source's."""

    tree: Tree
    parts: tuple[Tree, ...] = ()
    """What the tree lacks and that is whole by itself: directives, branches of `#if`."""
    macro_calls: tuple[tuple[int, str], ...] = ()
    """First byte and name of each macro with arguments that the tree lacks."""


def parse(source: bytes, grammar: Grammar, language: Language) -> Parsed:
    """Parse; on errors again, without what the grammar does not know, if that is better."""
    source = blanked(source, language.misread)
    tree = Parser(grammar).parse(source)
    if not tree.root_node.has_error:
        return Parsed(tree)
    best, broken = Parsed(tree), _broken_bytes(tree)
    known = blanked(source, language.unknown)
    if known != source:
        tree = Parser(grammar).parse(known)
        if (left := _broken_bytes(tree)) < broken:
            best, broken = Parsed(tree, macro_calls=macro_calls(source, known)), left
    if broken and language.has_preprocessor:
        first = first_branches(known)
        tree = Parser(grammar).parse(first.source)
        if _broken_bytes(tree) < broken:
            parts = tuple(_parts(known, first, grammar))
            best = Parsed(tree, parts, macro_calls(source, known))
    return best


def _parts(source: bytes, first: FirstBranches, grammar: Grammar) -> Iterator[Tree]:
    """Parse the directives as if nothing were between them, and every branch that is whole."""
    parser = Parser(grammar)
    yield parser.parse(first.directives)
    for branch in first.branches:
        parser.included_ranges = [branch]
        tree = parser.parse(source)
        if not tree.root_node.has_error:
            yield tree


def _broken_bytes(tree: Tree) -> int:
    """Count the bytes below errors, one for each that is missing."""
    broken, waiting = 0, [tree.root_node]
    while waiting:
        node = waiting.pop()
        if node.is_error or node.is_missing:
            broken += max(node.end_byte - node.start_byte, 1)
        elif node.has_error:
            waiting += node.children
    return broken
