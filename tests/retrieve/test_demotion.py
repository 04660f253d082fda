"""Which files are tests, by the conventions of each language."""

from __future__ import annotations

import pytest

from verdigris.retrieve.demotion import is_test


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
