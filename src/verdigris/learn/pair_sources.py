"""Where pairs come from: history, sessions and code, each turned into a PairSet of one shape."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from verdigris.database import storage_errors
from verdigris.errors import NothingToLearn
from verdigris.event_log import EventLog
from verdigris.learn.examples import (
    CommitExample,
    EmbedTexts,
    FileVectors,
)
from verdigris.learn.network import Array
from verdigris.learn.pairs import PairSet, make_pairs
from verdigris.records import SymbolDetails
from verdigris.scrape.imports import resolve_import
from verdigris.store.index import Index
from verdigris.store.vector_search import mean_vectors
from verdigris.views import Facts, last_name

Target = Literal["files", "passages"]

MOST_DOCSTRINGS = 400
"""Docstrings and bodies must be embedded anew; this many take a second or two."""
LEAST_DOCSTRING_WORDS = 5
LONGEST_BODY = 800
"""Characters of a body that are embedded, about what a passage has."""
MOST_CO_CHANGED = 10
"""A commit of more files says little about any two of them."""

_DECISIONS = ("session.decision",)
_OF_A_THREAD = ("session.decision", "session.challenge", "session.pattern", "session.note")
_SUMMARIES = ("session.ended", "session.goal")
_PATH = re.compile(r"[\w.@-]+(?:/[\w.@-]+)+|[\w-]+\.\w{1,5}\b")


@dataclass(frozen=True, slots=True)
class Material:
    """What pairs are made from: one repository, read and embedded."""

    index: Index
    facts: Facts
    log: EventLog
    files: FileVectors
    commits: Sequence[CommitExample]
    commit_vectors: Array
    """(commits, dims): their subjects as questions."""
    embed: EmbedTexts


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of pairs.

    asks: what the query is: a text, as people ask, or a thing in the index, as `related` asks.
    target: what the answers are. needs: what is missing where there are no pairs.
    """

    name: str
    asks: Literal["text", "index"]
    target: Target
    needs: str
    read: Callable[[Material], PairSet]


def commit_files(material: Material) -> PairSet:
    """Commit subject → the files that the commit changed; each commit counts as one example."""
    return make_pairs(
        material.commit_vectors,
        material.files.vectors,
        [commit.files for commit in material.commits],
        [commit.weight**2 for commit in material.commits],
        [commit.time for commit in material.commits],
    )


def co_changes(material: Material) -> PairSet:
    """File → the other files of a commit that changed it, once for each commit."""
    queries: list[int] = []
    answers: list[list[int]] = []
    weights: list[float] = []
    times: list[str] = []
    for commit in material.commits:
        if 2 <= len(commit.files) <= MOST_CO_CHANGED:
            for file in commit.files:
                queries.append(file)
                answers.append([other for other in commit.files if other != file])
                weights.append(commit.weight**2)
                times.append(commit.time)
    vectors = material.files.vectors
    asked = vectors[np.array(queries, np.int64)]
    return make_pairs(asked, vectors, answers, weights, times, queries)


def session_files(material: Material) -> PairSet:
    """Opening of a work session → the files that its log names."""
    places = {path: place for place, path in enumerate(material.files.paths)}
    names: dict[str, list[int]] = defaultdict(list)
    for path, place in places.items():
        names[path.rsplit("/", 1)[-1]].append(place)
    queries: list[Array] = []
    answers: list[list[int]] = []
    times: list[str] = []
    for document, passages in _sessions(material.index).items():
        text = "\n".join(passage.text for passage in passages[1:])
        named = {places[word] for word in _PATH.findall(text) if word in places}
        for word in _PATH.findall(text):
            found = names.get(word, [])
            named.update(found if len(found) == 1 else [])
        named.discard(places.get(document, -1))
        queries.append(passages[0].vector)
        answers.append(sorted(named))
        times.append(passages[0].time)
    weights = [max(len(named), 1) ** -0.5 for named in answers]
    return make_pairs(_stacked(queries), material.files.vectors, answers, weights, times)


def imports(material: Material) -> PairSet:
    """File → the files that it imports; its time is that of its first commit."""
    paths, histories = frozenset(material.files.paths), material.facts.file_histories()
    places = {path: place for place, path in enumerate(material.files.paths)}
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
    times = [histories[path].first if path in histories else "" for path in material.files.paths]
    vectors = material.files.vectors
    weights = [max(len(found), 1) ** -0.5 for found in answers]
    return make_pairs(vectors, vectors, answers, weights, times, range(len(vectors)))


def calls(material: Material) -> PairSet:
    """Passage of a caller → passages of what it calls, where the name has one definition."""
    symbols = _symbol_passages(material.index)
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
    histories = material.facts.file_histories()
    times = [histories[s.document].first if s.document in histories else "" for s in symbols]
    vectors = _stacked([symbol.vector for symbol in symbols])
    weights = [max(len(found), 1) ** -0.5 for found in answers]
    return make_pairs(vectors, vectors, answers, weights, times, range(len(vectors)))


