"""Reading a repository's history."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from verdigris.errors import QueryError, RepositoryError
from verdigris.records import (
    CommitDetails,
    Event,
    FileChange,
    MessageParts,
    Moment,
    SeenDetails,
    Trailer,
)
from verdigris.scrape.git.events import (
    BULK_FILES,
    branch_documents,
    commits_behind,
    gone_commits,
    history_position,
    read_commits,
)
from verdigris.scrape.repository import open_repository


class Project:
    """A real repository, with what the tests do to it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(exist_ok=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, stdin: bytes = b"", **environment: str) -> str:
        command = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", *arguments]
        result = subprocess.run(
            command,
            cwd=self.root,
            check=True,
            capture_output=True,
            input=stdin,
            env=os.environ | environment,
        )
        return result.stdout.decode(errors="replace").strip()

    def commit(self, message: str, **files: str) -> str:
        for name, text in files.items():
            (self.root / f"{name}.txt").write_text(text)
        self.git("add", "--all")
        self.git("commit", "-q", "--allow-empty", "--allow-empty-message", "-m", message)
        return self.git("rev-parse", "HEAD")

    def position(self) -> str:
        return history_position(open_repository(self.root)).encode()

    def read(self, cursor: str = "") -> list[Event]:
        repository = open_repository(self.root)
        return list(read_commits(repository, cursor, history_position(repository)))

    def read_shas(self, cursor: str = "") -> list[str]:
        return [event.commit for event in self.read(cursor) if event.kind == "document.seen"]

    def gone(self, cursor: str, known: tuple[str, ...] = ()) -> list[str]:
        repository = open_repository(self.root)
        events = list(gone_commits(repository, cursor, history_position(repository), known))
        assert all(event.kind == "document.gone" for event in events)
        return [event.document for event in events]

    def behind(self, cursor: str) -> int:
        return commits_behind(open_repository(self.root), cursor)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def details(event: Event) -> CommitDetails:
    assert isinstance(event.details, SeenDetails)
    assert event.details.commit is not None
    return event.details.commit


def only(events: list[Event], kind: str) -> Event:
    (found,) = [event for event in events if event.kind == kind]
    return found


def test_a_commit_is_a_document_with_its_whole_message(project: Project) -> None:
    message = "Store vectors\nas blobs\n\nBecause of *speed*.\n\nReviewed-by: Eve <e@x.org>"
    project.git("config", "i18n.logOutputEncoding", "ISO-8859-1")
    (project.root / "a.txt").write_text("a")
    project.git("add", ".")
    project.git(
        "commit",
        "-q",
        "-m",
        message,
        "--author=Åsa Ö <asa@example.org>",
        GIT_AUTHOR_DATE="2024-02-29T12:00:00+02:00",
        GIT_COMMITTER_DATE="2024-03-01T00:30:00+02:00",
    )
    sha = project.git("rev-parse", "HEAD")

    seen, told, moment = project.read()

    assert (seen.kind, seen.document) == ("document.seen", f"commit:{sha}")
    assert seen.time == told.time == "2024-02-29T22:30:00Z"
    assert isinstance(seen.details, SeenDetails)
    assert (seen.details.kind, seen.details.title) == ("commit", "Store vectors as blobs")
    assert details(seen) == CommitDetails(
        sha=sha,
        author="Åsa Ö",
        email="asa@example.org",
        authored="2024-02-29T10:00:00Z",
        committed="2024-02-29T22:30:00Z",
        files=(FileChange("a.txt", "A"),),
        message=MessageParts(trailers=(Trailer("Reviewed-by", "Eve <e@x.org>"),)),
        moments=(Moment("first commit"),),
    )
    assert moment.text == ("First commit: the history of this repository begins on 2024-02-29.")
    assert (told.kind, told.document, told.text) == ("commit.message", f"commit:{sha}", message)


