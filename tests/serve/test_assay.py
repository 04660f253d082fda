"""assay, as a user sees it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
import pytest

from verdigris.serve.cli.assay_text import Page, callees_text, callers_text, imports_text
from verdigris.serve.cli.places import Places
from verdigris.views import Callee, ImportTarget, Reference, Symbol

if TYPE_CHECKING:
    from tests.conftest import GitFolder
    from tests.serve.conftest import Verdigris

PACKAGES = {
    "src/org/tea/Pot.java": "package org.tea;\n\npublic class Pot {\n"
    "    public Pot(int size) {}\n    public void pour() { new Cup().fill(); }\n"
    "    public void pour(int cups) { this.pour(); }\n}\n",
    "src/org/tea/Cup.java": "package org.tea;\n\npublic class Cup {\n    void fill() {}\n}\n",
    "src/org/cafe/Bar.java": "package org.cafe;\n\nimport org.tea.Pot;\nimport java.util.List;\n\n"
    "class Bar {\n    void serve() {\n        new Pot(2).pour(1);\n    }\n}\n",
    "lib/tea.rb": "require_relative 'tea/pot'\n",
    "lib/tea/pot.rb": "class Pot\n  def pour\n  end\nend\n",
    "c/main.c": '#include "pot.h"\n\nint main(void) {\n    return pour(2);\n}\n',
    "c/pot.c": '#include "pot.h"\n\nint pour(int cups) {\n    return cups;\n}\n',
    "c/include/pot.h": "int pour(int cups);\n",
    "php/Cup.php": "<?php\nnamespace Tea;\nclass Cup { }\n",
    "php/Bar.php": "<?php\nnamespace Cafe;\nuse Tea\\Cup;\n$cup = new Cup();\n",
    "Sources/Tea/Pot.swift": "struct Pot {\n  func pour() {}\n}\n",
    "Sources/Cafe/Bar.swift": "import Tea\nfunc serve() {\n  Pot().pour()\n}\n",
    "notes.txt": "Nothing.\n",
}


@pytest.fixture
def cafe(small_git: GitFolder) -> GitFolder:
    """A repository of several languages."""
    for path, text in PACKAGES.items():
        small_git.write(path, text)
    small_git.commit("Open a café")
    return small_git


def rows(verdigris: Verdigris, folder: GitFolder, *question: str) -> list[dict[str, object]]:
    run = verdigris("assay", *question, "--json", inside=folder.root)
    found = json.loads(run.out)
    assert (found["schema_version"], found["query"]) == (1, question[0])
    assert run.code == (0 if found["results"] else 1)
    assert found["total"] == len(found["results"])
    results: list[dict[str, object]] = found["results"]
    return results


def places(found: list[dict[str, object]]) -> list[tuple[object, object, object]]:
    return [(row["path"], row["line"], row["confidence"]) for row in found]


def test_callers_see_packages_imports_and_constructors(
    verdigris: Verdigris, cafe: GitFolder
) -> None:
    assert places(rows(verdigris, cafe, "callers", "src/org/tea/Pot.java")) == [
        ("src/org/cafe/Bar.java", 8, 1.0),
        ("src/org/cafe/Bar.java", 8, 0.7),  # a method of what has no name
    ]
    assert places(rows(verdigris, cafe, "callers", "Cup.fill")) == [
        ("src/org/tea/Pot.java", 5, 0.7)
    ]
    assert places(rows(verdigris, cafe, "callers", "pour"))[0] == ("c/main.c", 4, 1)


def test_callees_name_the_definition(verdigris: Verdigris, cafe: GitFolder) -> None:
    run = verdigris("assay", "callees", "fill", inside=cafe.root)
    assert "src/cup.py:5  fill → boil  src/kettle.py:1" in run.out
    run = verdigris("assay", "callees", "Bar.serve", inside=cafe.root)
    assert "Bar.serve → Pot   src/org/tea/Pot.java:3" in run.out


@pytest.mark.parametrize(
    ("importer", "expected"),
    [
        ("src/org/cafe/Bar.java", [("src/org/tea/Pot.java", 1.0), ("", 0)]),
        ("lib/tea.rb", [("lib/tea/pot.rb", 1.0)]),
        ("c/main.c", [("c/include/pot.h", 0.9)]),
        ("php/Bar.php", [("php/Cup.php", 1.0)]),
        ("Sources/Cafe/Bar.swift", [("Sources/Tea/Pot.swift", 1.0)]),
    ],
)
def test_imports_lead_to_files(
    verdigris: Verdigris, cafe: GitFolder, importer: str, expected: list[tuple[str, float]]
) -> None:
    found = rows(verdigris, cafe, "imports", importer)
    assert sorted((row["target"], row["confidence"]) for row in found) == sorted(expected)


def test_importers_of_a_symbol_are_those_of_its_file(verdigris: Verdigris, cafe: GitFolder) -> None:
    assert places(rows(verdigris, cafe, "importers", "src/cup.py")) == []
    assert places(rows(verdigris, cafe, "importers", "boil")) == [("src/cup.py", 1, 0.9)]
    run = verdigris("assay", "importers", "boil", inside=cafe.root)
    assert run.out == "src/cup.py:1  kettle  90 % sure\n"


def test_a_new_file_moves_where_imports_lead(verdigris: Verdigris, cafe: GitFolder) -> None:
    assert places(rows(verdigris, cafe, "importers", "c/include/pot.h")) == [
        ("c/main.c", 1, 0.9),
        ("c/pot.c", 1, 0.9),
    ]
    cafe.write("c/pot.h", "int pour(int cups);\n")
    assert places(rows(verdigris, cafe, "importers", "c/include/pot.h")) == []
    assert len(rows(verdigris, cafe, "importers", "c/pot.h")) == 2


def test_symbols_of_a_file_of_a_folder_and_of_a_name(verdigris: Verdigris, cafe: GitFolder) -> None:
    assert [row["name"] for row in rows(verdigris, cafe, "symbols", "lib")] == ["Pot", "Pot::pour"]
    assert [row["name"] for row in rows(verdigris, cafe, "symbols", "src/kettle.py")] == ["boil"]
    assert {row["path"] for row in rows(verdigris, cafe, "symbols", "Pot#pour")} == {
        "lib/tea/pot.rb",
        "src/org/tea/Pot.java",
        "Sources/Tea/Pot.swift",
    }
    run = verdigris("assay", "symbols", "-k", "2", inside=cafe.root)
    assert run.out.splitlines()[-1].startswith("… and ")


def test_the_inventory_counts_languages_and_kinds(verdigris: Verdigris, cafe: GitFolder) -> None:
    found = {row["language"]: row for row in rows(verdigris, cafe, "inventory", "src")}
    assert found["java"]["files"] == 3
    assert found["java"]["kinds"] == {"method": 5, "class": 3}
    assert set(found) == {"java", "python"}
    run = verdigris("assay", "inventory", inside=cafe.root)
    assert "5 method, 3 class" in run.out


@pytest.mark.parametrize(
    ("query", "target", "meant"),
    [
        ("callers", "Cup.fil", "fill"),
        ("callers", "FILL", "fill"),
        ("imports", "src/ketle.py", "src/kettle.py"),
        ("imports", "Src/Kettle.py", "src/kettle.py"),
    ],
)
def test_an_unknown_target_names_what_may_be_meant(
    verdigris: Verdigris, cafe: GitFolder, query: str, target: str, meant: str
) -> None:
    run = verdigris("assay", query, target, inside=cafe.root)
    assert (run.code, run.out, run.err.count("\n")) == (2, "", 1)
    assert f"did you mean {meant}" in run.err


@pytest.mark.parametrize("target", ["nosuch/pot.py", "find_best"])
def test_what_nothing_is_like_is_left_to_a_question(
    verdigris: Verdigris, cafe: GitFolder, target: str
) -> None:
    run = verdigris("assay", "symbols", target, inside=cafe.root)
    assert run.err == (
        f"verdigris: no file or symbol '{target}' in the index; ask: verdigris scry \"…\"\n"
    )


def test_nothing_found_is_exit_1(verdigris: Verdigris, cafe: GitFolder) -> None:
    run = verdigris("assay", "importers", "notes.txt", inside=cafe.root)
    assert (run.code, run.out) == (1, "nothing in the repository imports it\n")


def test_paths_are_those_of_the_reader(verdigris: Verdigris, cafe: GitFolder) -> None:
    run = verdigris("assay", "imports", "main.c", inside=cafe.root / "c")
    assert run.out == "main.c:1  pot.h  include/pot.h  90 % sure\n"


def test_rows_are_grouped_and_keep_within_a_terminal(small_git: GitFolder) -> None:
    places = Places(small_git.root, small_git.root)
    calls = [
        Reference("src/a.py", "Pot.pour", 7, "fill", 1.0),
        Reference("src/b.py", "a_function_with_a_long_name", 12, "empty", 0.7),
        Reference("src/a.py", "", 90, "fill", 0.4),
    ]
    assert click.unstyle(callers_text(calls, Page(places, 9, 40))).splitlines() == [
        "fill",
        "  src/a.py:7   Pot.pour",
        "  src/a.py:90  40 % sure",
        "empty",
        "  src/b.py:12",
        "      a_function_with_a_long_name",
        "      70 % sure",
    ]
    assert click.unstyle(callers_text(calls[:2], Page(places, 1))).splitlines() == [
        "src/a.py:7  Pot.pour → fill",
        "… and 1 more: -k 2",
    ]


def test_what_a_caller_calls_stands_below_it_and_each_place_once(small_git: GitFolder) -> None:
    places = Places(small_git.root, small_git.root)
    pot, cup = Symbol("src/pot.py", "Pot.fill", "method", 3, 9), None
    calls = [
        Callee("src/a.py", "pour", 7, "fill", pot, 2, 0.6),
        Callee("src/a.py", "pour", 7, "fill", cup, 12, 0.05),
        Callee("src/a.py", "pour", 8, "print", None, 0, 0.0),
    ]
    assert click.unstyle(callees_text(calls, Page(places, 9, 60))).splitlines() == [
        "pour",
        "  src/a.py:7  fill  → src/pot.py:3    60 % sure",
        "                    → 12 definitions  5 % sure",
        "Not defined here: print",
    ]
    imports = [ImportTarget("src/a.py", 1, "tea", ("Pot", "Kettle", "Cup"), "src/tea.py", 0.9)]
    assert click.unstyle(imports_text(imports, Page(places, 9, 30))).splitlines() == [
        "src/a.py:1  tea (Pot, Kettle,",
        "            Cup)  src/tea.py",
        "            90 % sure",
    ]
