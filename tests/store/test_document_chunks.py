"""Documents of chunks, as arrays, are those that the tables say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from verdigris.chunking import chunk_document
from verdigris.records import DOCUMENT_SEEN, Event, Kind, Lines, SeenDetails
from verdigris.store.document_chunks import read_document_chunks
from verdigris.store.index import Index


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    opened = Index(tmp_path / "index.db")
    yield opened
    opened.close()


def add(index: Index, name: str, kind: Kind, blocks: int) -> None:
    seen = Event(DOCUMENT_SEEN, name, "v", details=SeenDetails(kind))
    texts = [
        Event("code.text", name, "v", text=f"text {number}", lines=Lines(number, number))
        for number in range(1, blocks + 1)
    ]
    with index.transaction():
        index.add_document(seen, chunk_document(seen, texts))


def test_every_chunk_has_the_document_that_the_table_names(index: Index) -> None:
    for number, blocks in enumerate([2, 0, 3, 1, 0]):
        add(index, f"a{number}.py", "code", blocks)
        add(index, f"a{number}.md", "doc", blocks + 1)
    with index.transaction():
        index.remove_document("a2.py")
    add(index, "a2.py", "code", 4)
    known = dict(index.connection.execute("SELECT id, document_id FROM chunks WHERE kind = 'code'"))
    table = read_document_chunks(index, "code")
    everything = np.arange(-1, 40)
    expected = [known.get(chunk, -1) for chunk in everything.tolist()]
    assert table.documents_of(everything).tolist() == expected
    assert table.chunk_ids().tolist() == sorted(known)


def test_documents_without_chunks_are_none(index: Index) -> None:
    add(index, "empty.py", "code", 0)
    table = read_document_chunks(index, "code")
    assert not len(table.document_ids)
    assert table.documents_of(np.array([1, 2])).tolist() == [-1, -1]
    assert not len(table.chunk_ids())


def test_some_documents_own_only_their_chunks(index: Index) -> None:
    for name in ("a.py", "b.py", "c.py"):
        add(index, name, "code", 2)
    table = read_document_chunks(index, "code")
    some = table.among(table.document_ids[[0, 2]])
    assert some.chunk_ids().tolist() == [1, 2, 5, 6]
    assert some.documents_of(np.array([2, 3, 6])).tolist() == [1, -1, 3]
