"""Sessions written by capture in real repositories, and read back by the scraper."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import verdigris
from verdigris.capture.sessions import Captured, SessionCapture, Statements
from verdigris.capture.work_tree import open_work_tree
from verdigris.errors import SessionError
from verdigris.records import Event, SourceFile
from verdigris.scrape.sessions.events import is_session_log, parse_session

if TYPE_CHECKING:
    from tests.conftest import GitFolder

ROOT_ONLY = hasattr(os, "geteuid") and os.geteuid() == 0
SAID = Statements(
    work=("Kettle boils",),
    decisions=("Four litres, because\nthe pot holds no more", "Tea first"),
    challenges=("It leaks\nSolution: a new lid",),
    patterns=("Water is wet",),
    text="# Aside\n\nA long talk about `cups`.",
)


def environment() -> dict[str, str]:
    """For a process in another folder, which finds the package where this one did."""
    return dict(os.environ) | {"PYTHONPATH": str(Path(verdigris.__file__).parents[1])}


def capture(folder: GitFolder | Path, sessions_dir: str = "") -> SessionCapture:
    """A capture as each command makes it, from nothing."""
    root = folder if isinstance(folder, Path) else folder.root
    return SessionCapture(open_work_tree(str(root)), sessions_dir)


def scraped(log: Path) -> list[Event]:
    text = log.read_text(encoding="utf-8")
    path = f".verdigris/sessions/{log.name}"
    assert is_session_log(path, text)
    return parse_session(SourceFile(path, text, "v1"))


def of_kind(events: list[Event], kind: str) -> list[Event]:
    return [event for event in events if event.kind == f"session.{kind}"]


def test_a_whole_session_reads_back_as_it_was_meant(small_git: GitFolder) -> None:
    start = small_git.git("rev-parse", "HEAD")
    log = Path(capture(small_git).start("Make tea", goals=["Boil", "Pour"], llm="a model").path)
    small_git.write("src/tea.py", "tea = 1\n")
    later = small_git.commit("Tea")
    capture(small_git).note("Green tea: two minutes\n\n## Not three")
    capture(small_git).update(SAID)
    ended = capture(small_git).end()

    seen, *events = scraped(log)
    assert seen.details is not None
    head = seen.details.session  # type: ignore[union-attr]
    assert head is not None
    assert (head.id, head.title, head.status, head.llm) == (
        log.stem,
        "Make tea",
        "ended",
        "a model",
    )
    assert (head.branch, head.starting_commit) == ("main", start)
    assert head.tag == f"session-{log.stem}-start"
    assert {event.kind for event in events} == {
        f"session.{kind}"
        for kind in (
            *("started", "context", "goal", "note", "update", "work", "decision", "challenge"),
            *("pattern", "text", "ended"),
        )
    }
    assert [event.text for event in of_kind(events, "goal")] == [
        "## Goals\n- [ ] Boil",
        "- [ ] Pour",
    ]
    assert {(event.branch, event.commit) for event in of_kind(events, "note")} == {
        ("main", later[:7])
    }
    assert "because\n  the pot" in of_kind(events, "decision")[0].text
    assert of_kind(events, "decision")[1].text == "- Tea first"
    assert "Solution: a new lid" in of_kind(events, "challenge")[0].text
    assert "#### Aside" in of_kind(events, "text")[-1].heading + of_kind(events, "text")[-1].text
    assert "Commits this session: 1" in of_kind(events, "update")[0].text
    assert "- Work Type: experiment" in of_kind(events, "ended")[-1].text
    assert "- Work Type: experiment" in ended.text


def test_a_session_that_goes_on_on_another_day_tells_the_day(small_git: GitFolder) -> None:
    log = Path(capture(small_git).start("Long").path)
    text = log.read_text(encoding="utf-8")
    created = re.search(r"created: (\S+)", text)
    assert created
    long_ago = text.replace(created[1], "2026-03-02T12:00:00Z")
    log.write_text(re.sub(r"(id: |start_timestamp: ).*", "", long_ago), encoding="utf-8")
    capture(small_git).resume()
    capture(small_git).update(Statements(work=("Later",)))
    capture(small_git).note("Latest")
    now = datetime.now(UTC)
    for words in ("Going on", "Later", "Latest"):
        (event,) = [one for one in scraped(log) if words in one.text]
        assert abs(now - datetime.fromisoformat(event.time)) < timedelta(minutes=5)
    today = f"{datetime.now():%Y-%m-%d}"
    assert f"Update (covering since {today} " in log.read_text(encoding="utf-8")


def test_times_read_back_in_utc(small_git: GitFolder) -> None:
    program = (
        "import sys\n"
        "from verdigris.capture.sessions import SessionCapture\n"
        "from verdigris.capture.work_tree import open_work_tree\n"
        "capture = SessionCapture(open_work_tree(''))\n"
        "print(capture.start('Far away').path)\n"
        "capture.note('here')\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=small_git.root,
        env=environment() | {"TZ": "Asia/Kolkata"},
        capture_output=True,
        check=True,
    )
    log = Path(ran.stdout.decode().strip())
    seen, *events = scraped(log)
    (noted,) = of_kind(events, "note")
    created = re.search(r"^created: (\S+)$", log.read_text(), re.MULTILINE)
    assert created is not None
    assert seen.time == created[1]
    assert seen.time[:16] <= noted.time[:16] <= f"{seen.time[:11]}23:59"
    if os.name == "posix":
        assert int(log.stem[9:11]) * 60 + int(log.stem[11:13]) == (
            int(seen.time[11:13]) * 60 + int(seen.time[14:16]) + 330
        ) % (24 * 60)


def test_every_line_of_a_log_lands_in_one_event(small_git: GitFolder) -> None:
    log = Path(capture(small_git).start("Lines").path)
    capture(small_git).update(SAID)
    capture(small_git).note("```\nunclosed\n## inside")
    capture(small_git).end()
    lines = log.read_text().split("\n")
    covered = [
        number
        for event in scraped(log)[1:]
        if event.lines
        for number in range(event.lines.start, event.lines.end + 1)
        if lines[number - 1].strip()
    ]
    assert covered == [number for number, line in enumerate(lines, 1) if line.strip()]


def test_a_session_without_commits_has_no_tags_and_says_so(
    make_git: Callable[[str], GitFolder],
) -> None:
    folder = make_git("empty")
    started = capture(folder).start("Before all")
    assert started.notes == ("no tag: the repository has no commit yet",)
    assert "### " in capture(folder).note("early").text
    assert "@" not in capture(folder).note("early").text
    ended = capture(folder).end()
    assert "Work Type: exploration" in ended.text
    assert folder.git("tag") == ""


def test_start_and_end_are_lightweight_tags(small_git: GitFolder) -> None:
    session = capture(small_git).start("Tags").id
    before = small_git.git("rev-parse", "HEAD")
    after = small_git.commit("More")
    text = capture(small_git).end().text
    assert small_git.git("rev-parse", f"session-{session}-start") == before
    assert small_git.git("rev-parse", f"session-{session}-end") == after
    assert f"- Session Tags: session-{session}-start..session-{session}-end" in text


def test_an_open_session_is_never_overwritten(small_git: GitFolder) -> None:
    first = capture(small_git).start("First")
    with pytest.raises(SessionError, match=r"First.*still open.*resume.*end.*--archive"):
        capture(small_git).start("Second")
    assert Path(first.path).read_text() == first.text

    second = capture(small_git).start("Second", archive=True)
    assert second.notes == (f"archived session {first.id} (First)",)
    assert second.id != first.id
    assert "status: archived" in Path(first.path).read_text()
    assert f"Last session: First ({first.id}, archived)" in second.text
    assert of_kind(scraped(Path(first.path)), "ended")[-1].text.startswith("### ")


def test_sessions_of_one_second_have_ids_of_their_own(small_git: GitFolder) -> None:
    ids = [capture(small_git).start(f"No {n}", archive=True).id for n in range(4)]
    assert len(set(ids)) == 4
    assert ids == sorted(ids)


def test_work_trees_that_share_a_folder_overwrite_nothing(
    small_git: GitFolder, tmp_path: Path
) -> None:
    others = [tmp_path / f"tree{number}" for number in range(3)]
    for number, other in enumerate(others):
        small_git.git("worktree", "add", "-q", "-b", f"side{number}", str(other))
    shared = str(tmp_path / "shared")
    program = (
        "import sys; from pathlib import Path; from verdigris.capture.sessions import "
        "SessionCapture; from verdigris.capture.work_tree import open_work_tree\n"
        f"SessionCapture(open_work_tree(''), {shared!r}).start(Path().resolve().name)"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program], cwd=tree, env=environment())
        for tree in others
    ]
    assert [process.wait() for process in running] == [0, 0, 0]
    logs = sorted(Path(shared).glob("*.md"))
    titles = {re.search(r"title: (.*)", log.read_text(encoding="utf-8"))[1] for log in logs}  # type: ignore[index]
    assert titles == {'"tree0"', '"tree1"', '"tree2"'}


def test_a_session_that_was_left_open_and_forgotten_is_named(small_git: GitFolder) -> None:
    first = capture(small_git).start("First")
    shutil.rmtree(small_git.root / ".verdigris" / "local")
    (note,) = capture(small_git).start("Second").notes
    assert note.endswith(f"verdigris session resume {first.id}")
    capture(small_git).end()
    assert capture(small_git).resume().id == first.id


def test_the_next_session_knows_the_last_one(small_git: GitFolder) -> None:
    capture(small_git).start("First", goals=["Boil", "Pour"])
    log = Path(capture(small_git).update(SAID).path)
    log.write_text(log.read_text().replace("- [ ] Boil", "- [x] Boil"))
    capture(small_git).end()
    second = capture(small_git).start("Second")
    context = second.text.partition("## Previous Session Context\n")[2].partition("\n\n## ")[0]
    assert context.splitlines() == [
        f"Last session: First ({log.stem}, ended)",
        "",
        "Key decisions:",
        "- Four litres, because",
        "- Tea first",
        "",
        "Open goals:",
        "- Pour",
    ]
    assert {event.kind for event in scraped(Path(second.path)) if "Pour" in event.text} == {
        "session.context"
    }


def test_covering_since_is_the_last_update_not_the_last_note(small_git: GitFolder) -> None:
    log = Path(capture(small_git).start("Times").path)
    text = re.sub(r"### \d\d:\d\d - Session Start", "### 03:04 - Session Start", log.read_text())
    log.write_text(text + "\n### 03:05 - Note [main@abcdef0]\nx\n")
    assert "(covering since 03:04)" in capture(small_git).update(Statements()).text
    log.write_text(text + "\n### 03:06 - Update (covering since 03:04)\nx\n")
    assert "(covering since 03:06)" in capture(small_git).update(Statements()).text


@pytest.mark.parametrize(
    ("commits", "files", "work_type"),
    [
        (0, [], "exploration"),
        (1, ["a"], "experiment"),
        (3, ["a"], "feature"),
        (3, ["docs/decisions.md"], "pattern-work"),
        (1, ["layer/patterns/x/y.md"], "pattern-work"),
        (1, [f"f{n}" for n in range(11)], "major-feature"),
    ],
)
def test_classification(
    small_git: GitFolder, commits: int, files: list[str], work_type: str
) -> None:
    capture(small_git).start("Some work")
    for number in range(commits):
        for file in files:
            small_git.write(file, str(number))
        small_git.commit(f"Work {number}")
    text = capture(small_git).end().text
    assert f"- Work Type: {work_type}\n- Files Changed: {len(files)}\n- Commits: {commits}" in text


def test_resume_goes_on_with_the_open_or_an_archived_session(small_git: GitFolder) -> None:
    first = capture(small_git).start("First")
    resumed = capture(small_git).resume()
    assert (resumed.id, "Session Resumed [main@" in resumed.text) == (first.id, True)
    capture(small_git).archive()
    with pytest.raises(SessionError, match="no session is open"):
        capture(small_git).note("x")
    assert capture(small_git).resume(first.id[:-1]).id == first.id
    assert capture(small_git).sessions()[0].status == "active"

    second = capture(small_git).start("Second", archive=True)
    with pytest.raises(SessionError, match=f"session {second.id} is open; close it first"):
        capture(small_git).resume(first.id)
    capture(small_git).end()
    with pytest.raises(SessionError, match=f"{second.id} has ended; begin one: verdigris session"):
        capture(small_git).resume(second.id)
    assert capture(small_git).resume().id == first.id
    capture(small_git).end()
    with pytest.raises(SessionError, match="no session is left to resume"):
        capture(small_git).resume()


def test_list_and_show(small_git: GitFolder) -> None:
    with pytest.raises(SessionError, match=r"no session in .*begin one"):
        capture(small_git).show()
    first = capture(small_git).start("First")
    small_git.commit("One")
    capture(small_git).end()
    second = capture(small_git).start("Second")
    newest, oldest = capture(small_git).sessions()
    assert (newest.id, newest.status, newest.commits, newest.minutes) == (second.id, "active", 0, 0)
    assert (oldest.id, oldest.status, oldest.commits, oldest.minutes) == (first.id, "ended", 1, 0)
    assert oldest.path == f".verdigris/sessions/{first.id}.md"
    assert capture(small_git).show()[0] == newest
    assert capture(small_git).show(first.id)[1] == Path(first.path).read_text()
    with pytest.raises(SessionError, match="2 sessions begin with '2'"):
        capture(small_git).show("2")
    with pytest.raises(SessionError, match="no session '1999'; see: verdigris session list"):
        capture(small_git).show("1999")


def test_titles_are_one_printable_line(small_git: GitFolder) -> None:
    title = '\tA "quoted": title \\ with\na line, ü, 🫖 and \x1b[31m # more'
    log = Path(capture(small_git).start(title).path)
    (seen, *_) = scraped(log)
    details = seen.details.session  # type: ignore[union-attr]
    assert details is not None
    assert details.title == 'A "quoted": title \\ with a line, ü, 🫖 and [31m # more'
    assert capture(small_git).sessions()[0].title == details.title


@pytest.mark.parametrize("text", ["", " \n"])
def test_empty_titles_and_notes_are_refused(small_git: GitFolder, text: str) -> None:
    with pytest.raises(SessionError, match="a session needs a title"):
        capture(small_git).start(text)
    capture(small_git).start("Some")
    with pytest.raises(SessionError, match="a note needs a text"):
        capture(small_git).note(text)


def test_what_a_verb_returns_is_what_stands_in_the_log(small_git: GitFolder) -> None:
    capture(small_git).start("Told")
    told: list[Captured] = [capture(small_git).note("n"), capture(small_git).update(SAID)]
    text = Path(told[0].path).read_text()
    assert all(one.text in text for one in told)
