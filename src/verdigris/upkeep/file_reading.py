"""Files of the work tree → events, several at a time and ahead of who stores them.

Most of the work is done in processes, where files are read and parsed. A thread for each
processor waits for them while the caller stores what is done.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

from verdigris.engine.cpus import usable_cpus
from verdigris.scrape.documents.extraction import PDF, format_of
from verdigris.scrape.documents.pdf import PdfExtractors
from verdigris.scrape.file_events import FileEvents, read_events
from verdigris.scrape.isolated import IsolatedReaders
from verdigris.scrape.repository import Repository

_MOST_THREADS = 4
"""Beyond these, storing is the bound."""
_FILES_AHEAD = 128
_FEW_FILES = 16
"""Prose among so few is read here: that takes less than to start a process."""


class FileReaders:
    """Reads files of a work tree, larger ones than `max_bytes` not. Close them."""

    def __init__(self, repository: Repository, max_bytes: int) -> None:
        self._root = repository.root
        self._max_bytes = max_bytes
        self._threads = min(usable_cpus(), _MOST_THREADS)
        self._processes = IsolatedReaders(self._root, max_bytes)
        self._pdf_files = PdfExtractors()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._processes.close()
        self._pdf_files.close()

    def start(self) -> None:
        """Start the first process, where it is known before the files are that there are many."""
        self._processes.start(1)

    def read(self, paths: Sequence[str]) -> Generator[FileEvents, None, None]:
        """Read files in the given order; close the iterator where it is not read to its end."""
        are_few = len(paths) <= _FEW_FILES
        pool = ThreadPoolExecutor(self._threads, "verdigris-read")
        waiting: deque[Future[FileEvents]] = deque()
        try:
            for path in paths:
                waiting.append(pool.submit(self._read, path, are_few))
                if len(waiting) > _FILES_AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _read(self, path: str, are_few: bool) -> FileEvents:
        if format_of(path) is PDF:  # in a process of its own, with other bounds
            return read_events(self._root, path, self._max_bytes, self._pdf_files.extract)
        if are_few:
            from verdigris.scrape.parsers import is_prose

            if is_prose(path):
                return read_events(self._root, path, self._max_bytes)
        return self._processes.read(path)
