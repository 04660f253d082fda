"""Query files: what is read, and what is said about a line that cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from verdigris.errors import EvaluationError
from verdigris.evaluate.queries import read_queries


def write(folder: Path, *lines: str) -> Path:
    path = folder / "queries.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_reads_every_query_with_its_line(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        '\ufeff{"id": "a", "query": "why?", "relevant": ["./docs/copper.md", "docs/copper.md"]}',
        "",
        '{"id": 7, "query": "a\u2028b", "relevant": ["commit:AB12"], "before": "2025-01-02"}',
    )
    first, second = read_queries(path)
    assert (first.id, first.text, first.relevant) == ("a", "why?", ("docs/copper.md",))
    assert (first.before, first.line) == ("", 1)
    assert (second.id, second.text, second.before) == ("7", "a\u2028b", "2025-01-02")
    assert (second.relevant, second.line) == (("commit:AB12",), 3)


def test_an_empty_file_has_no_queries(tmp_path: Path) -> None:
    assert read_queries(write(tmp_path)) == ()
    assert read_queries(write(tmp_path, "", "   ", "")) == ()


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('{"id": "b", "query": "x", "relevant": ["y"]', "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('["b", "x"]', "not a JSON object"),
        ('{"query": "x", "relevant": ["y"]}', '"id" must be a text'),
        ('{"id": true, "query": "x", "relevant": ["y"]}', '"id" must be a text'),
        ('{"id": "b", "query": "  ", "relevant": ["y"]}', '"query" must be a text'),
        ('{"id": "b", "query": "x", "relevant": "y"}', '"relevant" must be a list'),
        ('{"id": "b", "query": "x", "relevant": []}', '"relevant" must be a list'),
        ('{"id": "b", "query": "x", "relevant": [3]}', '"relevant" must be a text'),
        ('{"id": "b", "query": "x", "relevant": ["y"], "before": 2025}', '"before" must be a text'),
    ],
)
def test_a_bad_line_is_named_with_what_is_expected(
    tmp_path: Path, line: str, complaint: str
) -> None:
    path = write(tmp_path, '{"id": "a", "query": "x", "relevant": ["y"]}', line)
    with pytest.raises(EvaluationError) as caught:
        read_queries(path)
    assert f"{path}:2: {complaint}" in str(caught.value)
    assert '"relevant": ["path" or "commit:SHA", …]' in str(caught.value)


def test_a_repeated_id_names_both_lines(tmp_path: Path) -> None:
    line = '{"id": "a", "query": "x", "relevant": ["y"]}'
    path = write(tmp_path, line, "", line)
    with pytest.raises(EvaluationError, match=r"queries.jsonl:3: id 'a' was used in line 1"):
        read_queries(path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"cannot read .*missing\.jsonl"):
        read_queries(tmp_path / "missing.jsonl")
    with pytest.raises(EvaluationError, match="cannot read"):
        read_queries(tmp_path)
    latin = tmp_path / "latin.jsonl"
    latin.write_bytes('{"id": "é"}'.encode("latin-1"))
    with pytest.raises(EvaluationError, match="not UTF-8"):
        read_queries(latin)
