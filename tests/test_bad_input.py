"""Whatever is wrong with the input or was interrupted: one clear line or a count, nothing lost."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from verdigris.database import database_files
from verdigris.errors import RepositoryError, StorageError, VerdigrisError
from verdigris.knowledge_base import KnowledgeBase

if TYPE_CHECKING:
    from tests.conftest import GitFolder

MakeGit = Callable[[str], "GitFolder"]
COMMAND = [sys.executable, "-c", "from verdigris.serve.cli import main; main()", "-C"]
HANGS_AFTER = 600
"""Seconds: tests beside this one may make a command ten times slower."""
LOCAL = Path(".verdigris/local")
DERIVED = (
    "SELECT name, kind, title, version, time, session, branch, parser FROM documents",
    "SELECT name, chunks.kind, event_kind, heading, symbol, line_start, line_end, content_hash, "
    "hex(text_hash), prefix, text FROM chunks JOIN documents ON documents.id = document_id",
    "SELECT context, body FROM passages",
    "SELECT name, body FROM whole_documents",
    "SELECT sha, time, subject, author, marks, size FROM commits",
    "SELECT * FROM commit_files",
    "SELECT * FROM symbols",
    "SELECT * FROM calls",
    "SELECT * FROM imports",
    "SELECT hex(text_hash), hex(vector) FROM vectors JOIN chunks ON chunks.id = chunk_id",
)


def contents(root: Path) -> list[list[tuple[object, ...]]]:
    """All that is known of a repository, in no particular order: the log's events and the index."""
    with closing(sqlite3.connect(root / LOCAL / "index.db")) as index:
        tables = [sorted(index.execute(query).fetchall(), key=repr) for query in DERIVED]
        position = index.execute("SELECT value FROM meta WHERE key = 'position'").fetchone()
    with closing(sqlite3.connect(root / LOCAL / "log.db")) as log:
        ids = sorted(log.execute("SELECT id FROM events").fetchall())
        end = log.execute("SELECT max(seq) FROM events").fetchone()
        cursors = sorted(log.execute("SELECT source, key FROM cursors").fetchall())
    assert int(position[0]) == end[0]
    return [*tables, ids, cursors]


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, str(root), *arguments],
        capture_output=True, text=True, check=False, timeout=HANGS_AFTER,
    )  # fmt: skip


