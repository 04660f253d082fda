"""Reads evaluation queries, JSON lines, and says exactly which line cannot be read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from verdigris.errors import EvaluationError
from verdigris.records import Kind

EXPECTED = (
    '{"id": "q1", "query": "a question", "relevant": ["path" or "commit:SHA", …], '
    '"before": optional session id or date}'
)


@dataclass(frozen=True, slots=True)
class EvaluationQuery:
    """A question with the documents that answer it, as somebody wrote them down."""

    id: str
    text: str
    relevant: tuple[str, ...]
    """Paths relative to the root, or `commit:SHA` with a full hash or the first digits of one."""
    before: str = ""
    """Only what existed before this session or date may be found; '' = everything."""
    line: int = 0
    """Where it stands in its file."""
    kinds: tuple[Kind, ...] = ()
    """Only documents of these kinds may be found; () = all."""


def read_queries(path: Path) -> tuple[EvaluationQuery, ...]:
    """All queries of a file, in its order; blank lines are passed over, unknown keys ignored.

    Raises EvaluationError that names file and line, what is wrong and what is expected.
    """
    queries: dict[str, EvaluationQuery] = {}
    # Not splitlines(): JSON texts may hold U+2028 and its like unescaped.
    for number, line in enumerate(_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        query = _query(line, number, f"{path}:{number}")
        if first := queries.get(query.id):
            raise EvaluationError(
                f"{path}:{number}: id {query.id!r} was used in line {first.line} already; "
                "give every query its own id"
            )
        queries[query.id] = query
    return tuple(queries.values())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise EvaluationError(
            f"cannot read {path} ({error.strerror}); name a file with one query a line: {EXPECTED}"
        ) from error
    except UnicodeDecodeError as error:
        raise EvaluationError(f"{path} is not UTF-8 ({error.reason}); save it as UTF-8") from error


def _query(line: str, number: int, place: str) -> EvaluationQuery:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise EvaluationError(f"{place}: not JSON ({error}); expected {EXPECTED}") from error
    if not isinstance(value, dict):
        raise EvaluationError(f"{place}: not a JSON object; expected {EXPECTED}")
    return EvaluationQuery(
        id=_name(value.get("id"), place),
        text=_string(value.get("query"), "query", place),
        relevant=_relevant(value.get("relevant"), place),
        before=_string(value["before"], "before", place) if value.get("before") else "",
        line=number,
    )


def _name(value: object, place: str) -> str:
    """An id; whole numbers are common and mean their digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _string(value, "id", place)


def _string(value: object, key: str, place: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise EvaluationError(f'{place}: "{key}" must be a text; expected {EXPECTED}')
    return value


def _relevant(value: object, place: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise EvaluationError(
            f'{place}: "relevant" must be a list of at least one document; expected {EXPECTED}'
        )
    names: Sequence[str] = [_string(name, "relevant", place) for name in value]
    return tuple(dict.fromkeys(name.removeprefix("./") for name in names))
