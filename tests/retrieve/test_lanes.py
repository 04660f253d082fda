"""What a lane asks full text for, and how passages add up to a document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from verdigris.chunking import chunk_document
from verdigris.records import DOCUMENT_SEEN, Event, Kind, Lines, SeenDetails
from verdigris.retrieve.lanes import (
    ChunkTable,
    Question,
    lexical_documents_lane,
    lexical_passages_lane,
    match_expression,
)
from verdigris.retrieve.names import names_in
from verdigris.store.index import Index


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    opened = Index(tmp_path / "index.db")
    yield opened
    opened.close()


def put(index: Index, name: str, *texts: str, kind: Kind = "code") -> None:
    seen = Event(DOCUMENT_SEEN, name, "v", details=SeenDetails(kind))
    content = [
        Event("code.text", name, "v", text=text, lines=Lines(line, line))
        for line, text in enumerate(texts, start=1)
    ]
    with index.transaction():
        index.add_document(seen, chunk_document(seen, content))


def names(index: Index, ids: list[int]) -> list[str]:
    known = dict(index.connection.execute("SELECT id, name FROM documents").fetchall())
    return [known[one] for one in ids]


@pytest.mark.parametrize(
    ("question", "expression"),
    [
        ("How is the event log kept?", '"event" OR "log" OR "kept"'),
        ("why is it", '"why" OR "is" OR "it"'),
        ("EventLog", '"eventlog" OR "event" OR "log"'),
        ('"; DROP TABLE x --', '"drop" OR "table" OR "x"'),
        ("event_log event log", '"event" OR "log"'),
        ("?!", ""),
    ],
)
def test_the_expression_holds_the_telling_words_and_no_syntax(
    question: str, expression: str
) -> None:
    assert match_expression(question) == expression


def test_several_matching_passages_outrank_one_equally_good_one(index: Index) -> None:
    put(index, "once.py", "cache eviction", "other words here", "more other words")
    put(index, "often.py", "cache eviction", "cache eviction order", "eviction of the cache")
    put(index, "never.py", "nothing of the kind")
    table = ChunkTable(index, None)
    lane = lexical_passages_lane(table, index, Question("cache eviction"))
    (code,) = [ranking for ranking in lane if ranking.kind == "code"]
    assert names(index, code.document_ids.tolist()) == ["often.py", "once.py"]
    assert len(code.chunk_ids) == 4


def test_kinds_are_ranked_apart(index: Index) -> None:
    put(index, "a.py", "retry policy")
    put(index, "a.md", "retry policy explained", kind="doc")
    lane = lexical_passages_lane(ChunkTable(index, None), index, Question("retry policy"))
    found = {one.kind: names(index, one.document_ids.tolist()) for one in lane}
    assert found == {"session": [], "commit": [], "doc": ["a.md"], "code": ["a.py"], "issue": []}


def test_a_path_is_found_by_its_parts_in_the_documents_lane(index: Index) -> None:
    put(index, "src/rate_limiter.py", "pass")
    put(index, "src/other.py", "pass")
    lane = lexical_documents_lane(ChunkTable(index, None), index, Question("rate limiter"))
    (code,) = [ranking for ranking in lane if ranking.kind == "code"]
    assert names(index, code.document_ids.tolist()) == ["src/rate_limiter.py"]


def test_only_allowed_documents_are_ranked(index: Index) -> None:
    put(index, "a.py", "retry policy")
    put(index, "b.py", "retry policy")
    table = ChunkTable(index, frozenset({2}))
    for lane in (lexical_passages_lane, lexical_documents_lane):
        (code,) = [r for r in lane(table, index, Question("retry policy")) if r.kind == "code"]
        assert code.document_ids.tolist() == [2]


def test_a_chunk_of_another_kind_belongs_to_no_document_of_this_one(index: Index) -> None:
    put(index, "a.py", "one")
    put(index, "a.md", "two", kind="doc")
    table = ChunkTable(index, None)
    assert table.documents_of("doc", np.array([1, 2, 99])).tolist() == [-1, 2, -1]
    assert table.documents_of("session", np.array([1])).tolist() == [-1]


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("where is EventLog.append defined?", ["EventLog.append"]),
        ("what does read_file() return", ["read_file"]),
        ("append", ["append"]),
        ("how do we append, and why?", []),
        ("who reads src/a.py", ["src/a.py"]),
        ("Store::open fails", ["Store::open"]),
    ],
)
def test_names_are_what_is_spelt_like_code(question: str, names: list[str]) -> None:
    assert names_in(question) == names