def start(root: Path, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*COMMAND, str(root), *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def twin(source: GitFolder, target: Path) -> Path:
    """A copy of the repository with its files' modification times."""
    return Path(shutil.copytree(source.root, target, symlinks=True))


@pytest.fixture
def garden(make_git: MakeGit) -> GitFolder:
    """Sixty commits and thirty files: enough to be interrupted in."""
    folder = make_git("garden")
    for number in range(30):
        folder.write(
            f"beds/bed_{number}.md", f"# Bed {number}\n\n" + f"Row of leek {number}.\n" * 9
        )
        folder.write(f"tools/tool_{number % 9}.py", f"def dig_{number}():\n    return {number}\n")
        folder.commit(f"Plant bed {number}")
    return folder


# --- what is no repository, or an odd one


def test_not_a_repository(tmp_path: Path) -> None:
    result = run(tmp_path, "scry", "tea")
    assert result.returncode == 2
    assert "not in a git repository; run: git init" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_bare_repository(small_git: GitFolder, tmp_path: Path) -> None:
    small_git.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare"))
    with pytest.raises(RepositoryError, match="bare git repository"):
        KnowledgeBase(tmp_path / "bare")


def test_a_repository_without_commits_and_files(make_git: MakeGit) -> None:
    folder = make_git("empty")
    with KnowledgeBase(folder.root) as knowledge_base:
        answer = knowledge_base.ask("anything?")
        assert answer.hits == ()
        assert knowledge_base.embed() == 0
        assert knowledge_base.status().documents == {}
    assert run(folder.root, "scry", "anything?").returncode == 1


def test_files_before_the_first_commit(make_git: MakeGit) -> None:
    folder = make_git("young")
    folder.write("plan.md", "# Plan\n\nGrow tomatoes.\n")
    with KnowledgeBase(folder.root) as knowledge_base:
        assert [hit.document for hit in knowledge_base.ask("tomatoes").hits] == ["plan.md"]
        folder.commit("Begin")
        answer = knowledge_base.ask("tomatoes")
        assert [hit.document for hit in answer.hits if hit.kind == "doc"] == ["plan.md"]


def test_odd_files_are_read_or_counted(make_git: MakeGit) -> None:
    folder = make_git("odd")
    for name in ("two words.md", "it's.md", 'a"quote.md', "new\nline.md", "grün 茶.md", "%s;--.md"):
        folder.write(name, "# Odd\n\nA readable file.\n")
    folder.write("latin.md", "# Caf\xe9\n\nNot UTF-8.\n".encode("latin-1"))
    folder.write("mixed.md", b"# Mixed\r\n\r\none\rtwo\nthree\r\n")
    folder.write("noise.dat", bytes(range(256)) * 64)
    folder.write("empty.md", "")
    (folder.root / "loop").symlink_to("loop")
    (folder.root / "self").symlink_to(".")
    with (folder.root / "huge.txt").open("wb") as huge:
        huge.truncate(100 * 1024 * 1024)
    with KnowledgeBase(folder.root) as knowledge_base:
        report = knowledge_base.refresh()
        names = {
            row[0] for row in knowledge_base.index.connection.execute("SELECT name FROM documents")
        }
        assert {"two words.md", "it's.md", 'a"quote.md', "new\nline.md", "grün 茶.md"} <= names
        assert {"%s;--.md", "latin.md", "mixed.md"} <= names
        assert report.skipped["binary"] == 1
        assert report.skipped["too large"] == 1
        assert report.skipped["symbolic link"] == 2
        assert any("latin.md" in warning for warning in report.warnings)
        assert knowledge_base.refresh().events == 0
        hits = knowledge_base.ask("readable file", lanes=["lexical-passages"]).hits
        assert len(hits) == 6


# --- where nothing can be written


def test_a_file_in_the_place_of_the_folder(small_git: GitFolder) -> None:
    small_git.write(".verdigris", "in the way")
    result = run(small_git.root, "scry", "tea")
    assert result.returncode == 2
    assert "VERDIGRIS_LOCAL_DIR=FOLDER" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_another_folder_takes_the_place_of_one_that_cannot_be_written(
    small_git: GitFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_git.write(".verdigris", "in the way")
    monkeypatch.setenv("VERDIGRIS_LOCAL_DIR", str(tmp_path / "elsewhere"))
    with KnowledgeBase(small_git.root) as knowledge_base:
        assert knowledge_base.ask("tea").hits
        assert knowledge_base.locations.log.is_relative_to(tmp_path / "elsewhere")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(small_git: GitFolder) -> None:
    small_git.root.chmod(0o555)
    try:
        with pytest.raises(StorageError, match="make it writable"):
            KnowledgeBase(small_git.root)
    finally:
        small_git.root.chmod(0o755)


def test_a_cache_that_cannot_be_written_is_done_without(
    small_git: GitFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("VERDIGRIS_CACHE_DIR", str(tmp_path / "file" / "cache"))
    with KnowledgeBase(small_git.root) as knowledge_base:
        answer = knowledge_base.ask("tea")
        assert answer.hits
        assert answer.state.chunks_without_vectors == 0
        assert any("no vector cache" in warning for warning in answer.warnings)


def test_a_full_disk_is_told_and_what_follows_goes_on(garden: GitFolder, tmp_path: Path) -> None:
    whole = twin(garden, tmp_path / "whole")
    assert run(whole, "scrape", "--no-vectors").returncode == 0
    for limit in (8_192, 60_000, 150_000):
        refused = subprocess.run(
            [*COMMAND, str(garden.root), "scrape", "--no-vectors"],
            capture_output=True, text=True, check=False, preexec_fn=_file_limit(limit),
        )  # fmt: skip
        assert refused.returncode == 2, refused.stderr
        assert "Traceback" not in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
    assert run(garden.root, "scrape", "--no-vectors").returncode == 0
    assert contents(garden.root) == contents(whole)


def _file_limit(limit: int) -> Callable[[], None]:
    """No file may grow beyond `limit` bytes: to SQLite, the disk is full."""

    def apply() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return apply


# --- interrupted, or two at once


def interrupted(root: Path, number: signal.Signals, seconds: float) -> tuple[int, str]:
    """Start a scrape, end it some seconds after it began to work; its exit code and errors."""
    log = root / ".verdigris" / "local" / "log.db"
    process = start(root, "scrape")
    while not log.exists() and process.poll() is None:
        time.sleep(0.01)
    time.sleep(seconds)
    process.send_signal(number)
    told = process.communicate(timeout=HANGS_AFTER)[1].decode()
    return process.returncode, told


def test_killed_at_any_moment_the_next_run_finishes(
    garden: GitFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = twin(garden, tmp_path / "whole")
    assert run(whole, "scrape").returncode == 0
    monkeypatch.setenv("VERDIGRIS_CACHE_DIR", str(tmp_path / "cache"))
    for seconds in (0.25, 0.35, 0.45, 0.6):
        interrupted(garden.root, signal.SIGKILL, seconds)
    assert run(garden.root, "scrape").returncode == 0
    assert contents(garden.root) == contents(whole)


def test_ctrl_c_says_that_nothing_is_lost_and_the_next_run_finishes(
    garden: GitFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = twin(garden, tmp_path / "whole")
    assert run(whole, "scrape").returncode == 0
    monkeypatch.setenv("VERDIGRIS_CACHE_DIR", str(tmp_path / "cache"))
    for seconds in (0.0, 0.1, 0.2, 0.4):
        target = twin(garden, tmp_path / f"after-{seconds}")
        code, told = interrupted(target, signal.SIGINT, seconds)
        over = code in (0, -signal.SIGINT) and "Error" not in told  # done, or on its way out
        assert over or (code == 130 and "nothing is lost" in told), (code, told)
        assert run(target, "scrape").returncode == 0
        assert contents(target) == contents(whole)


@pytest.mark.slow
def test_killed_and_interrupted_at_forty_moments(
    garden: GitFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = twin(garden, tmp_path / "whole")
    assert run(whole, "scrape").returncode == 0
    monkeypatch.setenv("VERDIGRIS_CACHE_DIR", str(tmp_path / "cache"))
    for moment in range(40):
        target = twin(garden, tmp_path / f"twin-{moment}")
        number = (signal.SIGKILL, signal.SIGINT)[moment % 2]
        interrupted(target, number, moment * 0.02)
        assert run(target, "scrape").returncode == 0
        assert contents(target) == contents(whole)


def test_two_scrapes_and_two_questions_at_once(
    garden: GitFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = twin(garden, tmp_path / "whole")
    assert run(whole, "scrape").returncode == 0
    monkeypatch.setenv("VERDIGRIS_CACHE_DIR", str(tmp_path / "cache"))
    processes = [
        start(garden.root, *arguments)
        for arguments in (["scrape"], ["scry", "leek"], ["scrape"], ["scry", "dig"])
    ]
    for process in processes:
        complaint = process.communicate(timeout=HANGS_AFTER)[1].decode()
        assert process.returncode == 0, complaint
        assert "Traceback" not in complaint
    assert run(garden.root, "scrape").returncode == 0
    assert contents(garden.root) == contents(whole)


# --- damaged files


@pytest.fixture
def indexed(small_git: GitFolder) -> Iterator[Path]:
    with KnowledgeBase(small_git.root) as knowledge_base:
        knowledge_base.refresh()
        knowledge_base.embed()
    yield small_git.root


def damage(path: Path, generator: random.Random) -> None:
    """Cut a file off, or flip some of its bytes."""
    data = bytearray(path.read_bytes())
    if generator.random() < 0.3:
        path.write_bytes(data[: generator.randrange(len(data))])
        return
    for _ in range(generator.choice((1, 10, 200))):
        data[generator.randrange(len(data))] ^= 1 << generator.randrange(8)
    path.write_bytes(data)


@pytest.mark.parametrize("name", ["index.db", "log.db"])
def test_damaged_databases_are_refused_or_rebuilt_and_never_crash(indexed: Path, name: str) -> None:
    path = indexed / LOCAL / name
    sound = path.read_bytes()
    generator = random.Random(7)
    for _ in range(25):
        for file in database_files(path):
            file.unlink(missing_ok=True)
        path.write_bytes(sound)
        damage(path, generator)
        try:
            with KnowledgeBase(indexed) as knowledge_base:
                (indexed / "new.md").write_text(f"# New\n\n{generator.random()}\n")
                knowledge_base.ask("how long does tea steep?")
                knowledge_base.related("src/kettle.py")
        except VerdigrisError as error:
            assert "\n" not in str(error)


def test_an_index_that_is_no_database_is_made_anew(indexed: Path) -> None:
    (indexed / LOCAL / "index.db").write_bytes(b"text, not SQLite" * 999)
    with KnowledgeBase(indexed) as knowledge_base:
        answer = knowledge_base.ask("how long does tea steep?")
        assert answer.hits
        assert any("rebuilt from the log" in warning for warning in answer.warnings)


def test_a_damaged_vector_cache_is_begun_anew(
    indexed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "vectors.db").write_bytes(b"text, not SQLite" * 999)
    monkeypatch.setenv("VERDIGRIS_CACHE_DIR", str(cache))
    with KnowledgeBase(indexed) as knowledge_base:
        knowledge_base.index.clear()
        answer = knowledge_base.ask("how long does tea steep?")
        assert answer.state.chunks_without_vectors == 0
        assert any("begun anew" in warning for warning in answer.warnings)


def test_a_log_of_a_newer_version_is_left_alone(indexed: Path) -> None:
    with closing(sqlite3.connect(indexed / LOCAL / "log.db")) as log:
        log.execute("PRAGMA user_version = 99")
    for arguments in (["scry", "tea"], ["doctor", "--fix"]):
        result = run(indexed, *arguments)
        assert result.returncode == 2
        assert "newer verdigris" in result.stderr + result.stdout
    assert not list((indexed / LOCAL).glob("*.damaged-*"))


@pytest.mark.parametrize(
    ("text", "told"),
    [("thread = 2\n", "unknown key 'thread'"), ("threads = [\n", "not valid TOML")],
)
def test_a_wrong_configuration_is_named(indexed: Path, text: str, told: str) -> None:
    (indexed / ".verdigris/config.toml").write_text(text)
    result = run(indexed, "scry", "tea")
    assert result.returncode == 2
    assert told in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_the_configuration_that_init_writes_has_only_known_keys(small_git: GitFolder) -> None:
    assert run(small_git.root, "init").returncode == 0
    path = small_git.root / ".verdigris/config.toml"
    lines = [line.removeprefix("# ") for line in path.read_text().splitlines() if " = " in line]
    path.write_text("\n".join(lines))
    with KnowledgeBase(small_git.root) as knowledge_base:
        assert dict(knowledge_base.settings.origins)["threads"] == str(path)
