"""Listing, comparing and reading the files of a work tree."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

from verdigris.errors import SettingsError
from verdigris.records import SourceFile
from verdigris.scrape.file_content import is_binary
from verdigris.scrape.files import FileChanges, Skipped, file_changes, list_files, read_file
from verdigris.scrape.repository import Repository, open_repository

LONG_AGO = 1_600_000_000


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    git(tmp_path, "init", "-q")
    return open_repository(tmp_path)


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    command = ["git", *identity, "-c", "protocol.file.allow=always", *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def write(repository: Repository, path: str, data: bytes | str = "text\n", when: int = 0) -> None:
    file = repository.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    os.utime(file, (LONG_AGO + when, LONG_AGO + when))


def stamps_after(changes: FileChanges, before: dict[str, str] | None = None) -> dict[str, str]:
    stamps = (before or {}) | dict(changes.changed) | dict(changes.restamped)
    return {path: stamp for path, stamp in stamps.items() if path not in changes.forgotten}


def read(repository: Repository, path: str) -> SourceFile:
    found = read_file(repository.root, path)
    assert isinstance(found, SourceFile), found
    return found


def reason(repository: Repository, path: str) -> str:
    found = read_file(repository.root, path)
    assert isinstance(found, Skipped), found
    assert found.path == path
    return found.reason


def test_git_decides_which_files_there_are(repository: Repository) -> None:
    for path in ("tracked.py", "ignored but tracked.log", "sub/new.md", "ignored.log"):
        write(repository, path)
    write(repository, ".gitignore", "*.log\n")
    write(repository, "sub/.gitignore", "secret.*\n")
    write(repository, "sub/secret.md")
    git(repository.root, "add", "-f", "tracked.py", "ignored but tracked.log")

    paths = list_files(repository).paths

    assert paths == (
        ".gitignore",
        "ignored but tracked.log",
        "sub/.gitignore",
        "sub/new.md",
        "tracked.py",
    )


def test_verdigrisignore_takes_more_away(repository: Repository) -> None:
    for path in ("a.py", "drafts/a.md", "drafts/keep.md", "x.csv"):
        write(repository, path)
    write(repository, ".verdigrisignore", "# data\n*.csv\ndrafts/*\n!drafts/keep.md\n")

    listed = list_files(repository)

    assert listed.paths == (".verdigrisignore", "a.py", "drafts/keep.md")
    assert listed.skipped == {"in .verdigrisignore": 2}


def test_a_broken_verdigrisignore_is_named(repository: Repository) -> None:
    write(repository, ".verdigrisignore", "a\n!\n")
    with pytest.raises(SettingsError, match=r"\.verdigrisignore.*correct or remove it"):
        list_files(repository)


def test_what_nobody_reads_is_counted_by_reason(repository: Repository) -> None:
    for path in (
        "uv.lock",
        "web/package-lock.json",
        "node_modules/left-pad/index.js",
        "go/vendor/x/y.go",
        "third_party/z.c",
        "web/app.min.js",
        "api_pb2.py",
        ".verdigris/local/notes.md",
        ".verdigris/sessions/20240101-000000.md",
        "vendor.py",
        "locks.md",
    ):
        write(repository, path)

    listed = list_files(repository)

    assert listed.paths == (".verdigris/sessions/20240101-000000.md", "locks.md", "vendor.py")
    assert listed.skipped == {"lock file": 2, "vendored": 3, "generated": 2}


def test_file_names_may_hold_anything_but_other_encodings(repository: Repository) -> None:
    names = ["two\nlines.py", "a 'quoted' \"name\".md", " spaces .txt", "naïve 文件.py", "-n"]
    for name in names:
        write(repository, name)
    (repository.root / os.fsdecode(b"caf\xe9.txt")).write_text("x")

    changes = file_changes(repository, {})

    assert sorted(changes.changed) == sorted(names)
    assert changes.skipped == {"name is not UTF-8": 1}
    assert [read(repository, name).text for name in names] == ["text\n"] * 5


def test_repositories_inside_are_counted_not_entered(
    repository: Repository, tmp_path_factory: pytest.TempPathFactory
) -> None:
    library = tmp_path_factory.mktemp("library")
    git(library, "init", "-q")
    (library / "a.py").write_text("a")
    git(library, "add", ".")
    git(library, "commit", "-q", "-m", "a")
    git(repository.root, "submodule", "--quiet", "add", str(library), "deps/library")
    git(repository.root, "clone", "-q", str(library), "unregistered")

    changes = file_changes(open_repository(repository.root), {})

    assert sorted(changes.changed) == [".gitmodules"]
    assert changes.skipped == {"submodule": 2}


def test_only_what_changed_is_reported(repository: Repository) -> None:
    for path in ("same.py", "edited.py", "touched.py", "deleted.py"):
        write(repository, path)
    stamps = stamps_after(file_changes(repository, {}))
    write(repository, "edited.py", "test\n", when=5)
    write(repository, "touched.py", when=5)
    write(repository, "new.py")
    (repository.root / "deleted.py").unlink()

    changes = file_changes(repository, stamps)

    assert sorted(changes.changed) == ["edited.py", "new.py"]
    assert sorted(changes.restamped) == ["touched.py"]
    assert changes.gone == changes.forgotten == ("deleted.py",)
    again = file_changes(repository, stamps_after(changes, stamps))
    assert again == FileChanges({}, {}, (), (), {})


def test_new_files_may_be_left_to_who_reads_them(repository: Repository) -> None:
    write(repository, "old.py")
    stamps = stamps_after(file_changes(repository, {}))
    write(repository, "old.py", "test\n", when=5)
    write(repository, "new.py")
    (repository.root / "new.png").write_bytes(b"\0")

    changes = file_changes(repository, stamps, look_at_new=False)

    assert sorted(changes.changed) == ["new.png", "new.py", "old.py"]
    assert [path for path, stamp in changes.changed.items() if stamp[-1] != "|"] == ["old.py"]
    assert changes.skipped == {}


def test_a_tracked_file_that_is_missing_is_gone(repository: Repository) -> None:
    write(repository, "a/b.py")
    git(repository.root, "add", ".")
    stamps = stamps_after(file_changes(repository, {}))
    (repository.root / "a" / "b.py").unlink()
    (repository.root / "a").rmdir()
    (repository.root / "a").write_text("now a file")

    changes = file_changes(repository, stamps)

    assert (changes.gone, list(changes.changed), changes.skipped) == (("a/b.py",), ["a"], {})


def test_an_edit_within_the_clock_tick_of_the_stamp_is_seen(repository: Repository) -> None:
    file = repository.root / "a.py"
    file.write_text("old")
    just_now = time.time_ns()
    os.utime(file, ns=(just_now, just_now))
    stamps = stamps_after(file_changes(repository, {}))
    file.write_text("new")
    os.utime(file, ns=(just_now, just_now))

    changes = file_changes(repository, stamps)

    assert list(changes.changed) == ["a.py"]


def test_a_young_file_is_stamped_for_good_once_it_is_old(repository: Repository) -> None:
    (repository.root / "a.py").write_text("text\n")
    young = stamps_after(file_changes(repository, {}))
    write(repository, "a.py")

    later = file_changes(repository, young)

    assert (dict(later.changed), list(later.restamped)) == ({}, ["a.py"])
    assert file_changes(repository, stamps_after(later, young)).restamped == {}


def test_an_unchanged_file_is_not_opened(repository: Repository) -> None:
    write(repository, "a.py")
    stamp = file_changes(repository, {}).changed["a.py"]
    status, _, version = stamp.partition("|")

    # Opened, the file would be found to have another version than this.
    assert file_changes(repository, {"a.py": f"{status}|{version[::-1]}"}).changed == {}


def test_an_edit_that_keeps_size_and_time_is_seen(repository: Repository) -> None:
    write(repository, "a.py", "old")
    stamps = stamps_after(file_changes(repository, {}))
    time.sleep(0.02)  # the file system's clock ticks
    write(repository, "a.py", "new")

    assert list(file_changes(repository, stamps).changed) == ["a.py"]


def test_a_file_that_could_not_be_read_is_tried_again(repository: Repository) -> None:
    write(repository, "a.py")
    status, _, _ = file_changes(repository, {}).changed["a.py"].partition("|")

    assert list(file_changes(repository, {"a.py": f"{status}|!not readable"}).changed) == ["a.py"]


def test_skipped_files_stay_counted_and_are_not_read_again(repository: Repository) -> None:
    write(repository, "image.bin", b"\x89PNG\0\0")
    write(repository, "made.py", "# @generated by a tool\nx = 1\n")
    write(repository, "good.py")
    first = file_changes(repository, {})
    again = file_changes(repository, stamps_after(first))

    assert list(first.changed) == ["good.py"]
    assert first.skipped == again.skipped == {"binary": 1, "generated": 1}
    assert dict(again.restamped) == {}
    (repository.root / "image.bin").unlink()
    last = file_changes(repository, stamps_after(first))
    assert (last.gone, last.forgotten) == ((), ("image.bin",))


def test_a_file_that_is_no_longer_worth_reading_is_gone(repository: Repository) -> None:
    for path in ("a.txt", "b.py", "c.txt"):
        write(repository, path)
    stamps = stamps_after(file_changes(repository, {}))
    write(repository, "a.txt", b"\0\1\2", when=5)
    write(repository, ".gitignore", "b.py\n")
    (repository.root / "c.txt").unlink()
    (repository.root / "c.txt").symlink_to("a.txt")

    changes = file_changes(repository, stamps)

    assert changes.gone == ("a.txt", "b.py", "c.txt")
    assert changes.skipped == {"binary": 1, "symbolic link": 1}
    back = stamps_after(changes, stamps)
    write(repository, "a.txt", "text again\n", when=9)
    assert list(file_changes(repository, back).changed) == ["a.txt"]


def test_a_raised_limit_takes_in_what_was_too_large(repository: Repository) -> None:
    write(repository, "big.txt", "x\n" * 1000)
    first = file_changes(repository, {}, max_bytes=100)

    assert (dict(first.changed), first.skipped) == ({}, {"too large": 1})
    assert list(file_changes(repository, stamps_after(first)).changed) == ["big.txt"]


def test_a_version_follows_the_bytes(repository: Repository) -> None:
    write(repository, "a.py", "one\n")
    write(repository, "b.py", "one\n", when=60)
    write(repository, "c.py", "one\r\n")
    a, b, c = (read(repository, name) for name in ("a.py", "b.py", "c.py"))

    assert a.version == b.version != c.version
    assert len(a.version) == 32
    assert (a.time, b.time) == ("2020-09-13T12:26:40Z", "2020-09-13T12:27:40Z")
    assert file_changes(repository, {}).changed["a.py"].endswith(a.version)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("naïve\n".encode(), "naïve\n"),
        (b"\xef\xbb\xbfmarked\n", "marked\n"),
        ("wide 文件\n".encode("utf-16"), "wide 文件\n"),
        (b"\xfe\xff\x00b\x00e", "be"),
        (b"dos\r\nmac\rboth\r\n\r\nend", "dos\nmac\nboth\n\nend"),
        (b"", ""),
        (b"x" * 9000 + b"\0late", "x" * 9000 + "\ufffdlate"),
        (b"form\x0cfeed\xe2\x80\xa8separator", "form\x0cfeed\u2028separator"),
    ],
)
def test_text_is_decoded_and_line_ends_are_kept_in_number(
    repository: Repository, data: bytes, text: str
) -> None:
    write(repository, "a.txt", data)

    assert (read(repository, "a.txt").text, read(repository, "a.txt").warning) == (text, "")


def test_other_encodings_are_read_with_a_warning(repository: Repository) -> None:
    write(repository, "latin.txt", b"one\ncaf\xe9 \x93quoted\x94 \x81\n")
    write(repository, "torn.txt", b"\xff\xfea\x00b")

    latin, torn = read(repository, "latin.txt"), read(repository, "torn.txt")

    assert latin.text == "one\ncafé “quoted” \ufffd\n"
    assert latin.warning == "line 2 is not UTF-8; read as Windows-1252"
    assert "UTF-16" in torn.warning


def test_secrets_are_redacted_and_counted(repository: Repository) -> None:
    write(repository, "a.yml", "region: x\nkey: AKIA" + "Q3EGRIT2" + "PWZ7MK4L\n")

    found = read(repository, "a.yml")

    assert (found.text, found.secrets) == ("region: x\nkey: [redacted:AWS Access Key]\n", 1)


def test_binary_large_and_missing_files_are_skipped(repository: Repository) -> None:
    write(repository, "a.bin", b"GIF89a\0\0")
    write(repository, "big.txt", "x\n" * (1 << 20))

    assert reason(repository, "a.bin") == "binary"
    assert reason(repository, "big.txt") == "too large"
    assert reason(repository, "nowhere.txt") == "missing"
    assert isinstance(read_file(repository.root, "big.txt", max_bytes=1 << 22), SourceFile)


def test_a_sparse_file_of_a_gigabyte_costs_nothing(repository: Repository) -> None:
    with (repository.root / "huge.bin").open("wb") as file:
        file.truncate(1 << 30)

    assert reason(repository, "huge.bin") == "too large"


def test_links_are_not_followed(repository: Repository) -> None:
    write(repository, "real.txt")
    outside = repository.root.parent / f"{repository.root.name}-outside"
    outside.mkdir()
    (outside / "a.txt").write_text("outside")
    links = {"link.txt": "real.txt", "loop": "loop", "up": "..", "folder": str(outside)}
    for name, target in links.items():
        (repository.root / name).symlink_to(target)

    changes = file_changes(repository, {})

    assert (list(changes.changed), changes.skipped) == (["real.txt"], {"symbolic link": 4})
    assert reason(repository, "link.txt") == "symbolic link"
    assert reason(repository, "loop") == "symbolic link"
    assert reason(repository, "folder/a.txt") == "symbolic link"


def test_pipes_sockets_and_folders_do_not_block(repository: Repository) -> None:
    for name in ("pipe", "folder", "socket"):
        write(repository, name)
    git(repository.root, "add", ".")
    for name in ("pipe", "folder", "socket"):
        (repository.root / name).unlink()
    os.mkfifo(repository.root / "pipe")
    (repository.root / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(repository.root / "socket"))

        changes = file_changes(repository, {})

        assert dict(changes.changed) == {}
        assert changes.skipped == {"not a regular file": 2, "submodule": 1}
        assert reason(repository, "pipe") == "not a regular file"
        assert reason(repository, "folder") == "submodule"
        assert reason(repository, "socket") == "not readable"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable for the superuser")
def test_a_file_without_permission_is_skipped(repository: Repository) -> None:
    write(repository, "a.txt")
    (repository.root / "a.txt").chmod(0)

    assert reason(repository, "a.txt") == "not readable"


def test_minified_and_generated_files_are_skipped_but_never_prose(repository: Repository) -> None:
    minified = "/* licence */\n" + "var a=1;" * 1000
    generated = "// Code generated by protoc. DO NOT EDIT.\npackage x\n"
    for name, text in (("a.js", minified), ("a.md", minified), ("b.go", generated)):
        write(repository, name, text)
    write(repository, "b.md", generated)
    write(repository, "c.py", "\n" * 20 + "MARK = 'DO NOT EDIT'\n")
    write(repository, "d.py", "DATA = '" + "x" * 2000 + "'\n" + "a = 1\n" * 500)

    assert reason(repository, "a.js") == "minified"
    assert reason(repository, "b.go") == "generated"
    for name in ("a.md", "b.md", "c.py", "d.py"):
        read(repository, name)


@pytest.mark.parametrize("head", [b"%PDF-1.6\n", b"%!PS-Adobe\n", b"{\\rtf1 ", b"\x01\x02\x03" * 9])
def test_documents_of_other_programs_are_binary_without_a_nul(head: bytes) -> None:
    assert is_binary(head + b"stream of something\n" * 3)
    assert not is_binary(b"plain text\twith a tab\x1b[1m and an escape\r\n")


def test_our_own_logs_are_read_where_git_ignores_them_and_where_they_are_long(
    repository: Repository,
) -> None:
    write(repository, ".gitignore", "/.verdigris/\n")
    log = ".verdigris/sessions/20260102-030405.md"
    write(repository, log, "# Session: Tea\n" + "A line of it.\n" * 100_000)
    write(repository, ".verdigris/sessions/draft.md")
    write(repository, ".verdigris/config.toml")
    assert list_files(repository).paths == (".gitignore", log)
    assert read(repository, log).text.endswith("A line of it.\n")
    write(repository, ".verdigrisignore", "/.verdigris/sessions/\n")
    assert log not in list_files(repository).paths
