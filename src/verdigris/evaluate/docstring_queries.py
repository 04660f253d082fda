"""Docstring → function: what a function's documentation says asks for the file that has its body.

The documentation is taken out of the file first, line by line, and the file is parsed again to
see that it is gone: this works for every language whose documentation the parser knows.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from verdigris.errors import EvaluationError
from verdigris.evaluate.commit_queries import FILE_KINDS, sample_evenly
from verdigris.evaluate.queries import EvaluationQuery
from verdigris.records import Event, Lines, SourceFile, SymbolDetails
from verdigris.scrape.files import list_files, read_file
from verdigris.scrape.parsers import parse_file
from verdigris.scrape.repository import Repository
from verdigris.views.code import last_name

MOST_DOCSTRINGS = 200
LEAST_DOCSTRINGS = 5
_SHORTEST = 5
"""Words of a docstring that says something."""
_LONGEST = 300
"""Characters of a question."""
_FUNCTIONS = frozenset({"function", "method"})
_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True)
class _Documented:
    """A function of a file with its documentation."""

    path: str
    name: str
    lines: Lines
    docstring: str

    @property
    def question(self) -> str:
        """The first paragraph on one line, without the function's name in front, as in Go."""
        text = " ".join(self.docstring.strip().split("\n\n", 1)[0].split())
        return text.removeprefix(f"{last_name(self.name)} ")[:_LONGEST]

    @property
    def first_line(self) -> str:
        """What is looked for in other places."""
        return self.docstring.strip().split("\n", 1)[0].strip()


def hide_docstrings(
    repository: Repository, seed: int = 0, is_test: Callable[[str], object] = lambda _: False
) -> list[EvaluationQuery]:
    """Take the docstrings of sampled functions out of a work tree; returns them as queries.

    Functions in files that `is_test` says are tests do not ask: what they say is about others.
    A docstring whose first line stands in a second place is left alone and does not ask.
    Raises EvaluationError where fewer than LEAST_DOCSTRINGS functions have one.
    """
    files = _texts(repository)
    code = [file for file in files.values() if not is_test(file.path)]
    documented = [one for file in code for one in _documented(file)]
    questions = Counter(one.question for one in documented)
    everything = "\n".join(file.text for file in files.values())
    several = sample_evenly(
        [one for one in documented if questions[one.question] == 1], 2 * MOST_DOCSTRINGS, seed
    )
    unique = [one for one in several if everything.count(one.first_line) == 1]
    hidden = _hide(repository.root, files, sample_evenly(unique, MOST_DOCSTRINGS, seed))
    if len(hidden) < LEAST_DOCSTRINGS:
        raise EvaluationError(
            f"{len(hidden)} functions have documentation of {_SHORTEST} words or more that stands "
            f"nowhere else; {LEAST_DOCSTRINGS} are needed"
        )
    return [
        EvaluationQuery(f"{one.path}:{one.name}", one.question, (one.path,), kinds=FILE_KINDS)
        for one in hidden
    ]


def _texts(repository: Repository) -> dict[str, SourceFile]:
    files = (read_file(repository.root, path) for path in list_files(repository).paths)
    return {file.path: file for file in files if isinstance(file, SourceFile)}


def _documented(file: SourceFile) -> list[_Documented]:
    return [
        one
        for event in parse_file(file)
        if (one := _of_event(event)) and len(_WORD.findall(one.question)) >= _SHORTEST
    ]


def _of_event(event: Event) -> _Documented | None:
    symbol = event.details
    if not isinstance(symbol, SymbolDetails) or symbol.symbol_kind not in _FUNCTIONS:
        return None
    if not symbol.docstring.strip() or not event.lines:
        return None
    return _Documented(event.document, symbol.name, event.lines, symbol.docstring)


def _hide(
    root: Path, files: dict[str, SourceFile], chosen: Sequence[_Documented]
) -> list[_Documented]:
    """Those of the chosen whose documentation is gone from the files now."""
    hidden = []
    for path in dict.fromkeys(one.path for one in chosen):
        file = files[path]
        for one in (one for one in chosen if one.path == path):
            edited = replace(file, text=_without(file.text, one))
            if _is_gone(edited, one):
                file = edited
                hidden.append(one)
        (root / path).write_text(file.text, encoding="utf-8", newline="")
    return hidden


def _without(text: str, one: _Documented) -> str:
    """The text with each line of the documentation emptied where it stands; lines are kept."""
    lines = text.split("\n")
    row = one.lines.start - 1
    for wanted in filter(None, map(str.strip, one.docstring.split("\n"))):
        found = next((r for r in range(row, one.lines.end) if wanted in lines[r]), None)
        if found is None:
            return text
        lines[found] = lines[found].replace(wanted, "", 1)
        row = found + 1
    return "\n".join(lines)


def _is_gone(edited: SourceFile, one: _Documented) -> bool:
    """Whether the function is still there, and undocumented."""
    if one.first_line in edited.text:
        return False
    symbols = [e.details for e in parse_file(edited) if isinstance(e.details, SymbolDetails)]
    return any(s.name == one.name and not s.docstring.strip("*/#! \n") for s in symbols)
