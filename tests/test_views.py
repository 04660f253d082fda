from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from verdigris.records import (
    DOCUMENT_SEEN,
    Call,
    CommitDetails,
    Event,
    FileChange,
    FileDetails,
    Import,
    Lines,
    SeenDetails,
    SymbolDetails,
)
from verdigris.store.index import Index
from verdigris.upkeep.resolving import resolve_imports
from verdigris.views import SCHEMA, Facts, last_name


@dataclass
class Project:
    """Facts put in by hand."""

    index: Index
    facts: Facts
    number: int = field(default=0)

    def file(
        self,
        path: str,
        imports: str = "",
        symbols: str = "",
        calls: str = "",
        packages: str = "",
        language: str = "",
    ) -> None:
        """imports: `module|name`; symbols: `C.f>g,h` for a symbol that calls g and h."""
        details = FileDetails(
            language=language,
            packages=tuple(packages.split()),
            imports=tuple(
                Import(one.split("|")[0], line, tuple(one.split("|")[1:]))
                for line, one in enumerate(imports.split(), start=1)
            ),
            calls=tuple(Call(name, 1) for name in calls.split()),
        )
        content = []
        for line, one in enumerate(symbols.split(), start=1):
            name, _, called = one.partition(">")
            found = tuple(Call(callee, line) for callee in called.split(",") if callee)
            symbol = SymbolDetails(name, "function", calls=found)
            content.append(Event("code.symbol", path, "1", lines=Lines(line, line), details=symbol))
        self._add(
            Event(DOCUMENT_SEEN, path, "1", details=SeenDetails("code", file=details)), content
        )

    def commit(self, *changes: str, time: str = "", marks: tuple[str, ...] = ()) -> str:
        """changes: `M a.py`, `R old.py new.py` …; a time of its own for each commit."""
        self.number += 1
        sha = f"{self.number:040x}"
        files = []
        for change in changes:
            status, *paths = change.split()
            old = paths[0] if len(paths) > 1 else ""
            files.append(FileChange(paths[-1], status, old))
        moment = time or f"2026-01-01T00:{self.number:02d}:00Z"
        details = CommitDetails(
            sha, "Ada", "ada@example.org", moment, moment, files=tuple(files), marks=marks
        )
        seen = SeenDetails("commit", f"Commit {self.number}", commit=details)
        self._add(Event(DOCUMENT_SEEN, f"commit:{sha}", sha, time=moment, details=seen), [])
        return sha

    def resolve(self) -> None:
        """Follow the imports, as if the log had moved on."""
        with self.index.transaction():
            self.number += 1
            self.index.move_to(self.number, "")
        resolve_imports(self.index, self.facts)

    def _add(self, seen: Event, content: list[Event]) -> None:
        with self.index.transaction():
            self.index.add_document(seen, [])
            self.facts.add(seen, content)

    def changed_with(self, path: str) -> dict[str, tuple[float, int, float]]:
        return {
            one.path: (round(one.weight, 3), one.support, round(one.confidence, 3))
            for one in self.facts.co_changes(path)
        }


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with closing(Index(tmp_path / "index.db", SCHEMA)) as index:
        yield Project(index, Facts(index.connection))


def test_co_changes_weigh_a_commit_by_its_size(project: Project) -> None:
    for path in ("a.py", "b.py", "c.py"):
        project.file(path)
    project.commit("A a.py", "A b.py", "A c.py")
    project.commit("M a.py", "M b.py")
    project.commit("M a.py")
    project.commit("M b.py", "M c.py")
    assert project.changed_with("a.py") == {
        "b.py": (1.5, 2, 0.667),  # 1/2 + 1/1 in two of the three commits of a.py
        "c.py": (0.5, 1, 0.333),
    }
    best = project.facts.co_changes("a.py", limit=1)[0]
    assert best.path == "b.py"
    assert [subject for _, subject in best.examples] == ["Commit 2", "Commit 1"]


def test_old_common_commits_count_less_and_are_still_found(project: Project) -> None:
    for path in ("a.py", "old.py", "new.py"):
        project.file(path)
    project.commit("M a.py", "M old.py", time="2020-01-01T00:00:00Z")
    project.commit("M a.py", "M old.py", time="2020-01-02T00:00:00Z")
    project.commit("M a.py", "M new.py", time="2026-01-01T00:00:00Z")
    found = project.facts.co_changes("a.py")
    assert [(one.path, one.support) for one in found] == [("new.py", 1), ("old.py", 2)]
    assert 0 < found[1].weight < 0.03


