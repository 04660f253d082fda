"""Reads what two models are compared on: the user's texts, and questions with known answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from verdigris.engine.compare import LabelledQuery
from verdigris.engine.vector_files import read_json_lines, read_lines
from verdigris.errors import InvalidInput

MOST_TEXTS = 1_000
"""More are thinned out evenly: a comparison looks at all pairs of texts."""


@dataclass(frozen=True, slots=True)
class ComparedTexts:
    """The different texts of a file, and where a line's text is among them."""

    texts: tuple[str, ...]
    places: dict[str | int, int]
    """Id of a text, or its line's number from 0 → position in `texts`; repeated texts share one."""


def read_texts(path: Path) -> ComparedTexts:
    """Read JSON lines if the file's name ends so, else one text a line; blank ones are left out.

    Raises InvalidInput.
    """
    read = read_json_lines if path.suffix in (".jsonl", ".ndjson") else read_lines
    found: dict[str, int] = {}
    try:
        with path.open("rb") as source:
            places = {
                one.id: found.setdefault(one.text, len(found))
                for one in read(source)
                if one.text.strip()
            }
    except OSError as error:
        raise InvalidInput(f"cannot read {path} ({error.strerror})") from error
    return ComparedTexts(tuple(found), places)


def thinned_out(
    texts: Sequence[str], queries: Sequence[LabelledQuery]
) -> tuple[tuple[str, ...], tuple[LabelledQuery, ...]]:
    """At most 1,000 texts: those that answer a question, and an even sample of the others.

    Raises InvalidInput where more than 1,000 answer questions.
    """
    if len(texts) <= MOST_TEXTS:
        return tuple(texts), tuple(queries)
    answers = {place for query in queries for place in query.relevant}
    if len(answers) > MOST_TEXTS:
        raise InvalidInput(
            f"{len(answers):,} texts answer the questions; at most {MOST_TEXTS:,} are compared: "
            "give fewer questions"
        )
    others = [place for place in range(len(texts)) if place not in answers]
    room = MOST_TEXTS - len(answers)
    kept = sorted(answers | {others[step * len(others) // room] for step in range(room)})
    moved = {place: index for index, place in enumerate(kept)}
    return tuple(texts[place] for place in kept), tuple(
        LabelledQuery(query.query, tuple(moved[place] for place in query.relevant))
        for query in queries
    )


def read_queries(path: Path, texts: ComparedTexts) -> tuple[LabelledQuery, ...]:
    """Questions as JSON lines: {"query": "…", "relevant": [id of a text, …]}.

    The id of a text is its own, or its line's number from 0. Raises InvalidInput that names the
    line.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")  # JSON may hold other line ends
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"cannot read {path} ({error})") from error
    return tuple(
        _query(line, f"{path}:{number}", texts.places)
        for number, line in enumerate(lines, start=1)
        if line.strip()
    )


def _query(line: str, where: str, places: dict[str | int, int]) -> LabelledQuery:
    try:
        value = json.loads(line)
        query, relevant = value["query"], value["relevant"]
        if not isinstance(query, str) or not isinstance(relevant, list) or not relevant:
            raise ValueError
        unknown = [one for one in relevant if one not in places]
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput(f'{where}: write {{"query": "…", "relevant": [id, …]}}') from error
    if unknown:
        raise InvalidInput(f"{where}: no text that is compared has the id {unknown[0]!r}")
    return LabelledQuery(query, tuple(dict.fromkeys(places[one] for one in relevant)))
