"""Answers as JSON for programs: one envelope with a schema version."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from verdigris.answers import Answer, Hit, IndexState
from verdigris.records import AgedAnchor, Lines

if TYPE_CHECKING:
    from verdigris.views import Forgotten, Related, RelatedCommit

SCHEMA_VERSION = 1
_MOST_FILES = 50
"""Files of a commit that are named: some change thousands."""


def envelope(**content: object) -> str:
    """One JSON object that begins with the version of its shape."""
    value = {"schema_version": SCHEMA_VERSION, **content}
    return json.dumps(value, ensure_ascii=False, indent=2)


def answer_json(answer: Answer) -> str:
    """An answer; paths are relative to the repository's root."""
    return envelope(
        query=answer.query,
        results=[_hit_json(hit) for hit in answer.hits],
        index=state_json(answer.state),
        warnings=list(answer.warnings),
        seconds=round(answer.seconds, 3),
    )


def _hit_json(hit: Hit) -> dict[str, Any]:
    return {
        "doc": hit.document,
        "kind": hit.kind,
        "title": hit.title,
        "path": hit.path or None,
        "lines": _lines_json(hit.lines),
        "symbol": hit.symbol or None,
        "commit": hit.commit or None,
        "author": hit.author or None,
        "moments": list(hit.moments),
        "files": list(hit.files[:_MOST_FILES]),
        "file_count": len(hit.files),
        "session": hit.session or None,
        "issue": asdict(hit.issue) if hit.issue else None,
        "time": hit.time or None,
        "score": round(hit.score, 6),
        "passages": [
            {
                "lines": _lines_json(passage.lines),
                "symbol": passage.symbol or None,
                "heading": passage.heading or None,
                "text": passage.text,
                "score": passage.score,
            }
            for passage in hit.passages
        ],
        "anchors": [anchor_json(aged) for aged in hit.anchors],
        "lanes": {place.lane: {"rank": place.rank, "score": place.score} for place in hit.lanes},
        "reasons": {one.feature: one.weight for one in hit.reasons},
        "demoted": asdict(hit.demoted) if hit.demoted else None,
    }


def anchor_json(aged: AgedAnchor) -> dict[str, Any]:
    """What became of a target."""
    anchor = aged.anchor
    return {
        "name": anchor.name,
        "form": anchor.form,
        "line": anchor.line,
        "state": aged.state,
        "then": {
            "commit": anchor.commit,
            "path": anchor.path or None,
            "symbol": anchor.symbol or None,
            "lines": _lines_json(anchor.lines),
        },
        "now": {"path": aged.now or None, "lines": _lines_json(aged.lines)},
        "added": aged.added,
        "removed": aged.removed,
        "commits": aged.commits,
        "last_commit": aged.last_commit or None,
        "last_subject": aged.last_subject or None,
    }


def _lines_json(lines: Lines | None) -> list[int] | None:
    return [lines.start, lines.end] if lines else None


def state_json(state: IndexState) -> dict[str, Any]:
    """The index's position."""
    return asdict(state) | {"chunks_without_vectors": state.chunks_without_vectors}


def related_json(found: Related | RelatedCommit | Forgotten) -> str:
    """What belongs to a path or symbol, or to what is staged; paths from the repository's root."""
    return envelope(**asdict(found))