def docstrings(material: Material) -> PairSet:
    """Docstring → the definition without it, both embedded anew; the newest files' definitions."""
    histories = material.facts.file_histories()
    with storage_errors(material.index.path):
        documents = material.index.connection.execute(
            "SELECT name, version FROM documents WHERE kind = 'code' ORDER BY name"
        ).fetchall()
    found: list[tuple[str, str, str]] = []
    for name, version in documents:
        time = histories[name].first if name in histories else ""
        for event in material.log.content(name, version):
            details = event.details
            if isinstance(details, SymbolDetails) and details.docstring:
                body = _without(event.text, details.docstring)
                if len(details.docstring.split()) >= LEAST_DOCSTRING_WORDS and body:
                    found.append((time, details.docstring, f"{name} {body}"[:LONGEST_BODY]))
    found = sorted(found)[-MOST_DOCSTRINGS:]
    queries = material.embed([docstring for _, docstring, _ in found])
    bodies = material.embed([body for _, _, body in found])
    answers = [[row] for row in range(len(found))]
    return make_pairs(queries, bodies, answers, [1.0] * len(found), [row[0] for row in found])


def summaries(material: Material) -> PairSet:
    """A session's goal or end → the rest of that session's log."""
    queries: list[Array] = []
    owners: list[list[int]] = []
    times: list[str] = []
    rest: list[Array] = []
    for passages in _sessions(material.index).values():
        told = [passage for passage in passages if passage.event_kind in _SUMMARIES]
        others = [passage.vector for passage in passages if passage.event_kind not in _SUMMARIES]
        if told and others:
            queries += [passage.vector for passage in told]
            owners += [[len(rest)]] * len(told)
            times += [passages[0].time] * len(told)
            rest.append(_mean(others))
    return make_pairs(_stacked(queries), _stacked(rest), owners, [1.0] * len(queries), times)


def threads(material: Material) -> PairSet:
    """A decision of a session → what else the session decided, met and noted."""
    vectors: list[Array] = []
    answers: list[list[int]] = []
    weights: list[float] = []
    times: list[str] = []
    own: list[int] = []
    for passages in _sessions(material.index).values():
        first = len(vectors)
        mine = [passage for passage in passages if passage.event_kind in _OF_A_THREAD]
        for place, passage in enumerate(mine):
            others = [first + at for at in range(len(mine)) if at != place]
            vectors.append(passage.vector)
            answers.append(others if passage.event_kind in _DECISIONS else [])
            weights.append(max(len(others), 1) ** -0.5)
            times.append(passage.time)
            own.append(first + place)
    stacked = _stacked(vectors)
    return make_pairs(stacked, stacked, answers, weights, times, own)


SOURCES: Mapping[str, Source] = {
    source.name: source
    for source in (
        Source("commit-files", "text", "files", "commits with a telling subject", commit_files),
        Source("session-files", "text", "files", "session logs that name files", session_files),
        Source("co-changes", "index", "files", "commits of 2 to 10 files", co_changes),
        Source("imports", "index", "files", "imports between files", imports),
        Source("calls", "index", "passages", "calls of what is defined here", calls),
        Source("docstrings", "text", "passages", "definitions with docstrings", docstrings),
        Source("summaries", "text", "files", "session logs with a goal or an end", summaries),
        Source("threads", "text", "passages", "session logs with decisions", threads),
    )
}
"""All pairs that a recipe may name."""


def read_pairs(name: str, material: Material, least: int) -> PairSet:
    """The pairs of a source. Raises NothingToLearn with what is missing below `least` queries."""
    source = SOURCES[name]
    pairs = source.read(material)
    if len(pairs) < least:
        raise NothingToLearn(f"{len(pairs)} {source.needs}; it takes {least}")
    return pairs


@dataclass(frozen=True, slots=True)
class _Passage:
    document: str
    event_kind: str
    symbol: str
    time: str
    text: str
    vector: Array


def _sessions(index: Index) -> dict[str, list[_Passage]]:
    """Sessions with their passages in order; what a session tells of the one before is left out."""
    found: dict[str, list[_Passage]] = defaultdict(list)
    for passage in _passages(index, "session"):
        if passage.event_kind != "session.context":
            found[passage.document].append(passage)
    return found


def _symbol_passages(index: Index) -> list[_Passage]:
    """The first passage of every definition."""
    first: dict[tuple[str, str], _Passage] = {}
    for passage in _passages(index, "code"):
        if passage.symbol:
            first.setdefault((passage.document, passage.symbol), passage)
    return list(first.values())


def _passages(index: Index, kind: str) -> Iterable[_Passage]:
    with storage_errors(index.path):
        rows = index.connection.execute(
            "SELECT name, event_kind, symbol, chunks.time, text, vector FROM vectors "
            "JOIN chunks ON chunks.id = chunk_id JOIN documents ON documents.id = document_id "
            "WHERE vectors.kind = ? ORDER BY name, chunks.id",
            (kind,),
        ).fetchall()
    for name, event_kind, symbol, time, text, blob in rows:
        vector = np.frombuffer(blob, "<f2").astype(np.float32)
        yield _Passage(name, event_kind, symbol, time, text, vector)


def _without(text: str, docstring: str) -> str:
    """A definition's text without the lines of its docstring; '' where they are not found."""
    lines = {line.strip() for line in docstring.splitlines() if line.strip()}
    kept = [line for line in text.splitlines() if not _is_docstring_line(line, lines)]
    body = "\n".join(kept).strip()
    return body if len(kept) < len(text.splitlines()) else ""


def _is_docstring_line(line: str, lines: set[str]) -> bool:
    bare = line.strip().strip("\"'/*#!").strip()
    return bool(bare) and bare in lines


def _mean(vectors: Sequence[Array]) -> Array:
    _, means = mean_vectors(np.zeros(len(vectors), np.int64), np.stack(vectors))
    mean: Array = means[0]
    return mean


def _stacked(vectors: Sequence[Array]) -> Array:
    return np.stack(vectors) if vectors else np.empty((0, 0), np.float32)