def test_commits_come_oldest_first_and_only_once(project: Project) -> None:
    first, second = project.commit("one", a="1"), project.commit("two", a="2")
    cursor = project.position()
    third = project.commit("three", a="3")

    assert project.read_shas() == [first, second, third]
    assert (project.read_shas(cursor), project.behind(cursor)) == ([third], 1)
    assert (project.read(project.position()), project.behind(project.position())) == ([], 0)


def test_commits_of_all_branches_are_read(project: Project) -> None:
    project.commit("one", a="1")
    project.git("checkout", "-q", "-b", "topic")
    topic = project.commit("on topic", b="1")
    project.git("checkout", "-q", "main")

    assert topic in project.read_shas()


def test_renames_and_copies_are_followed(project: Project) -> None:
    text = "".join(f"line {number}\n" for number in range(30))
    project.commit("one", old=text, model=text + "model\n")
    (project.root / "old.txt").rename(project.root / "new.txt")
    project.commit("two", copy=text + "model\n", model=text + "changed\n")
    (project.root / "copy.txt").unlink()
    project.commit("three")

    _, second, third = (details(e) for e in project.read() if e.kind == "document.seen")

    assert set(second.files) == {
        FileChange("new.txt", "R", old_path="old.txt"),
        FileChange("copy.txt", "C", old_path="model.txt"),
        FileChange("model.txt", "M"),
    }
    assert third.files == (FileChange("copy.txt", "D"),)


def test_file_names_may_hold_anything(project: Project) -> None:
    names = ["two\nlines", "tab\there", "a 'quoted' \"name\"", ":100644 100644 x", "naïve 文件"]
    project.commit("odd names", **dict.fromkeys(names, "text"))

    files = details(only(project.read(), "document.seen")).files

    assert {file.path for file in files} == {f"{name}.txt" for name in names}


def test_merges_bulk_commits_and_bots_are_marked(project: Project) -> None:
    project.commit("bulk", **{f"f{number}": "x" for number in range(BULK_FILES + 1)})
    project.git("checkout", "-q", "-b", "topic")
    project.commit("topic", t="1")
    project.git("checkout", "-q", "main")
    bot = ("commit", "-q", "--allow-empty", "-m", "Bump")
    project.git(*bot, "--author=dependabot[bot] <1+dependabot[bot]@users.noreply.github.com>")
    project.git(*bot, "--author=Robert Talbot <talbot@example.org>")
    project.git("merge", "-q", "--no-ff", "topic", "-m", "merge")

    marks = {
        (event.details.title, details(event).author): details(event).marks
        for event in project.read()
        if isinstance(event.details, SeenDetails)
    }

    assert marks == {
        ("bulk", "Ada"): ("bulk",),
        ("topic", "Ada"): (),
        ("Bump", "dependabot[bot]"): ("bot",),
        ("Bump", "Robert Talbot"): (),
        ("merge", "Ada"): ("merge",),
    }


@pytest.mark.parametrize(
    "author",
    ["renovate[bot]", "github-actions", "pre-commit-ci[bot]", "greenkeeper", "some-build-bot"],
)
def test_known_bots_are_recognised(project: Project, author: str) -> None:
    project.git("commit", "-q", "--allow-empty", "-m", "x", f"--author={author} <x@example.org>")

    assert details(only(project.read(), "document.seen")).marks == ("bot",)


def test_an_empty_message_is_no_event(project: Project) -> None:
    project.commit("", a="1")

    seen, moment = project.read()

    assert seen.details == SeenDetails("commit", "", commit=details(seen))
    assert moment.kind == "commit.moment"


def test_messages_in_any_encoding_are_read(project: Project) -> None:
    tree = project.git("write-tree")
    project.git("config", "i18n.commitEncoding", "ISO-8859-1")
    declared = project.git("commit-tree", tree, stdin="Größe".encode("latin-1"))
    project.git("config", "--unset", "i18n.commitEncoding")
    who = "A <a@b> 1700000000 +0000"
    header = f"tree {tree}\nparent {declared}\nauthor {who}\ncommitter {who}\n\n".encode()
    raw = ("hash-object", "-t", "commit", "-w", "--stdin")  # commit-tree would repair the text
    project.git("update-ref", "refs/heads/main", project.git(*raw, stdin=header + b"caf\xe9 bar"))

    texts = [event.text for event in project.read() if event.kind == "commit.message"]

    assert texts == ["Größe", "caf\ufffd bar"]


