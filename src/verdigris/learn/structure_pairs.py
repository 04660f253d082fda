"""Pairs from the structure of code: what needs another → what it needs."""

from __future__ import annotations

from collections import defaultdict

from verdigris.database import storage_errors
from verdigris.learn.material import EmbeddedPassage, Material, embedded_passages, stacked
from verdigris.learn.pairs import PairSet, make_pairs
from verdigris.scrape.imports import resolve_import
from verdigris.views import last_name


def imports(material: Material) -> PairSet:
    """File → the files that it imports; its time is that of its first commit."""
    paths, first = frozenset(material.files.paths), material.first_times()
    places = material.places()
    with storage_errors(material.index.path):
        rows = material.index.connection.execute(
            "SELECT document, module, names FROM imports ORDER BY document, line"
        ).fetchall()
    answers: list[list[int]] = [[] for _ in material.files.paths]
    for document, module, names in rows:
        if document in places:
            joint = "::" if "::" in module else "" if module.endswith(".") else "."
            spelled = [*(f"{module}{joint}{name}" for name in names.split()), module]
            found = {resolve_import(document, one, paths) for one in spelled} & paths
            answers[places[document]] += sorted(places[path] for path in found)
    times = [first.get(path, "") for path in material.files.paths]
    vectors = material.files.vectors
    weights = [max(len(found), 1) ** -0.5 for found in answers]
    return make_pairs(vectors, vectors, answers, weights, times, range(len(vectors)))


def calls(material: Material) -> PairSet:
    """Passage of a caller → passages of what it calls, where the name has one definition."""
    symbols = _symbol_passages(material)
    defined: dict[str, list[int]] = defaultdict(list)
    for place, symbol in enumerate(symbols):
        defined[last_name(symbol.symbol)].append(place)
    places = {(one.document, one.symbol): place for place, one in enumerate(symbols)}
    with storage_errors(material.index.path):
        rows = material.index.connection.execute(
            "SELECT DISTINCT document, caller, callee FROM calls ORDER BY document, caller, callee"
        ).fetchall()
    answers: list[list[int]] = [[] for _ in symbols]
    for document, caller, callee in rows:
        found, caller_place = defined.get(callee, []), places.get((document, caller))
        unclear = len(found) != 1 or caller_place in (None, found[0])
        if caller_place is not None and not unclear:
            answers[caller_place] += found
    first = material.first_times()
    times = [first.get(symbol.document, "") for symbol in symbols]
    vectors = stacked([symbol.vector for symbol in symbols])
    weights = [max(len(found), 1) ** -0.5 for found in answers]
    return make_pairs(vectors, vectors, answers, weights, times, range(len(vectors)))


def _symbol_passages(material: Material) -> list[EmbeddedPassage]:
    """The first passage of every definition."""
    first: dict[tuple[str, str], EmbeddedPassage] = {}
    for passage in embedded_passages(material.index, "code"):
        if passage.symbol:
            first.setdefault((passage.document, passage.symbol), passage)
    return list(first.values())
