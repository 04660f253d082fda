"""Test code says the words of what it tests, often: it stands a little behind the source."""

from __future__ import annotations

import re

import numpy as np

from verdigris.database import storage_errors
from verdigris.retrieve.fusion import Fused, sorted_by_score
from verdigris.store.index import Index

FACTOR = 0.85
"""What a test's score is multiplied with, unless the question is about tests."""

_TEST_PATH = re.compile(
    r"(?:^|/)(?:tests?|testing|__tests__|specs?|testdata|fixtures|bench(?:es|marks)|examples?)/"
    r"|(?:^|/)(?:Tests?|[\w.]+\.(?:Unit|Integration)?Tests?|(?:unit|androidUnit|jvm|common|js)Test)/"
    r"|(?:^|/)(?:test_[^/]*|conftest\.py)$|[_-](?:test|tests|unittest|spec)\.\w+$"
    r"|\.(?:test|spec)\.\w+$|\.bats$"
    r"|[a-z0-9](?:Tests?|TestCase|Spec|IT)\.(?:java|kt|scala|cs|swift|php|groovy)$"
)
"""Folders and names that the languages' test tools look for, or that are customary."""

_ABOUT_TESTS = re.compile(r"\b(?:tests?|tested|testing|specs?|fixtures?|benchmarks?|examples?)\b")


def asks_about_tests(question: str) -> bool:
    """Whether a question wants tests, examples or benchmarks."""
    return _ABOUT_TESTS.search(question.lower()) is not None


def is_test(path: str) -> bool:
    """Whether a path is that of test code, by its folders and its name."""
    return _TEST_PATH.search(path) is not None


def put_tests_behind(index: Index, question: str, fused: Fused) -> Fused:
    """The same documents with the scores of test code reduced, best first."""
    if asks_about_tests(question):
        return fused
    with storage_errors(index.path):
        rows = index.connection.execute("SELECT id, name FROM documents WHERE kind = 'code'")
        tests = np.array([document for document, name in rows if is_test(name)], np.int64)
    behind = np.isin(fused.document_ids, tests)
    return sorted_by_score(fused.document_ids, np.where(behind, FACTOR, 1.0) * fused.scores)
