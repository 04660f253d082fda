"""Tests by the conventions of each language, and change logs, known by their paths."""

from __future__ import annotations

import pytest

from verdigris.retrieve.path_kinds import is_change_log, is_declaration, is_test


@pytest.mark.parametrize(
    "path",
    [
        "tests/pot.py",
        "src/test/java/org/tea/PotTest.java",
        "app/src/androidUnitTest/kotlin/PotSpec.kt",
        "core/PotIT.java",
        "pots/pot_test.go",
        "web/pot.spec.ts",
        "spec/pot_spec.rb",
        "Tests/PotsTests/PotTests.swift",
        "Tea.Pots.Tests/Helper.cs",
        "Tea.UnitTests/Helper.cs",
        "lib/PotTest.php",
        "db/pot_unittest.cc",
        "util/pot-test.c",
        "core/PotSpec.scala",
        "fill.bats",
        "src/pot/tests.rs",
    ],
)
def test_a_test_is_known_by_its_path(path: str) -> None:
    assert is_test(path)


@pytest.mark.parametrize(
    "path",
    [
        "src/pot.py",
        "src/main/java/org/tea/Contest.java",
        "src/testimony.py",
        "lib/latest.rb",
        "Sources/Manifests/Manifest.swift",
        "src/Tea.Latests/Pot.cs",
        "src/inspect.c",
    ],
)
def test_other_code_is_not(path: str) -> None:
    assert not is_test(path)


@pytest.mark.parametrize(
    "path",
    [
        "CHANGELOG.md",
        "History.md",
        "CHANGES.rst",
        "NEWS",
        "docs/release_notes.txt",
        "docs/versionhistory.rst",
        "docs/releases/v6.5.0.rst",
        "changelog.d/12.change.md",
        "docs/whats-new.md",
    ],
)
def test_a_change_log_is_known_by_its_name(path: str) -> None:
    assert is_change_log(path)


@pytest.mark.parametrize(
    "path", ["docs/history.api.md", "docs/newsletter.md", "docs/exchanges.md", "RELEASING.md"]
)
def test_other_documents_are_not(path: str) -> None:
    assert not is_change_log(path)


@pytest.mark.parametrize(
    ("path", "declares"),
    [("typings/index.d.ts", True), ("src/pot.pyi", True), ("src/ad.ts", False), ("pot.h", False)],
)
def test_declarations_of_code_that_stands_elsewhere_are_known(path: str, declares: bool) -> None:
    assert is_declaration(path) == declares