def test_lines_of_a_message_end_as_everywhere(project: Project) -> None:
    tree = project.git("write-tree")
    head = "author A <a@b> 1700000000 +0000\ncommitter A <a@b> 1700000000 +0000"
    raw = f"tree {tree}\n{head}\n\nBoil\r\n\r\nTwice\r\n".encode()
    made = project.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=raw)
    project.git("update-ref", "refs/heads/main", made)

    texts = [event.text for event in project.read() if event.kind == "commit.message"]

    assert texts == ["Boil\n\nTwice"]


def test_impossible_dates_are_unknown(project: Project) -> None:
    tree = project.git("write-tree")
    lines = f"tree {tree}\nauthor A <a@b> 99999999999999999 +0000\ncommitter A <a@b> 0 +0000\n\nx\n"
    made = project.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=lines.encode())
    project.git("update-ref", "refs/heads/main", made)

    found = details(only(project.read(), "document.seen"))

    assert (found.authored, found.committed) == ("", "1970-01-01T00:00:00Z")


def test_secrets_in_messages_are_redacted(project: Project) -> None:
    key = "AKIA" + "Q3EGRIT2" + "PWZ7MK4L"
    project.commit(f"Use {key}\n\nand {key}")

    seen, told, _ = project.read()

    assert told.text == "Use [redacted:AWS Access Key]\n\nand [redacted:AWS Access Key]"
    assert isinstance(seen.details, SeenDetails)
    assert seen.details.title == "Use [redacted:AWS Access Key]"


def test_tags_are_part_of_their_commit(project: Project) -> None:
    sha = project.commit("one", a="1")
    project.git("tag", "light")
    project.git("tag", "-a", "v1.0", "-m", "First release\n\n- embeds")

    events = project.read()

    assert details(only(events, "document.seen")).tags == ("light", "v1.0")
    assert only(events, "commit.tag").text == "v1.0: First release\n\n- embeds"
    assert only(events, "commit.tag").document == f"commit:{sha}"


def test_a_later_tag_gives_a_new_version_of_an_old_commit(project: Project) -> None:
    sha = project.commit("one", a="1")
    project.commit("two", a="2")
    before, cursor = project.read(), project.position()
    project.git("tag", "v1.0", sha)

    seen, told, moment = project.read(cursor)

    assert "1.0 was released" in moment.text
    assert (seen.document, details(seen).tags) == (f"commit:{sha}", ("v1.0",))
    assert seen.version == told.version != before[0].version
    tagged = project.position()
    project.git("tag", "-d", "v1.0")
    assert project.read(tagged) == before[:3]


def test_a_plain_commit_has_its_hash_as_version(project: Project) -> None:
    project.commit("one", a="1")
    sha = project.commit("two", a="2")

    assert project.read()[-2].version == sha


def test_a_commit_that_changes_most_files_at_once_is_a_rewrite(project: Project) -> None:
    many = {f"f{number}": "1" for number in range(BULK_FILES + 10)}
    project.commit("one", **many)
    project.commit("add a library", **{f"lib{number}": "1" for number in range(BULK_FILES + 1)})
    project.commit("apply black", **dict.fromkeys(many, "2"))
    project.commit("small", f1="3")

    seen = [event for event in project.read() if event.kind == "document.seen"]

    assert [details(event).moments for event in seen] == [
        (Moment("first commit"),), (), (Moment("rewrite", "60 of 111 files"),), (),
    ]  # fmt: skip


def test_a_position_of_an_older_reader_reads_everything_again(project: Project) -> None:
    first, second = project.commit("one", a="1"), project.commit("two", a="2")
    old = project.position().replace('"reader":2', '"reader":1')

    assert (project.read_shas(old), project.behind(old)) == ([first, second], 2)
    project.git("reset", "-q", "--hard", first)
    assert project.gone(old) == [f"commit:{second}"]


