"""Questions on a real repository with the bundled model: the right place, under every filter."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from verdigris.answers import Filters
from verdigris.errors import QueryError
from verdigris.knowledge_base import KnowledgeBase
from verdigris.retrieve.lanes import NAMES, Question

SESSION = """\
# Session: choose a queue
**ID**: 20250310-091500
**Started**: 2025-03-10T08:15:00Z
**Git Branch**: main

## Activity Log
### 09:15 - Session Start
Looking for a job queue.

### 10:00 - Update (covering since 09:15)

**Key decisions:**
- Redis streams were rejected because operators would have to run another server
- Jobs stay in PostgreSQL with SKIP LOCKED, since the database is there anyway
"""
FILES = {
    "src/limiter.py": (
        '"""Limits how often a client may call."""\n\n\n'
        "class TokenBucket:\n"
        '    """Refills a number of tokens every second and refuses when it is empty."""\n\n'
        "    def take(self, amount: int) -> bool:\n"
        "        self.tokens -= amount\n"
        "        return self.tokens >= 0\n"
    ),
    "src/mailer.py": (
        "def send_password_reset(address: str) -> None:\n"
        '    """Mail a link with which a forgotten password is set anew."""\n'
        "    deliver(address, render('reset'))\n"
    ),
    "docs/deploy.md": (
        "# Deployment\n\n## Rolling back\n\nSwitch the symlink to the previous release folder "
        "and restart the service.\n"
    ),
    "sessions/20250310-091500.md": SESSION,
}


def git(root: Path, *arguments: str, date: str = "2025-03-10T12:00:00Z") -> str:
    environment = os.environ | {
        "GIT_AUTHOR_DATE": date,
        "GIT_COMMITTER_DATE": date,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
    }
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    command = ["git", *identity, *arguments]
    return subprocess.run(
        command, cwd=root, env=environment, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture(scope="module")
def knowledge_base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    root = tmp_path_factory.mktemp("repository")
    git(root, "init", "-q", "-b", "main")
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    git(root, "add", "docs")
    git(root, "commit", "-qm", "Describe how to deploy", date="2025-01-05T12:00:00Z")
    git(root, "add", ".")
    git(root, "commit", "-qm", "Limit clients with a token bucket, because bursts took us down")
    git(root, "checkout", "-qb", "experiment")
    (root / "src/guess.py").write_text("def guess_colour() -> str:\n    return 'teal'\n")
    git(root, "add", ".")
    git(root, "commit", "-qm", "Guess a colour", date="2025-06-01T12:00:00Z")
    with KnowledgeBase(root) as opened:
        opened.refresh()
        opened.embed()
        yield opened


def documents(knowledge_base: KnowledgeBase, query: str, **filters: object) -> list[str]:
    chosen = knowledge_base.filters(**filters)  # type: ignore[arg-type]
    return [hit.document for hit in knowledge_base.ask(query, chosen, limit=20).hits]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("how do we throttle requests?", "src/limiter.py"),
        ("user forgot the login secret", "src/mailer.py"),
        ("undo a bad release", "docs/deploy.md"),
        ("why not Redis for background jobs?", "sessions/20250310-091500.md"),
        ("guess_colour", "src/guess.py"),
    ],
)
def test_questions_in_other_words_find_the_right_document_first(
    knowledge_base: KnowledgeBase, question: str, expected: str
) -> None:
    assert documents(knowledge_base, question)[0] == expected


def test_a_hit_says_where_it_is_from(knowledge_base: KnowledgeBase) -> None:
    hit = knowledge_base.ask("token bucket refill").hits[0]
    assert (hit.path, hit.kind) == ("src/limiter.py", "code")
    assert hit.lines is not None
    assert hit.lines.start >= 4
    assert hit.symbol.startswith("TokenBucket")
    assert hit.time == "2025-03-10T12:00:00Z"
    assert git(knowledge_base.repository.root, "log", "--format=%s", "-1", hit.commit).startswith(
        "Limit clients"
    )
    lanes = {place.lane for place in hit.lanes}
    assert lanes >= {"dense", "lexical-passages", "lexical-documents"}
    assert 0 < hit.score <= 1


def test_a_commit_is_found_by_its_reason(knowledge_base: KnowledgeBase) -> None:
    hit = knowledge_base.ask("bursts took us down", Filters(kinds=("commit",))).hits[0]
    assert hit.document == f"commit:{hit.commit}"
    assert hit.path == ""


def test_a_session_hit_names_session_and_lines(knowledge_base: KnowledgeBase) -> None:
    hit = knowledge_base.ask("SKIP LOCKED", Filters(kinds=("session",))).hits[0]
    assert hit.session == "20250310-091500"
    assert "SKIP LOCKED" in hit.passages[0].text
    source = FILES["sessions/20250310-091500.md"].splitlines()
    assert hit.lines is not None
    assert "SKIP LOCKED" in "\n".join(source[hit.lines.start - 1 : hit.lines.end])


def test_filter_by_kind(knowledge_base: KnowledgeBase) -> None:
    found = knowledge_base.ask("limit", Filters(kinds=("doc", "session"))).hits
    assert {hit.kind for hit in found} == {"doc", "session"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("src", {"src/limiter.py", "src/mailer.py", "src/guess.py"}),
        ("src/", {"src/limiter.py", "src/mailer.py", "src/guess.py"}),
        ("./src/mailer.py", {"src/mailer.py"}),
        ("*.md", {"docs/deploy.md", "sessions/20250310-091500.md"}),
        ("sr", set()),
    ],
)
def test_filter_by_path(knowledge_base: KnowledgeBase, path: str, expected: set[str]) -> None:
    assert set(documents(knowledge_base, "limit the release", path=path)) == expected


def test_filter_by_time(knowledge_base: KnowledgeBase) -> None:
    old = documents(knowledge_base, "deploy limit colour", before="2025-02-01T00:00:00Z")
    assert "docs/deploy.md" in old
    assert not [name for name in old if name.startswith(("src/", "sessions/"))]
    new = documents(knowledge_base, "deploy limit colour", since="2025-05-01T00:00:00Z")
    assert "src/guess.py" in new
    assert "docs/deploy.md" not in new


def test_before_a_session_leaves_that_session_out(knowledge_base: KnowledgeBase) -> None:
    found = documents(knowledge_base, "queue", kinds=["session"], before="20250310-091500")
    assert found == []
    found = documents(knowledge_base, "queue", kinds=["session"], before="20250310-091501")
    assert found == ["sessions/20250310-091500.md"]


def test_filter_by_branch(knowledge_base: KnowledgeBase) -> None:
    found = documents(knowledge_base, "guess a colour", branch="main")
    assert "src/guess.py" not in found
    assert "src/limiter.py" in found
    with pytest.raises(QueryError, match="no branch 'nowhere'"):
        documents(knowledge_base, "x", branch="nowhere")


@pytest.mark.parametrize("lane", ["dense", "lexical-passages", "lexical-documents"])
def test_one_lane_alone_answers(knowledge_base: KnowledgeBase, lane: str) -> None:
    answer = knowledge_base.ask("forgotten password link", lanes=[lane])
    assert answer.hits[0].document == "src/mailer.py"
    assert {place.lane for hit in answer.hits for place in hit.lanes} == {lane}


def test_what_cannot_be_asked_is_refused(knowledge_base: KnowledgeBase) -> None:
    with pytest.raises(QueryError, match="empty"):
        knowledge_base.ask("  ")
    with pytest.raises(QueryError, match="unknown lane 'telepathy'"):
        knowledge_base.ask("x", lanes=["telepathy"])
    with pytest.raises(QueryError, match="unknown kind 'poem'"):
        knowledge_base.filters(kinds=["poem"])
    with pytest.raises(QueryError, match="not a time"):
        knowledge_base.filters(since="soonish")


def test_a_test_stands_behind_the_source_unless_tests_are_asked_for(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    source = "def parse_duration(text: str) -> int:\n    return int(text)\n"
    for name in ("zoo/durations.py", "tests/test_durations.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(source)
    with KnowledgeBase(tmp_path) as opened:
        assert opened.ask("parse a duration").hits[0].document == "zoo/durations.py"
        first_of_tests = opened.ask("which tests parse a duration").hits[0].document
        assert first_of_tests == "tests/test_durations.py"


def test_a_path_with_brackets_can_be_named(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "app" / "[id]").mkdir(parents=True)
    (tmp_path / "app" / "[id]" / "page.py").write_text("title = 'a page'\n")
    (tmp_path / "app" / "i.py").write_text("title = 'a page'\n")
    with KnowledgeBase(tmp_path) as opened:
        assert documents(opened, "page", path="app/[id]") == ["app/[id]/page.py"]
        assert documents(opened, "page", path="app/[i].py") == ["app/i.py"]


def test_what_is_said_word_for_word_is_named(knowledge_base: KnowledgeBase) -> None:
    (hit,) = knowledge_base.ask("number of tokens every second", limit=1, lanes=["names"]).hits
    assert hit.document == "src/limiter.py"
    assert "Refills a number of tokens" in hit.passages[0].text


def test_names_count_more_where_something_is_said_word_for_word(
    knowledge_base: KnowledgeBase,
) -> None:
    search = knowledge_base.questions.search
    for text, confidence in (("number of tokens every second", 1.0), ("src/limiter.py why?", 0.5)):
        named = search.rankings(Question(text), Filters(), (NAMES,))
        assert {one.confidence for one in named if len(one.scores)} == {confidence}


@pytest.mark.parametrize(
    ("asks", "asks_for_tests"),
    [
        ("the kettle has boiled dry", 'which test says "the kettle has boiled dry"?'),
        ("boil_dry()", "which test calls boil_dry()?"),
    ],
)
def test_tests_that_repeat_a_message_or_name_make_it_no_less_telling(
    tmp_path: Path, asks: str, asks_for_tests: str
) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    text = 'def boil_dry():\n    raise KettleError("the kettle has boiled dry")\n'
    for name in ("kettle.py", "test_kettle.py", "test_tea.py"):
        (tmp_path / name).write_text(text)
    with KnowledgeBase(tmp_path) as opened:
        opened.refresh()
        search = opened.questions.search

        def scores(question: str) -> dict[str, float]:
            (found,) = [one for one in search.rankings(Question(question), Filters(), (NAMES,))
                        if len(one.scores)]  # fmt: skip
            names = search.names_of(found.document_ids.tolist())
            return dict(zip(names, found.scores.tolist(), strict=True))

        third, files = pytest.approx(1 / 3), ("kettle.py", "test_kettle.py", "test_tea.py")
        assert scores(asks) == {files[0]: 1, files[1]: third, files[2]: third}
        assert scores(asks_for_tests) == dict.fromkeys(files, third)


def test_a_name_that_many_files_carry_tells_nothing(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    for number in range(21):
        (tmp_path / f"room{number}").mkdir()
        (tmp_path / f"room{number}" / "oven.py").write_text("bread\n")
    (tmp_path / "room0" / "kettle.py").write_text("tea\n")
    with KnowledgeBase(tmp_path) as opened:
        assert not opened.ask("what does oven.py do?", lanes=["names"]).hits
        assert documents(opened, "what does kettle.py do?")[0] == "room0/kettle.py"


def test_who_asks_for_a_name_is_shown_where_its_definition_begins(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    steps = "".join(f"    boil({number})  # boil_kettle, kettle\n" for number in range(400))
    (tmp_path / "kettle.py").write_text(f"import kettle\n\n\ndef boil_kettle(kettle):\n{steps}")
    with KnowledgeBase(tmp_path) as opened:
        hit = opened.ask("boil_kettle").hits[0]
        assert len(hit.passages) == 3
        assert hit.lines == hit.passages[0].lines
        assert hit.passages[0].text.startswith("def boil_kettle(kettle):\n")


def test_names_too_long_to_be_one_are_no_error(knowledge_base: KnowledgeBase) -> None:
    assert knowledge_base.ask("a_" * 30_000 + " token bucket").hits


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_refused(knowledge_base: KnowledgeBase, limit: int) -> None:
    with pytest.raises(QueryError, match="1 or more"):
        knowledge_base.ask("token bucket", limit=limit)


def test_only_the_named_sources_are_scraped(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "a.md").write_text("# Title\n\nText.\n")
    (tmp_path / "a.py").write_text("def run(): ...\n")
    with KnowledgeBase(tmp_path) as opened:
        assert opened.refresh(["docs"]).documents == {"doc": 1}
        assert opened.refresh().documents == {"code": 1}
        assert opened.refresh().documents == {}


def test_what_is_embedded_first_is_of_every_kind(knowledge_base: KnowledgeBase) -> None:
    question = Question("limit clients, roll back a release, mail a link")
    candidates = knowledge_base.questions.search.candidates(question, Filters())
    kinds = dict(
        knowledge_base.index.connection.execute(
            "SELECT chunks.id, documents.kind FROM chunks JOIN documents "
            "ON documents.id = document_id"
        )
    )
    found = [kinds[one] for one in candidates]
    assert len(candidates) == len(set(candidates))
    assert set(found[: len(set(found))]) == set(found) >= {"code", "doc", "commit"}