def test_what_usually_changes_with_others_is_told_with_the_surest_reason(project: Project) -> None:
    for path in ("a.py", "b.py", "test_a.py", "docs.md", "c.py"):
        project.file(path)
    for _ in range(3):
        project.commit("M a.py", "M test_a.py")
    last = project.commit("M a.py", "M b.py", "M test_a.py", "M docs.md")
    project.commit("M b.py", "M docs.md")
    project.commit("M c.py")
    found = project.facts.usually_changed_with(["a.py", "b.py"])
    assert [one.path for one in found] == ["test_a.py", "docs.md"]
    best = found[0]
    assert (best.because_of, best.support, best.commits) == ("a.py", 4, 4)
    assert best.example == (last, "Commit 4")
    assert 0.5 < found[1].confidence < best.confidence < 1
    assert project.facts.usually_changed_with(["c.py"]) == []


def test_merges_bulk_and_bot_commits_do_not_count(project: Project) -> None:
    project.file("a.py")
    project.file("b.py")
    for mark in ("merge", "bulk", "bot"):
        project.commit("M a.py", "M b.py", marks=(mark,))
    assert project.changed_with("a.py") == {}
    project.commit("M a.py", "M b.py")
    assert project.changed_with("a.py") == {"b.py": (1.0, 1, 1.0)}


def test_history_follows_renames_of_both_files_and_forgets_deleted_ones(project: Project) -> None:
    project.file("new_a.py")
    project.file("new_b.py")
    project.commit("A a.py", "A b.py", "A gone.py")
    project.commit("R a.py new_a.py")
    project.commit("R b.py middle.py", "M new_a.py")
    project.commit("R middle.py new_b.py")
    project.commit("D gone.py", "M new_a.py")
    assert project.changed_with("new_a.py") == {"new_b.py": (1.5, 2, 0.5)}
    assert sorted(project.facts.names_of("new_b.py")) == ["b.py", "middle.py", "new_b.py"]


def test_renames_in_a_circle_end(project: Project) -> None:
    project.file("a.py")
    project.file("c.py")
    project.commit("A a.py", "A c.py")
    project.commit("R a.py b.py")
    project.commit("R b.py a.py")
    assert project.changed_with("a.py") == {"c.py": (1.0, 1, 0.333)}


def test_a_file_without_history_has_no_co_changes(project: Project) -> None:
    project.file("a.py")
    assert project.changed_with("a.py") == {}
    assert project.facts.last_change("a.py") is None


def test_the_last_change_is_the_newest_commit_even_within_one_second(project: Project) -> None:
    first = project.commit("A a.py", time="2026-01-01T00:00:00Z")
    project.commit("M a.py", time="2026-01-02T00:00:00Z")
    last = project.commit("M a.py", time="2026-01-02T00:00:00Z")
    found = project.facts.last_change("a.py")
    assert found is not None
    assert (found.first, found.last, found.commit) == (
        "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", last,
    )  # fmt: skip
    assert project.facts.file_histories()["a.py"] == found
    assert first != last


def test_a_renamed_file_keeps_its_first_time(project: Project) -> None:
    project.commit("A a.py", time="2026-01-01T00:00:00Z")
    project.commit("R a.py b.py", time="2026-02-01T00:00:00Z")
    assert project.facts.file_histories()["b.py"].first == "2026-01-01T00:00:00Z"


def test_a_forgotten_commit_no_longer_counts(project: Project) -> None:
    project.file("a.py")
    project.file("b.py")
    sha = project.commit("M a.py", "M b.py")
    project.facts.remove(f"commit:{sha}")
    assert project.changed_with("a.py") == {}


def test_symbols_are_found_by_qualified_and_by_last_name(project: Project) -> None:
    project.file("a.py", symbols="Kettle.boil boil")
    project.file("b.rs", symbols="Pot::boil")
    names = [(s.path, s.name) for s in project.facts.symbols("boil")]
    assert names == [("a.py", "boil")]
    assert [s.name for s in project.facts.symbols("Kettle.boil")] == ["Kettle.boil"]
    assert [s.name for s in project.facts.symbols("Pot::boil")] == ["Pot::boil"]
    assert [s.name for s in project.facts.symbols("Pot#boil")] == ["Pot::boil"]
    assert project.facts.symbols("Kettle.pour") == []
    assert [s.name for s in project.facts.symbols_in("a.py")] == ["Kettle.boil", "boil"]


def test_a_last_name_alone_finds_methods(project: Project) -> None:
    project.file("a.py", symbols="Kettle.boil")
    assert [s.name for s in project.facts.symbols("boil")] == ["Kettle.boil"]
    assert last_name("a::b.c") == "c"


