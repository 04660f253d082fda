"""Oxidize on a real repository: what it learns, serves, locks, makes again and rolls back."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import GitFolder

from verdigris import KnowledgeBase
from verdigris.errors import InvalidProjection, LearningError, LockMismatch, RecipeError
from verdigris.learn.artifacts import read_projection
from verdigris.upkeep.oxidizing import Wishes

WORDS = dict(
    word.split(":")
    for word in """
    valve:pressure ledger:money canvas:paint orbit:planet kernel:process harvest:wheat anchor:ship
    violin:tune lantern:light saddle:horse chimney:smoke bakery:bread pillow:sleep garden:flower
    engine:motor pencil:writing mirror:reflection ticket:travel bottle:water curtain:window
    needle:sewing hammer:nail compass:direction ladder:climbing
    """.split()
)
"""What commits say → what the file that they change is about: no model can know that."""
PLACES = (
    "for users who upgrade from an old release on Windows",
    "when the configuration file has been removed by accident",
    "because the nightly build of the documentation was broken",
    "so that long names are no longer cut in the overview table",
    "after the review of the security team in the last month",
)
"""Half of a subject says nothing about where: nearest subjects mislead, learned ones do not."""
COMMIT_RECIPE = """\
version: 1
projections:
  - name: temporal
    pairs: [commit-files]
    layers: 1
    side: query
    epochs: 20
"""


def history(folder: GitFolder, commits: int, author: str = "Ada") -> None:
    """Commits through git's own fast-import: their subjects name files by other words."""
    generator = random.Random(5)
    stream = []
    for number in range(commits):
        said, about = generator.choice(sorted(WORDS.items()))
        subject = f"Mend the {said} {generator.choice(PLACES)} {number}"
        body = f"def {about}():\n    return {number}\n"
        stream.append(
            f"commit refs/heads/main\ncommitter {author} <a@example.org> "
            f"{1700000000 + 600 * number} +0000\ndata {len(subject)}\n{subject}\n"
            f"M 100644 inline {about}.py\ndata {len(body)}\n{body}\n"
        )
    subprocess.run(
        ["git", "fast-import", "--quiet"],
        cwd=folder.root,
        input="".join(stream).encode(),
        check=True,
    )
    folder.git("reset", "--quiet", "--hard", "main")


@pytest.fixture
def learned(make_git: Callable[[str], GitFolder]) -> GitFolder:
    folder = make_git("learned")
    history(folder, 300)
    folder.write(".verdigris/oxidize.yaml", COMMIT_RECIPE)
    return folder


def lock_of(folder: GitFolder) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(
        (folder.root / ".verdigris/oxidize.lock").read_text(encoding="utf-8")
    )
    return content


def weights_of(folder: GitFolder) -> Path:
    return folder.root / ".verdigris/local/projections/temporal.safetensors"


def fusion_of(folder: GitFolder) -> Path:
    return folder.root / ".verdigris/local/projections/fusion.json"


def test_what_wins_serves_is_locked_made_again_and_rolled_back(learned: GitFolder) -> None:
    """One long way through, since each training takes a second."""
    with KnowledgeBase(learned.root) as knowledge_base:
        task = knowledge_base.oxidize().lock.projections["temporal"].tasks["commit-files"]
        assert task.served
        assert task.raw and task.projection and task.projection.mrr > task.raw.mrr
        lanes = knowledge_base.ask("Mend the violin soon").hits[0].lanes
        assert "projected" in {place.lane for place in lanes}
    lock, weights = lock_of(learned), weights_of(learned).read_bytes()
    fusion = fusion_of(learned).read_bytes()
    assert lock["commit"] == learned.git("rev-parse", "HEAD")
    assert lock["fusion"]["sha256"] == hashlib.sha256(fusion).hexdigest()

    weights_of(learned).unlink()
    fusion_of(learned).unlink()
    learned.commit("Commit the recipe and its lock")  # which must not change the data
    with KnowledgeBase(learned.root) as knowledge_base:
        knowledge_base.oxidize(Wishes(locked=True))
    assert weights_of(learned).read_bytes() == weights
    assert fusion_of(learned).read_bytes() == fusion
    assert lock_of(learned) == lock


