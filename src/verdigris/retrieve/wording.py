"""What a text asks for, by its wording: no language model, a few telling words."""

from __future__ import annotations

import re

LONG_TEXT = 40
"""Words of a text that is no subject of a commit."""

_BEGINS_TO_ASK = re.compile(
    r"\W*(?:(?:how|why|what|when|where|which|who|whose|tell|explain|show|describe)\b"
    r"|(?:is|are|was|were|do|does|did|can|could|should|would|will|has|have)\b(?! not\b|['’]t\b))",
    re.IGNORECASE,
)
"""`Could not open the file` says, as error messages do."""
_ABOUT_TESTS = re.compile(r"\b(?:tests?|tested|testing|specs?|fixtures?|benchmarks?|examples?)\b")
_ASKS_WHERE = re.compile(
    r"^\W*(?:where|which (?:file|module|function|class|method|test)s?)\b", re.IGNORECASE
)
_ABOUT_PROSE = re.compile(
    r"\b(?:doc(?:ument)?s?|documentation|documented|describ\w*|description|explain\w*|explanation"
    r"|read|readme|manual|guide|tutorial|instructions?|written|stated?|mentioned)\b",
    re.IGNORECASE,
)
_ASKS_FOR_TESTS = re.compile(
    r"^\W*(?:(?:which|where (?:is|are) the) tests?\b|tests? (?:for|that|of)\b)", re.IGNORECASE
)
_ABOUT_CHANGES = re.compile(
    r"\b(?:why|when|since|chang(?:ed?|es|ing)|added|removed?|dropped|fixed|reverted|deprecated"
    r"|versions?|releas\w*|histor\w*|change-?log|news|no longer|any ?more|used to)\b",
    re.IGNORECASE,
)
_ASKS_WHY = re.compile(
    r"^\W*(?:\w+\W+){0,2}(?:why|how come)\b"
    r"|\b(?:rationale|motivation|reasons? (?:for|why|behind))\b",
    re.IGNORECASE,
)
_ABOUT_COURSE = re.compile(
    r"\b(?:(?:which|what) (?:branch|tag|commits?)|how (?:long|many)|start(?:ed)?|ended"
    r"|duration|minutes|hours)\b",
    re.IGNORECASE,
)


def is_question(text: str) -> bool:
    """Whether a text asks, or has not the length of a commit's subject: one word, or too many."""
    return _begins_to_ask(text) or text.rstrip().endswith("?") or not _has_length_of_subject(text)


def may_be_message(text: str) -> bool:
    """Whether a text may be an error message, of which some end in a question mark."""
    return _has_length_of_subject(text) and not _begins_to_ask(text)


def _begins_to_ask(text: str) -> bool:
    return _BEGINS_TO_ASK.match(text) is not None


def _has_length_of_subject(text: str) -> bool:
    return 1 < len(text.split()) <= LONG_TEXT


def asks_about_tests(text: str) -> bool:
    """Whether tests, examples or benchmarks are wanted."""
    return _ABOUT_TESTS.search(text.lower()) is not None


def asks_for_tests(text: str) -> bool:
    """Whether nothing but tests is wanted."""
    return _ASKS_FOR_TESTS.search(text) is not None


def asks_where(text: str) -> bool:
    """Whether a place in the files of today is wanted."""
    return _ASKS_WHERE.search(text) is not None


def asks_about_prose(text: str) -> bool:
    """Whether what is written for readers may be wanted."""
    return _ABOUT_PROSE.search(text) is not None


def asks_about_changes(text: str) -> bool:
    """Whether it may be wanted what changed, when or why."""
    return _ABOUT_CHANGES.search(text) is not None or asks_why(text)


def asks_why(text: str) -> bool:
    """Whether a reason is wanted."""
    return _ASKS_WHY.search(text) is not None


def asks_about_course(text: str) -> bool:
    """Whether it may be wanted when, how long or on what branch somebody worked."""
    return _ABOUT_COURSE.search(text) is not None
