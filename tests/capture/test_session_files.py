"""Where logs lie, and that nothing in them is lost: edits, crashes, crowds, no permission."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import verdigris
from verdigris.capture import session_files
from verdigris.capture.session_files import change_text, log_paths
from verdigris.capture.sessions import SessionCapture, Statements
from verdigris.capture.work_tree import open_work_tree
from verdigris.errors import Busy, RepositoryError, SessionError, StorageError

if TYPE_CHECKING:
    from tests.conftest import GitFolder

ROOT_ONLY = hasattr(os, "geteuid") and os.geteuid() == 0


def environment() -> dict[str, str]:
    """For a process in another folder, which finds the package where this one did."""
    return dict(os.environ) | {"PYTHONPATH": str(Path(verdigris.__file__).parents[1])}


def capture(folder: GitFolder | Path, sessions_dir: str = "") -> SessionCapture:
    """A capture as each command makes it, from nothing."""
    root = folder if isinstance(folder, Path) else folder.root
    return SessionCapture(open_work_tree(str(root)), sessions_dir)


def test_two_work_trees_at_once_do_not_mix(small_git: GitFolder, tmp_path: Path) -> None:
    other = tmp_path / "other"
    small_git.git("worktree", "add", "-q", "-b", "side", str(other))
    here, there = capture(small_git).start("Here"), capture(other).start("There")
    assert here.id != there.id
    capture(other).note("from the side")
    capture(small_git).note("from the main")
    assert "from the side" not in Path(here.path).read_text()
    assert "[side@" in Path(there.path).read_text()
    assert capture(other).end().id == there.id
    assert capture(small_git).note("still open").id == here.id


def test_edits_by_hand_survive_every_verb(small_git: GitFolder) -> None:
    log = Path(capture(small_git).start("Edited").path)
    edited = log.read_text().replace("- [ ] Edited", "- [x] Edited by hand") + (
        "\n### 10:00 - Reality Check\nIt is hard.\n\n## Beliefs Captured: 1\n- tea-helps\n"
    )
    log.write_bytes(edited.replace("\n", "\r\n").encode() + b"caf\xe9\r\n")
    log.chmod(0o640)
    capture(small_git).note("after the edit")
    capture(small_git).end()
    after = log.read_bytes()
    assert b"- [x] Edited by hand\r\n" in after
    assert b"- tea-helps\r\ncaf\xe9\r\n" in after
    assert b"\n" not in after.replace(b"\r\n", b"")
    assert log.stat().st_mode & 0o777 == 0o640
    order = [b"It is hard.", b"after the edit", b"## Beliefs Captured", b"## Session Class"]
    assert sorted(order, key=after.index) == order


@pytest.mark.skipif(sys.platform == "win32", reason="the editor is a shell script")
@pytest.mark.parametrize("verb", ["update", "end"])
def test_an_edit_that_is_saved_while_git_runs_survives(small_git: GitFolder, verb: str) -> None:
    log = Path(capture(small_git).start("Slow").path)
    editor = small_git.write(
        ".git/editor", f"#!/bin/sh\necho 'Saved meanwhile' >> '{log}'\nexit 1\n"
    )
    editor.chmod(0o755)
    small_git.git("config", "core.fsmonitor", str(editor))  # git status runs it
    if verb == "update":
        capture(small_git).update(Statements(work=("one",)))
    else:
        capture(small_git).end()
    assert "Saved meanwhile\n" in log.read_text()


def test_a_log_without_an_activity_log_gets_one(small_git: GitFolder) -> None:
    log = Path(capture(small_git).start("Bare").path)
    log.write_text("Only this line\n")
    capture(small_git).note("kept")
    assert re.fullmatch(
        r"Only this line\n\n## Activity Log\n### \d\d:\d\d - Note \[.*\]\nkept\n", log.read_text()
    )


def test_notes_of_many_processes_are_all_kept(small_git: GitFolder) -> None:
    log = Path(capture(small_git).start("Crowd").path)
    program = (
        "import sys\n"
        "from verdigris.capture.sessions import SessionCapture\n"
        "from verdigris.capture.work_tree import open_work_tree\n"
        "for n in range(5):\n"
        "    SessionCapture(open_work_tree('')).note(f'{sys.argv[1]}/{n}')\n"
    )
    command = [sys.executable, "-c", program]
    writers = [
        subprocess.Popen([*command, str(n)], cwd=small_git.root, env=environment())
        for n in range(4)
    ]
    assert [writer.wait() for writer in writers] == [0] * 4
    text = log.read_text()
    assert all(f"\n{n}/{m}\n" in text for n in range(4) for m in range(5))
    assert text.count(" - Note [") == 20
    assert [path.name for path in log.parent.iterdir()] == [log.name]


def test_what_a_killed_process_left_goes_with_the_next_note(small_git: GitFolder) -> None:
    log = Path(capture(small_git).start("Killed").path)
    log.with_name(f".{log.name}.4711.tmp").write_text("half a lo")
    capture(small_git).note("after it")
    assert list(log.parent.iterdir()) == [log]


def test_an_interrupted_end_is_finished_without_writing_twice(small_git: GitFolder) -> None:
    log = Path(capture(small_git).start("Interrupted").path)
    state = small_git.root / ".verdigris" / "local" / "active-session"
    remembered = state.read_text()
    capture(small_git).end()
    written = log.read_text()
    state.write_text(remembered)
    assert capture(small_git).end().text == ""
    assert log.read_text() == written
    state.write_text(remembered)
    assert capture(small_git).start("Next").notes == ()
    assert log.read_text() == written


def test_logs_go_where_the_repository_keeps_them(small_git: GitFolder) -> None:
    legacy = (
        "# Session: Old days\n**ID**: 20250102-030405\n**Started**: 2025-01-02T03:04:05Z\n"
        "**Git Branch**: work\n\n## Goals\n- [ ] Steep\n"
    )
    small_git.write("layer/sessions/20250102-030405.md", legacy)
    small_git.write("tests/data/sessions/20250103-030405.md", legacy)
    small_git.write("tests/data/sessions/20250104-030405.md", legacy)
    small_git.commit("Logs")
    started = capture(small_git).start("New days")
    assert Path(started.path).parent == small_git.root / "layer" / "sessions"
    assert "Last session: Old days (20250102-030405)" in started.text
    assert "Open goals:\n- Steep" in started.text
    old = capture(small_git).sessions()[1]
    assert (old.title, old.branch, old.started) == ("Old days", "work", "2025-01-02T03:04:05Z")
    assert (old.minutes, old.commits) == (None, None)


def test_a_log_that_somebody_named_is_listed_and_resumed_by_its_name(small_git: GitFolder) -> None:
    text = "---\ntype: session\nid: 20250105-101500\ntitle: Kettles\nstatus: archived\n---\n"
    small_git.write("docs/sessions/20250105-kettles.md", text)
    small_git.write("docs/sessions/README.md", "Our sessions\n")
    small_git.commit("Logs")
    (listed,) = capture(small_git).sessions()
    assert (listed.id, listed.title, listed.status) == ("20250105-kettles", "Kettles", "archived")
    assert capture(small_git).show(listed.id)[1] == text
    assert Path(capture(small_git).resume().path).name == "20250105-kettles.md"


def test_logs_in_an_ignored_folder_are_found(small_git: GitFolder) -> None:
    small_git.write(".gitignore", "/layer/\n")
    small_git.write("layer/sessions/20250102-030405.md", "# Session: Hidden\n")
    hidden = capture(small_git).start("Also hidden")
    assert Path(hidden.path).parent.parent.name == "layer"
    assert hidden.notes[0].endswith("layer/sessions, which git ignores")


def test_a_configured_folder_wins(small_git: GitFolder, tmp_path: Path) -> None:
    inside = capture(small_git, "notes/log").start("Inside")
    assert Path(inside.path).parent == small_git.root / "notes" / "log"
    assert inside.notes == ()
    assert capture(small_git).note("found by the state, not by the folder").path == inside.path
    assert capture(small_git).sessions()[0].id == inside.id
    outside = capture(small_git, str(tmp_path / "far")).start("Outside", archive=True)
    assert Path(outside.path).parent == tmp_path / "far"
    assert outside.notes[-1].startswith("scry does not find what stands outside of the repository")
    (listed,) = capture(small_git, str(tmp_path / "far")).sessions()
    assert (listed.path, listed.status) == (outside.path, "active")
    assert capture(small_git, str(tmp_path / "far")).end().id == outside.id


def test_a_log_that_was_deleted_is_named_and_can_be_left_behind(small_git: GitFolder) -> None:
    log = Path(capture(small_git).start("Gone").path)
    log.unlink()
    with pytest.raises(SessionError, match=r"is gone: .*\.md; bring it back, or begin anew"):
        capture(small_git).note("x")
    with pytest.raises(SessionError, match="is gone"):
        capture(small_git).start("Next")
    notes = capture(small_git).start("Next", archive=True).notes
    assert notes[0].startswith("the log of the open session was gone")


def test_a_folder_that_cannot_be_written_leaves_nothing_behind(small_git: GitFolder) -> None:
    blocked = small_git.write("blocked", "a file, no folder")
    with pytest.raises(StorageError, match=r"cannot write .*VERDIGRIS_SESSIONS_DIR=FOLDER"):
        capture(small_git, "blocked/logs").start("Nowhere")
    assert small_git.git("tag") == ""
    assert blocked.read_text() == "a file, no folder"
    with pytest.raises(SessionError, match="no session is open"):
        capture(small_git).note("x")


def test_without_git_a_session_that_cannot_begin_leaves_nothing(
    small_git: GitFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = capture(small_git).start("First")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert capture(small_git).note("needs no git").id == first.id
    with pytest.raises(RepositoryError, match="git is not installed"):
        capture(small_git).start("Second", archive=True)
    assert log_paths(str(Path(first.path).parent)) == [first.path]


@pytest.mark.skipif(ROOT_ONLY, reason="root may write everywhere")
def test_a_read_only_work_tree_is_named(small_git: GitFolder) -> None:
    small_git.root.chmod(0o500)
    try:
        with pytest.raises(StorageError, match="Permission denied"):
            capture(small_git).start("Read-only")
    finally:
        small_git.root.chmod(0o700)


def test_a_command_waits_for_another_but_not_for_ever(
    small_git: GitFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Path(capture(small_git).start("Locked").path)
    monkeypatch.setattr(session_files, "LOCK_SECONDS", 0.05)
    with (
        session_files.locked(session_files.SessionFiles(str(small_git.root))),
        pytest.raises(Busy, match=r"another verdigris session command holds .*session\.lock"),
    ):
        capture(small_git).note("too early")
    capture(small_git).note("in time")
    assert "too early" not in log.read_text()


def test_a_log_that_cannot_be_read_stops_no_other_session(small_git: GitFolder) -> None:
    (small_git.root / ".verdigris" / "sessions" / "20250101-000000.md").mkdir(parents=True)
    started = capture(small_git).start("Readable")
    assert "could not be read: 20250101-000000.md" in started.text
    assert [one.status for one in capture(small_git).sessions()] == ["active", "unreadable"]
    with pytest.raises(StorageError, match=r"cannot read .*20250101-000000\.md"):
        capture(small_git).show("2025")


def test_a_state_folder_that_cannot_be_used_is_named(small_git: GitFolder) -> None:
    small_git.write(".verdigris", "a file")
    with pytest.raises(StorageError, match=r"cannot write .*session\.lock"):
        capture(small_git).start("Nowhere")
    (small_git.root / ".verdigris").unlink()
    (small_git.root / ".verdigris" / "local" / "active-session").mkdir(parents=True)
    with pytest.raises(StorageError, match=r"cannot read .*active-session"):
        capture(small_git).note("x")


def test_a_link_to_a_log_stays_a_link(small_git: GitFolder, tmp_path: Path) -> None:
    log = Path(capture(small_git).start("Linked").path)
    real = log.rename(tmp_path / "real.md")
    log.symlink_to(real)
    capture(small_git).note("through the link")
    assert log.is_symlink()
    assert "through the link" in real.read_text()


def test_a_tag_that_git_refuses_is_said_and_stops_nothing(small_git: GitFolder) -> None:
    small_git.git("update-ref", "refs/tags", "HEAD")
    started = capture(small_git).start("No tags here")
    assert started.notes[0].startswith("no tag: git refused session-")
    ended = capture(small_git).end()
    assert ended.notes[0].startswith("no tag: git refused session-")
    assert "Session Tags" not in ended.text


def test_what_is_saved_while_a_log_is_written_stays(tmp_path: Path) -> None:
    log = tmp_path / "20260101-000000.md"
    log.write_text("# Mine\n")
    edits = iter(["# Mine, edited\n", "# Mine, edited twice\n"])

    def change(text: str) -> str:
        if (edit := next(edits, None)) is not None:
            log.write_text(edit)  # an editor saves between reading and writing
        return f"{text}a note\n"

    change_text(str(log), change)
    assert log.read_text() == "# Mine, edited twice\na note\n"
    assert list(tmp_path.iterdir()) == [log]
    log.unlink()
    with pytest.raises(SessionError, match="is gone"):
        change_text(str(log), change)
