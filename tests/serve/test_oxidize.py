"""The oxidize command as a user sees it, and what status tells of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.upkeep.test_oxidizing import COMMIT_RECIPE, history

if TYPE_CHECKING:
    from tests.conftest import GitFolder
    from tests.serve.conftest import Verdigris


def test_oxidize_tells_what_it_measured_and_serves(
    verdigris: Verdigris, make_git: Callable[[str], GitFolder]
) -> None:
    folder = make_git("learned")
    history(folder, 300)
    folder.write(".verdigris/oxidize.yaml", COMMIT_RECIPE)
    assert "learned: " not in verdigris("status", inside=folder.root).out

    run = verdigris("oxidize", inside=folder.root)
    assert run.code == 0
    assert "\nServing: temporal (commit-files); order of files: " in run.out
    assert "temporal: one layer, questions only" in run.out
    assert "commit-files (commit subject → files it changed): served\n" in run.out

    status = verdigris("status", inside=folder.root).out
    assert "learned: temporal, commit-files: MRR 0." in status
    told = json.loads(verdigris("status", "--json", inside=folder.root).out)["learned"]
    assert told["lock"]["projections"]["temporal"]["tasks"]["commit-files"]["served"]

    question = folder.root.with_name("questions.jsonl")
    question.write_text('{"id": "a", "query": "brew tea", "relevant": ["none.py"]}')
    measured = ("eval", "--queries", str(question), "--quiet")
    assert "what `oxidize` learned from this repository takes part" in verdigris(*measured).out

    undone = verdigris("oxidize", "--rollback", inside=folder.root)
    assert not json.loads(verdigris(*measured, "--json").out)["learned"]
    assert (
        undone.out == "Raw vectors and the package's weights serve, as before the first training.\n"
    )
    assert "learned: " not in verdigris("status", inside=folder.root).out
    verdigris("oxidize", "--rollback", inside=folder.root)

    shutil.rmtree(folder.root / ".verdigris/local")  # a fresh clone has the lock, not the weights
    assert "verdigris oxidize --locked" in verdigris("status", inside=folder.root).out
    assert verdigris("oxidize", "--locked", "--quiet", inside=folder.root).out == ""
    assert "learned elsewhere" not in verdigris("status", inside=folder.root).out


def test_with_too_little_it_says_what_is_missing(
    verdigris: Verdigris, small_git: GitFolder
) -> None:
    run = verdigris("oxidize", inside=small_git.root)
    assert run.code == 0
    assert "commits with a telling subject; it takes 60" in run.out
    assert "\nServing: no projection, since none surely beat raw vectors" in run.out
    assert "nothing that beats raw" in verdigris("status", inside=small_git.root).out


def test_json_is_the_lock_with_the_time_it_took(verdigris: Verdigris, small_git: GitFolder) -> None:
    run = verdigris("oxidize", "--dry-run", "--json", inside=small_git.root)
    told = json.loads(run.out)
    assert told["written"] is False
    assert set(told["projections"]) == {"temporal", "co-change", "dependency", "semantic"}


def test_rollback_goes_with_nothing_else(verdigris: Verdigris, small_git: GitFolder) -> None:
    assert verdigris("oxidize", "--rollback", "--locked", inside=small_git.root).code == 2
    nothing = verdigris("oxidize", "--rollback", inside=small_git.root)
    assert nothing.code == 2
    assert "verdigris oxidize" in nothing.err


def test_a_wrong_recipe_is_one_line_with_its_place(
    verdigris: Verdigris, small_git: GitFolder
) -> None:
    small_git.write(".verdigris/oxidize.yaml", "version: 1\nepochs: 3\n")
    run = verdigris("oxidize", inside=small_git.root)
    assert run.code == 2
    assert "oxidize.yaml:2: unknown key 'epochs'" in run.err
    assert run.err.count("\n") == 1
