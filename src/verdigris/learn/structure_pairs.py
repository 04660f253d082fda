"""Pairs from the structure of code: what needs another → what it needs."""

from __future__ import annotations

from verdigris.database import storage_errors
from verdigris.learn.material import EmbeddedPassage, Material, embedded_passages, stacked
from verdigris.learn.pairs import PairSet, make_pairs
from verdigris.views import LIKELY

LEAST_IMPORT = 0.1
"""An import of a package of more than ten files says little about any of them."""


def imports(material: Material) -> PairSet:
    """File → the files that it imports; its time is that of its first commit."""
    first, places = material.first_times(), material.places()
    with storage_errors(material.index.path):
        followed = material.facts.all_imports(LEAST_IMPORT)
    answers: list[list[int]] = [[] for _ in material.files.paths]
    for importer, imported in followed:
        if importer in places and imported in places:
            answers[places[importer]].append(places[imported])
    times = [first.get(path, "") for path in material.files.paths]
    vectors = material.files.vectors
    weights = [max(len(found), 1) ** -0.5 for found in answers]
    return make_pairs(vectors, vectors, answers, weights, times, range(len(vectors)))


def calls(material: Material) -> PairSet:
    """Passage of a caller → passages of what it probably calls."""
    symbols = _symbol_passages(material)
    places = {(one.document, one.symbol): place for place, one in enumerate(symbols)}
    with storage_errors(material.index.path):
        matched = material.facts.all_calls(LIKELY)
    answers: list[dict[int, None]] = [{} for _ in symbols]
    for site, definition in matched:
        caller = places.get((site.path, site.caller))
        callee = places.get((definition.path, definition.name))
        if caller is not None and callee is not None and caller != callee:
            answers[caller][callee] = None
    first = material.first_times()
    times = [first.get(symbol.document, "") for symbol in symbols]
    vectors = stacked([symbol.vector for symbol in symbols])
    weights = [max(len(found), 1) ** -0.5 for found in answers]
    distinct = [list(found) for found in answers]
    return make_pairs(vectors, vectors, distinct, weights, times, range(len(vectors)))


def _symbol_passages(material: Material) -> list[EmbeddedPassage]:
    """The first passage of every definition."""
    first: dict[tuple[str, str], EmbeddedPassage] = {}
    for passage in embedded_passages(material.index, "code"):
        if passage.symbol:
            first.setdefault((passage.document, passage.symbol), passage)
    return list(first.values())