def test_tags_outside_the_branches_or_on_no_commit_are_left_alone(project: Project) -> None:
    project.commit("one", a="1")
    cursor = project.position()
    project.git("checkout", "-q", "--detach")
    project.commit("elsewhere", b="1")
    project.git("tag", "elsewhere")
    project.git("tag", "tree", "HEAD^{tree}")
    project.git("checkout", "-q", "main")

    assert project.read(cursor) == []


def test_a_release_that_no_branch_holds_is_read_and_goes_with_its_tag(project: Project) -> None:
    project.commit("one", a="1")
    cursor = project.position()
    project.git("checkout", "-q", "-b", "stable")
    between = project.commit("on the way", b="1")
    release = project.commit("release", b="2")
    project.git("tag", "v1.0.1")
    project.git("checkout", "-q", "main")
    with_branch = project.position()
    project.git("branch", "-q", "-D", "stable")

    assert project.read_shas(cursor) == [release]
    assert details(project.read(cursor)[0]).moments == (Moment("release", "1.0.1"),)
    assert project.gone(with_branch) == [f"commit:{between}"]
    tagged = project.position()
    project.git("tag", "-d", "v1.0.1")
    known = (f"commit:{release}", f"commit:{project.git('rev-parse', 'main')}")
    assert project.gone(tagged, known) == [f"commit:{release}"]


def test_an_amended_commit_is_gone(project: Project) -> None:
    project.commit("one", a="1")
    wrong = project.commit("tpyo", a="2")
    cursor = project.position()
    project.git("commit", "-q", "--amend", "-m", "typo")
    right = project.git("rev-parse", "HEAD")

    assert project.gone(cursor) == [f"commit:{wrong}"]
    assert project.read_shas(cursor) == [right]


def test_commits_of_a_deleted_branch_are_gone_unless_merged(project: Project) -> None:
    project.commit("one", a="1")
    project.git("branch", "merged")
    project.git("checkout", "-q", "-b", "topic")
    topic = project.commit("topic", b="1")
    project.git("checkout", "-q", "main")
    cursor = project.position()
    project.git("branch", "-q", "-D", "merged", "topic")

    assert project.gone(cursor) == [f"commit:{topic}"]
    assert project.gone(project.position()) == []


def test_commits_that_git_threw_away_are_gone_too(project: Project) -> None:
    first = project.commit("one", a="1")
    lost = project.commit("lost", a="2")
    cursor = project.position()
    project.git("reset", "-q", "--hard", first)
    second = project.commit("two", a="3")
    project.git("reflog", "expire", "--expire=now", "--all")
    project.git("gc", "-q", "--prune=now")
    known = (f"commit:{first}", f"commit:{lost}")

    assert project.gone(cursor, known) == [f"commit:{lost}"]
    assert second in project.read_shas(cursor)
    assert project.behind(cursor) == 2


def test_a_detached_head_of_another_work_tree_stays(project: Project, tmp_path: Path) -> None:
    first = project.commit("one", a="1")
    project.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    command = ["git", "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-q"]
    subprocess.run([*command, "--allow-empty", "-m", "x"], cwd=tmp_path / "linked", check=True)

    assert len(project.read_shas()) == 2
    assert project.read_shas()[0] == first


def test_the_boundary_of_a_shallow_clone_is_no_real_change(
    project: Project, tmp_path: Path
) -> None:
    shas = [project.commit(f"commit {number}", a=str(number)) for number in range(4)]
    clone = Project(tmp_path / "clone")
    clone.git("fetch", "-q", "--depth=2", project.root.as_uri(), "main")
    clone.git("reset", "-q", "--hard", "FETCH_HEAD")
    shallow, cursor = clone.read(), clone.position()
    clone.git("fetch", "-q", "--unshallow", project.root.as_uri(), "main")

    marks = {event.commit: details(event).marks for event in shallow if event.details}
    assert marks == {shas[2]: ("bulk",), shas[3]: ()}
    assert clone.read_shas(cursor) == shas
    whole = {event.commit: event for event in clone.read(cursor) if event.details}
    assert details(whole[shas[2]]).marks == ()
    assert whole[shas[2]].version != shallow[0].version


