"""Reading files several at a time: in order, whole, and leaving no process behind."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from tests.scrape.test_isolated import reading_processes

from verdigris.knowledge_base import KnowledgeBase
from verdigris.scrape.file_events import FileEvents
from verdigris.scrape.files import file_changes
from verdigris.scrape.repository import open_repository
from verdigris.upkeep.file_reading import read_files

if TYPE_CHECKING:
    from tests.conftest import GitFolder

MAX_BYTES = 100_000


def many_files(folder: GitFolder, count: int) -> list[str]:
    """Code, documents and text in turn; the code grows, so that later files are done earlier."""
    texts = {"py": "def f():\n    return g()\n", "md": "# Title\n\nText.\n", "txt": "Text.\n"}
    paths = []
    for number in range(count):
        suffix, text = list(texts.items())[number % 3]
        path = f"files/{number}.{suffix}"
        folder.write(path, text * (count - number))
        paths.append(path)
    return paths


def read(folder: GitFolder, paths: list[str]) -> list[FileEvents]:
    return list(read_files(open_repository(folder.root), paths, MAX_BYTES))


def test_files_come_in_the_given_order_each_as_when_read_alone(small_git: GitFolder) -> None:
    paths = many_files(small_git, 150)
    together = read(small_git, paths)
    assert [file.path for file in together] == paths
    for file in together[::29]:
        assert [file] == read(small_git, [file.path])
    assert all(file.seen is not None for file in together)


def test_a_file_that_went_is_skipped_and_the_others_are_read(small_git: GitFolder) -> None:
    first, gone, last = many_files(small_git, 3)
    small_git.root.joinpath(gone).unlink()
    files = read(small_git, [first, gone, last])
    assert [file.skipped for file in files] == ["", "missing", ""]
    assert [bool(file.events) for file in files] == [True, False, True]
    assert files[1].seen is None


def test_who_stops_early_leaves_no_process(small_git: GitFolder) -> None:
    paths = many_files(small_git, 150)
    with closing(read_files(open_repository(small_git.root), paths, MAX_BYTES)) as files:
        assert next(files).path == paths[0]
        assert reading_processes() > 0
    assert reading_processes() == 0


def test_a_few_documents_and_texts_need_no_process(small_git: GitFolder) -> None:
    code, document, text = many_files(small_git, 3)
    small_git.write("tool", "#!/bin/sh\nboil\n")
    small_git.write("page.html", "<p>Tea</p>")
    wanted = {document: 0, text: 0, code: 1, "tool": 1, "page.html": 1}
    for path, processes in wanted.items():
        with closing(read_files(open_repository(small_git.root), [path], MAX_BYTES)) as files:
            assert next(files).path == path
            assert reading_processes() == processes


def test_a_first_scrape_stamps_files_as_looking_at_them_would(small_git: GitFolder) -> None:
    many_files(small_git, 30)
    small_git.root.joinpath("picture.png").write_bytes(b"\0")
    small_git.write("large.txt", "tea\n" * 400_000)
    small_git.write("made.py", "# @generated\n")
    small_git.write("poetry.lock", "")
    listed = file_changes(open_repository(small_git.root), {})
    with KnowledgeBase(small_git.root) as knowledge_base:
        skipped = knowledge_base.refresh().skipped
        stamps = knowledge_base.log.cursor("files")
        assert knowledge_base.refresh().documents == {}
    looked_at = {**listed.changed, **listed.restamped}
    assert {path: stamp.split("|")[1] for path, stamp in stamps.items()} == {
        path: stamp.split("|")[1] for path, stamp in looked_at.items()
    }
    assert (
        skipped == listed.skipped == {"binary": 1, "too large": 1, "generated": 1, "lock file": 1}
    )
