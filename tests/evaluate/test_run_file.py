"""TREC runs: other tools read them, in the same order, with the names that were written."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import ir_measures
import pytest

from verdigris.errors import EvaluationError
from verdigris.evaluate.run_file import RankedList, decreasing, require_writable, write_run

NAMES = [
    "src/main.py", "my notes.md", "100%.md", "100%25.md", "a\tb", "a\nb", "a\u00a0b",
    "日本/語.md", "commit:" + "ab" * 20, '"quoted" \\ #.md',
]  # fmt: skip


def read_back(path: Path) -> list[ir_measures.ScoredDoc]:
    return list(ir_measures.read_trec_run(str(path)))  # type: ignore[no-untyped-call]


def test_a_run_comes_back_through_another_reader(tmp_path: Path) -> None:
    path = tmp_path / "run.txt"
    documents = [(name, 1.0 - place / 10) for place, name in enumerate(NAMES)]
    write_run(path, [RankedList("query one", documents), RankedList("empty", [])])
    read = read_back(path)
    assert [unquote(one.doc_id) for one in read] == NAMES
    assert {unquote(one.query_id) for one in read} == {"query one"}
    assert [one.score for one in read] == pytest.approx([score for _, score in documents])


def test_a_line_has_six_fields(tmp_path: Path) -> None:
    path = tmp_path / "run.txt"
    write_run(path, [RankedList("q 1", [("my notes.md", 0.5), ("plain.md", 0.25)])])
    assert path.read_text(encoding="utf-8") == (
        "q%201 Q0 my%20notes.md 1 0.5 verdigris\nq%201 Q0 plain.md 2 0.25 verdigris\n"
    )


def test_names_that_are_not_unicode_come_back(tmp_path: Path) -> None:
    path = tmp_path / "run.txt"
    name = os.fsdecode(b"caf\xe9 noir.md")
    write_run(path, [RankedList("q", [(name, 1.0)])])
    written = path.read_bytes().split()[2].decode("utf-8", "surrogateescape")
    assert unquote(written, errors="surrogateescape") == name


def test_equal_scores_keep_the_order_of_the_ranks(tmp_path: Path) -> None:
    """Tools order by score, with 24 binary digits, and equal scores by name."""
    path = tmp_path / "run.txt"
    documents = [(f"{name}.md", 1 / 61) for name in "zyxabc"]
    write_run(path, [RankedList("q", documents)])
    judgements = [ir_measures.Qrel("q", "z.md", 1)]
    run = read_back(path)
    assert ir_measures.calc_aggregate([ir_measures.RR], judgements, run)[ir_measures.RR] == 1
    judgements = [ir_measures.Qrel("q", "c.md", 1)]
    found = ir_measures.calc_aggregate([ir_measures.RR], judgements, run)[ir_measures.RR]
    assert found == pytest.approx(1 / 6)


@pytest.mark.parametrize("scores", [[3.0, 2.0, 2.0, 2.0, 1.0], [0.0, 0.0], [-1.0, -1.0], []])
def test_decreasing_changes_scores_by_a_trace_only(scores: list[float]) -> None:
    lowered = decreasing(scores)
    assert lowered == pytest.approx(scores, rel=1e-5, abs=1e-5)
    assert all(later < earlier for earlier, later in pairwise(lowered))


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="name a file in an existing folder"):
        require_writable(tmp_path)
    with pytest.raises(EvaluationError, match="name a file in an existing folder"):
        require_writable(tmp_path / "no" / "run.txt")
    require_writable(tmp_path / "run.txt")
    with pytest.raises(EvaluationError, match="cannot write the run"):
        write_run(tmp_path, [])
