"""What the index holds and how far it is behind, in words."""

from __future__ import annotations

from collections.abc import Mapping

from verdigris.answers import IndexState
from verdigris.records import KINDS
from verdigris.serve.cli.console import plural

_NOUNS = {
    "session": "session",
    "commit": "commit",
    "doc": "document",
    "code": "code file",
    "issue": "issue",
}


def is_behind(state: IndexState) -> bool:
    """Whether anything is missing from the index."""
    missing = state.chunks_without_vectors or state.swap
    return bool(state.commits_behind or state.files_behind or missing)


def kinds_text(counts: Mapping[str, int]) -> str:
    """`6,158 commits, 16 documents, 197 code files`; '' for nothing."""
    return ", ".join(plural(counts[kind], _NOUNS[kind]) for kind in KINDS if counts.get(kind))


def counts_text(counts: Mapping[str, int]) -> str:
    """`binary (7), lock file (2)`, the most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} ({number:,})" for name, number in ordered)


def state_text(state: IndexState) -> str:
    """One line: how far the index is behind, what it holds, and how much of that has vectors."""
    behind = " and ".join(
        plural(number, noun)
        for number, noun in ((state.commits_behind, "commit"), (state.files_behind, "file"))
        if number
    )
    holds = plural(state.chunks, "passage")
    if lacks_vectors := bool(state.chunks and state.chunks_without_vectors):
        holds += f", {_share(state)} embedded"
    if not state.chunks and not behind:
        return "index: empty; fill it: verdigris scrape"
    if behind:
        return f"index: behind by {behind} (verdigris scrape) · {holds}"
    return (
        f"index: {holds}; the rest: verdigris scrape"
        if lacks_vectors
        else (f"index: up to date · {holds}")
    )


def _share(state: IndexState) -> str:
    """`none`, `under 1 %`, `43 %`: rounded down, so that 100 % is all of them."""
    if not state.vectors:
        return "none"
    percent = 100 * state.vectors // state.chunks
    return f"{percent} %" if percent else "under 1 %"
