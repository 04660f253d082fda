from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from verdigris.errors import CorruptDatabase, NewerDatabase, StorageError
from verdigris.store.vector_cache import VectorCache


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[VectorCache]:
    with closing(VectorCache(tmp_path / "deep/er/vectors.db")) as one:
        yield one


def test_vectors_come_back_by_text_and_fingerprint(cache: VectorCache) -> None:
    many = {number.to_bytes(16, "big"): bytes([number % 251]) * 4 for number in range(1_200)}
    cache.put("model", many.items())
    assert cache.get("model", list(many)) == many
    assert cache.get("other model", list(many)) == {}
    assert cache.get("model", [b"unknown", b"\0" * 16]) == {b"\0" * 16: b"\0" * 4}
    assert cache.get("model", []) == {}
    assert cache.check() == "ok"


def test_the_first_vector_of_a_text_stays(cache: VectorCache) -> None:
    cache.put("model", [(b"a", b"1")])
    cache.put("model", [(b"a", b"2"), (b"b", b"3")])
    assert cache.get("model", [b"a", b"b"]) == {b"a": b"1", b"b": b"3"}


def test_forgetting(cache: VectorCache) -> None:
    cache.put("model", [(b"a", b"1"), (b"b", b"2")])
    cache.forget("model", [b"a", b"unknown"])
    assert cache.get("model", [b"a", b"b"]) == {b"b": b"2"}


def test_an_interrupted_put_leaves_nothing(cache: VectorCache) -> None:
    def interrupted() -> Iterator[tuple[bytes, bytes]]:
        yield b"a", b"1"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.put("model", interrupted())
    assert cache.get("model", [b"a"]) == {}


def test_two_processes_may_write(cache: VectorCache) -> None:
    with closing(VectorCache(cache.path)) as other:
        cache.put("model", [(b"a", b"1")])
        other.put("model", [(b"a", b"1"), (b"b", b"2")])
        assert cache.get("model", [b"a", b"b"]) == {b"a": b"1", b"b": b"2"}


def test_a_cache_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    path = tmp_path / "vectors.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(NewerDatabase):
        VectorCache(path)
    path.write_bytes(b"no database" * 999)
    with pytest.raises(CorruptDatabase, match=r"vectors\.db is damaged"):
        VectorCache(path)
    with pytest.raises(StorageError, match="cannot create"):
        VectorCache(path / "vectors.db")
