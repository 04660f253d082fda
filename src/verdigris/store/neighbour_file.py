"""USearch files: caches of nearest neighbours that are verified before they are opened."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from verdigris.store.document_chunks import Ids
from verdigris.store.index import Index

Scores = npt.NDArray[np.float32]

SUFFIX = ".usearch"


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Ids and their cosine similarity to the question, best first; shapes (n,)."""

    ids: Ids
    scores: Scores


class NeighbourFile:
    """`NAME.usearch` in `folder`; its hash, and what it was built from, stand in the index.

    USearch crashes the process on flipped bytes, so what is not as written is not opened.
    """

    def __init__(self, index: Index, folder: Path, name: str) -> None:
        self._index = index
        self._key = f"usearch.{name}"
        self.path = folder / f"{name}{SUFFIX}"

    def is_current(self, state: str) -> bool:
        """Whether the file was built from that state, and is byte for byte what was written."""
        built_from, _, digest = self._index.meta(self._key).partition(" ")
        return built_from == state and digest == _sha256(self.path)

    def is_as_written(self) -> bool:
        """Whether it is byte for byte what was written, of whatever state."""
        return self._index.meta(self._key).rpartition(" ")[2] == _sha256(self.path)

    def build(self, state: str, ids: Ids, vectors: npt.NDArray[np.floating[Any]]) -> None:
        """Write the file anew. ids: (n,), vectors: (n, dims); state: what they come from."""
        index = _usearch().Index(ndim=vectors.shape[1], metric="cos", dtype="f16")
        # By several threads some vectors become unreachable, others each time.
        index.add(ids.astype(np.uint64), vectors, threads=1)
        handle, temporary = tempfile.mkstemp(dir=self.path.parent, suffix=".part")
        os.close(handle)
        try:
            index.save(temporary)
            digest = _sha256(Path(temporary))
            with Path(temporary).open("rb") as file:
                os.fsync(file.fileno())
            Path(temporary).replace(self.path)
        finally:
            Path(temporary).unlink(missing_ok=True)
        with self._index.transaction():
            self._index.set_meta(self._key, f"{state} {digest}")

    def open(self, state: str) -> OpenNeighbours | None:
        """The file, mapped into memory; None where it must not be opened."""
        if not self.is_current(state):
            return None
        found = _usearch().Index.restore(str(self.path), view=True)
        return OpenNeighbours(found) if found is not None else None


class OpenNeighbours:
    """A file that was verified and opened."""

    def __init__(self, index: Any) -> None:  # noqa: ANN401  (USearch has no types)
        self._index = index

    def nearest(self, query: Scores, limit: int) -> Neighbours:
        """The `limit` nearest to a unit vector (dims,), as far as an approximate search finds."""
        matches = self._index.search(query, limit)
        ids = np.asarray(matches.keys, np.int64)
        return Neighbours(ids, (1 - np.asarray(matches.distances)).astype(np.float32))


def _sha256(path: Path) -> str:
    with suppress(FileNotFoundError), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
    return ""


def _usearch() -> ModuleType:
    """USearch's door. ONNX Runtime is imported before it: the other way round it crashes.

    Seen with usearch 2.26 and onnxruntime 1.31 on Linux, each alone being sound.
    """
    import onnxruntime  # noqa: F401
    import usearch.index

    found: ModuleType = usearch.index
    return found
