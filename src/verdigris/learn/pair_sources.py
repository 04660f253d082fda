"""Where pairs come from: history, sessions, code and documents, each a PairSet of one shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from verdigris.errors import NothingToLearn
from verdigris.learn.history_pairs import (
    co_changes,
    commit_files,
    commit_messages,
    issue_files,
    used_files,
)
from verdigris.learn.material import Material
from verdigris.learn.pairs import PairSet
from verdigris.learn.session_pairs import prompts, session_files, summaries, threads
from verdigris.learn.structure_pairs import calls, imports
from verdigris.learn.text_pairs import docstrings, headings

Target = Literal["files", "passages"]


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of pairs.

    pairs: what asks → what answers, in words. asks: what the query is: a text, as people ask, or a
    thing in the index, as `related` asks. target: what the answers are. needs: what is missing
    where there are no pairs.
    """

    name: str
    pairs: str
    asks: Literal["text", "index"]
    target: Target
    needs: str
    read: Callable[[Material], PairSet]


SOURCES: Mapping[str, Source] = {
    source.name: source
    for source in (
        Source(
            "commit-files", "commit subject → files it changed", "text", "files",
            "commits with a telling subject", commit_files,
        ),
        Source(
            "commit-messages", "commit message → files it changed", "text", "files",
            "commits with a telling message", commit_messages,
        ),
        Source(
            "issue-files", "issue title → files that solve it", "text", "files",
            "issues that commits solve", issue_files,
        ),
        Source(
            "used", "question → files that were used", "text", "files",
            "questions with used files", used_files,
        ),
        Source(
            "session-files", "opening of a session → files its log names", "text", "files",
            "session logs that name files", session_files,
        ),
        Source(
            "co-changes", "file → files changed with it", "index", "files",
            "commits of 2 to 10 files", co_changes,
        ),
        Source(
            "imports", "file → files it imports", "index", "files",
            "imports between files", imports,
        ),
        Source(
            "calls", "caller → what it calls", "index", "passages",
            "calls of what is defined here", calls,
        ),
        Source(
            "docstrings", "docstring → its definition", "text", "passages",
            "definitions with docstrings", docstrings,
        ),
        Source(
            "headings", "heading → its section", "text", "passages",
            "sections with telling headings", headings,
        ),
        Source(
            "summaries", "goal or end of a session → its log", "text", "files",
            "session logs with a goal or an end", summaries,
        ),
        Source(
            "prompts", "prompt → its session's log", "text", "files",
            "session logs with a person's prompt", prompts,
        ),
        Source(
            "threads", "decision → the rest of its session", "text", "passages",
            "session logs with decisions", threads,
        ),
    )
}  # fmt: skip
"""All pairs that a recipe may name."""


def read_pairs(name: str, material: Material, least: int) -> PairSet:
    """The pairs of a source. Raises NothingToLearn with what is missing below `least` queries."""
    source = SOURCES[name]
    pairs = source.read(material)
    if len(pairs) < least:
        raise NothingToLearn(f"{len(pairs)} {source.needs}; it takes {least}")
    return pairs
