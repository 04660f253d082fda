"""Files of the work tree → events, several at a time and ahead of who stores them.

Most of the work is done in processes, where files are read and parsed. A thread for each
processor waits for them while the caller stores what is done.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing

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


def read_files(
    repository: Repository, paths: Sequence[str], max_bytes: int
) -> Generator[FileEvents, None, None]:
    """Read files in the given order; close the iterator where it is not read to its end.

    max_bytes: larger files are not read.
    """
    root, plain = repository.root, _plain_of_few(paths)
    with closing(IsolatedReaders(root, max_bytes)) as readers, closing(PdfExtractors()) as pdf:

        def read(path: str) -> FileEvents:
            if format_of(path) is PDF:  # in a process of its own, with other bounds
                return read_events(root, path, max_bytes, pdf.extract)
            if path in plain:
                return read_events(root, path, max_bytes)
            return readers.read(path)

        yield from _ahead(read, paths)


def _plain_of_few(paths: Sequence[str]) -> frozenset[str]:
    """Those among few files that are read here: that takes less than to start a process."""
    if len(paths) > _FEW_FILES:
        return frozenset()
    from verdigris.scrape.parsers import is_plain  # imports all parsers of documents

    return frozenset(filter(is_plain, paths))


def _ahead(
    read: Callable[[str], FileEvents], paths: Sequence[str]
) -> Generator[FileEvents, None, None]:
    pool = ThreadPoolExecutor(min(usable_cpus(), _MOST_THREADS), "verdigris-read")
    waiting: deque[Future[FileEvents]] = deque()
    try:
        for path in paths:
            waiting.append(pool.submit(read, path))
            if len(waiting) > _FILES_AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
