"""Writes rankings as a TREC run, the file that every evaluation tool reads.

A line is `qid Q0 docid rank score tag`, split at white space. Ids and paths may hold white
space, so each such character (and `%`) is percent-encoded as in URLs: `my notes.md` becomes
`my%20notes.md`, and urllib.parse.unquote gives the name back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from verdigris.errors import EvaluationError

TAG = "verdigris"

_RELATIVE_STEP = 2.0**-20
"""Tools keep scores with 24 binary digits; this step survives in them."""


@dataclass(frozen=True, slots=True)
class RankedList:
    """The documents found for a query with their scores, best first."""

    query_id: str
    documents: Sequence[tuple[str, float]]


def require_writable(path: Path) -> None:
    """Find out before a long run, not after it. Raises EvaluationError."""
    if path.is_dir() or not path.parent.is_dir():
        raise EvaluationError(
            f"cannot write the run to {path}: it is a folder, or its folder does not exist; "
            "name a file in an existing folder"
        )


def write_run(path: Path, rankings: Iterable[RankedList], tag: str = TAG) -> None:
    """Write all rankings. Raises EvaluationError where the file cannot be written."""
    try:
        with path.open("w", encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            for ranking in rankings:
                file.writelines(_lines(ranking, tag))
    except OSError as error:
        raise EvaluationError(
            f"cannot write the run to {path} ({error.strerror}); name another file"
        ) from error


def _lines(ranking: RankedList, tag: str) -> Iterator[str]:
    query_id = encode_name(ranking.query_id)
    scores = decreasing([score for _, score in ranking.documents])
    for rank, ((document, _), score) in enumerate(
        zip(ranking.documents, scores, strict=True), start=1
    ):
        yield f"{query_id} Q0 {encode_name(document)} {rank} {score:.9g} {tag}\n"


def encode_name(name: str) -> str:
    """The name with white space, control characters and `%` percent-encoded."""
    return "".join(
        quote(character, safe="", errors="surrogateescape")
        if character == "%" or character.isspace() or not character.isprintable()
        else character
        for character in name
    )


def decreasing(scores: Sequence[float]) -> list[float]:
    """Scores lowered by a trace where they are equal, so that tools keep the order of the ranks."""
    lowered: list[float] = []
    for score in scores:
        if lowered:
            score = min(score, lowered[-1] - (abs(lowered[-1]) or 1) * _RELATIVE_STEP)
        lowered.append(score)
    return lowered