def test_roll_back_brings_back_projections_lanes_and_lock_together(learned: GitFolder) -> None:
    with KnowledgeBase(learned.root) as knowledge_base:
        first = knowledge_base.oxidize().lock
        lanes = fusion_of(learned).read_bytes()
        assert knowledge_base.roll_back() is None  # before the first training nothing served
        assert knowledge_base.status().learned is None
        assert not knowledge_base.ask("Mend the violin soon").warnings
        knowledge_base.roll_back()
        assert fusion_of(learned).read_bytes() == lanes

        newer = [f"Mend the {said} because a bell rings, case {n}" for n, said in
                 enumerate(sorted(WORDS) * 2)]  # fmt: skip
        for subject in newer:
            learned.write("bells.py", f"RINGS = {subject!r}\n")
            learned.commit(subject)
        second = knowledge_base.oxidize().lock
        assert second.hashes().keys() == first.hashes().keys()
        assert second.hashes() != first.hashes()
        assert knowledge_base.roll_back() == first
        assert fusion_of(learned).read_bytes() == lanes
        found = knowledge_base.status().learned
        assert found and found.here
        assert found.lock == first


def test_a_change_that_was_killed_between_two_renames_is_ended_by_a_refresh(
    learned: GitFolder,
) -> None:
    served = learned.root / ".verdigris/local/projections"
    staged = served.with_name("projections.part")
    with KnowledgeBase(learned.root) as knowledge_base:
        knowledge_base.oxidize()
        served.rename(staged)  # the one that served before is aside already
        knowledge_base.refresh()
        assert not staged.exists()
        found = knowledge_base.status().learned
        assert found and found.here

        staged.mkdir()  # killed while it was being written
        (staged / "temporal.safetensors").write_bytes(b"half")
        knowledge_base.refresh()
        assert not staged.exists()
        assert weights_of(learned).stat().st_size > 1000


def test_a_lock_from_elsewhere_is_told_and_made_again(learned: GitFolder, tmp_path: Path) -> None:
    """The index of the first grew with the history; that of the clone is made at once."""
    head = learned.git("rev-parse", "HEAD")
    with KnowledgeBase(learned.root) as knowledge_base:
        for commit in ("HEAD~200", "HEAD~90", head):
            learned.git("reset", "--quiet", "--hard", commit)
            knowledge_base.refresh()
        lock = knowledge_base.oxidize().lock
        assert lock.fusion.chosen == "own"
    learned.commit("Commit the recipe and its lock")
    clone = tmp_path / "clone"
    learned.git("clone", "--quiet", str(learned.root), str(clone))
    with KnowledgeBase(clone) as knowledge_base:
        knowledge_base.refresh()
        found = knowledge_base.status().learned
        assert found and not found.here
        knowledge_base.oxidize(Wishes(locked=True))
        found = knowledge_base.status().learned
        assert found and found.here


def test_a_dry_run_changes_nothing(learned: GitFolder) -> None:
    with KnowledgeBase(learned.root) as knowledge_base:
        done = knowledge_base.oxidize(Wishes(dry_run=True))
        assert done.lock.projections["temporal"].tasks["commit-files"].served
        assert not done.written
        with pytest.raises(LearningError, match="nothing to roll back to"):
            knowledge_base.roll_back()
    assert not (learned.root / ".verdigris/oxidize.lock").exists()
    assert not weights_of(learned).exists()


