"""What sessions name, as it was then, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from verdigris.knowledge_base import KnowledgeBase
from verdigris.records import AgedAnchor, Lines
from verdigris.upkeep.health import examine

if TYPE_CHECKING:
    from tests.conftest import GitFolder

KETTLE = """\
class Kettle:
    def boil(self, litres):
        return litres * 4

    def pour(self):
        return 1


def whistle():
    return "iii"
"""
SESSION = """\
---
type: session
id: "20250301-100000"
title: A kettle
created: "2025-03-01T10:00:00Z"
git:
  branch: main
---

# Session: A kettle

## Activity Log

### 10:30 - Update

**Work completed:**
- `Kettle.boil` in `src/kettle.py` heats water, `whistle()` tells; see {sha} on `main`
- The lines `src/kettle.py:9-10` matter, `docs/tea.md` says why
- `kettle.Kettle` is the test of `no_such_thing` and `src/none.py`
"""


class House:
    """A repository with a session of 2025-03-01, whose anchors are looked at."""

    def __init__(self, git: GitFolder, monkeypatch: pytest.MonkeyPatch) -> None:
        self.git = git
        self._patch = monkeypatch
        git.write("src/kettle.py", KETTLE)
        git.write("src/cup.py", "from kettle import Kettle\n\n\ndef test():\n    Kettle()\n")
        git.write("docs/tea.md", "# Tea\n\nSteep.\n")
        self.sha = self.commit("Add a kettle", "2025-03-01T09:00:00Z")
        self.log = git.write("sessions/20250301-100000.md", SESSION.format(sha=self.sha[:20]))
        self.commit("Keep the session", "2025-03-01T10:40:00Z")

    def commit(self, message: str, time: str) -> str:
        self._patch.setenv("GIT_COMMITTER_DATE", time)
        return self.git.commit(message)

    def change(self, old: str, new: str, time: str = "2025-04-01T00:00:00Z") -> str:
        file = self.git.root / "src" / "kettle.py"
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))
        return self.commit(f"Change {old.split()[0]}", time)

    def anchors(self) -> dict[str, AgedAnchor]:
        with KnowledgeBase(self.git.root) as knowledge_base:
            knowledge_base.refresh()
            knowledge_base.anchor()
            lanes = ("lexical-passages",)
            hits = knowledge_base.ask("water lines kettle", lanes=lanes).hits
            (session,) = [hit for hit in hits if hit.kind == "session"]
            names: dict[str, AgedAnchor] = {}
            for one in session.anchors:
                lines = (
                    f":{one.anchor.lines}" if one.anchor.form == "path" and one.anchor.lines else ""
                )
                names[one.anchor.name + lines] = one
            return names


@pytest.fixture
def house(make_git: Callable[[str], GitFolder], monkeypatch: pytest.MonkeyPatch) -> House:
    return House(make_git("house"), monkeypatch)


def test_what_a_session_names_is_anchored_as_it_was(house: House) -> None:
    found = house.anchors()
    assert set(found) == {
        "Kettle.boil", "src/kettle.py", "whistle", house.sha[:20], "src/kettle.py:9-10",
        "docs/tea.md", "kettle.Kettle",
    }  # fmt: skip
    assert {one.state for one in found.values()} == {"fresh"}
    boil = found["Kettle.boil"]
    assert (boil.anchor.path, boil.anchor.lines) == ("src/kettle.py", Lines(2, 3))
    assert boil.anchor.line == 17
    assert (boil.lines, boil.commits) == (Lines(2, 3), 0)


def test_code_that_changed_since_has_drifted_and_the_rest_is_fresh(house: House) -> None:
    sha = house.change(
        "        return litres * 4\n", "        heat = 4\n        return litres * heat\n"
    )
    found = house.anchors()
    boil = found["Kettle.boil"]
    assert (boil.state, boil.lines, boil.added, boil.removed) == ("drifted", Lines(2, 4), 2, 1)
    assert (boil.commits, boil.last_commit, boil.last_subject) == (1, sha, "Change return")
    assert (found["src/kettle.py"].state, found["src/kettle.py"].added) == ("drifted", 2)
    assert found["whistle"].state == "fresh"
    lines = found["src/kettle.py:9-10"]
    assert (lines.state, lines.lines) == ("fresh", Lines(10, 11))
    assert found["docs/tea.md"].state == "fresh"


def test_uncommitted_changes_count(house: House) -> None:
    (house.git.root / "docs" / "tea.md").write_text("# Tea\n")
    assert house.anchors()["docs/tea.md"].state == "drifted"
    assert house.anchors()["docs/tea.md"].removed == 2  # as remembered


def test_what_was_deleted_or_renamed_is_gone(house: House) -> None:
    house.git.git("rm", "-q", "docs/tea.md")
    house.git.git("mv", "src/kettle.py", "src/pot.py")
    house.commit("Rename", "2025-04-01T00:00:00Z")
    found = house.anchors()
    assert (found["docs/tea.md"].state, found["docs/tea.md"].now) == ("gone", "")
    assert (found["src/kettle.py"].state, found["src/kettle.py"].now) == ("gone", "src/pot.py")
    boil = found["Kettle.boil"]
    assert (boil.state, boil.now, boil.lines) == ("fresh", "src/pot.py", Lines(2, 3))


def test_a_symbol_that_moved_is_gone_with_its_new_place(house: House) -> None:
    house.git.write("src/sound.py", 'def whistle():\n    return "iii"\n')
    house.change('\n\ndef whistle():\n    return "iii"\n', "")
    found = house.anchors()
    assert (found["whistle"].state, found["whistle"].now) == ("gone", "src/sound.py")
    assert found["src/kettle.py:9-10"].state == "gone"
    house.git.write("src/sound.py", "def whistle():\n    beep()\n    ring()\n    sing()\n")
    assert (house.anchors()["whistle"].state, house.anchors()["whistle"].now) == ("gone", "")


def test_a_commit_that_no_branch_has_is_gone(house: House) -> None:
    house.anchors()
    tree = house.git.git("write-tree")
    house.git.git("reset", "-q", "--soft", house.git.git("commit-tree", tree, "-m", "Squashed"))
    assert house.anchors()[house.sha[:20]].state == "gone"


def test_a_symbol_that_went_before_it_was_indexed_is_found_in_the_old_version(house: House) -> None:
    house.change("    def pour(self):\n        return 1\n", "")
    text = house.log.read_text().replace("`whistle()`", "`Kettle.pour` and `whistle()`")
    house.log.write_text(text)
    pour = house.anchors()["Kettle.pour"]
    assert (pour.state, pour.anchor.lines) == ("gone", Lines(5, 6))


def test_a_file_that_was_committed_after_the_session_is_anchored_there(house: House) -> None:
    house.git.write("src/none.py", "A = 1\n")
    house.commit("Late", "2025-03-02T00:00:00Z")
    found = house.anchors()
    assert found["src/none.py"].state == "fresh"


def test_an_edited_log_is_anchored_again(house: House) -> None:
    house.anchors()
    house.log.write_text(house.log.read_text().replace("`docs/tea.md`", "`src/cup.py`"))
    found = house.anchors()
    assert "docs/tea.md" not in found
    assert found["src/cup.py"].state == "fresh"


def test_the_doctor_lists_what_drifted_and_calls_it_no_fault(house: House) -> None:
    house.anchors()
    house.change("litres * 4", "litres * 5")
    house.anchors()
    (finding,) = [one for one in examine(house.git.root) if one.what == "anchors"]
    assert finding.ok
    assert finding.state == "names in sessions: 4 fresh, 3 drifted, 0 gone"
    first = "sessions/20250301-100000.md:17: Kettle.boil drifted, commits since: 1"
    assert first in finding.details


def test_a_session_without_git_facts_is_left_alone(
    make_git: Callable[[str], GitFolder],
) -> None:
    folder = make_git("empty")
    folder.write("sessions/20250301-100000.md", SESSION.format(sha="1a2b3c4d"))
    with KnowledgeBase(folder.root) as knowledge_base:
        knowledge_base.refresh()
        assert knowledge_base.anchor() == 1
        (hit,) = knowledge_base.ask("kettle", lanes=("lexical-passages",)).hits
        assert hit.anchors == ()
