"""Pairs from sessions: what is asked or summed up → what was done, decided and touched."""

from __future__ import annotations

import re
from collections import defaultdict

from verdigris.learn.material import (
    EmbeddedPassage,
    Material,
    embedded_passages,
    mean_vector,
    stacked,
)
from verdigris.learn.network import Array
from verdigris.learn.pairs import PairSet, make_pairs

_DECISIONS = ("session.decision",)
_OF_A_THREAD = ("session.decision", "session.challenge", "session.pattern", "session.note")
_SUMMARIES = ("session.ended", "session.goal")
_PROMPTS = ("session.prompt",)
_PATH = re.compile(r"[\w.@-]+(?:/[\w.@-]+)+|[\w-]+\.\w{1,5}\b")


def session_files(material: Material) -> PairSet:
    """Opening of a work session → the files that its log names."""
    places = material.places()
    names: dict[str, list[int]] = defaultdict(list)
    for path, place in places.items():
        names[path.rsplit("/", 1)[-1]].append(place)
    queries: list[Array] = []
    answers: list[list[int]] = []
    times: list[str] = []
    for document, passages in _sessions(material).items():
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
    return make_pairs(stacked(queries), material.files.vectors, answers, weights, times)


def summaries(material: Material) -> PairSet:
    """A session's goal or end → the rest of that session's log."""
    return _told_of_the_rest(material, _SUMMARIES)


def prompts(material: Material) -> PairSet:
    """What a person asked of a session → what was done and answered in it."""
    return _told_of_the_rest(material, _PROMPTS)


def _told_of_the_rest(material: Material, kinds: tuple[str, ...]) -> PairSet:
    """A session's passages of these kinds → the mean of all others of the same log."""
    queries: list[Array] = []
    owners: list[list[int]] = []
    times: list[str] = []
    rest: list[Array] = []
    for passages in _sessions(material).values():
        told = [passage for passage in passages if passage.event_kind in kinds]
        others = [passage.vector for passage in passages if passage.event_kind not in kinds]
        if told and others:
            queries += [passage.vector for passage in told]
            owners += [[len(rest)]] * len(told)
            times += [passages[0].time] * len(told)
            rest.append(mean_vector(others))
    return make_pairs(stacked(queries), stacked(rest), owners, [1.0] * len(queries), times)


def threads(material: Material) -> PairSet:
    """A decision of a session → what else the session decided, met and noted."""
    vectors: list[Array] = []
    answers: list[list[int]] = []
    weights: list[float] = []
    times: list[str] = []
    own: list[int] = []
    for passages in _sessions(material).values():
        first = len(vectors)
        mine = [passage for passage in passages if passage.event_kind in _OF_A_THREAD]
        for place, passage in enumerate(mine):
            others = [first + at for at in range(len(mine)) if at != place]
            vectors.append(passage.vector)
            answers.append(others if passage.event_kind in _DECISIONS else [])
            weights.append(max(len(others), 1) ** -0.5)
            times.append(passage.time)
            own.append(first + place)
    vectors_of_all = stacked(vectors)
    return make_pairs(vectors_of_all, vectors_of_all, answers, weights, times, own)


def _sessions(material: Material) -> dict[str, list[EmbeddedPassage]]:
    """Sessions with their passages in order; what a session tells of the one before is left out."""
    found: dict[str, list[EmbeddedPassage]] = defaultdict(list)
    for passage in embedded_passages(material.index, "session"):
        if passage.event_kind != "session.context":
            found[passage.document].append(passage)
    return found
