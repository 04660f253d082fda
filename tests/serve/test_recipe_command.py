"""Recipes shared as files, as a user sees it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.conftest import GitFolder
    from tests.serve.conftest import Verdigris


def test_a_book_is_begun_voted_in_and_listed(
    verdigris: Verdigris, small_git: GitFolder, tmp_path: Path
) -> None:
    book = tmp_path / "book"
    assert verdigris("recipe", "add", str(book), "plain", inside=small_git.root).code == 0
    small_git.write(
        ".verdigris/oxidize.yaml",
        "version: 1\nprojections:\n  - name: mine\n    pairs: [imports]\n",
    )
    verdigris("recipe", "add", str(book), "imports-only")
    assert verdigris("recipe", "vote", str(book), "imports-only").out == "imports-only: 1 vote\n"
    assert verdigris("recipe", "vote", str(book), "imports-only").out == "imports-only: 1 vote\n"
    listed = verdigris("recipe", "list", str(book)).out.splitlines()
    assert [line.split()[:2] for line in listed] == [["1", "imports-only"], ["0", "plain"]]
    assert "mine (imports)" in listed[0]
    assert (book / "RECIPES.md").read_text().index("imports-only") < (
        (book / "RECIPES.md").read_text().index("plain")
    )
    assert "ada" not in " ".join(file.name for file in book.rglob("*"))


def test_a_broken_recipe_is_listed_with_its_problem(
    verdigris: Verdigris, small_git: GitFolder, tmp_path: Path
) -> None:
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "odd.yaml").write_text("version: 3\n")
    run = verdigris("recipe", "list", str(tmp_path), inside=small_git.root)
    assert "odd.yaml:1: version must be 1" in run.out


def test_errors_are_one_line(verdigris: Verdigris, small_git: GitFolder, tmp_path: Path) -> None:
    for arguments in (("list", str(tmp_path)), ("add", str(tmp_path), "../x")):
        run = verdigris("recipe", *arguments, inside=small_git.root)
        assert (run.code, run.err.count("\n")) == (2, 1)
    verdigris("recipe", "add", str(tmp_path), "plain")
    assert "known: plain" in verdigris("recipe", "vote", str(tmp_path), "other").err
    small_git.write(".verdigris/oxidize.yaml", "version: 1\nmodel: x\n")
    assert "choose another name" in verdigris("recipe", "add", str(tmp_path), "plain").err


def test_export_writes_what_add_would(
    verdigris: Verdigris, small_git: GitFolder, tmp_path: Path
) -> None:
    shown = verdigris("recipe", "export", inside=small_git.root).out
    assert shown.startswith("version: 1\nprojections:\n  - name: temporal\n")
    verdigris("recipe", "export", str(tmp_path / "mine.yaml"))
    assert (tmp_path / "mine.yaml").read_text() == shown


def test_a_recipe_from_elsewhere_needs_a_pin_where_nobody_watches(
    verdigris: Verdigris, small_git: GitFolder, tmp_path: Path
) -> None:
    verdigris("recipe", "add", str(small_git.root / "book"), "plain", inside=small_git.root)
    small_git.git("-C", "book", "init", "--quiet")
    small_git.git("-C", "book", "add", "-A")
    small_git.git("-C", "book", "commit", "--quiet", "-m", "Add")
    source = f"git+{small_git.root}/book#plain"
    run = verdigris("oxidize", "--dry-run", "--recipe", source)
    assert run.code == 2
    assert "version: 1" in run.err  # it is shown
    pinned = run.err.split()[0]
    assert verdigris("oxidize", "--dry-run", "--recipe", pinned).code == 0