def test_a_repository_without_commits_has_no_history(project: Project) -> None:
    assert project.read() == []
    assert project.gone("") == []
    assert project.behind("") == 0


def test_a_cursor_that_is_no_position_reads_everything(project: Project) -> None:
    sha = project.commit("one", a="1")

    assert project.read_shas("{truncated") == [sha]


def test_a_damaged_history_is_reported(project: Project) -> None:
    first = project.commit("one", a="1")
    project.commit("two", a="2")
    (project.root / ".git" / "objects" / first[:2] / first[2:]).unlink()

    with pytest.raises(RepositoryError, match="git log failed"):
        project.read()


def test_configuration_of_the_user_changes_nothing(project: Project) -> None:
    project.commit("one", a="1")
    plain = project.read()
    for name, value in (
        ("log.showRoot", "false"),
        ("log.date", "relative"),
        ("log.decorate", "full"),
        ("diff.renames", "false"),
        ("diff.noprefix", "true"),
        ("color.ui", "always"),
        ("format.pretty", "oneline"),
        ("core.quotePath", "true"),
    ):
        project.git("config", name, value)

    assert project.read() == plain


def test_a_partial_clone_is_read_without_fetching(project: Project, tmp_path: Path) -> None:
    project.commit("one", a="text\n" * 20)
    (project.root / "a.txt").rename(project.root / "b.txt")
    project.commit("two", b="text\n" * 20 + "more\n")
    project.git("config", "uploadpack.allowFilter", "true")
    clone = Project(tmp_path / "clone")
    clone.git("remote", "add", "origin", project.root.as_uri())
    clone.git("config", "remote.origin.promisor", "true")
    clone.git("config", "remote.origin.partialclonefilter", "blob:none")
    clone.git("fetch", "-q", "--filter=blob:none", "origin", "main")
    clone.git("update-ref", "refs/heads/main", "FETCH_HEAD")

    files = details(clone.read()[3]).files

    assert set(files) == {FileChange("a.txt", "D"), FileChange("b.txt", "A")}


def test_a_clone_without_folders_is_told_what_fetches_them(
    project: Project, tmp_path: Path
) -> None:
    project.commit("one", a="text\n")
    project.git("config", "uploadpack.allowFilter", "true")
    clone = Project(tmp_path / "clone")
    clone.git("remote", "add", "origin", project.root.as_uri())
    clone.git("fetch", "-q", "--filter=tree:0", "origin", "main")
    clone.git("update-ref", "refs/heads/main", "FETCH_HEAD")
    with pytest.raises(RepositoryError, match="--refetch --tags --filter=blob:none"):
        clone.read()
    clone.git("fetch", "-q", "--refetch", "--tags", "--filter=blob:none")
    assert [change.path for change in details(clone.read()[0]).files] == ["a.txt"]


def test_the_documents_of_a_branch(project: Project) -> None:
    first = project.commit("one", a="1")
    project.git("branch", "old")
    second = project.commit("two", b="1")
    repository = open_repository(project.root)

    assert branch_documents(repository, "old") == {f"commit:{first}", "a.txt"}
    everything = {f"commit:{first}", f"commit:{second}", "a.txt", "b.txt"}
    assert branch_documents(repository, "main") == everything
    assert branch_documents(repository, second[:12]) == everything


@pytest.mark.parametrize("branch", ["nowhere", "", "--all", "main^{tree}"])
def test_an_unknown_branch_is_refused(project: Project, branch: str) -> None:
    project.commit("one", a="1")
    with pytest.raises(QueryError, match="there is no branch"):
        branch_documents(open_repository(project.root), branch)
