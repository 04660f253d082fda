"""Each suite on small repositories: what asks, what is wanted, and that it was taken out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from verdigris.errors import EvaluationError
from verdigris.evaluate.docstring_queries import hide_docstrings
from verdigris.evaluate.session_queries import hide_summaries
from verdigris.scrape.repository import open_repository

if TYPE_CHECKING:
    from tests.conftest import GitFolder

NOUNS = ("kettle", "garden", "boat", "tide", "lamp", "bridge")
RUST = """/// Opens the {0} and looks carefully inside it.
/// Twice, if need be.
pub fn open_{0}() -> u8 {{
    // counts what is inside
    1
}}
"""
PYTHON = '''def close_{0}(wide: bool) -> int:
    """Close the {0} so that nothing ever falls out.

    Returns how often it was closed.
    """
    return 2  # nothing fell
'''


@pytest.fixture
def documented(make_git: Callable[[str], GitFolder]) -> GitFolder:
    folder = make_git("documented")
    for noun in NOUNS:
        folder.write(f"src/{noun}.rs", RUST.format(noun))
        folder.write(f"lib/{noun}.py", PYTHON.format(noun))
    folder.write("tests/test_lamp.py", PYTHON.format("old lamp").replace("close_old lamp", "test"))
    folder.write(
        "pkg/wind.go", "package wind\n\n// Blow moves all the leaves around.\nfunc Blow() {}\n"
    )
    folder.write("lib/twin.py", 'def a():\n    """Says the same thing two times."""\n')
    folder.write("lib/other.py", 'def b():\n    """Says the same thing two times."""\n')
    folder.write("lib/told.py", 'def c():\n    """This line stands in the manual too."""\n')
    folder.write("docs/manual.md", "# Manual\n\nThis line stands in the manual too.\n")
    folder.commit("Everything")
    return folder


def test_docstrings_are_taken_out_of_every_language(documented: GitFolder) -> None:
    repository = open_repository(documented.root)
    queries = hide_docstrings(repository, is_test=lambda path: path.startswith("tests/"))
    assert {query.relevant[0] for query in queries} == {
        *(f"src/{noun}.rs" for noun in NOUNS),
        *(f"lib/{noun}.py" for noun in NOUNS),
        "pkg/wind.go",
    }
    texts = {query.id: query.text for query in queries}
    assert texts["lib/boat.py:close_boat"] == "Close the boat so that nothing ever falls out."
    assert texts["src/boat.rs:open_boat"].endswith("carefully inside it. Twice, if need be.")
    assert texts["pkg/wind.go:Blow"] == "moves all the leaves around."
    edited = (documented.root / "lib/boat.py").read_text()
    assert "falls out" not in edited
    assert "how often" not in edited
    assert "return 2  # nothing fell" in edited
    rust = (documented.root / "src/boat.rs").read_text()
    assert rust.split("\n")[:2] == ["/// ", "/// "]
    assert rust.count("\n") == RUST.count("\n")
    assert "counts what is inside" in rust
    assert "Says the same" in (documented.root / "lib/twin.py").read_text()
    assert "stands in the manual" in (documented.root / "lib/told.py").read_text()


def test_without_documentation_it_says_what_is_missing(small_git: GitFolder) -> None:
    with pytest.raises(EvaluationError, match=r"0 functions have documentation .* 5 are needed"):
        hide_docstrings(open_repository(small_git.root))


def session(number: int, context: str) -> tuple[str, str]:
    """Path and text of the session log of that day."""
    id = f"202501{number:02d}-090000"
    text = (
        f"# Session: Work of day {number}\n**ID**: {id}\n\n## Previous Session Context\n{context}\n"
        f"\n## Activity Log\n\n### 09:10 - Note\n\n- went on with part {number}\n"
    )
    return f"sessions/{id}.md", text


def sessions_folder(folder: GitFolder, contexts: list[str]) -> None:
    for number, context in enumerate(contexts, start=1):
        folder.write(*session(number, context))
    folder.commit("Sessions")


def test_summaries_ask_for_the_session_before(make_git: Callable[[str], GitFolder]) -> None:
    folder = make_git("sessions")
    contexts = [
        "There was nothing before this very first one.",
        "Yesterday we planted the first tree of all.",
        "The session 20250101-090000 had nothing before it, we saw.",
        "We painted the gate and it rained again.",
        "No.",
        "Last session: Work of day 5 (20250105-090000, done)\n\nKey decisions:\n- none at all",
        "We took the ladder down and went home.",
        "The ladder was put up once more.",
    ]
    sessions_folder(folder, contexts)
    queries = hide_summaries(open_repository(folder.root))
    wanted = {query.id: query.relevant for query in queries}
    assert wanted == {
        "20250102-090000": ("sessions/20250101-090000.md",),
        "20250103-090000": ("sessions/20250101-090000.md",),
        "20250104-090000": ("sessions/20250103-090000.md",),
        "20250107-090000": ("sessions/20250106-090000.md",),
        "20250108-090000": ("sessions/20250107-090000.md",),
    }
    assert all(query.before == query.id and query.kinds == ("session",) for query in queries)
    assert queries[1].text == "The session had nothing before it, we saw."
    for path in sorted((folder.root / "sessions").iterdir()):
        text = path.read_text()
        said = [line for context in contexts for line in context.split("\n") if line]
        assert not any(line in text for line in said)
        assert "- went on with part" in text


@pytest.mark.parametrize(
    ("contexts", "reason"),
    [([], "there is no session log"), (["We wrote about the work before."] * 4, "1 of 4 session")],
)
def test_too_few_summaries(
    make_git: Callable[[str], GitFolder], contexts: list[str], reason: str
) -> None:
    folder = make_git("few")
    sessions_folder(folder, contexts)
    with pytest.raises(EvaluationError, match=reason):
        hide_summaries(open_repository(folder.root))
