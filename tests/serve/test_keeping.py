"""init, scrape, status, doctor and rebuild, as a user sees them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import GitFolder
    from tests.serve.conftest import Verdigris


def test_init_makes_one_folder_that_git_can_track(
    verdigris: Verdigris, small_git: GitFolder
) -> None:
    run = verdigris("init", inside=small_git.root)
    assert run.code == 0
    assert run.out.startswith(f"created {small_git.root / '.verdigris' / 'config.toml'}\n")
    assert small_git.git("status", "--porcelain", "-uall") == "?? .verdigris/config.toml"
    again = verdigris("init")
    assert (again.code, again.out.split()[0]) == (0, "already")
    assert verdigris("init", "--quiet").out == ""


def test_the_configuration_of_init_is_understood(
    verdigris: Verdigris, small_git: GitFolder
) -> None:
    verdigris("init", inside=small_git.root)
    config = small_git.root / ".verdigris" / "config.toml"
    lines = [line.removeprefix("# ") for line in config.read_text().splitlines()[1:]]
    config.write_text("\n".join(lines))
    run = verdigris("status", "--config")
    assert run.code == 0
    assert "max_file_bytes = 1048576" in run.out
    assert str(config) in run.out


def test_scrape_reports_in_plain_words(verdigris: Verdigris, small_git: GitFolder) -> None:
    small_git.write("kettle.bin", b"\x00\x01\x02")
    run = verdigris("scrape", inside=small_git.root)
    assert run.code == 0
    assert "read: 3 commits, 1 document, 2 code files\n" in run.out
    assert "files by parser: tree-sitter (2), markdown (1)\n" in run.out
    assert "skipped files: binary (1)\n" in run.out
    assert "index: up to date · " in run.out
    assert verdigris("scrape").out.startswith("read: nothing new\n")


def test_scrape_says_what_went(verdigris: Verdigris, small_git: GitFolder) -> None:
    verdigris("scrape", "--quiet", inside=small_git.root)
    (small_git.root / "docs" / "tea.md").unlink()
    assert "gone: 1 entry\n" in verdigris("scrape").out


def test_scrape_without_vectors_says_so_and_status_is_strict(
    verdigris: Verdigris, small_git: GitFolder
) -> None:
    run = verdigris("scrape", "--no-vectors", "--json", inside=small_git.root)
    report = json.loads(run.out)
    assert report["scraped"]["documents"] == {"commit": 3, "code": 2, "doc": 1}
    assert (report["embedded"], report["index"]["vectors"]) == (0, 0)
    strict = verdigris("status", "--strict")
    assert strict.code == 3
    assert "none embedded; the rest: verdigris scrape" in strict.out
    assert verdigris("scrape", "-q").out == ""
    assert verdigris("status", "--strict").code == 0


def test_one_source_leaves_the_others_behind(verdigris: Verdigris, small_git: GitFolder) -> None:
    run = verdigris("scrape", "git", inside=small_git.root)
    assert "read: 3 commits\n" in run.out
    assert "index: behind by 3 files (verdigris scrape) · " in run.out


def test_status_changes_nothing(verdigris: Verdigris, small_git: GitFolder) -> None:
    first = verdigris("status", inside=small_git.root)
    assert "index: behind by 3 commits and 3 files (verdigris scrape) · 0 passages" in first.out
    assert "holds: nothing yet" in first.out
    assert verdigris("status").out == first.out


def test_status_as_json_names_settings_and_origins(
    verdigris: Verdigris, small_git: GitFolder
) -> None:
    verdigris("scrape", "-q", inside=small_git.root)
    status = json.loads(verdigris("status", "--json").out)
    assert (status["schema_version"], status["branch"]) == (1, "main")
    assert status["documents"] == {"commit": 3, "code": 2, "doc": 1}
    assert status["settings"]["threads"] == {"value": 0, "origin": "default"}
    assert status["settings"]["cache_dir"]["origin"] == "VERDIGRIS_CACHE_DIR"


def test_a_doctor_of_a_sound_repository_is_content(
    verdigris: Verdigris, small_git: GitFolder
) -> None:
    verdigris("scrape", "-q", inside=small_git.root)
    run = verdigris("doctor")
    assert run.code == 0
    assert "WRONG" not in run.out
    assert "ok    event log: " in run.out
    checks = json.loads(verdigris("doctor", "--json").out)["checks"]
    assert all(check["ok"] for check in checks)


def test_a_damaged_index_is_exit_2_until_it_is_fixed(
    verdigris: Verdigris, small_git: GitFolder
) -> None:
    verdigris("scrape", "-q", inside=small_git.root)
    index = small_git.root / ".verdigris" / "local" / "index.db"
    index.write_bytes(b"not a database, " * 400)
    run = verdigris("doctor")
    assert run.code == 2
    assert any(line.startswith("WRONG index:") for line in run.out.splitlines())
    verdigris("doctor", "--fix")
    assert verdigris("doctor").code == 0


def test_rebuild_brings_back_what_was_there(verdigris: Verdigris, small_git: GitFolder) -> None:
    verdigris("scrape", "-q", inside=small_git.root)
    before = json.loads(verdigris("status", "--json").out)["index"]
    dry = verdigris("rebuild", "--dry-run")
    assert "would drop" in dry.out
    run = verdigris("rebuild")
    assert (run.code, run.out.split(",")[0]) == (0, "rebuilt")
    assert json.loads(verdigris("status", "--json").out)["index"] == before
    assert verdigris("rebuild", "--quiet").out == ""


def test_doubts_about_a_file_are_notes_on_standard_error(
    verdigris: Verdigris, small_git: GitFolder
) -> None:
    small_git.write("odd.md", b"# Caf\xe9\n\nWater is boiled in a samovar.\n")
    run = verdigris("scrape", inside=small_git.root)
    assert run.err.startswith("note: odd.md: ")
    assert "odd.md" not in run.out


def test_many_doubts_are_cut_short(verdigris: Verdigris, small_git: GitFolder) -> None:
    for number in range(13):
        small_git.write(f"odd{number}.md", b"# Caf\xe9\n")
    run = verdigris("scrape", inside=small_git.root)
    assert run.err.count("\n") == 11
    assert "note: and 3 more of the kind" in run.err


def test_redacted_secrets_are_counted(verdigris: Verdigris, small_git: GitFolder) -> None:
    token = "gh" + "p_" + "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5"
    small_git.write("notes.md", f"# Access\n\nThe token is {token} for now.\n")
    run = verdigris("scrape", inside=small_git.root)
    assert "secrets redacted: 1\n" in run.out
    assert token not in verdigris("scry", "token access", "--json").out


def test_status_says_what_is_left_out(
    verdigris: Verdigris, small_git: GitFolder, make_git: Callable[[str], GitFolder]
) -> None:
    outer = make_git("outer")
    outer.git("submodule", "--quiet", "add", str(small_git.root), "inner")
    assert "main without commits\n" in verdigris("status", inside=outer.root).out
    outer.commit("Take in the kettle")
    outer.git("checkout", "--quiet", "--detach")
    run = verdigris("status")
    assert f"{outer.root}, detached at {outer.git('rev-parse', 'HEAD')[:10]}\n" in run.out
    assert "submodules, not indexed here: inner\n" in run.out


def test_a_shallow_clone_says_that_history_is_missing(
    verdigris: Verdigris, small_git: GitFolder, tmp_path: Path
) -> None:
    small_git.git("clone", "--quiet", "--depth=1", f"file://{small_git.root}", str(tmp_path / "s"))
    assert "git fetch --unshallow" in verdigris("status", inside=tmp_path / "s").out
    run = verdigris("scry", "boil")
    assert run.code == 0
    assert "git fetch --unshallow" in run.err
