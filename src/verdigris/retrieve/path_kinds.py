"""What a file is by its path: test code, declarations of types, a list of what changed."""

from __future__ import annotations

import re

_TEST_PATH = re.compile(
    r"(?:^|/)(?:tests?|testing|__tests__|specs?|testdata|fixtures|bench(?:es|marks)|examples?)/"
    r"|(?:^|/)(?:Tests?|[\w.]+\.(?:Unit|Integration)?Tests?|(?:unit|androidUnit|jvm|common|js)Test)/"
    r"|(?:^|/)(?:test_[^/]*|conftest\.py)$|(?:^|[/_-])(?:test|tests|unittest|spec)\.\w+$"
    r"|\.(?:test|spec)\.\w+$|\.bats$"
    r"|[a-z0-9](?:Tests?|TestCase|Spec|IT)\.(?:java|kt|scala|cs|swift|php|groovy)$"
)
"""Folders and names that the languages' test tools look for, or that are customary."""

_DECLARATIONS = re.compile(r"\.d\.[cm]?ts$|\.pyi$")

_CHANGE_LOG = re.compile(
    r"(?:^|/)(?:change-?_?logs?|changes|history|news|release-?_?notes?|version-?_?history"
    r"|what-?s-?_?new)(?:\.\w+)?$"
    r"|(?:^|/)(?:change-?_?logs?(?:\.d)?|releases|release-?_?notes|newsfragments|what-?s-?_?new)/",
    re.IGNORECASE,
)
"""Names that are customary for lists of what changed."""


def is_test(path: str) -> bool:
    """Whether a path is that of test code, by its folders and its name."""
    return _TEST_PATH.search(path) is not None


def is_declaration(path: str) -> bool:
    """Whether a file declares types of code that stands elsewhere, with its documentation."""
    return _DECLARATIONS.search(path) is not None


def is_change_log(path: str) -> bool:
    """Whether a path is that of a list of what changed, by its name."""
    return _CHANGE_LOG.search(path) is not None