def test_a_lock_of_other_data_recipe_or_weights_is_refused(learned: GitFolder) -> None:
    with KnowledgeBase(learned.root) as knowledge_base:
        with pytest.raises(LockMismatch, match=r"there is no .*; make one: verdigris oxidize"):
            knowledge_base.oxidize(Wishes(locked=True))
        knowledge_base.oxidize()
        lock = learned.root / ".verdigris/oxidize.lock"
        good, weights = lock.read_text(), weights_of(learned).read_bytes()
        digest = json.loads(good)["projections"]["temporal"]["sha256"]
        lanes = json.loads(good)["fusion"]
        for wrong, message in (
            (good.replace(digest, "0" * 64), "temporal.safetensors differs from oxidize.lock"),
            (good.replace(lanes["sha256"], "0" * 64), "fusion.json differs from oxidize.lock"),
            (good.replace('"code": ', '"code": 1'), "fusion.json differs from oxidize.lock"),
            (good.replace('"code": ', '"kode": '), "fusion.json differs from oxidize.lock"),
            (good.replace('"version": 2', '"version": 1'), "has version 1, not 2; train anew"),
            (good.replace(json.loads(good)["fingerprint"], "0" * 32), "has changed since"),
            (good.replace(json.loads(good)["recipe"], "0" * 64), "recipe is not the one"),
            (good.replace('"all-minilm-l6-v2"', '"other"'), "verdigris model use other"),
            ("{}", "cannot be read"),
        ):
            lock.write_text(wrong)
            with pytest.raises(LockMismatch, match=message):
                knowledge_base.oxidize(Wishes(locked=True))
        lock.write_text(good)
        learned.write("pressure.py", "def pressure():\n    return 'much higher now'\n")
        learned.commit("Raise the pressure of it all")
        with pytest.raises(LockMismatch, match="pairs of 'temporal' are not those"):
            knowledge_base.oxidize(Wishes(locked=True))
    assert weights_of(learned).read_bytes() == weights


def test_damaged_weights_are_told_of_and_raw_vectors_answer(learned: GitFolder) -> None:
    with KnowledgeBase(learned.root) as knowledge_base:
        knowledge_base.oxidize()
    weights_of(learned).write_bytes(b"no weights")
    with KnowledgeBase(learned.root) as knowledge_base:
        answer = knowledge_base.ask("Mend the violin soon")
    assert answer.hits
    assert any("temporal.safetensors" in warning for warning in answer.warnings)
    with pytest.raises(InvalidProjection):
        read_projection(weights_of(learned))


@pytest.mark.parametrize(
    ("commits", "author", "files"),
    [
        (0, "Ada", {}),
        (1, "Ada", {}),
        (80, "dependabot[bot]", {}),
        (0, "Ada", {f"src/part{number}.py": f"x = {number}\n" for number in range(70)}),
    ],
    ids=["no history", "one commit", "all commits bots", "a bulk import"],
)
def test_too_little_says_what_is_missing_and_serves_raw(
    make_git: Callable[[str], GitFolder], commits: int, author: str, files: dict[str, str]
) -> None:
    folder = make_git("little")
    if commits:
        history(folder, commits, author)
    for path, text in files.items():
        folder.write(path, text)
    if files:
        folder.commit("Import everything at once")
    with KnowledgeBase(folder.root) as knowledge_base:
        lock = knowledge_base.oxidize().lock
    for projection in lock.projections.values():
        assert projection.sha256 == ""
        assert all("; it takes 60" in why for why in projection.missing.values())
    assert "commits with a telling subject" in lock.projections["temporal"].missing["commit-files"]


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ("version: 1\nmodel: e5-base-v2\n", "run: verdigris model use e5-base-v2"),
        ("version: 1\nmodel: x\nwrong: 1\n", "unknown key 'wrong'"),
        (COMMIT_RECIPE.replace("side: query", "dims: 512"), "wants 512 dims, the model has 384"),
    ],
)
def test_a_recipe_that_cannot_be_used_here_is_refused(
    small_git: GitFolder, recipe: str, message: str
) -> None:
    small_git.write(".verdigris/oxidize.yaml", recipe)
    with KnowledgeBase(small_git.root) as knowledge_base, pytest.raises(RecipeError, match=message):
        knowledge_base.oxidize()
