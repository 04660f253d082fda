"""What the headings and labels of a session log mean: the table from titles to event kinds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

STARTED = "session.started"
GOAL = "session.goal"
CONTEXT = "session.context"
WORK = "session.work"
DECISION = "session.decision"
CHALLENGE = "session.challenge"
PATTERN = "session.pattern"
NOTE = "session.note"
UPDATE = "session.update"
PROMPT = "session.prompt"
TEXT = "session.text"
ENDED = "session.ended"


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One meaning: titles that match `pattern` open content of `kind`."""

    kind: str
    pattern: re.Pattern[str]
    whole: bool = False
    """Everything beneath is one event (git metrics, the closing classification)."""


def _row(kind: str, pattern: str, *, whole: bool = False) -> LabelRow:
    return LabelRow(kind, re.compile(pattern, re.IGNORECASE), whole)


# The first match wins: fixed titles of the format first, then words, strongest first.
_ROWS: tuple[LabelRow, ...] = (
    _row(UPDATE, r"^git (activity|metrics|stat(us|s|istics)|summary)\b", whole=True),
    _row(ENDED, r"^(session )?classification\b", whole=True),
    _row(ENDED, r"^(session )?(end|ended|archived)\b"),
    _row(STARTED, r"^session (start(ed)?|creation|created|resumed?)\b"),
    _row(CONTEXT, r"^(previous|last|prior) (session|context)\b"),
    _row(GOAL, r"^((session|updated|new) )?(goals?|objectives?)$"),
    _row(PROMPT, r"^(user )?prompts?\b"),
    _row(NOTE, r"^notes?\b"),
    _row(UPDATE, r"^((final|progress|session|quick) )?(update|status|checkpoint)\b"),
    _row(TEXT, r"^(next|open|remaining|outstanding|pending|future|what.?s left|todos?)\b"),
    _row(TEXT, r"\b(plan|roadmap)$"),
    _row(DECISION, r"\b(decisions?|decided|rationale|trade-?offs?)\b"),
    _row(
        CHALLENGE,
        r"\b(challenges?|problems?|issues?|obstacles?|blockers?|difficult(y|ies)|root causes?"
        r"|gotchas?|pitfalls?|mistakes?|solutions?|resolutions?|workarounds?|bugs?)\b",
    ),
    _row(
        PATTERN,
        r"\b(patterns?|insights?|lessons?|learn(ed|ings?)|observations?|discover(y|ies)"
        r"|discovered|findings?|reali[sz]ations?|takeaways?|principles?|philosophy)\b"
        r"|^beliefs? captured\b",
    ),
    _row(
        WORK,
        r"\b(work|complete[ds]?|accomplish(ments?|ed)|achiev(ements?|ed)|implement(ation|ed|ing)"
        r"|progress|refactor(ing|ed)?|created|modified|fixed|built|deliver(ed|ables)|shipped"
        r"|changes|what (i|we) did|got done|done|activities|merged)\b",
    ),
)

_DECORATION = re.compile(r"^[\W\d_]+(?=[^\W\d_])|[\s:.]+$")
_INLINE = re.compile(
    r"^\s*(?:[-*+•]|\d{1,3}[.)])?\s*(?:\[[ xX]\]\s*)?(?:\*\*|__)?"
    r"((?:key |technical |design )?(?:decision|challenge|problem|issue|insight|lesson"
    r"|pattern))s?(?: \d+)?(?:\*\*|__)?\s*:",
    re.IGNORECASE,
)
_SOLUTION = re.compile(
    r"^\s*(?:[-*+•]|\d{1,3}[.)])?\s*(?:[→✅]\s*)?(?:\*\*|__)?"
    r"(?:solution|resolution|resolved|fix|workaround)\b[^:]{0,20}:"
    r"|^\s*(?:[-*+•]\s*)?(?:→|=>|->)\s",
    re.IGNORECASE,
)
_METRIC = re.compile(
    r"^\W*(?:commits(?: this session)?|files changed|lines changed|last commit"
    r"|(?:minutes|time) since (?:the )?last commit|uncommitted(?: files)?)\b[^:]{0,20}:",
    re.IGNORECASE,
)
# Only beginnings are matched, so that a hostile line of 100,000 spaces costs nothing.
_LONGEST_PREFIX = 200


@lru_cache(maxsize=4096)
def find_label(title: str) -> LabelRow | None:
    """Return the meaning of a heading's or label's title, or None if it has no known one.

    title: as written, without `#`, bold marks or time. Case, leading numbers and emoji and a
    trailing colon are ignored.
    """
    plain = _DECORATION.sub("", title[:_LONGEST_PREFIX])
    return next((row for row in _ROWS if row.pattern.search(plain)), None)


def inline_kind(line: str) -> str:
    """Return the kind that a line names itself (`- **Decision**: …`), or ''."""
    match = _INLINE.match(_beginning(line))
    row = find_label(match[1]) if match else None
    return row.kind if row else ""


def is_solution(line: str) -> bool:
    """Say whether a line answers the challenge above it (`- Solution: …`, `→ …`)."""
    return _SOLUTION.match(_beginning(line)) is not None


def is_metric(line: str) -> bool:
    """Say whether a line is one of the git metrics that `update` writes by itself."""
    return _METRIC.match(_beginning(line)) is not None


def _beginning(line: str) -> str:
    return line.lstrip()[:_LONGEST_PREFIX]