def test_callers_are_as_certain_as_the_name_is_unique(project: Project) -> None:
    project.file("a.py", symbols="boil")
    project.file("b.py", symbols="boil fill>boil")
    project.file("c.py", imports="a", calls="boil")
    project.file("d.py", calls="boil")
    assert callers(project, "boil", "a.py") == [
        ("c.py", "", 1.0),  # imports this one alone
        ("d.py", "", 0.1),  # sees none
    ]


def test_files_of_a_package_see_each_other(project: Project) -> None:
    project.file("tea/A.java", symbols="A A.boil", packages="tea")
    project.file("tea/B.java", symbols="B B.fill>boil", packages="tea")
    project.file("cup/C.java", symbols="C C.boil C.fill>boil", packages="cup")
    assert callers(project, "A.boil", "tea/A.java") == [
        ("tea/B.java", "B.fill", 1.0),
    ]


def test_other_languages_do_not_call(project: Project) -> None:
    project.file("a.py", symbols="boil", language="python")
    project.file("b.js", calls="boil", language="javascript")
    project.file("c.ts", symbols="boil", language="typescript")
    assert callers(project, "boil", "a.py") == []
    assert callers(project, "boil", "c.ts") == [("b.js", "", 0.2)]  # it may be a script of one page


def test_in_c_every_file_sees_every_function_but_its_own_come_first(project: Project) -> None:
    project.file("a.c", symbols="boil", language="c")
    project.file("b.c", symbols="boil fill>boil", language="c")
    project.file("c.c", calls="boil", language="c")
    assert callers(project, "boil", "a.c") == [("c.c", "", 0.5)]


def test_callees_are_found_as_callers_are(project: Project) -> None:
    project.file("a.py", symbols="boil")
    project.file("b.py", imports="a", symbols="fill>boil,print", calls="fill")
    project.resolve()
    found = [
        (one.symbol, one.name, one.definition.path if one.definition else "", one.confidence)
        for one in project.facts.callees("b.py")
    ]
    assert found == [
        ("", "fill", "b.py", 1.0),
        ("fill", "boil", "a.py", 1.0),
        ("fill", "print", "", 0.0),
    ]


def callers(project: Project, name: str, path: str) -> list[tuple[str, str, float]]:
    project.resolve()
    targets = [symbol for symbol in project.facts.symbols(name) if symbol.path == path]
    return [(one.path, one.symbol, one.confidence) for one in project.facts.callers(targets)]


def test_importers_by_every_spelling(project: Project) -> None:
    project.file("src/tea/__init__.py")
    project.file("src/tea/pot.py")
    project.file("src/tea/cup.py", imports=".pot|Pot .|pot tea")
    project.file("src/tea/lid.py", imports=".|__version__")
    project.file("src/main.py", imports="os tea.pot|Pot")
    project.file("web/pot.js")
    project.file("web/app.js", imports="./pot")
    assert importers(project, "src/tea/pot.py") == [
        ("src/main.py", 2),
        ("src/tea/cup.py", 1),
        ("src/tea/cup.py", 2),
    ]
    assert importers(project, "src/tea/__init__.py") == [
        ("src/tea/cup.py", 2),
        ("src/tea/cup.py", 3),
        ("src/tea/lid.py", 1),
    ]
    assert importers(project, "web/pot.js") == [("web/app.js", 1)]
    assert len(project.facts.importers("src/tea/pot.py", limit=1)) == 1


def test_importers_in_rust_and_go(project: Project) -> None:
    project.file("crates/hot-water/src/lib.rs")
    project.file("crates/hot-water/src/boil.rs", imports="crate::Heat super::Heat crate::pot|Lid")
    project.file("crates/hot-water/src/pot.rs")
    project.file("crates/cup/src/main.rs", imports="hot_water::Heat")
    project.file("tea/green.go")
    project.file("main.go", imports="example.org/kitchen/tea")
    assert importers(project, "crates/hot-water/src/lib.rs") == [
        ("crates/cup/src/main.rs", 1),
        ("crates/hot-water/src/boil.rs", 1),
        ("crates/hot-water/src/boil.rs", 2),
    ]
    assert importers(project, "tea/green.go") == [("main.go", 1)]


def importers(project: Project, path: str) -> list[tuple[str, int]]:
    project.resolve()
    return [(one.path, one.line) for one in project.facts.importers(path)]


def test_a_removed_file_leaves_no_facts(project: Project) -> None:
    project.file("a.py", imports="b", symbols="f>g", calls="h")
    project.facts.remove("a.py")
    for table in ("files", "symbols", "packages", "calls", "imports", "import_targets"):
        assert project.index.connection.execute(f"SELECT * FROM {table}").fetchall() == []
